// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"encoding/json"
	"errors"
	"html"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// damage is something that happens to a PEM on its way into a configuration.
type damage struct {
	name string
	do   func(r *rand.Rand, text string) string
	lost bool // so that no expression brings it back
}

func swap(pairs ...string) func(*rand.Rand, string) string {
	replacer := strings.NewReplacer(pairs...)
	return func(_ *rand.Rand, text string) string { return replacer.Replace(text) }
}

func around(before, after string) func(*rand.Rand, string) string {
	return func(_ *rand.Rand, text string) string { return before + text + after }
}

// into puts a character into the text, at the ends of lines or anywhere.
func into(what string) func(*rand.Rand, string) string {
	return func(r *rand.Rand, text string) string {
		switch r.IntN(4) {
		case 0:
			return strings.ReplaceAll(text, "\n", what+"\n")
		case 1:
			return strings.ReplaceAll(text, "\n", "\n"+what)
		case 2:
			return strings.ReplaceAll(text, "KEY-----", "KEY-----"+what)
		}
		for range 1 + r.IntN(3) {
			runes := []rune(text)
			at := r.IntN(len(runes) + 1)
			text = string(runes[:at]) + what + string(runes[at:])
		}
		return text
	}
}

func damages() []damage {
	all := []damage{
		{name: `\n`, do: swap("\n", `\n`)},
		{name: `\r`, do: swap("\n", `\r`)},
		{name: `\r\n`, do: swap("\n", `\r\n`)},
		{name: `\\n`, do: swap("\n", `\\n`)},
		{name: `\\\\r\\\\n`, do: swap("\n", `\\\\r\\\\n`)},
		{name: `\n and a line break`, do: swap("\n", "\\n\n")},
		{name: `\n between spaces`, do: swap("\n", ` \n `)},
		{name: "backslash at line ends", do: swap("\n", "\\\n")},
		{name: "two backslashes at line ends", do: swap("\n", "\\\\ \r\n")},
		{name: "CRLF", do: swap("\n", "\r\n")},
		{name: "CR", do: swap("\n", "\r")},
		{name: "spaces for line breaks", do: swap("\n", " ")},
		{name: "tabs for line breaks", do: swap("\n", "\t")},
		{name: "nothing for line breaks", do: swap("\n", "")},
		{name: "U+2028 for line breaks", do: swap("\n", "\u2028")},
		{name: "U+2029 for line breaks", do: swap("\n", "\u2029")},
		{name: "U+0085 for line breaks", do: swap("\n", "\u0085")},
		{name: "form feeds for line breaks", do: swap("\n", "\f")},
		{name: "no-break spaces for spaces", do: swap(" ", "\u00a0")},
		{name: "em dashes", do: swap("-----", "\u2014\u2014-")},
		{name: "en dashes", do: swap("-----", "\u2013\u2013\u2013\u2013\u2013")},
		{name: "one em dash", do: swap("-----", "\u2014")},
		{name: "em dashes in BEGIN", do: swap("-----BEGIN", "\u2014-BEGIN")},
		{name: "em dashes after BEGIN", do: func(_ *rand.Rand, text string) string {
			return strings.Replace(text, "KEY-----", "KEY\u2014-", 1)
		}},
		{name: "em dashes in END", do: swap("-----END", "\u2014\u2014-END")},
		{name: "four hyphens", do: swap("-----", "----")},
		{name: "six hyphens in END", do: swap("-----END", "------END")},
		{name: "small letters", do: func(_ *rand.Rand, text string) string {
			return regexp.MustCompile("(?:BEGIN|END) [A-Z ]+").ReplaceAllStringFunc(text, strings.ToLower)
		}, lost: true},
		{name: "no whitespace", do: swap(" ", "", "\n", ""), lost: true},
		{name: "indentation", do: func(r *rand.Rand, text string) string { return indent(text, strings.Repeat(" ", 1+r.IntN(8))) }},
		{name: "tabs in front", do: func(_ *rand.Rand, text string) string { return indent(text, "\t") }},
		{name: "indented body", do: func(_ *rand.Rand, text string) string {
			return strings.ReplaceAll(indent(text, "  "), "  -----", "-----")
		}},
		{name: "ragged indentation", do: func(r *rand.Rand, text string) string {
			return regexp.MustCompile("\n").ReplaceAllStringFunc(text, func(string) string { return "\n" + strings.Repeat(" ", r.IntN(5)) })
		}},
		{name: "double quotes", do: around(`"`, `"`)},
		{name: "single quotes", do: around(`'`, `'`)},
		{name: "smart quotes", do: around("\u201c", "\u201d")},
		{name: "backticks", do: around("```\n", "```\n")},
		{name: "text in front", do: around("The key, as agreed:\n", "")},
		{name: "text behind", do: around("", "\nregards\n")},
		{name: "an assignment", do: around("export KEY=", ";")},
		{name: "percent-encoded form", do: func(_ *rand.Rand, text string) string { return url.QueryEscape(text) }},
		{name: "percent-encoded path", do: func(_ *rand.Rand, text string) string { return url.PathEscape(text) }},
		{name: "percent-encoded line breaks", do: swap("\n", "%0A")},
		{name: "percent-encoded in small letters", do: swap("\n", "%0d%0a", "+", "%2b", "/", "%2f")},
		{name: "base64", do: func(_ *rand.Rand, text string) string { return base64Of(text) }},
		{name: "wrapped base64", do: func(_ *rand.Rand, text string) string { return wrap(base64Of(text), 76) + "\n" }},
		{name: "base64url", do: func(_ *rand.Rand, text string) string {
			return strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(base64Of(text))
		}},
		{name: "decimal entities", do: swap("\n", "&#10;", "+", "&#43;", "/", "&#47;", "=", "&#61;")},
		{name: "hexadecimal entities", do: swap("\n", "&#xA;", "+", "&#x2B;", "=", "&#x3d;")},
		{name: "named entities", do: swap("\n", "&NewLine;", "+", "&plus;", "/", "&sol;", "=", "&equals;")},
		{name: "escaped HTML", do: func(_ *rand.Rand, text string) string { return html.EscapeString(text) }},
		{name: "HTML line breaks", do: swap("\n", "<br>\n")},
		{name: `\u000a`, do: swap("\n", `\u000a`)},
		{name: `\u000D\u000A and \u002B`, do: swap("\n", `\u000D\u000A`, "+", `\u002B`, "=", `\u003D`)},
		{name: `\x0a`, do: swap("\n", `\x0a`)},
		{name: `\/`, do: swap("/", `\/`)},
		{name: `\"`, do: around(`\"`, `\"`)},
		{name: "a JSON string", do: func(_ *rand.Rand, text string) string {
			quoted, _ := json.Marshal(text)
			return string(quoted)
		}},
		{name: "the inside of a JSON string", do: func(_ *rand.Rand, text string) string {
			quoted, _ := json.Marshal(text)
			return strings.ReplaceAll(string(quoted[1:len(quoted)-1]), "/", `\/`)
		}},
		{name: "a character missing", do: func(r *rand.Rand, text string) string {
			at := len(text)/4 + r.IntN(len(text)/2)
			return text[:at] + text[at+1:]
		}, lost: true},
		{name: "cut off", do: func(r *rand.Rand, text string) string { return text[:len(text)/4+r.IntN(len(text)/2)] }, lost: true},
	}
	for _, c := range []string{"\u00a0", "\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u202f", "\u200e", "\x00", "\U000e0020"} {
		all = append(all, damage{name: strings.ToValidUTF8(strings.Trim(jsonText(c), `"`), ""), do: into(c), lost: c == "\u00a0" || c == "\u202f"})
	}
	return all
}

func jsonText(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// remedyBound is the most messages until a key is read, for a chain of damages.
func remedyBound(chain []string) int { return 4 + 3*len(chain) }

type subject struct {
	name, good string
	read       func(text string) (pemkey.PublicKey, error)
}

func subjects(tb testing.TB) []subject {
	tb.Helper()
	derive := func(text string) (pemkey.PublicKey, error) { return pemkey.Derive(text, passphrase) }
	return []subject{
		{"public", fixture(tb, "rsa2048_a.spki.pem"), pemkey.Parse},
		{"PKCS#1", fixture(tb, "rsa2048_a.pkcs1.pem"), pemkey.Parse},
		{"public, derived", fixture(tb, "rsa2048_a.spki.pem"), derive},
		{"certificate", fixture(tb, "certificate.pem"), derive},
		{"private", fixture(tb, "rsa2048_a.private_pkcs8.pem"), derive},
		{"private PKCS#1", fixture(tb, "rsa2048_a.private_pkcs1.pem"), derive},
		{"private, encrypted", fixture(tb, "private/pbkdf2_1_iteration.pem"), derive},
		{"private, encrypted by headers", fixture(tb, "private/legacy_aes256.pem"), derive},
	}
}

// repairAll follows the messages until the key is read, and returns them. Where
// one has no expression, it takes the undamaged text, once.
func repairAll(t *testing.T, s subject, chain []string, text string) (messages []string, fromSource bool) {
	t.Helper()
	seen := map[string]bool{}
	for {
		key, err := s.read(text)
		if err == nil {
			if want, _ := s.read(s.good); key != want {
				t.Errorf("%s, %q: another key", s.name, chain)
			}
			return messages, fromSource
		}
		checkLeak(t, text, err)
		messages = append(messages, err.Error())
		if seen[text] || len(messages) > remedyBound(chain) {
			t.Errorf("%s, %q: no end:\n%s\n%.200q", s.name, chain, strings.Join(messages, "\n"), text)
			return messages, fromSource
		}
		seen[text] = true
		next, ok := followRemedy(t, err.Error(), text)
		if !ok {
			next, fromSource = s.good, true
		} else if next == text {
			t.Errorf("%s, %q: the remedy changes nothing: %v", s.name, chain, err)
			return messages, fromSource
		}
		text = next
	}
}

// Each damage alone is undone by what its message says, and by nothing else if
// nothing is lost.
func TestRemedies_oneDamage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range subjects(t) {
		for _, d := range damages() {
			for range 2 {
				text := d.do(r, s.good)
				messages, fromSource := repairAll(t, s, []string{d.name}, text)
				if fromSource && !d.lost {
					t.Errorf("%s, %s: no expression helps:\n%s\n%.300q", s.name, d.name, strings.Join(messages, "\n"), text)
				}
			}
		}
	}
}

// Whatever comes together, each message is followed until there is a key.
func TestRemedies_chains(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	all, subjects := damages(), subjects(t)
	most, source := 0, 0
	const chains = 400
	for i := range chains {
		s := subjects[i%len(subjects)]
		text := s.good
		var chain []string
		for range 2 + r.IntN(4) {
			d := all[r.IntN(len(all))]
			if len(text) < 4*len(s.good) {
				text, chain = d.do(r, text), append(chain, d.name)
			}
		}
		messages, fromSource := repairAll(t, s, chain, text)
		most = max(most, len(messages))
		if fromSource {
			source++
		}
	}
	t.Logf("at most %d messages; %d of %d chains needed the source", most, source, chains)
}

// A damaged private key is never taken for a public one, and never gives one of
// the kinds that say that a text is known to be public.
func TestRemedies_privateKeyStaysPrivate(t *testing.T) {
	t.Parallel()
	public := []pemkey.Kind{
		pemkey.KindEmpty, pemkey.KindCertificate, pemkey.KindCertificateRequest, pemkey.KindOpenSSH, pemkey.KindSSH2,
		pemkey.KindWrongLabel, pemkey.KindNotRSA, pemkey.KindWrongSize, pemkey.KindUnusableNumbers,
	}
	r := rand.New(rand.NewPCG(5, 6))
	all := damages()
	recognised, tried := 0, 0
	for _, name := range []string{"rsa2048_a.private_pkcs8.pem", "rsa2048_a.private_pkcs1.pem", "private/legacy_aes256.pem", "private/pbkdf2_1_iteration.pem", "private_ec.pem"} {
		for _, label := range []string{"", "PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST"} {
			for range 20 {
				text := fixture(t, name)
				if label != "" {
					text = regexp.MustCompile("(BEGIN|END) [A-Z ]+").ReplaceAllString(text, "$1 "+label)
				}
				var chain []string
				for range 1 + r.IntN(3) {
					d := all[r.IntN(len(all))]
					text, chain = d.do(r, text), append(chain, d.name)
				}
				key, err := pemkey.Parse(text)
				var problem *pemkey.Error
				if !errors.As(err, &problem) {
					t.Fatalf("%s, %q: %v", name, chain, key)
				}
				checkLeak(t, text, err)
				if slices.Contains(public, problem.Kind) {
					t.Errorf("%s as %s, %q: taken for public: %v", name, label, chain, err)
				}
				if lenient, err := pemkey.ParseLenient(text); err == nil {
					t.Errorf("%s, %q: ParseLenient gives %s", name, chain, lenient)
				}
				tried++
				if problem.Kind == pemkey.KindPrivateKey || problem.Kind == pemkey.KindEncryptedPrivateKey {
					recognised++
				}
			}
		}
	}
	t.Logf("%d of %d were recognised", recognised, tried)
}
