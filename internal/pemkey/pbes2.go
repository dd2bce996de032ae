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
	"crypto/x509/pkix"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

// The limits of a key derivation. The file says what it costs, and the author
// of the file may be hostile.
const (
	maxIterations   = 5_000_000 // of PBKDF2, some seconds; OpenSSL does 2,048, and OWASP recommends up to 1,300,000
	maxScryptMemory = 32 << 20  // bytes, the limit of OpenSSL
	maxScryptWork   = 1 << 22   // N·r·p, some seconds; OpenSSL does 1<<17
)

const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
	oidScrypt = "1.3.6.1.4.1.11591.4.11"
)

// pbes2Ciphers has the ciphers that OpenSSL 3 offers by default, by their
// object identifiers. All of them are in CBC mode.
var pbes2Ciphers = map[string]struct {
	keySize, blockSize int
	newBlock           func(key []byte) (cipher.Block, error)
}{
	"1.2.840.113549.3.7":      {24, des.BlockSize, des.NewTripleDESCipher}, // des-ede3-cbc
	"2.16.840.1.101.3.4.1.2":  {16, aes.BlockSize, aes.NewCipher},          // aes-128-cbc
	"2.16.840.1.101.3.4.1.22": {24, aes.BlockSize, aes.NewCipher},          // aes-192-cbc
	"2.16.840.1.101.3.4.1.42": {32, aes.BlockSize, aes.NewCipher},          // aes-256-cbc
}

// pbkdf2Hashes has the hash functions of the HMACs that PBKDF2 is based on, by
// the object identifiers of the HMACs.
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

// encryptedPrivateKeyInfo is RFC 5958, section 3.
type encryptedPrivateKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// pbes2Params is RFC 8018, appendix A.4.
type pbes2Params struct {
	KeyDerivation, Encryption pkix.AlgorithmIdentifier
}

// pbkdf2Params is RFC 8018, appendix A.2, with the only kind of salt that is in
// use.
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

// decryptPBES2 decrypts what is labelled ENCRYPTED PRIVATE KEY. Everything that
// the file asks for is checked before any work is done.
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

// unpad removes the padding of RFC 5652, section 6.3: 1 to blockSize bytes,
// each of which is the number of these bytes.
func unpad(plain []byte, blockSize int) ([]byte, error) {
	last := plain[len(plain)-1]
	padding := bytes.Repeat([]byte{last}, int(last))
	if last == 0 || int(last) > blockSize || !bytes.HasSuffix(plain, padding) {
		return nil, wrongPassphrase()
	}
	return plain[:len(plain)-int(last)], nil
}

// deriveFunc derives a key of size bytes from a passphrase.
type deriveFunc func(passphrase string, size int) ([]byte, error)

// keyDerivation returns the key derivation that kdf asks for if it is known and
// within the limits. A length in kdf is ignored: the cipher has only one.
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
			return nil, unsupported("PBKDF2 and a hash function other than SHA-1 and the SHA-2 family")
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
			return nil, excessive("more scrypt work than the limit allows")
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
