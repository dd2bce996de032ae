// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

func fixture(tb testing.TB, name string) string {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(content)
}

func mustParse(tb testing.TB, text string) pemkey.PublicKey {
	tb.Helper()
	key, err := pemkey.Parse(text)
	if err != nil {
		tb.Fatalf("Parse: %v", err)
	}
	return key
}

// body returns the base64 of a PEM without any line breaks.
func body(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[1:len(lines)-1], "")
}

func armour(label, body string) string {
	return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n"
}

func encode(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func decode(tb testing.TB, text string) []byte {
	tb.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		tb.Fatal("the fixture is not PEM")
	}
	return block.Bytes
}

// rsaKey reads a public key as crypto/x509 does.
func rsaKey(tb testing.TB, text string) *rsa.PublicKey {
	tb.Helper()
	key, err := x509.ParsePKIXPublicKey(decode(tb, text))
	if err != nil {
		tb.Fatal(err)
	}
	return key.(*rsa.PublicKey)
}

func wrap(body string, column int) string {
	var lines []string
	for ; len(body) > column; body = body[column:] {
		lines = append(lines, body[:column])
	}
	return strings.Join(append(lines, body), "\n")
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+by) + "\n"
}

type spki struct {
	Algorithm pkix.AlgorithmIdentifier
	PublicKey asn1.BitString
}

var oidRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}

func marshal(tb testing.TB, value any) []byte {
	tb.Helper()
	der, err := asn1.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

func marshalSPKI(tb testing.TB, algorithm pkix.AlgorithmIdentifier, key []byte) []byte {
	tb.Helper()
	return marshal(tb, spki{algorithm, asn1.BitString{Bytes: key, BitLength: len(key) * 8}})
}

func marshalPKCS1(tb testing.TB, n, e *big.Int) []byte {
	tb.Helper()
	return marshal(tb, struct{ N, E *big.Int }{n, e})
}

func TestParseSameKey(t *testing.T) {
	t.Parallel()
	text := fixture(t, "rsa2048_a.spki.pem")
	pkcs1 := fixture(t, "rsa2048_a.pkcs1.pem")
	want := mustParse(t, text)
	lines := strings.Split(strings.TrimSpace(text), "\n")

	tests := map[string]string{
		"as openssl writes it":    text,
		"PKCS#1":                  pkcs1,
		"PKCS#1 CRLF":             strings.ReplaceAll(pkcs1, "\n", "\r\n"),
		"CRLF":                    strings.ReplaceAll(text, "\n", "\r\n"),
		"CR":                      strings.ReplaceAll(text, "\n", "\r"),
		"CR CR LF":                strings.ReplaceAll(text, "\n", "\r\r\n"),
		"mixed line endings":      strings.Replace(text, "\n", "\r\n", 3),
		"no final newline":        strings.TrimSuffix(text, "\n"),
		"many final newlines":     text + "\n\n\n",
		"final blanks":            text + " \t\n  ",
		"leading newlines":        "\n\r\n\n" + text,
		"leading blanks":          "  \t" + text,
		"no-break spaces around":  "\u00a0" + text + "\u00a0",
		"byte order mark":         "\ufeff" + text,
		"byte order mark, CRLF":   "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"),
		"trailing blanks":         strings.ReplaceAll(text, "\n", " \t\n"),
		"blank lines":             strings.ReplaceAll(text, "\n", "\n\n"),
		"blank lines with spaces": strings.ReplaceAll(text, "\n", "\n  \n"),
		"one line of base64":      armour("PUBLIC KEY", body(text)),
		"76 columns":              armour("PUBLIC KEY", wrap(body(text), 76)),
		"5 columns":               armour("PUBLIC KEY", wrap(body(text), 5)),
		"1 column":                armour("PUBLIC KEY", wrap(body(text), 1)),
		"ragged lines":            strings.Join(append([]string{lines[0], lines[1][:7], lines[1][7:]}, lines[2:]...), "\n"),
		"without NULL":            encode("PUBLIC KEY", marshalSPKI(t, pkix.AlgorithmIdentifier{Algorithm: oidRSA}, decode(t, pkcs1))),
		"its own PEM":             want.PEM(),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mustParse(t, text); got != want {
				t.Errorf("parsed as %s, want %s", got, want)
			}
		})
	}
}

func TestParseAgreesWithOpenSSL(t *testing.T) {
	t.Parallel()
	seen := map[pemkey.PublicKey]string{}
	for line := range strings.Lines(fixture(t, "fingerprints.txt")) {
		name, fingerprint, _ := strings.Cut(strings.TrimSpace(line), " ")
		text := fixture(t, "rsa2048_"+name+".spki.pem")
		key := mustParse(t, text)
		if got := key.Fingerprint(); got != fingerprint {
			t.Errorf("%s: fingerprint is %s, and OpenSSL has %s", name, got, fingerprint)
		}
		if got := key.PEM(); got != text {
			t.Errorf("%s: PEM differs from the one of OpenSSL:\n%s", name, got)
		}
		if got := mustParse(t, fixture(t, "rsa2048_"+name+".pkcs1.pem")); got != key {
			t.Errorf("%s: PKCS#1 gives another key", name)
		}
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s are equal", name, other)
		}
		seen[key] = name
	}
	if len(seen) != 3 {
		t.Errorf("%d keys compared, want 3", len(seen))
	}
}

func TestPublicKey(t *testing.T) {
	t.Parallel()
	text := fixture(t, "rsa2048_a.spki.pem")
	der := decode(t, text)
	key := mustParse(t, text)

	if key.IsZero() {
		t.Error("a parsed key is zero")
	}
	if !bytes.Equal(decode(t, key.PEM()), der) {
		t.Error("PEM holds something else than the PEM that was parsed")
	}
	sum := sha256.Sum256(der)
	if got, want := key.Fingerprint(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("fingerprint is %s, want %s", got, want)
	}
	for _, format := range []string{"%v", "%+v", "%s"} {
		if got := fmt.Sprintf(format, key); got != key.Fingerprint() {
			t.Errorf("%s prints %q, want the fingerprint", format, got)
		}
	}
}

func TestZeroPublicKey(t *testing.T) {
	t.Parallel()
	var key pemkey.PublicKey
	if !key.IsZero() {
		t.Error("IsZero is false")
	}
	if key.PEM() != "" || key.Fingerprint() != "" || key.String() != "" {
		t.Error("the zero value holds something")
	}
}

func TestFromRSA(t *testing.T) {
	t.Parallel()
	want := mustParse(t, fixture(t, "rsa2048_a.spki.pem"))
	source := rsaKey(t, want.PEM())
	got, err := pemkey.FromRSA(source)
	if err != nil {
		t.Fatal(err)
	}
	source.N.SetInt64(1)
	if got != want {
		t.Errorf("key is %s, want %s", got, want)
	}
}

func TestFromRSAErrors(t *testing.T) {
	t.Parallel()
	n := rsaKey(t, fixture(t, "rsa2048_a.spki.pem")).N
	rounded := new(big.Int).Sub(n, new(big.Int).Mod(n, big.NewInt(751)))
	if rounded.Bit(0) == 0 {
		rounded.Add(rounded, big.NewInt(751))
	}

	tests := map[string]struct {
		key  *rsa.PublicKey
		kind pemkey.Kind
		says string
	}{
		"nil":               {nil, pemkey.KindEmpty, "no key"},
		"no modulus":        {&rsa.PublicKey{E: 65537}, pemkey.KindEmpty, "no key"},
		"modulus zero":      {&rsa.PublicKey{N: new(big.Int), E: 65537}, pemkey.KindUnusableNumbers, "positive"},
		"modulus negative":  {&rsa.PublicKey{N: new(big.Int).Neg(n), E: 65537}, pemkey.KindUnusableNumbers, "positive"},
		"modulus even":      {&rsa.PublicKey{N: new(big.Int).Sub(n, big.NewInt(1)), E: 65537}, pemkey.KindUnusableNumbers, "even"},
		"modulus composite": {&rsa.PublicKey{N: rounded, E: 65537}, pemkey.KindUnusableNumbers, "small factor"},
		"2047 bits":         {&rsa.PublicKey{N: new(big.Int).Rsh(n, 1), E: 65537}, pemkey.KindWrongSize, "has 2047 bits"},
		"2049 bits":         {&rsa.PublicKey{N: new(big.Int).Lsh(n, 1), E: 65537}, pemkey.KindWrongSize, "has 2049 bits"},
		"exponent zero":     {&rsa.PublicKey{N: n}, pemkey.KindUnusableNumbers, "exponent"},
		"exponent negative": {&rsa.PublicKey{N: n, E: -3}, pemkey.KindUnusableNumbers, "exponent"},
		"exponent one":      {&rsa.PublicKey{N: n, E: 1}, pemkey.KindUnusableNumbers, "exponent"},
		"exponent even":     {&rsa.PublicKey{N: n, E: 65536}, pemkey.KindUnusableNumbers, "exponent"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := pemkey.FromRSA(test.key)
			checkError(t, key, err, test.kind, test.says)
		})
	}
}

func checkError(t *testing.T, key pemkey.PublicKey, err error, kind pemkey.Kind, says string) {
	t.Helper()
	if !key.IsZero() {
		t.Error("a key is returned")
	}
	var problem *pemkey.Error
	if !errors.As(err, &problem) {
		t.Fatalf("error is %T, want *pemkey.Error", err)
	}
	if problem.Kind != kind {
		t.Errorf("kind is %s, want %s: %v", problem.Kind, kind, err)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("error does not say %q: %v", says, err)
	}
}

type badInput struct {
	name string
	text string
	kind pemkey.Kind
	says string // part of the message
}

// badInputs has at least one input for each kind.
func badInputs(tb testing.TB) []badInput {
	tb.Helper()
	public := fixture(tb, "rsa2048_a.spki.pem")
	second := fixture(tb, "rsa2048_b.spki.pem")
	pkcs1 := fixture(tb, "rsa2048_a.pkcs1.pem")
	private := fixture(tb, "rsa2048_a.private_pkcs1.pem")
	pkcs8 := fixture(tb, "rsa2048_a.private_pkcs8.pem")
	legacy := fixture(tb, "private_encrypted_legacy.pem")
	pbes2 := fixture(tb, "private_encrypted_pbes2.pem")
	openssh := fixture(tb, "private_openssh.pem")
	ec := fixture(tb, "private_ec.pem")
	padded := fixture(tb, "rsa2048_e3.pkcs1.pem")
	certificate := fixture(tb, "certificate.pem")
	sshPublic := fixture(tb, "openssh_rsa.pub")

	der := decode(tb, public)
	numbers := rsaKey(tb, public)
	n, e := numbers.N, big.NewInt(int64(numbers.E))
	rsaAlgorithm := pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	flipped := bytes.Clone(der)
	flipped[1]++

	base64Of := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	escape := func(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }
	oneLine := func(text string) string { return strings.ReplaceAll(text, "\n", " ") }
	quoted := func(value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			tb.Fatal(err)
		}
		return string(text)
	}
	base64URL := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	jwk := map[string]string{"kty": "RSA", "n": base64URL(n), "e": base64URL(e)}
	secretJWK := map[string]string{"kty": "RSA", "n": base64URL(n), "e": base64URL(e), "d": base64URL(n)}
	// Where the base64 has a "+", whatever key the fixtures hold.
	withPlus := strings.Replace(public, body(public)[100:104], "+a+b", 1)

	return []badInput{
		{"empty", "", pemkey.KindEmpty, "empty"},
		{"blank", " \r\n\t\n", pemkey.KindEmpty, "empty"},
		{"byte order mark", "\ufeff\n", pemkey.KindEmpty, "empty"},
		{"too large", public + strings.Repeat("\n", 64<<10), pemkey.KindTooLarge, "64 KiB"},

		{"private PKCS#1", private, pemkey.KindPrivateKey, "Nothing was sent. Give the public key instead: provider::whatsapp::public_key"},
		{"private PKCS#8", pkcs8, pemkey.KindPrivateKey, "openssl rsa -in private.pem -pubout -out public.pem"},
		{"private Ed25519", fixture(tb, "private_ed25519.pem"), pemkey.KindPrivateKey, "disclosed"},
		{"private EC", ec, pemkey.KindPrivateKey, "one for EC"},
		{"private EC after parameters", fixture(tb, "ec_parameters.pem") + ec, pemkey.KindPrivateKey, "one for EC"},
		{"private OpenSSH", openssh, pemkey.KindPrivateKey, "ssh-keygen -e -m PKCS8"},
		{"private PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGY\n-----END PGP PRIVATE KEY BLOCK-----\n", pemkey.KindPrivateKey, "PGP"},
		{"private PuTTY", "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", pemkey.KindPrivateKey, "puttygen"},
		{"private JWK", quoted(secretJWK), pemkey.KindPrivateKey, "Export the public key"},
		{"private JWK in a set", quoted(map[string]any{"keys": []any{secretJWK}}), pemkey.KindPrivateKey, "private key"},
		{"private in JSON", quoted(map[string]string{"private_key": pkcs8}), pemkey.KindPrivateKey, "private key"},
		{"private, unknown label", armour("SECRETSECRETSECRET PRIVATE KEY", body(private)), pemkey.KindPrivateKey, "private key"},
		{"private after public", public + private, pemkey.KindPrivateKey, "private key"},
		{"private before public", private + public, pemkey.KindPrivateKey, "private key"},
		{"private after text", "key = " + private, pemkey.KindPrivateKey, "private key"},
		{"private escaped", escape(private), pemkey.KindPrivateKey, "private key"},
		{"private on one line", oneLine(private), pemkey.KindPrivateKey, "private key"},
		{"private indented", indent(private, "    "), pemkey.KindPrivateKey, "private key"},
		{"private percent-encoded", url.QueryEscape(private), pemkey.KindPrivateKey, "private key"},
		{"private percent-encoded path", url.PathEscape(private), pemkey.KindPrivateKey, "private key"},
		{"private with dashes of a word processor", strings.ReplaceAll(private, "-----", "—--"), pemkey.KindPrivateKey, "private key"},
		{"private without END", private[:len(private)/2], pemkey.KindPrivateKey, "private key"},
		{"private without BEGIN", private[len(private)/2:], pemkey.KindPrivateKey, "private key"},
		{"private without armour", body(private), pemkey.KindPrivateKey, "private key"},
		{"private without armour, part", body(private)[:333], pemkey.KindPrivateKey, "private key"},
		{"private PKCS#8 without armour", body(pkcs8), pemkey.KindPrivateKey, "private key"},
		{"private EC without armour", body(ec), pemkey.KindPrivateKey, "private key"},
		{"private OpenSSH without armour", body(openssh), pemkey.KindPrivateKey, "ssh-keygen"},
		{"private PKCS#12 in base64", base64Of(string(marshal(tb, struct {
			Version int
			Content []byte
		}{3, der}))), pemkey.KindPrivateKey, "openssl pkcs12"},
		{"private in base64", base64Of(private), pemkey.KindPrivateKey, "private key"},
		{"private in wrapped base64", wrap(base64Of(private), 76), pemkey.KindPrivateKey, "private key"},
		{"private labelled as public", armour("PUBLIC KEY", body(pkcs8)), pemkey.KindPrivateKey, "private key"},
		{"private labelled as PKCS#1 public", armour("RSA PUBLIC KEY", body(private)), pemkey.KindPrivateKey, "private key"},

		{"encrypted PBES2", pbes2, pemkey.KindEncryptedPrivateKey, "openssl rsa -in private.pem -pubout"},
		{"encrypted legacy", legacy, pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted legacy CRLF", strings.ReplaceAll(legacy, "\n", "\r\n"), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted legacy without BEGIN", strings.Join(strings.SplitAfter(legacy, "\n")[1:5], ""), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted after public", public + pbes2, pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted without armour", body(pbes2), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted in base64", base64Of(legacy), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted labelled as public", armour("PUBLIC KEY", body(pbes2)), pemkey.KindEncryptedPrivateKey, "passphrase"},

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

		{"JWK", quoted(jwk), pemkey.KindJWK, "JSON Web Key"},
		{"JWK set", quoted(map[string]any{"keys": []any{jwk}}), pemkey.KindJWK, "JSON Web Key"},
		{"JWK cut off", quoted(jwk)[:len(quoted(jwk))-3], pemkey.KindJWK, "JSON Web Key"},
		{"JSON object", quoted(map[string]string{"public_key": public}), pemkey.KindJSON, "jsondecode(…).name"},
		{"JSON string", quoted(public), pemkey.KindJSON, "jsondecode"},

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
		{"NUL behind", public + "\x00", pemkey.KindSurroundingText, "before or after"},

		{"escaped newlines", escape(public), pemkey.KindEscapedNewlines, `replace(var.key, "\\n", "\n")`},
		{"escaped CRLF", strings.ReplaceAll(public, "\n", `\r\n`), pemkey.KindEscapedNewlines, `"\\n"`},
		{"escaped newlines, no final one", strings.TrimSuffix(escape(public), `\n`), pemkey.KindEscapedNewlines, `"\\n"`},
		{"escaped newlines in quotes", `'` + escape(public) + `'`, pemkey.KindEscapedNewlines, `"\\n"`},
		{"escaped final newline", strings.TrimSpace(public) + `\n`, pemkey.KindEscapedNewlines, `"\\n"`},

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
		{"zero-width space", strings.Replace(public, "A", "\u200bA", 1), pemkey.KindBadBase64, "not valid base64"},
		{"stray bits in the last group", strings.Replace(padded, "w==\n", "x==\n", 1), pemkey.KindBadBase64, "not valid base64"},
		{"padding inside", armour("PUBLIC KEY", body(public)+"=\n"+body(public)), pemkey.KindBadBase64, "not valid base64"},

		{"a missing line", armour("PUBLIC KEY", body(public)[:64]+body(public)[128:]), pemkey.KindBadDER, "not a well-formed public key"},
		{"another length", encode("PUBLIC KEY", flipped), pemkey.KindBadDER, "not a well-formed public key"},
		{"text in base64", armour("PUBLIC KEY", base64Of("this is not a key")), pemkey.KindBadDER, "not a well-formed public key"},
		{"a sequence without anything", encode("PUBLIC KEY", []byte{0x30, 0x00}), pemkey.KindBadDER, "not a well-formed public key"},
		{"one byte", encode("PUBLIC KEY", []byte{0x30}), pemkey.KindBadDER, "not a well-formed public key"},
		{"a length without its bytes", encode("PUBLIC KEY", []byte{0x30, 0x84}), pemkey.KindBadDER, "not a well-formed public key"},
		{"RSA with strange parameters", encode("PUBLIC KEY", marshalSPKI(tb, pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.RawValue{FullBytes: []byte{0x02, 0x01, 0x01}}}, decode(tb, pkcs1))), pemkey.KindBadDER, "not a well-formed public key"},
		{"unused bits", encode("PUBLIC KEY", marshal(tb, spki{rsaAlgorithm, asn1.BitString{Bytes: []byte{0x30, 0x00}, BitLength: 15}})), pemkey.KindBadDER, "not a well-formed public key"},
		{"a third number", encode("RSA PUBLIC KEY", marshal(tb, struct{ N, E, D *big.Int }{n, e, e})), pemkey.KindBadDER, "not a well-formed public key"},
		{"trailing data", encode("PUBLIC KEY", append(bytes.Clone(der), 0)), pemkey.KindTrailingData, "More data"},
		{"trailing data, PKCS#1", encode("RSA PUBLIC KEY", append(decode(tb, pkcs1), decode(tb, pkcs1)...)), pemkey.KindTrailingData, "More data"},
		{"trailing data inside", encode("PUBLIC KEY", marshalSPKI(tb, rsaAlgorithm, append(decode(tb, pkcs1), 0))), pemkey.KindTrailingData, "More data"},

		{"PKCS#1 labelled as SPKI", armour("PUBLIC KEY", body(pkcs1)), pemkey.KindWrongLabel, "Write RSA PUBLIC KEY"},
		{"SPKI labelled as PKCS#1", armour("RSA PUBLIC KEY", body(public)), pemkey.KindWrongLabel, "Write PUBLIC KEY"},

		{"EC", fixture(tb, "ec.spki.pem"), pemkey.KindNotRSA, "EC (elliptic curve)"},
		{"Ed25519", fixture(tb, "ed25519.spki.pem"), pemkey.KindNotRSA, "Ed25519"},
		{"Ed448", fixture(tb, "ed448.spki.pem"), pemkey.KindNotRSA, "Ed448"},
		{"X25519", fixture(tb, "x25519.spki.pem"), pemkey.KindNotRSA, "X25519"},
		{"DSA", fixture(tb, "dsa.spki.pem"), pemkey.KindNotRSA, "DSA"},
		{"RSA-PSS", fixture(tb, "rsapss.spki.pem"), pemkey.KindNotRSA, "RSA-PSS"},
		{"unknown algorithm", encode("PUBLIC KEY", marshalSPKI(tb, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 1234567890}}, der)), pemkey.KindNotRSA, "another algorithm"},

		{"1024 bits", fixture(tb, "rsa1024.spki.pem"), pemkey.KindWrongSize, "has 1024 bits"},
		{"3072 bits", fixture(tb, "rsa3072.spki.pem"), pemkey.KindWrongSize, "has 3072 bits"},
		{"4096 bits", fixture(tb, "rsa4096.spki.pem"), pemkey.KindWrongSize, "has 4096 bits"},

		{"even modulus", encode("RSA PUBLIC KEY", marshalPKCS1(tb, new(big.Int).Sub(n, big.NewInt(1)), e)), pemkey.KindUnusableNumbers, "even"},
		{"negative modulus", encode("RSA PUBLIC KEY", marshalPKCS1(tb, new(big.Int).Neg(n), e)), pemkey.KindUnusableNumbers, "positive"},
		{"exponent 1", encode("RSA PUBLIC KEY", marshalPKCS1(tb, n, big.NewInt(1))), pemkey.KindUnusableNumbers, "3 or more"},
		{"even exponent", encode("RSA PUBLIC KEY", marshalPKCS1(tb, n, big.NewInt(65536))), pemkey.KindUnusableNumbers, "odd number"},
		{"large exponent", encode("RSA PUBLIC KEY", marshalPKCS1(tb, n, n)), pemkey.KindUnusableNumbers, "2^31-1"},
		{"exponent 2^31+1", encode("RSA PUBLIC KEY", marshalPKCS1(tb, n, big.NewInt(1<<31+1))), pemkey.KindUnusableNumbers, "2^31-1"},
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

// TestErrorWording also fails when a kind is added to error.go without an input in badInputs or in
// underivable.
func TestErrorWording(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("error.go")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[pemkey.Kind]bool{}
	for _, kind := range regexp.MustCompile(`Kind += "(\w+)"`).FindAllSubmatch(source, -1) {
		missing[pemkey.Kind(kind[1])] = true
	}
	if len(missing) < 30 {
		t.Fatalf("%d kinds found in error.go", len(missing))
	}

	kinds := map[string]pemkey.Kind{}
	problems := map[string]error{}
	for _, test := range badInputs(t) {
		_, problems["Parse: "+test.name] = pemkey.Parse(test.text)
	}
	for _, test := range underivable(t) {
		_, problems["Derive: "+test.name] = pemkey.Derive(test.text, test.passphrase...)
	}
	for name, err := range problems {
		var problem *pemkey.Error
		if !errors.As(err, &problem) {
			t.Fatalf("%s: error is %T", name, err)
		}
		delete(missing, problem.Kind)
		if kind, ok := kinds[problem.Problem]; ok && kind != problem.Kind {
			t.Errorf("%s and %s have the same problem", kind, problem.Kind)
		}
		kinds[problem.Problem] = problem.Kind
		for _, sentence := range []string{problem.Problem, problem.Remedy} {
			if !regexp.MustCompile(`^[A-Z][^\n]*[.]$`).MatchString(sentence) {
				t.Errorf("%s: not a whole sentence: %q", name, sentence)
			}
		}
		if got, want := problem.Error(), problem.Problem+" "+problem.Remedy; got != want {
			t.Errorf("%s: Error is %q, want %q", name, got, want)
		}
	}
	for kind := range missing {
		t.Errorf("no input gives %s", kind)
	}
}

const leakLength = 12

var (
	// ownWords are long words of the messages, which an input may have, too.
	ownWords   = regexp.MustCompile(`base64decode|certificates|SubjectPublicKeyInfo|rsaEncryption`)
	base64Runs = regexp.MustCompile(fmt.Sprintf(`[A-Za-z0-9+/=]{%d,}`, leakLength))
)

// checkLeak fails if err has twelve characters of base64 in a row in common with text.
func checkLeak(tb testing.TB, text string, err error) {
	tb.Helper()
	message := ownWords.ReplaceAllString(fmt.Sprintf("%v\n%+v\n%#v", err, err, err), "~")
	for _, run := range base64Runs.FindAllString(message, -1) {
		for i := range len(run) - leakLength + 1 {
			if part := run[i : i+leakLength]; strings.Contains(text, part) {
				tb.Errorf("the error quotes %q of the input", part)
			}
		}
	}
}

func TestCheckLeak(t *testing.T) {
	t.Parallel()
	text := fixture(t, "rsa2048_a.private_pkcs1.pem")
	var recorder recorder
	checkLeak(&recorder, text, &pemkey.Error{Problem: "Bad: " + body(text)[100:112] + "."})
	if !recorder.failed {
		t.Error("twelve characters of a private key go unnoticed")
	}
}

type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

// TestParseDamage takes every single character away, cuts at every place, and wants either an error
// or the same key, but never another key.
func TestParseDamage(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rsa2048_a.spki.pem", "rsa2048_e3.pkcs1.pem"} {
		text := fixture(t, name)
		want := mustParse(t, text)
		for i := range len(text) {
			for what, damaged := range map[string]string{
				"start":         text[:i],
				"end":           text[i+1:],
				"without one":   text[:i] + text[i+1:],
				"with a space":  text[:i] + " " + text[i+1:],
				"doubled":       text[:i+1] + text[i:],
				"broken in two": text[:i] + "\n" + text[i:],
			} {
				key, err := pemkey.Parse(damaged)
				if err == nil && key != want {
					t.Errorf("%s, %s at %d: another key", name, what, i)
				}
				if err != nil {
					checkLeak(t, damaged, err)
				}
			}
		}
	}
}

// TestParseCutPrivateKey wants a private key recognised from the BEGIN line or the END line alone.
func TestParseCutPrivateKey(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"rsa2048_a.private_pkcs1.pem", "rsa2048_a.private_pkcs8.pem", "private_openssh.pem",
		"private_ec.pem", "private_encrypted_legacy.pem", "private_encrypted_pbes2.pem",
	} {
		text := fixture(t, name)
		beginEnd, endStart := strings.Index(text, "KEY-")+3, strings.Index(text, "END ")
		for i := beginEnd; i < len(text); i += 7 {
			checkPrivate(t, text[:i])
		}
		for i := 0; i < endStart; i += 7 {
			checkPrivate(t, text[i:])
		}
	}
}

func checkPrivate(t *testing.T, text string) {
	t.Helper()
	_, err := pemkey.Parse(text)
	var problem *pemkey.Error
	if !errors.As(err, &problem) || problem.Kind != pemkey.KindPrivateKey && problem.Kind != pemkey.KindEncryptedPrivateKey {
		t.Errorf("%d characters of a private key are not recognised: %v", len(text), err)
	}
	checkLeak(t, text, err)
}

func FuzzParse(f *testing.F) {
	for _, test := range badInputs(f) {
		if len(test.text) < 10_000 {
			f.Add(test.text)
		}
	}
	for _, name := range []string{"a", "b", "e3"} {
		f.Add(fixture(f, "rsa2048_"+name+".spki.pem"))
		f.Add(fixture(f, "rsa2048_"+name+".pkcs1.pem"))
	}

	canonical := regexp.MustCompile(`^-----BEGIN PUBLIC KEY-----\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{1,64}={0,2}\n-----END PUBLIC KEY-----\n$`)
	f.Fuzz(func(t *testing.T, text string) {
		key, err := pemkey.Parse(text)
		if err != nil {
			var problem *pemkey.Error
			if !errors.As(err, &problem) {
				t.Fatalf("error is %T", err)
			}
			if !key.IsZero() || problem.Kind == "" || problem.Problem == "" || problem.Remedy == "" {
				t.Errorf("incomplete error: %#v", problem)
			}
			checkLeak(t, text, err)
			return
		}

		if !canonical.MatchString(key.PEM()) {
			t.Errorf("PEM is not canonical:\n%s", key.PEM())
		}
		for name, variant := range map[string]string{
			"PEM":         key.PEM(),
			"PEM, CRLF":   strings.ReplaceAll(key.PEM(), "\n", "\r\n"),
			"input, CRLF": strings.ReplaceAll(text, "\n", "\r\n"),
			"input, CR":   strings.ReplaceAll(text, "\n", "\r"),
		} {
			if again, err := pemkey.Parse(variant); err != nil || again != key {
				t.Errorf("%s: %s, %v; want %s", name, again, err, key)
			}
		}
		parsed := rsaKey(t, key.PEM())
		if again, err := pemkey.FromRSA(parsed); err != nil || again != key {
			t.Errorf("FromRSA: %s, %v; want %s", again, err, key)
		}
		if parsed.N.BitLen() != 2048 {
			t.Errorf("a key of %d bits", parsed.N.BitLen())
		}
		if strings.Contains(text, "PRIVATE KEY") {
			t.Error("a text with a private key gives a key")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"rsa2048_a.spki.pem", "rsa2048_a.pkcs1.pem", "rsa2048_a.private_pkcs1.pem"} {
		text := fixture(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = pemkey.Parse(text)
			}
		})
	}
}

func BenchmarkFingerprint(b *testing.B) {
	key := mustParse(b, fixture(b, "rsa2048_a.spki.pem"))
	b.ReportAllocs()
	for b.Loop() {
		_ = key.Fingerprint()
	}
}
