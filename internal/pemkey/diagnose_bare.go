// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
)

var (
	base64Alphabet = strings.NewReplacer("-", "+", "_", "/", "=", "")
	singleBase64   = regexp.MustCompile(`^[A-Za-z0-9+/_-]{16,}={0,2}$`)
	whitespace     = regexp.MustCompile(`\s+`)

	openSSHKey = regexp.MustCompile(`(?:^|\s)(ssh-rsa|ssh-dss|ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com) +AAAA`)
	pathStart  = regexp.MustCompile(`^(?:~?/|~\\|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\|(?:file|https?):)`)
	pathSuffix = regexp.MustCompile(`(?i)\.(?:pem|pub|key|crt|cer|der|txt)$`)
	quotes     = regexp.MustCompile(`^[\s"'\x60\x{ab}\x{bb}\x{2018}-\x{201f}\x{2039}\x{203a}]+|[\s"'\x60\x{ab}\x{bb}\x{2018}-\x{201f}\x{2039}\x{203a}]+$`)
)

// decodeBare returns what text encodes if all of it is base64, and nil
// otherwise. It accepts both alphabets, with or without padding, and a text
// that was cut off, because the result is only used to recognise what it is.
func decodeBare(text string) []byte {
	text = strings.Join(strings.Fields(text), "")
	if !singleBase64.MatchString(text) {
		return nil
	}
	decoded, _ := base64.RawStdEncoding.DecodeString(base64Alphabet.Replace(text))
	return decoded
}

// isKeyDER reports whether der could be a key or a certificate, or its start.
func isKeyDER(der []byte) bool {
	return len(der) >= 32 && sequenceContent(der) != nil
}

// hasKeyTrace reports whether a text has a BEGIN or END line, in whatever shape,
// or is the base64 of a key or of such a text.
func hasKeyTrace(text string) bool {
	for range mostRepairs {
		visible, _, _ := newRepair(text).replaceInvisible()
		text = visible.text
		if beginLine.MatchString(text) || endLine.MatchString(text) || looseBoundary.MatchString(escapedSpaces.Replace(text)) {
			return true
		}
		decoded := decodeBare(trim(text))
		if len(decoded) == 0 || isKeyDER(decoded) {
			return len(decoded) > 0
		}
		text = string(decoded)
	}
	return false
}

// plainBase64 makes the text what Terraform's base64decode takes: the standard
// alphabet with its padding, and no spaces.
func (r repair) plainBase64() repair {
	r, _, _ = r.replaceInvisible()
	r = r.replacePattern(whitespace, "").replace("-", "+").replace("_", "/")
	if missing := -len(r.text) & 3; missing > 0 && missing < 3 {
		padding := strings.Repeat("=", missing)
		r = r.become(r.text+padding, `"%s%s"`, "${"+r.expression+"}", padding)
	}
	return r
}

// diagnoseBare is for texts without any "-----BEGIN …-----".
func (e *expectation) diagnoseBare(original string) diagnosis {
	text := trim(original)
	decoded := decodeBare(text)
	ssh := openSSHKey.FindStringSubmatch(text)
	switch {
	case ssh != nil && ssh[1] != "ssh-rsa":
		return found(KindOpenSSH, fmt.Sprintf("The value is an OpenSSH public key for %s instead of RSA.", ssh[1]), newPair)
	case ssh != nil, bytes.HasPrefix(decoded, []byte("\x00\x00\x00\x07ssh-rsa")):
		return found(
			KindOpenSSH,
			"The value is a public key in the OpenSSH format, not in PEM.",
			"Use public_key_pem of the tls_private_key rather than public_key_openssh, or convert the file with `ssh-keygen -e -m PKCS8 -f key.pub`.",
		)
	case looseBegin.MatchString(escapedSpaces.Replace(text)):
		return e.malformedBoundary(original)
	case endLine.MatchString(text):
		return found(
			KindTruncated,
			"The PEM block has an END line, but no BEGIN line.",
			e.show,
		)
	case looseBoundary.MatchString(escapedSpaces.Replace(text)):
		return e.malformedBoundary(original)
	case isKeyDER(decoded):
		label := identify(decoded)
		if label == "" {
			label = labelSPKI
		}
		return newRepair(original).plainBase64().armour(label).found(
			KindNoArmour,
			"The value is base64 without the BEGIN and END lines of PEM.",
			`Add the two lines, for example %s.`,
		)
	case len(decoded) > 0 && hasKeyTrace(string(decoded)):
		return encodedPEM(original)
	}
	if breaks := newRepair(original).replacePattern(escapedBreaks, "\n"); breaks.text != original && hasKeyTrace(breaks.text) {
		return escapedNewlines(breaks)
	}
	if bare := newRepair(original).replacePattern(quotes, ""); bare.text != original && hasKeyTrace(bare.text) {
		return bare.found(KindSurroundingText, "There are quotation marks around the key.", "Take them out with %s.")
	}
	if !strings.ContainsAny(text, "\r\n") && (pathStart.MatchString(text) || pathSuffix.MatchString(text)) {
		return found(KindFilePath, "The value is the path or address of a file, not the key in it.", "Read the file with file(\"…\").")
	}
	return found(KindNotPEM, "The value is not "+e.what+" in PEM.", e.show)
}

func encodedPEM(original string) diagnosis {
	const problem = "The value is a PEM text that was base64-encoded once more."
	plain := newRepair(original).plainBase64()
	if decoded := plain.decodeBase64(); decoded != plain {
		return decoded.found(KindEncodedPEM, problem, "Decode it with %s.")
	}
	return found(KindEncodedPEM, problem, "It is damaged, too, so that base64decode() cannot read it. "+copyAgain)
}
