// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"encoding/base64"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

type badInput struct {
	name string
	text string
	kind pemkey.Kind
	says string // part of the message
}

// badInputs has at least one input for each kind of error of Parse.
func badInputs(tb testing.TB) []badInput {
	tb.Helper()
	public := fixture(tb, "rsa2048_a.spki.pem")
	second := fixture(tb, "rsa2048_b.spki.pem")
	pkcs1 := fixture(tb, "rsa2048_a.pkcs1.pem")
	padded := fixture(tb, "rsa2048_e3.pkcs1.pem")
	certificate := fixture(tb, "certificate.pem")
	sshPublic := fixture(tb, "openssh_rsa.pub")
	der := decode(tb, public)
	numbers := rsaKey(tb, public)
	n, e := numbers.N, big.NewInt(int64(numbers.E))
	jwk := map[string]string{"kty": "RSA", "n": base64URL(n), "e": base64URL(e)}
	// Where the base64 has a "+", whatever key the fixtures hold.
	withPlus := strings.Replace(public, body(public)[100:104], "+a+b", 1)

	return slices.Concat(privateInputs(tb), derInputs(tb), numberInputs(tb), []badInput{
		{"empty", "", pemkey.KindEmpty, "empty"},
		{"blank", " \r\n\t\n", pemkey.KindEmpty, "empty"},
		{"byte order mark", "\ufeff\n", pemkey.KindEmpty, "empty"},
		{"too large", public + strings.Repeat("\n", 64<<10), pemkey.KindTooLarge, "64 KiB"},

		{"certificate", certificate, pemkey.KindCertificate, "provider::whatsapp::public_key"},
		{"certificate chain", certificate + certificate, pemkey.KindCertificate, "its first certificate"},
		{"certificate, old label", armour("X509 CERTIFICATE", body(certificate)), pemkey.KindCertificate, "openssl x509"},
		{"certificate escaped", escape(certificate), pemkey.KindCertificate, "openssl x509"},
		{"certificate labelled as public", armour("PUBLIC KEY", body(certificate)), pemkey.KindCertificate, "Write CERTIFICATE"},
		{"certificate request", fixture(tb, "request.pem"), pemkey.KindCertificateRequest, "openssl req"},
		{"certificate request, old label", armour("NEW CERTIFICATE REQUEST", body(certificate)), pemkey.KindCertificateRequest, "openssl req"},

		{"OpenSSH", sshPublic, pemkey.KindOpenSSH, "rather than public_key_openssh"},
		{"OpenSSH in authorized_keys", "# admin\nno-pty " + sshPublic, pemkey.KindOpenSSH, "ssh-keygen -e -m PKCS8 -f"},
		{"OpenSSH, base64 only", strings.Fields(sshPublic)[1], pemkey.KindOpenSSH, "ssh-keygen -e -m PKCS8 -f"},
		{"OpenSSH Ed25519", fixture(tb, "openssh_ed25519.pub"), pemkey.KindOpenSSH, "ssh-ed25519 instead of RSA"},
		{"SSH2", fixture(tb, "ssh2_rsa.pub"), pemkey.KindSSH2, "RFC4716"},
		{"PGP", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBGY\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n", pemkey.KindPGP, "PGP"},
		{"PGP message", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n", pemkey.KindPGP, "PGP"},

		{"JWK", quoted(tb, jwk), pemkey.KindJWK, "JSON Web Key"},
		{"JWK set", quoted(tb, map[string]any{"keys": []any{jwk}}), pemkey.KindJWK, "JSON Web Key"},
		{"JWK cut off", quoted(tb, jwk)[:len(quoted(tb, jwk))-3], pemkey.KindJWK, "JSON Web Key"},
		{"JSON object", quoted(tb, map[string]string{"public_key": public}), pemkey.KindJSON, "jsondecode(…).name"},
		{"JSON string", quoted(tb, public), pemkey.KindJSON, "jsondecode"},

		{"EC parameters", fixture(tb, "ec_parameters.pem"), pemkey.KindOtherBlock, "labelled EC PARAMETERS"},
		{"PKCS#7", fixture(tb, "pkcs7.pem"), pemkey.KindOtherBlock, "labelled PKCS7"},
		{"unknown label", armour("SECRETSECRETSECRET", body(public)), pemkey.KindOtherBlock, "not labelled as a public key"},

		{"two keys", public + second, pemkey.KindSeveralBlocks, "2 PEM blocks"},
		{"the same key twice", public + public, pemkey.KindSeveralBlocks, "2 PEM blocks"},
		{"two keys, one escaped", public + escape(second), pemkey.KindSeveralBlocks, "2 PEM blocks"},
		{"a damaged key and a good one", strings.Replace(public, "A", "!", 1) + second, pemkey.KindSeveralBlocks, "2 PEM blocks"},
		{"a key without END and a good one", public[:200] + "\n" + second, pemkey.KindSeveralBlocks, "2 PEM blocks"},
		{"key and certificate", public + certificate, pemkey.KindSeveralBlocks, "2 PEM blocks"},
		{"certificate and key", certificate + public, pemkey.KindSeveralBlocks, "2 PEM blocks"},
		{"three", certificate + certificate + public, pemkey.KindSeveralBlocks, "3 PEM blocks"},

		{"openssl -text", fixture(tb, "rsa2048_a.text.txt"), pemkey.KindSurroundingText, "other output"},
		{"text before", "public key:\n" + public, pemkey.KindSurroundingText, "before or after"},
		{"text in front", "key = " + public, pemkey.KindSurroundingText, "before or after"},
		{"text after", public + "thanks\n", pemkey.KindSurroundingText, "before or after"},
		{"text behind", strings.TrimSpace(public) + ";\n", pemkey.KindSurroundingText, "before or after"},
		{"in quotes", `"` + public + `"`, pemkey.KindSurroundingText, "quotation marks"},
		{"NUL behind", public + "\x00", pemkey.KindInvisible, "U+0000 (NUL)"},

		{"escaped newlines", escape(public), pemkey.KindEscapedNewlines, `\\\\[rnt]`},
		{"escaped CRLF", strings.ReplaceAll(public, "\n", `\r\n`), pemkey.KindEscapedNewlines, `, "\n")`},
		{"escaped newlines, no final one", strings.TrimSuffix(escape(public), `\n`), pemkey.KindEscapedNewlines, `, "\n")`},
		{"escaped newlines in quotes", `'` + escape(public) + `'`, pemkey.KindEscapedNewlines, `, "\n")`},
		{"escaped final newline", strings.TrimSpace(public) + `\n`, pemkey.KindEscapedNewlines, `, "\n")`},

		{"spaces for newlines", oneLine(public), pemkey.KindLostNewlines, "base64decode"},
		{"nothing for newlines", strings.ReplaceAll(public, "\n", ""), pemkey.KindLostNewlines, "base64decode"},
		{"base64 on the BEGIN line", strings.Replace(public, "\n", "", 1), pemkey.KindLostNewlines, "line of their own"},
		{"base64 on the END line", strings.Replace(public, "\n-----END", "-----END", 1), pemkey.KindLostNewlines, "line of their own"},

		{"indented", indent(public, "    "), pemkey.KindIndented, "<<-EOT"},
		{"indented by tabs", indent(public, "\t"), pemkey.KindIndented, "<<-EOT"},
		{"indented CRLF", strings.ReplaceAll(indent(public, "  "), "\n", "\r\n"), pemkey.KindIndented, "<<-EOT"},
		{"indented but for BEGIN", strings.TrimSpace(indent(public, "  ")), pemkey.KindIndented, "<<-EOT"},
		{"indented END", strings.Replace(public, "-----END", " -----END", 1), pemkey.KindIndented, "<<-EOT"},

		{"query-escaped", url.QueryEscape(public), pemkey.KindURLEncoded, "urlencode"},
		{"path-escaped", url.PathEscape(public), pemkey.KindURLEncoded, "urlencode"},
		{"escaped newlines of GitHub Actions", strings.ReplaceAll(public, "\n", "%0A"), pemkey.KindURLEncoded, "urlencode"},

		{"entities", strings.ReplaceAll(public, "\n", "&#10;"), pemkey.KindHTMLEncoded, `replace(var.key, "&#10;", "\n")`},
		{"fully encoded", strings.NewReplacer("A", "%41", "B", "%42", "\n", "%0A").Replace(public), pemkey.KindURLEncoded, "urlencode"},
		{"JSON escapes", strings.ReplaceAll(public, "\n", `\u000a`), pemkey.KindEscapedCharacters, `replace(var.key, "\\u000a", "\n")`},
		{"PHP's JSON", strings.ReplaceAll(public, "/", `\/`), pemkey.KindEscapedCharacters, "jsondecode"},
		{"a damaged code", strings.Replace(public, "\n", "%0A%20B", 1), pemkey.KindURLEncoded, "might be another key"},

		{"plus turned into a space", strings.ReplaceAll(withPlus, "+", " "), pemkey.KindSpacesInBase64, "%2B"},
		{"plus at the start of a line", armour("PUBLIC KEY", body(public)[:64]+"\n "+body(public)[65:]), pemkey.KindSpacesInBase64, "%2B"},
		{"base64 in groups", armour("PUBLIC KEY", strings.ReplaceAll(wrap(body(public), 4), "\n", " ")), pemkey.KindSpacesInBase64, "%2B"},

		{"no armour", body(public), pemkey.KindNoArmour, `"-----BEGIN PUBLIC KEY-----\n${var.key}\n`},
		{"no armour, wrapped", wrap(body(public), 64), pemkey.KindNoArmour, "-----BEGIN PUBLIC KEY"},
		{"no armour, base64url", base64.RawURLEncoding.EncodeToString(der), pemkey.KindNoArmour, "-----BEGIN PUBLIC KEY"},
		{"no armour, cut", body(public)[:101], pemkey.KindNoArmour, "-----BEGIN PUBLIC KEY"},
		{"no armour, PKCS#1", body(pkcs1), pemkey.KindNoArmour, "-----BEGIN RSA PUBLIC KEY"},
		{"no armour, something else", base64Of(string(marshal(tb, struct{ Bytes []byte }{der[:40]}))), pemkey.KindNoArmour, "-----BEGIN PUBLIC KEY"},
		{"no armour, certificate", body(certificate), pemkey.KindNoArmour, "-----BEGIN CERTIFICATE"},
		{"base64 of PEM", base64Of(public), pemkey.KindEncodedPEM, "base64decode"},
		{"base64 of PEM, wrapped", wrap(base64Of(public), 76), pemkey.KindEncodedPEM, "base64decode"},
		{"base64 of certificate", base64Of(certificate), pemkey.KindEncodedPEM, "base64decode"},

		{"file name", "public.pem", pemkey.KindFilePath, "file("},
		{"absolute path", "/etc/keys/public.pem\n", pemkey.KindFilePath, "file("},
		{"path without extension", "/run/secrets/whatsapp_public_key", pemkey.KindFilePath, "file("},
		{"home path", "~/key.pub", pemkey.KindFilePath, "file("},
		{"relative path", "../keys/public", pemkey.KindFilePath, "file("},
		{"path with spaces", "my keys/Public Key.PEM", pemkey.KindFilePath, "file("},
		{"Windows path", `C:\new\public`, pemkey.KindFilePath, "file("},
		{"URL", "https://example.com/public", pemkey.KindFilePath, "file("},
		{"file URL", "file:///etc/keys/public", pemkey.KindFilePath, "file("},

		{"words", "lorem ipsum", pemkey.KindNotPEM, "not a public key"},
		{"fingerprint", strings.Repeat("0123456789abcdef", 4), pemkey.KindNotPEM, "not a public key"},
		{"a word that begins like DER", "MIIBpublicKeyName", pemkey.KindNotPEM, "not a public key"},
		{"raw DER", string(der), pemkey.KindNotPEM, "not a public key"},
		{"invalid UTF-8", "\xff\xfe-\x00-\x00", pemkey.KindNotPEM, "not a public key"},

		{"no END", strings.Split(public, "-----END")[0], pemkey.KindTruncated, "no END line"},
		{"cut in END", public[:len(public)-10], pemkey.KindTruncated, "no END line"},
		{"BEGIN only", "-----BEGIN PUBLIC KEY-----", pemkey.KindTruncated, "no END line"},
		{"no BEGIN", strings.SplitAfterN(public, "\n", 2)[1], pemkey.KindTruncated, "no BEGIN line"},
		{"nothing inside", armour("PUBLIC KEY", ""), pemkey.KindTruncated, "nothing between"},
		{"nothing at all inside", "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----", pemkey.KindTruncated, "nothing between"},

		{"END of a certificate", strings.Replace(public, "END PUBLIC KEY", "END CERTIFICATE", 1), pemkey.KindEndMismatch, "END line"},
		{"END of PKCS#1", strings.Replace(public, "END PUBLIC", "END RSA PUBLIC", 1), pemkey.KindEndMismatch, "END line"},

		{"four hyphens", strings.ReplaceAll(public, "-----", "----"), pemkey.KindMalformedBoundary, "five hyphens"},
		{"six hyphens", strings.ReplaceAll(public, "-----", "------"), pemkey.KindMalformedBoundary, "five hyphens"},
		{"six hyphens before BEGIN", "-" + public, pemkey.KindMalformedBoundary, "five hyphens"},
		{"six hyphens after BEGIN", strings.Replace(public, "-----\n", "------\n", 1), pemkey.KindMalformedBoundary, "five hyphens"},
		{"six hyphens before END", strings.Replace(public, "-----END", "------END", 1), pemkey.KindMalformedBoundary, "five hyphens"},
		{"six hyphens after END", strings.TrimSpace(public) + "-\n", pemkey.KindMalformedBoundary, "five hyphens"},
		{"em dashes", strings.ReplaceAll(public, "-----", "——-"), pemkey.KindMalformedBoundary, "Word processors"},
		{"em dashes at END", strings.Replace(public, "-----END", "——-END", 1), pemkey.KindMalformedBoundary, "Word processors"},
		{"lower case", strings.ReplaceAll(strings.ReplaceAll(public, "BEGIN PUBLIC KEY", "begin public key"), "END PUBLIC KEY", "end public key"), pemkey.KindMalformedBoundary, "capitals"},
		{"two spaces", strings.ReplaceAll(public, "PUBLIC KEY", "PUBLIC  KEY"), pemkey.KindMalformedBoundary, "single spaces"},

		{"headers", strings.Replace(public, "\n", "\nComment: mine\nX-Proc: 1\n\n", 1), pemkey.KindHeaders, "header lines"},

		{"not base64", armour("PUBLIC KEY", "..."), pemkey.KindBadBase64, "placeholder"},
		{"one wrong character", armour("PUBLIC KEY", body(public)[:90]+"*"+body(public)[91:]), pemkey.KindBadBase64, "not valid base64"},
		{"one missing character", armour("PUBLIC KEY", body(public)[:90]+body(public)[91:]), pemkey.KindBadBase64, "not valid base64"},
		{"base64url", armour("PUBLIC KEY", strings.ReplaceAll(body(withPlus), "+", "-")), pemkey.KindBadBase64, "not valid base64"},
		{"zero-width space", strings.Replace(public, "A", "\u200bA", 1), pemkey.KindInvisible, "in line 2 of the value, U+200B (zero-width space)"},
		{"stray bits in the last group", strings.Replace(padded, "w==\n", "x==\n", 1), pemkey.KindBadBase64, "not valid base64"},
		{"padding inside", armour("PUBLIC KEY", body(public)+"=\n"+body(public)), pemkey.KindBadBase64, "not valid base64"},
	})
}

func TestParse_otherLabels(t *testing.T) {
	t.Parallel()
	for _, label := range []string{
		"ATTRIBUTE CERTIFICATE", "CMS", "DH PARAMETERS", "DSA PARAMETERS", "DSA PUBLIC KEY", "EC PARAMETERS",
		"EC PUBLIC KEY", "ECDSA PUBLIC KEY", "PARAMETERS", "PKCS12", "PKCS7", "SSH SIGNATURE", "X509 CRL",
	} {
		key, err := pemkey.Parse(armour(label, "MAA="))
		checkError(t, key, err, pemkey.KindOtherBlock, "labelled "+label+", and a public key belongs here.")
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, test := range badInputs(t) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			key, err := pemkey.Parse(test.text)
			checkError(t, key, err, test.kind, test.says)
			checkLeak(t, test.text, err)
		})
	}
}
