// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"crypto/fips140"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const encryptAgain = "Encrypt it again with `openssl pkcs8 -topk8 -in private.pem -v2 aes-256-cbc -out new.pem`, or take the public key out of it with `openssl rsa -in private.pem -pubout -out public.pem`. Add `-provider legacy -provider default` if OpenSSL cannot read the key."

// legacyCiphers are the ciphers that [x509.DecryptPEMBlock] supports.
var legacyCiphers = []string{"DES-CBC", "DES-EDE3-CBC", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}

// decryptLegacy decrypts a private key that has the headers of RFC 1421.
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

// cipherNames has the names of families of ciphers for messages, by what their
// identifiers or names begin with.
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

// forbidden is the error for what fails only if GODEBUG has fips140=only.
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
		"Check the passphrase. A line break at its end counts; trimspace() removes it. If `openssl rsa -in private.pem -noout` does not accept the passphrase either, the passphrase is wrong or the key is damaged.",
	}
}

// orWrongPassphrase replaces the error about decrypted content that is not
// well-formed. A wrong passphrase gives noise, and about one time in 256 the
// noise ends in valid padding.
func orWrongPassphrase(err error) error {
	if problem, ok := errors.AsType[*Error](err); ok && problem.Kind == KindBadDER {
		return wrongPassphrase()
	}
	return err
}
