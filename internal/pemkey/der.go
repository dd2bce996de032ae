// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

type subjectPublicKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	PublicKey asn1.BitString
}

type rsaPublicKey struct {
	N, E *big.Int
}

// decodeNumbers reads an RSA public key; what names the key in errors. Unlike
// crypto/x509, it refuses data after the last known field, and accepts
// rsaEncryption without the NULL parameters that RFC 4055 requires.
func decodeNumbers(label string, der []byte, what string) (rsaPublicKey, error) {
	pkcs1 := der
	if label == labelSPKI {
		info, err := unmarshal[subjectPublicKeyInfo](der, what)
		if err != nil {
			return rsaPublicKey{}, err
		}
		if err := checkAlgorithm(info.Algorithm, what); err != nil {
			return rsaPublicKey{}, err
		}
		pkcs1 = info.PublicKey.Bytes
	}
	return unmarshal[rsaPublicKey](pkcs1, what)
}

func unmarshal[T any](der []byte, what string) (value T, err error) {
	rest, err := asn1.Unmarshal(der, &value)
	if err != nil {
		return value, badDER(what)
	}
	if len(rest) > 0 {
		return value, trailingData()
	}
	// encoding/asn1 ignores unknown fields at the end of a sequence.
	again, err := asn1.Marshal(value)
	if err != nil || !bytes.Equal(again, der) {
		return value, badDER(what)
	}
	return value, nil
}

// checkAlgorithm returns an error unless the algorithm is rsaEncryption.
func checkAlgorithm(algorithm pkix.AlgorithmIdentifier, what string) error {
	if name := algorithmName(algorithm.Algorithm); name != "RSA" {
		return notRSA(what, name)
	}
	if p := algorithm.Parameters.FullBytes; len(p) > 0 && !bytes.Equal(p, asn1.NullBytes) {
		return badDER(what)
	}
	return nil
}

// algorithmName returns the name of an algorithm, which is "RSA" for
// rsaEncryption only. An unknown identifier is not printed, because the input
// may be a secret.
func algorithmName(id asn1.ObjectIdentifier) string {
	switch id.String() {
	case "1.2.840.113549.1.1.1":
		return "RSA"
	case "1.2.840.113549.1.1.7":
		return "RSAES-OAEP"
	case "1.2.840.113549.1.1.10":
		return "RSA-PSS"
	case "1.2.840.10045.2.1":
		return "EC (elliptic curve)"
	case "1.2.840.10040.4.1":
		return "DSA"
	case "1.2.840.113549.1.3.1", "1.2.840.10046.2.1":
		return "Diffie-Hellman"
	case "1.3.101.110":
		return "X25519"
	case "1.3.101.111":
		return "X448"
	case "1.3.101.112":
		return "Ed25519"
	case "1.3.101.113":
		return "Ed448"
	case "2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19":
		return "ML-DSA"
	case "2.16.840.1.101.3.4.4.1", "2.16.840.1.101.3.4.4.2", "2.16.840.1.101.3.4.4.3":
		return "ML-KEM"
	default:
		return "another algorithm"
	}
}

func notRSA(what, algorithm string) error {
	return &Error{
		KindNotRSA,
		fmt.Sprintf("The %s is for %s, and WhatsApp accepts only RSA keys (algorithm rsaEncryption) of 2048 bits.", what, algorithm),
		newPair,
	}
}

// mislabelled returns the error for a block that cannot be read as its label
// says: that it has the wrong label if its content is well-formed under another
// one, and err otherwise.
func mislabelled(label string, der []byte, err error) error {
	other, content := labelPKCS1, "a PKCS#1 key"
	_, otherErr := unmarshal[rsaPublicKey](der, "")
	if label == labelPKCS1 {
		other, content = labelSPKI, "a SubjectPublicKeyInfo"
		_, otherErr = unmarshal[subjectPublicKeyInfo](der, "")
	}
	if otherErr == nil {
		return &Error{
			KindWrongLabel,
			fmt.Sprintf("The PEM block is labelled %s, but holds %s.", label, content),
			fmt.Sprintf("Write %s into its BEGIN and END lines, or export the public key again with `openssl rsa -in private.pem -pubout -out public.pem`.", other),
		}
	}
	if _, certErr := certificateKey(der); certErr == nil {
		return &Error{
			KindCertificate,
			fmt.Sprintf("The PEM block is labelled %s, but holds a certificate.", label),
			fmt.Sprintf("Write %s into its BEGIN and END lines, and take the public key out of it with provider::whatsapp::public_key(…) or with `openssl x509 -in certificate.pem -pubkey -noout`.", labelCertificate),
		}
	}
	return err
}

func badDER(what string) error {
	return &Error{
		KindBadDER,
		fmt.Sprintf("The base64 of the PEM block can be read, but what it encodes is not a well-formed %s.", what),
		copyAgain,
	}
}

func trailingData() error {
	return &Error{KindTrailingData, "More data follows the end of the key inside the PEM block.", copyAgain}
}
