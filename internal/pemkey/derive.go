// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
)

// keyExpected is what [Derive] reads.
var keyExpected = &expectation{
	labels:   append([]string{labelSPKI, labelPKCS1, labelPrivatePKCS1, labelPrivatePKCS8, labelEncrypted}, certificateLabels...),
	what:     "a public key, a certificate or a private key",
	size:     "a key or a certificate is much smaller",
	only:     "Give only the PEM block of the key or of the certificate.",
	several:  "only one can be read",
	one:      "Give the block of one key or certificate and nothing else; of a chain of certificates that is the first block.",
	show:     "Give the PEM text of a public key, a certificate or a private key, from its BEGIN line to its END line, for example with file(\"private.pem\").",
	boundary: "Write the two lines as OpenSSL does, for example \"-----BEGIN PRIVATE KEY-----\" and \"-----END PRIVATE KEY-----\"",
}

// Derive reads exactly one PEM block, as leniently as [Parse], and returns the
// RSA public key of 2048 bits in it: a public key as [Parse] accepts it, the
// public key of an X.509 certificate, or the one that belongs to a private key
// in PKCS#1 or PKCS#8. A private key may be encrypted, with the headers of RFC
// 1421 ("DEK-Info") or with PBES2 (RFC 8018), and is decrypted with passphrase;
// giving more than one is an error. As with OpenSSL, a passphrase that is not
// needed is ignored. Every error is an [*Error].
func Derive(text string, passphrase ...string) (PublicKey, error) {
	if len(passphrase) > 1 {
		return PublicKey{}, &Error{
			KindSeveralPassphrases,
			"More than one passphrase was given.",
			"Give the one passphrase that the private key is encrypted with.",
		}
	}
	if len(text) > maxTextLen {
		return PublicKey{}, keyExpected.tooLarge()
	}
	block, ok := decodeBlock(text, keyExpected.labels)
	if !ok {
		return PublicKey{}, diagnoseKey(text)
	}
	numbers, err := block.publicNumbers(passphrase)
	if err != nil {
		return PublicKey{}, err
	}
	return fromNumbers(numbers.N, numbers.E)
}

// diagnoseKey says why [Derive] cannot read text.
func diagnoseKey(original string) error {
	text := trim(original)
	decoded := decodeBare(text)
	format := privateFormat(text)
	switch {
	case format == "" && bytes.HasPrefix(decoded, []byte("-----BEGIN")):
		// The advice is to decode the text, whatever is inside.
	case format == "" && identify(decoded) == labelPrivateEC:
		format = "EC"
	case format == "" && bytes.HasPrefix(sequenceContent(decoded), []byte{0x02, 1, 3}):
		format = "PKCS12"
	case format == "":
		format = privateFormat(string(decoded))
	}

	other, isOther := otherFormats[format]
	switch {
	case format == "EC", format == "DSA":
		return notRSA("private key", format)
	case format == "PGP":
		return &Error{KindPrivateKey, "The value is a PGP private key, and PGP keys are not supported.", newPair}
	case isOther:
		return &Error{KindPrivateKey, fmt.Sprintf("The value is a private key in the %s format, which is not supported.", other.name), other.remedy}
	}
	return keyExpected.diagnose(original).problem
}

// publicNumbers returns the RSA public key that the block holds, or that
// belongs to what it holds.
func (b pemBlock) publicNumbers(passphrase []string) (rsaPublicKey, error) {
	if len(b.headers) > 0 {
		der, err := b.decryptLegacy(passphrase)
		if err != nil {
			return rsaPublicKey{}, err
		}
		numbers, err := privateNumbers(b.label, der)
		return numbers, orWrongPassphrase(err)
	}
	if err := b.checkLabel(); err != nil {
		return rsaPublicKey{}, err
	}
	switch b.label {
	case labelSPKI, labelPKCS1:
		return decodeNumbers(b.label, b.der, "public key")
	case labelPrivatePKCS1, labelPrivatePKCS8:
		return privateNumbers(b.label, b.der)
	case labelEncrypted:
		der, err := decryptPBES2(b.der, passphrase)
		if err != nil {
			return rsaPublicKey{}, err
		}
		numbers, err := privateNumbers(labelPrivatePKCS8, der)
		return numbers, orWrongPassphrase(err)
	default:
		return certificateNumbers(b.label, b.der)
	}
}

// checkLabel returns an error if the content begins like something that belongs
// under another label.
func (b pemBlock) checkLabel() error {
	label := b.label
	if slices.Contains(certificateLabels, label) {
		label = labelCertificate
	}
	switch actual := identify(b.der); actual {
	case "", label:
		return nil
	case labelPrivateEC:
		return notRSA("private key", "EC")
	case labelRequest:
		return keyExpected.certificateRequest()
	default:
		return &Error{
			KindWrongLabel,
			fmt.Sprintf("The PEM block is labelled %s, but its content belongs under the label %s.", b.label, actual),
			fmt.Sprintf("Write %s into its BEGIN and END lines, or export the key again.", actual),
		}
	}
}

// tbsCertificate has the fields of RFC 5280, section 4.1, up to the key.
// crypto/x509 reads all of a certificate and refuses some for fields that do
// not matter here.
type tbsCertificate struct {
	Version                                              int `asn1:"optional,explicit,default:0,tag:0"`
	Serial, Signature, Issuer, Validity, Subject, Public asn1.RawValue
}

func certificateKey(der []byte) (spki []byte, err error) {
	var certificate struct {
		TBS                  tbsCertificate
		Algorithm, Signature asn1.RawValue
	}
	if rest, err := asn1.Unmarshal(der, &certificate); err != nil || len(rest) > 0 {
		return nil, badDER("certificate")
	}
	return certificate.TBS.Public.FullBytes, nil
}

func certificateNumbers(label string, der []byte) (rsaPublicKey, error) {
	if label == labelTrusted {
		var certificate asn1.RawValue
		if _, err := asn1.Unmarshal(der, &certificate); err == nil {
			der = certificate.FullBytes
		}
	}
	spki, err := certificateKey(der)
	if err != nil {
		return rsaPublicKey{}, err
	}
	return decodeNumbers(labelSPKI, spki, "key in the certificate")
}

// privateKeyInfo is RFC 5208, section 5. The attributes behind it, and the
// public key that RFC 5958 adds, are not read.
type privateKeyInfo struct {
	Version    int
	Algorithm  pkix.AlgorithmIdentifier
	PrivateKey []byte
}

type rsaPrivateKey struct {
	Version                     int
	N, E, D, P, Q, DP, DQ, QInv *big.Int
	More                        []struct{ R, D, T *big.Int } `asn1:"optional"`
}

// privateNumbers returns the public half of an unencrypted private key.
func privateNumbers(label string, der []byte) (rsaPublicKey, error) {
	const what = "private key"
	if label == labelPrivatePKCS8 {
		var info privateKeyInfo
		rest, err := asn1.Unmarshal(der, &info)
		switch {
		case err != nil, info.Version != 0 && info.Version != 1:
			return rsaPublicKey{}, badDER(what)
		case len(rest) > 0:
			return rsaPublicKey{}, trailingData()
		}
		if err := checkAlgorithm(info.Algorithm, what); err != nil {
			return rsaPublicKey{}, err
		}
		der = info.PrivateKey
	}
	key, err := unmarshal[rsaPrivateKey](der, what)
	if err != nil {
		return rsaPublicKey{}, err
	}
	numbers := rsaPublicKey{N: key.N, E: key.E}
	if _, err := fromNumbers(numbers.N, numbers.E); err != nil {
		return rsaPublicKey{}, err
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err != nil || len(key.More) > 0 && !key.isConsistent() {
		return rsaPublicKey{}, unusable("The numbers of the private key do not belong together.")
	}
	return numbers, nil
}

// isConsistent reports whether the numbers belong together. It is for keys of
// more than two primes, whose numbers crypto/x509 does not compare: what is
// encrypted with the public half has to come back when it is decrypted.
func (k rsaPrivateKey) isConsistent() bool {
	product := new(big.Int).Mul(k.P, k.Q)
	for _, more := range k.More {
		product.Mul(product, more.R)
	}
	two := big.NewInt(2)
	decrypted := new(big.Int).Exp(two, new(big.Int).Mul(k.E, k.D), k.N)
	return product.Cmp(k.N) == 0 && decrypted.Cmp(two) == 0
}
