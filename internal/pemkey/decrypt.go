// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"crypto/aes"
	"crypto/des" //nolint:gosec // for its block size: Triple-DES is what many keys are encrypted with
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/pkcs"
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

// pbes2BlockSizes has, by their object identifiers, the ciphers that OpenSSL 3 offers by default.
var pbes2BlockSizes = map[string]int{
	"1.2.840.113549.3.7":      des.BlockSize, // des-ede3-cbc
	"2.16.840.1.101.3.4.1.2":  aes.BlockSize, // aes-128-cbc
	"2.16.840.1.101.3.4.1.22": aes.BlockSize, // aes-192-cbc
	"2.16.840.1.101.3.4.1.42": aes.BlockSize, // aes-256-cbc
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

// decryptPBES2 decrypts what is labelled ENCRYPTED PRIVATE KEY. The library that does it trusts the
// file: what could make it panic, work for long or fail for want of an algorithm is checked before.
func decryptPBES2(der []byte, passphrase []string) ([]byte, error) {
	const what = "encrypted private key"
	info, err := unmarshal[encryptedPrivateKeyInfo](der, what)
	if err != nil {
		return nil, err
	}
	if !pkcs.IsPBES2(info.Algorithm) {
		return nil, unsupported("a scheme older than PBES2")
	}
	params, err := unmarshal[pkcs.PBES2Params](info.Algorithm.Parameters.FullBytes, what)
	if err != nil {
		return nil, err
	}
	blockSize, ok := pbes2BlockSizes[params.EncryptionScheme.Algorithm.String()]
	if !ok {
		return nil, unsupportedCipher(params.EncryptionScheme.Algorithm.String())
	}
	iv, err := unmarshal[[]byte](params.EncryptionScheme.Parameters.FullBytes, what)
	if err != nil {
		return nil, err
	}
	if len(iv) != blockSize || len(info.Data) == 0 || len(info.Data)%blockSize != 0 {
		return nil, badDER(what)
	}
	if err := checkDerivation(params.KeyDerivationFunc, what); err != nil {
		return nil, err
	}
	if len(passphrase) == 0 {
		return nil, missingPassphrase()
	}
	plain, _, err := params.Decrypt([]byte(passphrase[0]), info.Data)
	if err != nil {
		return nil, wrongPassphrase()
	}
	return plain, nil
}

const (
	oidPBKDF2 = "1.2.840.113549.1.5.12"
	oidScrypt = "1.3.6.1.4.1.11591.4.11"
)

// pbkdf2PRFs are HMAC with SHA-1, SHA-224, SHA-256, SHA-384, SHA-512, SHA-512/224 and SHA-512/256.
var pbkdf2PRFs = []string{
	"", // SHA-1 is what is meant when nothing is said
	"1.2.840.113549.2.7", "1.2.840.113549.2.8", "1.2.840.113549.2.9", "1.2.840.113549.2.10",
	"1.2.840.113549.2.11", "1.2.840.113549.2.12", "1.2.840.113549.2.13",
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

// checkDerivation wants a key derivation that is known and can be afforded.
func checkDerivation(kdf pkix.AlgorithmIdentifier, what string) error {
	switch kdf.Algorithm.String() {
	case oidPBKDF2:
		params, err := unmarshal[pbkdf2Params](kdf.Parameters.FullBytes, what)
		switch {
		case err != nil:
			return err
		case params.Iterations < 1:
			return badDER(what)
		case !slices.Contains(pbkdf2PRFs, params.PRF.Algorithm.String()):
			return unsupported("PBKDF2 and a hash function that is not of the SHA-1 or SHA-2 family")
		case params.Iterations > maxIterations:
			return excessive(fmt.Sprintf("%d iterations of PBKDF2, and the limit is %d", params.Iterations, maxIterations))
		}
	case oidScrypt:
		params, err := unmarshal[scryptParams](kdf.Parameters.FullBytes, what)
		switch n, r, p := params.N, params.R, params.P; {
		case err != nil:
			return err
		case n < 2 || n&(n-1) != 0 || r < 1 || p < 1:
			return badDER(what)
		case n > maxScryptWork || r > maxScryptWork || p > maxScryptWork || n*r > maxScryptWork || n*r*p > maxScryptWork:
			return excessive("more work of scrypt than the limit allows")
		case 128*r*(n+p+2) > maxScryptMemory:
			return excessive(fmt.Sprintf("more memory for scrypt than the limit of %d MiB", maxScryptMemory>>20))
		}
	default:
		return unsupported("a key derivation other than PBKDF2 and scrypt")
	}
	return nil
}

func excessive(demand string) error {
	return &Error{
		KindExcessiveCost,
		fmt.Sprintf("Decrypting the private key takes %s.", demand),
		encryptAgain,
	}
}
