// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"encoding/base64"
	"slices"
	"strings"
)

// The labels of the blocks that are read, or that a message names.
const (
	labelSPKI         = "PUBLIC KEY"            // RFC 7468, section 13
	labelPKCS1        = "RSA PUBLIC KEY"        // RFC 8017, appendix A.1.1
	labelCertificate  = "CERTIFICATE"           // RFC 7468, section 5
	labelTrusted      = "TRUSTED CERTIFICATE"   // OpenSSL's own: a certificate, and behind it what it is trusted for
	labelPrivatePKCS1 = "RSA PRIVATE KEY"       // RFC 8017, appendix A.1.2
	labelPrivatePKCS8 = "PRIVATE KEY"           // RFC 7468, section 10
	labelEncrypted    = "ENCRYPTED PRIVATE KEY" // RFC 7468, section 11
	labelPrivateEC    = "EC PRIVATE KEY"        // RFC 5915
	labelRequest      = "CERTIFICATE REQUEST"   // RFC 7468, section 7
)

const byteOrderMark = "\ufeff"

var lineEndings = strings.NewReplacer("\r\n", "\n", "\r", "\n")

var certificateLabels = []string{labelCertificate, "X509 CERTIFICATE", labelTrusted}

// pemBlock is a PEM block with the header lines of RFC 1421, which an encrypted
// private key may have.
type pemBlock struct {
	label   string
	headers map[string]string
	der     []byte
}

// decodeBlock reads text, which must be a single block with one of the labels.
// If it is not, diagnose says why. encoding/pem would not do: it skips what it
// cannot read and goes on to the next block, so that a text with a damaged key
// could yield another key.
//
// As by OpenSSL, the body may be indented, but not the END line. If a space in
// front of a line was a character of the key once, the base64 or the DER is too
// short and is refused.
func decodeBlock(text string, labels []string) (block pemBlock, ok bool) {
	first, rest, _ := cutLine(trim(text))
	label, isBegin := strings.CutPrefix(strings.TrimSuffix(first, "-----"), "-----BEGIN ")
	if !isBegin || !strings.HasSuffix(first, "-----") || !slices.Contains(labels, label) {
		return pemBlock{}, false
	}

	block.label = label
	var body strings.Builder
	body.Grow(len(rest))
	for found := true; found; {
		var line string
		line, rest, found = cutLine(rest)
		isEnd := line == "-----END "+label+"-----"
		line = strings.TrimLeft(line, " \t")
		name, value, isHeader := strings.Cut(line, ":")
		switch {
		case isEnd:
			der, err := base64.StdEncoding.Strict().DecodeString(body.String())
			block.der = der
			return block, err == nil && len(der) > 0 && rest == ""
		case isHeader && body.Len() == 0:
			if block.headers == nil {
				block.headers = map[string]string{}
			}
			block.headers[name] = strings.TrimSpace(value)
		default:
			body.WriteString(line)
		}
	}
	return pemBlock{}, false
}

// trim removes the byte order mark and the whitespace around a block.
func trim(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(text, byteOrderMark))
}

// cutLine splits text after its first line, which ends in LF or CR; CRLF gives
// an empty line, which does no harm. It drops the spaces and tabs at the end of
// the line. If one of them was a character of the key once, the base64 or the
// DER is too short and is refused.
func cutLine(text string) (line, rest string, found bool) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return strings.TrimRight(text, " \t"), "", false
	}
	return strings.TrimRight(text[:i], " \t"), text[i+1:], true
}
