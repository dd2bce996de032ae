// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // Triple-DES is what many keys are encrypted with
	"crypto/fips140"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // in an HMAC, and the default of PBKDF2
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// What a key derivation may take. A file asks for it, and whoever wrote the file may be hostile.
const (
	maxIterations   = 5_000_000 // of PBKDF2, some seconds; OpenSSL does 2,048, and OWASP recommends up to 1,300,000
	maxScryptMemory = 32 << 20  // bytes, the limit of OpenSSL
	maxScryptWork   = 1 << 22   // N·r·p, some seconds; OpenSSL does 1<<17
)

const encryptAgain = "Encrypt it anew with `openssl pkcs8 -topk8 -in private.pem -v2 aes-256-cbc -out new.pem`, or take the public key out of it with `openssl rsa -in private.pem -pubout -out public.pem`. Add `-provider legacy -provider default` when OpenSSL does not read it."

// legacyCiphers are the names of what [x509.DecryptPEMBlock] decrypts.
var legacyCiphers = []string{"DES-CBC", "DES-EDE3-CBC", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}

// pbes2Ciphers has, by their object identifiers, the ciphers that OpenSSL 3 offers by default. All of
// them are in CBC mode.
var pbes2Ciphers = map[string]struct {
	keySize, blockSize int
	newBlock           func(key []byte) (cipher.Block, error)
}{
	"1.2.840.113549.3.7":      {24, des.BlockSize, des.NewTripleDESCipher}, // des-ede3-cbc
	"2.16.840.1.101.3.4.1.2":  {16, aes.BlockSize, aes.NewCipher},          // aes-128-cbc
	"2.16.840.1.101.3.4.1.22": {24, aes.BlockSize, aes.NewCipher},          // aes-192-cbc
	"2.16.840.1.101.3.4.1.42": {32, aes.BlockSize, aes.NewCipher},          // aes-256-cbc
}

// cipherNames are for messages. The identifiers and names of a family begin alike.
var cipherNames = []struct{ start, name string }{
	{"2.16.840.1.101.3.4.1.", "AES in another mode than CBC"},
	{"AES-", "AES in another mode than CBC"},
	{"1.2.410.200046.1.1.", "ARIA"},
	{"ARIA-", "ARIA"},
	{"1.2.392.200011.61.1.1.1.", "Camellia"},
	{"CAMELLIA-", "Camellia"},
	{"1.2.156.10197.1.104.", "SM4"},
	{"SM4-", "SM4"},
	{"1.3.14.3.2.", "DES"},
	{"DES-", "another kind of DES"},
	{"1.2.840.113549.3.2", "RC2"},
	{"RC2-", "RC2"},
}

func unsupportedCipher(id string) error {
	for _, family := range cipherNames {
		if strings.HasPrefix(id, family.start) {
			return unsupported(family.name)
		}
	}
	return unsupported("an unknown cipher")
}

func unsupported(how string) error {
	return &Error{
		KindUnsupportedEncryption,
		fmt.Sprintf("The private key is encrypted with %s, which is not supported.", how),
		encryptAgain,
	}
}

// forbidden is for what only fails when GODEBUG has fips140=only.
func forbidden() error {
	return unsupported("an algorithm that FIPS 140 does not approve")
}

func missingPassphrase() error {
	return &Error{
		KindMissingPassphrase,
		"The private key is encrypted, and no passphrase was given.",
		"Give the passphrase as the second argument: provider::whatsapp::public_key(…, var.passphrase).",
	}
}

func wrongPassphrase() error {
	return &Error{
		KindWrongPassphrase,
		"The private key cannot be decrypted with this passphrase.",
		"Check the passphrase. A line break at its end counts, and trimspace() takes it off. If `openssl rsa -in private.pem -noout` does not take the passphrase either, it is another one, or the text of the key is damaged.",
	}
}

// orWrongPassphrase is for what is wrong with the content after decryption: with another key, most
// of it comes out as noise, and a little of the noise is padded as it has to be.
func orWrongPassphrase(err error) error {
	if problem, ok := errors.AsType[*Error](err); ok && problem.Kind == KindBadDER {
		return wrongPassphrase()
	}
	return err
}

// decryptLegacy decrypts what has the headers of RFC 1421.
func (b pemBlock) decryptLegacy(passphrase []string) ([]byte, error) {
	isPrivate := b.label == labelPrivatePKCS1 || b.label == labelPrivatePKCS8
	if !isPrivate || len(b.headers) != 2 || strings.ReplaceAll(b.headers["Proc-Type"], " ", "") != "4,ENCRYPTED" || b.headers["DEK-Info"] == "" {
		return nil, keyExpected.headers()
	}
	name, _, hasIV := strings.Cut(b.headers["DEK-Info"], ",")
	switch {
	case !hasIV:
		return nil, badDER("encrypted private key")
	case !slices.Contains(legacyCiphers, name):
		return nil, unsupportedCipher(name)
	}
	if len(passphrase) == 0 {
		return nil, missingPassphrase()
	}
	if fips140.Enforced() { // crypto/md5, which makes the key, panics then
		return nil, forbidden()
	}
	//nolint:staticcheck // deprecated because the format is weak, but keys in it are around
	der, err := x509.DecryptPEMBlock(&pem.Block{Headers: b.headers, Bytes: b.der}, []byte(passphrase[0]))
	switch {
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, wrongPassphrase()
	case err != nil:
		return nil, badDER("encrypted private key")
	}
	return der, nil
}

// encryptedPrivateKeyInfo is RFC 5958, section 3.
type encryptedPrivateKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// pbes2Params is RFC 8018, appendix A.4.
type pbes2Params struct {
	KeyDerivation, Encryption pkix.AlgorithmIdentifier
}

// decryptPBES2 decrypts what is labelled ENCRYPTED PRIVATE KEY. Everything that the file demands is
// checked before any of it is done.
func decryptPBES2(der []byte, passphrase []string) ([]byte, error) {
	const what = "encrypted private key"
	info, err := unmarshal[encryptedPrivateKeyInfo](der, what)
	if err != nil {
		return nil, err
	}
	if info.Algorithm.Algorithm.String() != oidPBES2 {
		return nil, unsupported("a scheme older than PBES2")
	}
	params, err := unmarshal[pbes2Params](info.Algorithm.Parameters.FullBytes, what)
	if err != nil {
		return nil, err
	}
	pbes2, ok := pbes2Ciphers[params.Encryption.Algorithm.String()]
	if !ok {
		return nil, unsupportedCipher(params.Encryption.Algorithm.String())
	}
	iv, err := unmarshal[[]byte](params.Encryption.Parameters.FullBytes, what)
	if err != nil {
		return nil, err
	}
	if len(iv) != pbes2.blockSize || len(info.Data) == 0 || len(info.Data)%pbes2.blockSize != 0 {
		return nil, badDER(what)
	}
	derive, err := keyDerivation(params.KeyDerivation, what)
	if err != nil {
		return nil, err
	}
	if len(passphrase) == 0 {
		return nil, missingPassphrase()
	}
	key, err := derive(passphrase[0], pbes2.keySize)
	if err != nil {
		return nil, forbidden()
	}
	block, err := pbes2.newBlock(key)
	if err != nil {
		return nil, forbidden()
	}
	plain := make([]byte, len(info.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, info.Data)
	return unpad(plain, pbes2.blockSize)
}

// unpad removes the padding of RFC 8018, section 6.2.2: 1 to blockSize bytes, each of which is their
// number.
func unpad(plain []byte, blockSize int) ([]byte, error) {
	last := plain[len(plain)-1]
	padding := bytes.Repeat([]byte{last}, int(last))
	if last == 0 || int(last) > blockSize || !bytes.HasSuffix(plain, padding) {
		return nil, wrongPassphrase()
	}
	return plain[:len(plain)-int(last)], nil
}

const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
	oidScrypt = "1.3.6.1.4.1.11591.4.11"
)

// pbkdf2Hashes are those of the pseudorandom functions of PBKDF2, which are HMACs.
var pbkdf2Hashes = map[string]func() hash.Hash{
	"":                    sha1.New, // is meant when nothing is said
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
	"1.2.840.113549.2.12": sha512.New512_224,
	"1.2.840.113549.2.13": sha512.New512_256,
}

// pbkdf2Params is RFC 8018, appendix A.2, with the only kind of salt that is in use.
type pbkdf2Params struct {
	Salt       []byte
	Iterations int64
	KeyLength  int64                    `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

// scryptParams is RFC 7914, section 7.
type scryptParams struct {
	Salt      []byte
	N, R, P   int64
	KeyLength int64 `asn1:"optional"`
}

// deriveFunc derives a key of size bytes from a passphrase.
type deriveFunc func(passphrase string, size int) ([]byte, error)

// keyDerivation returns the key derivation that kdf asks for if it is known and can be afforded. The
// length of the key is that of the cipher, whatever kdf says.
func keyDerivation(kdf pkix.AlgorithmIdentifier, what string) (deriveFunc, error) {
	switch kdf.Algorithm.String() {
	case oidPBKDF2:
		params, err := unmarshal[pbkdf2Params](kdf.Parameters.FullBytes, what)
		newHash, known := pbkdf2Hashes[params.PRF.Algorithm.String()]
		switch {
		case err != nil:
			return nil, err
		case params.Iterations < 1:
			return nil, badDER(what)
		case !known:
			return nil, unsupported("PBKDF2 and a hash function that is not of the SHA-1 or SHA-2 family")
		case params.Iterations > maxIterations:
			return nil, excessive(fmt.Sprintf("%d iterations of PBKDF2, and the limit is %d", params.Iterations, maxIterations))
		}
		return func(passphrase string, size int) ([]byte, error) {
			return pbkdf2.Key(newHash, passphrase, params.Salt, int(params.Iterations), size)
		}, nil
	case oidScrypt:
		params, err := unmarshal[scryptParams](kdf.Parameters.FullBytes, what)
		switch n, r, p := params.N, params.R, params.P; {
		case err != nil:
			return nil, err
		case n < 2 || n&(n-1) != 0 || r < 1 || p < 1:
			return nil, badDER(what)
		case n > maxScryptWork || r > maxScryptWork || p > maxScryptWork || n*r > maxScryptWork || n*r*p > maxScryptWork:
			return nil, excessive("more work of scrypt than the limit allows")
		case 128*r*(n+p+2) > maxScryptMemory:
			return nil, excessive(fmt.Sprintf("more memory for scrypt than the limit of %d MiB", maxScryptMemory>>20))
		case fips140.Enforced(): // scrypt.Key can panic then
			return nil, forbidden()
		}
		return func(passphrase string, size int) ([]byte, error) {
			return scrypt.Key([]byte(passphrase), params.Salt, int(params.N), int(params.R), int(params.P), size)
		}, nil
	default:
		return nil, unsupported("a key derivation other than PBKDF2 and scrypt")
	}
}

func excessive(demand string) error {
	return &Error{
		KindExcessiveCost,
		fmt.Sprintf("Decrypting the private key takes %s.", demand),
		encryptAgain,
	}
}
