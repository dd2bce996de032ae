// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"regexp"
	"strings"
)

var (
	privateLabel    = regexp.MustCompile(`(?:BEGIN|END)(?:\s+([A-Z0-9 ]*?)\s*|(RSA|EC|DSA|ENCRYPTED|OPENSSH|PGP)?)PRIVATE\s*KEY`)
	smallLabel      = regexp.MustCompile(`(?i)--\s*(?:BEGIN|END)\s[A-Z0-9 ]*KEY`)
	encryptedHeader = regexp.MustCompile(`Proc-Type: *4, *ENCRYPTED|DEK-Info:`)
	jwkType         = regexp.MustCompile(`"kty"\s*:`)
	jwkSecret       = regexp.MustCompile(`"(?:d|p|q|dp|dq|qi|k)"\s*:`)
)

// privateKeyIn returns an error if text, trimmed, has a trace of a private key,
// or is base64 of one, or has a block that begins like one under any label.
func privateKeyIn(text string) error {
	decoded := decodeBare(text)
	if err := privateKeyInText(text); err != nil {
		return err
	}
	if err := privateKeyInText(string(decoded)); err != nil {
		return err
	}
	if err := privateKeyInDER(decoded); err != nil {
		return err
	}
	for _, begin := range beginLine.FindAllStringIndex(text, -1) {
		if err := privateKeyInDER(blockStart(text[begin[1]:])); err != nil {
			return err
		}
	}
	return nil
}

// privateKeyInText returns an error if text has a trace of a private key,
// complete or not.
func privateKeyInText(text string) error {
	switch format := privateFormat(text); {
	case format == "":
		return nil
	case strings.HasSuffix(format, "ENCRYPTED"), encryptedHeader.MatchString(text):
		return encryptedPrivateKey()
	default:
		return privateKey(format)
	}
}

// privateFormat returns the format of the private key that text has a trace of:
// what its label has before "PRIVATE KEY" ("PKCS8" if that is nothing), or a
// name in otherFormats. It returns "" if there is no trace.
func privateFormat(text string) string {
	label := privateLabel.FindStringSubmatch(smallLabel.ReplaceAllStringFunc(escapedSpaces.Replace(text), strings.ToUpper))
	switch {
	case label != nil && label[1]+label[2] != "":
		return label[1] + label[2]
	case label != nil, encryptedHeader.MatchString(text):
		return "PKCS8"
	case strings.Contains(text, "PuTTY-User-Key-File-"):
		return "PuTTY"
	case strings.HasPrefix(text, "openssh-key-v1\x00"):
		return "OPENSSH"
	case jwkType.MatchString(text) && jwkSecret.MatchString(text):
		return "JWK"
	}
	return ""
}

// privateKeyInDER returns an error if der begins like a private key, so that a
// part of one is enough. PKCS#1 (RFC 8017), PKCS#8 (RFC 5958), SEC 1 (RFC 5915)
// and PKCS#12 (RFC 7292) have a small version number where a public key has a
// modulus or an algorithm; encrypted PKCS#8 has an algorithm of PKCS#5 or
// PKCS#12 there.
func privateKeyInDER(der []byte) error {
	content := sequenceContent(der)
	if len(content) >= 3 && content[0] == 0x02 && content[1] == 1 && content[2] <= 3 {
		return privateKey(formatInDER(der))
	}
	algorithm := sequenceContent(content)
	if bytes.HasPrefix(algorithm, []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05")) ||
		bytes.HasPrefix(algorithm, []byte("\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01")) {
		return encryptedPrivateKey()
	}
	return nil
}

// formatInDER tells PKCS#12 from the other formats, which have the same advice.
func formatInDER(der []byte) string {
	if bytes.HasPrefix(sequenceContent(der), []byte{0x02, 1, 3}) {
		return "PKCS12"
	}
	return "PKCS8"
}

// identify returns the label for what der begins like, or "" if that is not
// clear. A part of a key is enough, as in privateKeyInDER.
func identify(der []byte) string {
	content := sequenceContent(der)
	inner := sequenceContent(content)
	starts := func(der []byte, with ...byte) bool { return bytes.HasPrefix(der, with) }
	switch {
	case starts(content, 0x02, 1, 0, 0x02), starts(content, 0x02, 1, 1, 0x02):
		return labelPrivatePKCS1
	case starts(content, 0x02, 1, 0, 0x30), starts(content, 0x02, 1, 1, 0x30):
		return labelPrivatePKCS8
	case starts(content, 0x02, 1, 1, 0x04):
		return labelPrivateEC
	case starts(content, 0x02) && !starts(content, 0x02, 1):
		return labelPKCS1
	case starts(inner, 0xa0, 3, 0x02, 1):
		return labelCertificate
	case starts(inner, 0x02, 1, 0, 0x30):
		return labelRequest
	case starts(inner, 0x06):
		var algorithm asn1.RawValue
		if rest, err := asn1.Unmarshal(content, &algorithm); err == nil && starts(rest, 0x04) {
			return labelEncrypted
		}
		return labelSPKI
	}
	return ""
}

// beginsLikeCertificate reports whether der begins like a certificate or a
// certificate request, and so like no private key: those have a number or an
// algorithm in that place.
func beginsLikeCertificate(der []byte) bool {
	inner := sequenceContent(sequenceContent(der))
	return len(inner) > 0 && inner[0] != 0x06
}

// sequenceContent returns what follows the header of an ASN.1 SEQUENCE, whether
// or not it is as long as the header says, and nil for anything else.
func sequenceContent(der []byte) []byte {
	if len(der) < 2 || der[0] != 0x30 {
		return nil
	}
	header := 2
	if der[1] > 0x80 {
		header += int(der[1] & 0x7f)
	}
	if len(der) < header {
		return nil
	}
	return der[header:]
}

func privateKey(format string) error {
	const (
		problem   = "The value holds a private key, and only the public key belongs here."
		disclosed = "If the private key is in a configuration file, regard it as disclosed and generate a new pair."
	)
	other, isOther := otherFormats[format]
	switch {
	case format == "EC", format == "DSA":
		return &Error{
			KindPrivateKey,
			fmt.Sprintf("The value holds a private key for %s, and only an RSA public key belongs here.", format),
			"Nothing was sent. " + newPair,
		}
	case format == "PGP":
		return &Error{
			KindPrivateKey,
			"The value holds a PGP private key, and only an RSA public key in PEM belongs here.",
			"Nothing was sent. " + newPair,
		}
	case isOther:
		return &Error{KindPrivateKey, problem, "Nothing was sent. " + other.remedy + " " + disclosed}
	default:
		return &Error{
			KindPrivateKey,
			problem,
			"Nothing was sent. Give the public key instead: provider::whatsapp::public_key(…), `openssl rsa -in private.pem -pubout -out public.pem`, or the public_key_pem of a tls_private_key. " + disclosed,
		}
	}
}

// otherFormats are the formats of private keys that [Derive] does not read, and
// how to get the public key out of each.
var otherFormats = map[string]struct{ name, remedy string }{
	"OPENSSH": {"OpenSSH", "If the key is an RSA key, `ssh-keygen -e -m PKCS8 -f private_key` prints the public key."},
	"PuTTY":   {"PuTTY", "If the key is an RSA key, convert it with `puttygen key.ppk -O public-openssh -o key.pub` and then `ssh-keygen -e -m PKCS8 -f key.pub`."},
	"JWK":     {"JSON Web Key", "Export the public key as PEM (\"-----BEGIN PUBLIC KEY-----\") from where the key was generated."},
	"PKCS12":  {"PKCS#12", "Take the certificate out of the file with `openssl pkcs12 -in key.p12 -clcerts -nokeys -out certificate.pem`, and the public key out of that with `openssl x509 -in certificate.pem -pubkey -noout`."},
}

func encryptedPrivateKey() error {
	return &Error{
		KindEncryptedPrivateKey,
		"The value holds an encrypted private key, and only the public key belongs here.",
		"Nothing was sent. Give the public key instead: provider::whatsapp::public_key(…, passphrase), or `openssl rsa -in private.pem -pubout -out public.pem`, which asks for the passphrase.",
	}
}
