// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	copyAgain = "The text was probably damaged in transit. Copy it again from where the key was generated, or read that file with file(\"key.pem\")."
	newPair   = "Generate a 2048-bit RSA key pair, with `openssl genrsa -out private.pem 2048` and then `openssl rsa -in private.pem -pubout -out public.pem`, or with a tls_private_key that has algorithm = \"RSA\" and rsa_bits = 2048."
)

// expectation is what a text should have been: the labels that are read, and
// the parts of messages that depend on it.
type expectation struct {
	labels   []string
	what     string
	size     string // how large it can be at most
	only     string // the remedy for a text that is larger
	several  string // why there may be one block only
	one      string // the remedy for more
	show     string // the remedy for a text that is something else
	boundary string // the remedy for a BEGIN or END line that is not written exactly
}

// publicKeyExpected is what [Parse] reads.
var publicKeyExpected = &expectation{
	labels:   []string{labelSPKI, labelPKCS1},
	what:     "a public key",
	size:     "a public key is smaller than 1 KiB",
	only:     "Give only the PEM of the public key.",
	several:  "a phone number has one key",
	one:      "Give the PEM block of one public key and nothing else.",
	show:     "Give the PEM text of the public key, from \"-----BEGIN PUBLIC KEY-----\" to \"-----END PUBLIC KEY-----\", for example with file(\"public.pem\").",
	boundary: "Write exactly \"-----BEGIN PUBLIC KEY-----\" and \"-----END PUBLIC KEY-----\"",
}

func (e *expectation) tooLarge() error {
	return &Error{KindTooLarge, "The value is larger than 64 KiB, and " + e.size + ".", e.only}
}

// otherLabels may be named in a message. Any other label stays unnamed, since a
// text that only looks like a label may be anything.
var otherLabels = []string{
	"ATTRIBUTE CERTIFICATE", "CMS", "DH PARAMETERS", "DSA PARAMETERS", "DSA PUBLIC KEY", "EC PARAMETERS",
	"EC PUBLIC KEY", "ECDSA PUBLIC KEY", "PARAMETERS", "PKCS12", "PKCS7", "SSH SIGNATURE", "X509 CRL",
}

var (
	// escapedSpaces restores the spaces in the labels of a text that was part
	// of a URL, a form or a file name.
	escapedSpaces  = strings.NewReplacer("%20", " ", "+", " ", "_", " ")
	lineEndings    = strings.NewReplacer("\r\n", "\n", "\r", "\n")
	base64Alphabet = strings.NewReplacer("-", "+", "_", "/", "=", "")

	beginLine     = regexp.MustCompile(`-----BEGIN ([^\r\n]*?)-----`)
	endLine       = regexp.MustCompile(`-----END ([^\r\n]*?)-----`)
	looseBoundary = regexp.MustCompile(`(?i)\b(?:BEGIN|END)\s+(?:[A-Z0-9]+\s+)*?(?:(?:PUBLIC|PRIVATE)\s+KEY|CERTIFICATE)`)

	openSSHKey   = regexp.MustCompile(`(?:^|\s)(ssh-rsa|ssh-dss|ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com) +AAAA`)
	percentCode  = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	headerLine   = regexp.MustCompile(`^\s*[A-Za-z][A-Za-z0-9-]*:`)
	pathStart    = regexp.MustCompile(`^(?:~?/|~\\|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\|(?:file|https?):)`)
	pathSuffix   = regexp.MustCompile(`(?i)\.(?:pem|pub|key|crt|cer|der|txt)$`)
	singleBase64 = regexp.MustCompile(`^[A-Za-z0-9+/_-]{16,}={0,2}$`)
)

// diagnosePublicKey says why [Parse] cannot read text.
func diagnosePublicKey(text string) error {
	text = trim(text)
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
	return publicKeyExpected.diagnose(text)
}

// diagnose says why text, trimmed, is not a block that can be read.
func (e *expectation) diagnose(text string) error {
	decoded := decodeBare(text)
	blocks := beginLine.FindAllStringSubmatchIndex(text, -1)
	switch {
	case text == "":
		return &Error{KindEmpty, "The value is empty.", e.show}
	case strings.ContainsRune(`{["`, rune(text[0])) && (jwkType.MatchString(text) || json.Valid([]byte(text))):
		return jsonText(text)
	case strings.HasPrefix(text, "---- BEGIN SSH2 "):
		return &Error{
			KindSSH2,
			"The value is a public key in the SSH2 format (RFC 4716), not in PEM.",
			"Convert it with `ssh-keygen -i -m RFC4716 -f key.pub >openssh.pub` and then `ssh-keygen -e -m PKCS8 -f openssh.pub`.",
		}
	case percentCode.MatchString(text) && looseBoundary.MatchString(escapedSpaces.Replace(text)):
		return &Error{
			KindURLEncoded,
			"The PEM is percent-encoded.",
			"Give the plain PEM text: leave out urlencode(), or use urldecode().",
		}
	case len(blocks) == 0:
		return e.diagnoseBare(text, decoded)
	}

	var problem *Error
	for i, block := range blocks {
		other := e.wrongBlock(text[block[2]:block[3]])
		if i > 0 && (other == nil || problem == nil || other.Kind != problem.Kind) {
			problem = nil
			break
		}
		problem = other
	}
	switch {
	case problem != nil && problem.Kind == KindCertificate && len(blocks) > 1:
		return certificateChain()
	case problem != nil:
		return problem
	case len(blocks) > 1:
		return &Error{
			KindSeveralBlocks,
			fmt.Sprintf("The value has %d PEM blocks, and %s.", len(blocks), e.several),
			e.one,
		}
	}
	return e.diagnoseBlock(text, blocks[0])
}

func certificate() *Error {
	return &Error{
		KindCertificate,
		"The value is a certificate, and a bare public key belongs here.",
		"Take the public key out of it with provider::whatsapp::public_key(…), or with `openssl x509 -in certificate.pem -pubkey -noout`.",
	}
}

func certificateChain() *Error {
	return &Error{
		KindCertificate,
		"The value is a chain of certificates, and a bare public key belongs here.",
		"Take the public key out of its first certificate: give that one alone to provider::whatsapp::public_key(…), or the whole file to `openssl x509 -in chain.pem -pubkey -noout`.",
	}
}

func jsonText(text string) error {
	if jwkType.MatchString(text) {
		return &Error{
			KindJWK,
			"The value is a JSON Web Key, not PEM.",
			"Export the key as PEM (\"-----BEGIN PUBLIC KEY-----\") from where it was generated.",
		}
	}
	return &Error{
		KindJSON,
		"The value is JSON, not PEM.",
		"Take the PEM out of it with jsondecode(…); if it is in a field of an object, with jsondecode(…).name.",
	}
}

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

// diagnoseBare is for texts without any "-----BEGIN …-----".
func (e *expectation) diagnoseBare(text string, decoded []byte) error {
	ssh := openSSHKey.FindStringSubmatch(text)
	switch {
	case ssh != nil && ssh[1] != "ssh-rsa":
		return &Error{KindOpenSSH, fmt.Sprintf("The value is an OpenSSH public key for %s instead of RSA.", ssh[1]), newPair}
	case ssh != nil, bytes.HasPrefix(decoded, []byte("\x00\x00\x00\x07ssh-rsa")):
		return &Error{
			KindOpenSSH,
			"The value is a public key in the OpenSSH format, not in PEM.",
			"Use public_key_pem of the tls_private_key rather than public_key_openssh, or convert the file with `ssh-keygen -e -m PKCS8 -f key.pub`.",
		}
	case endLine.MatchString(text):
		return &Error{
			KindTruncated,
			"The PEM block has an END line, but no BEGIN line.",
			e.show,
		}
	case looseBoundary.MatchString(text):
		return e.malformedBoundary()
	case beginLine.Match(decoded):
		return &Error{
			KindEncodedPEM,
			"The value is a PEM text that was base64-encoded once more.",
			"Decode it with base64decode(…).",
		}
	case len(decoded) >= 32 && sequenceContent(decoded) != nil:
		label := identify(decoded)
		if label == "" {
			label = labelSPKI
		}
		return &Error{
			KindNoArmour,
			"The value is base64 without the BEGIN and END lines of PEM.",
			fmt.Sprintf(`Add the two lines, for example "-----BEGIN %[1]s-----\n${var.key}\n-----END %[1]s-----".`, label),
		}
	case !strings.ContainsAny(text, "\r\n") && (pathStart.MatchString(text) || pathSuffix.MatchString(text)):
		return &Error{
			KindFilePath,
			"The value is the path or address of a file, not the key in it.",
			"Read the file with file(\"…\").",
		}
	}
	return &Error{KindNotPEM, "The value is not " + e.what + " in PEM.", e.show}
}

func (e *expectation) malformedBoundary() error {
	return &Error{
		KindMalformedBoundary,
		"The BEGIN or END line of the PEM is malformed.",
		e.boundary + ": five hyphens on each side, capitals, single spaces. Word processors replace hyphens with dashes; copy the key from the original file.",
	}
}

func (e *expectation) headers() error {
	return &Error{
		KindHeaders,
		"There are header lines (\"Name: value\") inside the PEM block that do not belong there.",
		"Remove them together with the blank line that follows them, or export the key again. " + e.show,
	}
}

// wrongBlock returns an error unless label, however it is spaced, is one that
// is read.
func (e *expectation) wrongBlock(label string) *Error {
	label = strings.Join(strings.Fields(label), " ")
	switch {
	case slices.Contains(e.labels, label):
		return nil
	case slices.Contains(certificateLabels, label):
		return certificate()
	case label == "CERTIFICATE REQUEST", label == "NEW CERTIFICATE REQUEST":
		return &Error{
			KindCertificateRequest,
			"The value is a certificate request, and " + e.what + " belongs here.",
			"Take the public key out of it with `openssl req -in request.pem -pubkey -noout`.",
		}
	case strings.HasPrefix(label, "PGP "):
		return &Error{KindPGP, "The value is a PGP block, and " + e.what + " in PEM belongs here.", newPair}
	case slices.Contains(otherLabels, label):
		return &Error{KindOtherBlock, fmt.Sprintf("The PEM block is labelled %s, and %s belongs here.", label, e.what), e.show}
	}
	return &Error{KindOtherBlock, "The PEM block is not labelled as " + e.what + ".", e.show}
}

// diagnoseBlock is for texts with exactly one "-----BEGIN …-----", which
// announces something that is read. begin holds the indexes of that match and
// of its label.
func (e *expectation) diagnoseBlock(text string, begin []int) error {
	before, label, inside := text[:begin[0]], text[begin[2]:begin[3]], text[begin[1]:]
	end := endLine.FindStringSubmatchIndex(inside)
	if end == nil {
		if looseBoundary.MatchString(inside) {
			return e.malformedBoundary()
		}
		return &Error{
			KindTruncated,
			"The PEM block has a BEGIN line, but no END line: its end is missing.",
			copyAgain,
		}
	}
	endLabel, after := inside[end[2]:end[3]], inside[end[1]:]
	inside = inside[:end[0]]
	lines := strings.Split(lineEndings.Replace(inside), "\n")
	first, last := lines[0], lines[len(lines)-1]

	switch {
	case !slices.Contains(e.labels, label),
		strings.HasSuffix(before, "-"), strings.HasPrefix(inside, "-"),
		strings.HasSuffix(inside, "-"), strings.HasPrefix(after, "-"):
		return e.malformedBoundary()
	case endLabel != label:
		return &Error{
			KindEndMismatch,
			"The END line of the PEM block does not have the same label as its BEGIN line.",
			"Either a part is missing or one of the lines was edited. " + e.show,
		}
	case strings.Contains(inside, `\n`), strings.Contains(inside, `\r`), strings.HasPrefix(after, `\`):
		return &Error{
			KindEscapedNewlines,
			`The PEM has the two characters \n where there should be line breaks, as is common in environment variables and JSON.`,
			`Put the line breaks back with replace(var.key, "\\n", "\n"), or read the key with file("key.pem").`,
		}
	case before != "" || after != "":
		return &Error{
			KindSurroundingText,
			"There is text before or after the PEM block.",
			"Give the block alone, from \"-----BEGIN\" to the hyphens after END, without quotation marks, comments or other output of the tool that printed it.",
		}
	case strings.TrimSpace(inside) == "":
		return &Error{KindTruncated, "There is nothing between the BEGIN and the END line.", e.show}
	case strings.TrimSpace(first) != "" || strings.TrimSpace(last) != "":
		return &Error{
			KindLostNewlines,
			"The PEM has lost line breaks: BEGIN and END each need a line of their own.",
			"CI systems often store secrets as one line. Store the key as base64 and use base64decode(…), or read it with file(\"key.pem\").",
		}
	}

	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.TrimSpace(line) == "" || encryptedHeader.MatchString(line)
	})
	switch {
	case slices.ContainsFunc(lines, headerLine.MatchString):
		return e.headers()
	case len(lines) == 0:
		return &Error{KindTruncated, "There is nothing between the BEGIN and the END line.", e.show}
	// The base64 of a key never begins with "+", so a space in that place was
	// never one.
	case strings.ContainsAny(lines[0][:1], " \t") || last != "":
		return &Error{
			KindIndented,
			"The lines of the PEM are indented.",
			"In a heredoc write <<-EOT, which strips the indentation that all lines share, instead of <<EOT. Or read the key with file(\"key.pem\").",
		}
	case slices.ContainsFunc(lines, func(line string) bool { return strings.ContainsAny(strings.TrimRight(line, " \t"), " \t") }):
		return &Error{
			KindSpacesInBase64,
			"There are spaces inside the base64 of the PEM, most likely where \"+\" was: URL decoding turns \"+\" into a space.",
			"Write \"+\" as %2B where the key goes through a URL or a form, or read it with file(\"key.pem\").",
		}
	}
	return &Error{
		KindBadBase64,
		"What is between the BEGIN and the END line is not valid base64.",
		"A part may be missing, or a placeholder may not have been filled in. " + copyAgain,
	}
}
