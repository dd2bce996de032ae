// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"encoding/json"
	"fmt"
	"iter"
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

// mostRepairs ends the search for a key under several kinds of damage.
const mostRepairs = 20

// stage is a text on the way to a key, and what is wrong with it.
type stage struct {
	text    string
	problem *Error
}

// stages returns the text, and then what it becomes when the advice is followed
// for as long as the advice is an expression.
func (e *expectation) stages(text string) iter.Seq[stage] {
	return func(yield func(stage) bool) {
		for range mostRepairs {
			d := e.diagnose(text)
			if !yield(stage{text, d.problem}) || d.repaired == "" || len(d.repaired) > maxTextLen {
				return
			}
			text = d.repaired
		}
	}
}

// diagnosePublicKey says why [Parse] cannot read text. A private key is
// recognised under any damage that has a remedy, so that nobody repairs one to
// learn that it does not belong here.
func diagnosePublicKey(text string) error {
	var first *Error
	for stage := range publicKeyExpected.stages(text) {
		if err := privateKeyIn(trim(stage.text)); err != nil {
			return err
		}
		if first == nil {
			first = stage.problem
		}
	}
	return first
}

// diagnose says why text is not a block that can be read.
func (e *expectation) diagnose(original string) diagnosis {
	text := trim(original)
	switch {
	case text == "":
		return found(KindEmpty, "The value is empty.", e.show)
	case strings.ContainsRune(`{["`, rune(text[0])) && (jwkType.MatchString(text) || json.Valid([]byte(text))):
		return jsonText(original)
	case strings.HasPrefix(text, "---- BEGIN SSH2 "):
		return found(
			KindSSH2,
			"The value is a public key in the SSH2 format (RFC 4716), not in PEM.",
			"Convert it with `ssh-keygen -i -m RFC4716 -f key.pub >openssh.pub` and then `ssh-keygen -e -m PKCS8 -f openssh.pub`.",
		)
	}
	if d, ok := diagnoseInvisible(original); ok {
		return d
	}
	if d, ok := diagnoseEncoded(original); ok {
		return d
	}
	blocks := beginLine.FindAllStringSubmatchIndex(text, -1)
	if len(blocks) == 0 {
		return e.diagnoseBare(original)
	}

	var problem *Error
	for i, block := range blocks {
		other := e.wrongBlock(text[block[2]:block[3]], text[block[1]:])
		if i > 0 && (other == nil || problem == nil || other.Kind != problem.Kind) {
			problem = nil
			break
		}
		problem = other
	}
	switch {
	case problem != nil && problem.Kind == KindCertificate && len(blocks) > 1:
		return found(
			KindCertificate,
			"The value is a chain of certificates, and a bare public key belongs here.",
			"Take the public key out of its first certificate: give that one alone to provider::whatsapp::public_key(…), or the whole file to `openssl x509 -in chain.pem -pubkey -noout`.",
		)
	case problem != nil:
		return diagnosis{problem: problem}
	case len(blocks) > 1:
		return found(KindSeveralBlocks, fmt.Sprintf("The value has %d PEM blocks, and %s.", len(blocks), e.several), e.one)
	}
	return e.diagnoseBlock(original)
}

// jsonText is for texts that are JSON.
func jsonText(original string) diagnosis {
	if jwkType.MatchString(original) {
		return found(
			KindJWK,
			"The value is a JSON Web Key, not PEM.",
			"Export the key as PEM (\"-----BEGIN PUBLIC KEY-----\") from where it was generated.",
		)
	}
	r := newRepair(original)
	if !json.Valid([]byte(original)) { // because of what trim removes
		r, _, _ = r.replaceInvisible()
	}
	const problem = "The value is JSON, not PEM."
	if decoded := r.decodeJSON(); decoded != r {
		return decoded.found(KindJSON, problem, "Take the PEM out of it with %s.")
	}
	return found(KindJSON, problem, "Take the PEM out of it with jsondecode(…).name, where name is that of the field it is in.")
}

// wrongBlock returns an error unless label, however it is spaced, is one that
// is read. The text after the BEGIN line is inside. A label is no proof of what
// that is, and the kinds for a certificate and a request mean that it is known to
// be no private key.
func (e *expectation) wrongBlock(label, inside string) *Error {
	label = strings.Join(strings.Fields(label), " ")
	var wrong *Error
	switch {
	case slices.Contains(e.labels, label):
		return nil
	case slices.Contains(certificateLabels, label):
		wrong = &Error{
			KindCertificate,
			"The value is a certificate, and a bare public key belongs here.",
			"Take the public key out of it with provider::whatsapp::public_key(…), or with `openssl x509 -in certificate.pem -pubkey -noout`.",
		}
	case label == labelRequest, label == "NEW CERTIFICATE REQUEST":
		wrong = e.certificateRequest()
	case strings.HasPrefix(label, "PGP "):
		return &Error{KindPGP, "The value is a PGP block, and " + e.what + " in PEM belongs here.", newPair}
	case slices.Contains(otherLabels, label):
		return &Error{KindOtherBlock, fmt.Sprintf("The PEM block is labelled %s, and %s belongs here.", label, e.what), e.show}
	default:
		return &Error{KindOtherBlock, "The PEM block is not labelled as " + e.what + ".", e.show}
	}
	if !beginsLikeCertificate(blockStart(inside)) {
		return &Error{KindOtherBlock, fmt.Sprintf("The PEM block is labelled %s, and %s belongs here.", label, e.what), wrong.Remedy}
	}
	return wrong
}

func (e *expectation) certificateRequest() *Error {
	return &Error{
		KindCertificateRequest,
		"The value is a certificate request, and " + e.what + " belongs here.",
		"Take the public key out of it with `openssl req -in request.pem -pubkey -noout`.",
	}
}
