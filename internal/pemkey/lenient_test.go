// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"encoding/base64"
	"html"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// returnedForms are texts in which a server may return a key.
func returnedForms(pem string) map[string]string {
	b64 := body(pem)
	label := strings.TrimPrefix(strings.SplitN(pem, "-----", 3)[1], "BEGIN ")
	forms := map[string]string{
		"as sent":                        pem,
		"one line of base64":             armour(label, b64),
		"nothing for line breaks":        strings.ReplaceAll(pem, "\n", ""),
		"spaces for line breaks":         strings.ReplaceAll(pem, "\n", " "),
		"plus for line breaks":           strings.ReplaceAll(pem, "\n", "+"),
		"plus for all whitespace":        strings.NewReplacer("\n", "+", " ", "+").Replace(pem),
		"plus for line breaks, 76":       strings.ReplaceAll(armour(label, wrap(b64, 76)), "\n", "+"),
		"plus for line breaks, bare":     strings.ReplaceAll(wrap(b64, 64), "\n", "+"),
		"plus for line breaks, bare end": strings.ReplaceAll(wrap(b64, 64)+"\n", "\n", "+"),
		`\n`:                             escape(pem),
		`\r\n`:                           strings.ReplaceAll(pem, "\n", `\r\n`),
		`\\n`:                            strings.ReplaceAll(pem, "\n", `\\n`),
		`\n, bare`:                       escape(wrap(b64, 64) + "\n"),
		"CRLF":                           strings.ReplaceAll(pem, "\n", "\r\n"),
		"no armour":                      b64,
		"no armour, wrapped":             wrap(b64, 64),
		"no armour, spaces":              strings.ReplaceAll(wrap(b64, 64), "\n", " "),
		"no armour, base64url":           strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(b64),
		"76 columns":                     armour(label, wrap(b64, 76)),
		"percent-encoded form":           url.QueryEscape(pem),
		"percent-encoded twice":          url.QueryEscape(url.QueryEscape(pem)),
		"percent-encoded path":           url.PathEscape(pem),
		"percent-encoded, bare":          url.QueryEscape(b64),
		"base64 of PEM":                  base64Of(pem),
		"base64 of PEM, base64url":       base64.RawURLEncoding.EncodeToString([]byte(pem)),
		"base64 of base64":               base64Of(b64),
		"JSON":                           jsonText(pem),
		"JSON twice":                     jsonText(jsonText(pem)),
		"JSON of PHP":                    strings.ReplaceAll(jsonText(pem), "/", `\/`),
		"inside of JSON":                 strings.ReplaceAll(strings.Trim(jsonText(pem), `"`), "/", `\/`),
		`\u000a`:                         strings.NewReplacer("\n", `\u000a`, "+", `\u002b`).Replace(pem),
		"single quotes":                  "'" + pem + "'",
		"single quotes, bare":            "'" + b64 + "'",
		"double quotes":                  `"` + pem + `"`,
		"entities":                       strings.NewReplacer("\n", "&#10;", "+", "&#43;", "/", "&#x2F;", "=", "&#x3D;").Replace(pem),
		"entities, bare":                 strings.NewReplacer("+", "&#43;", "/", "&#x2F;", "=", "&equals;").Replace(b64),
		"escaped HTML of entities":       html.EscapeString(strings.ReplaceAll(pem, "\n", "&#10;")),
		"HTML line breaks":               strings.ReplaceAll(pem, "\n", "<br />"),
		"indented":                       indent(pem, "    "),
		"indented body":                  strings.ReplaceAll(indent(pem, "  "), "  -----", "-----"),
		"no-break spaces":                strings.NewReplacer("\n", "\u00a0\n", " ", "\u00a0").Replace(pem),
		"no-break spaces for lines":      strings.ReplaceAll(pem, "\n", "\u00a0"),
		"zero-width spaces":              strings.ReplaceAll(pem, "\n", "\u200b\n"),
		"byte order mark inside":         " \ufeff" + pem,
		"line separators":                strings.ReplaceAll(pem, "\n", "\u2028"),
		"smart dashes":                   strings.ReplaceAll(pem, "-----", "\u2014\u2014-"),
		"groups of four":                 armour(label, strings.ReplaceAll(wrap(b64, 4), "\n", " ")),
		"text around":                    "key: " + pem + "end",
	}
	return forms
}

func TestParseLenient(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "b", "e3"} {
		want := mustParse(t, fixture(t, "rsa2048_"+name+".spki.pem"))
		for _, format := range []string{"spki", "pkcs1"} {
			for form, text := range returnedForms(fixture(t, "rsa2048_"+name+"."+format+".pem")) {
				if key, err := pemkey.ParseLenient(text); err != nil || key != want {
					t.Errorf("%s, %s, %s: %v, %v\n%s", name, format, form, key, err, text)
				}
			}
		}
	}
}

// What is not one public key is refused in every form, with the words of Parse.
func TestParseLenient_refuses(t *testing.T) {
	t.Parallel()
	public := fixture(t, "rsa2048_a.spki.pem")
	for name, text := range map[string]string{
		"empty":             "",
		"too large":         public + strings.Repeat(" ", 64<<10) + "x",
		"two keys":          public + fixture(t, "rsa2048_b.spki.pem"),
		"the same twice":    public + public,
		"two, escaped":      escape(public + public),
		"a private beside":  public + fixture(t, "rsa2048_a.private_pkcs1.pem"),
		"1024 bits":         fixture(t, "rsa1024.spki.pem"),
		"elliptic curve":    fixture(t, "ec.spki.pem"),
		"request":           fixture(t, "request.pem"),
		"another damage":    strings.Replace(public, body(public)[90:91], "", 1),
		"spaces for plus":   strings.ReplaceAll(armour("PUBLIC KEY", strings.Replace(body(public), body(public)[100:101], "+", 1)), "+", " "),
		"placeholder":       "YOUR_PUBLIC_KEY",
		"both alphabets":    strings.Replace(strings.Replace(body(public), body(public)[100:101], "-", 1), body(public)[110:111], "+", 1),
		"trailing data":     encode("PUBLIC KEY", append(decode(t, public), 0)),
		"a letter in front": "A" + body(public),
	} {
		_, want := pemkey.Parse(text)
		if key, err := pemkey.ParseLenient(text); err == nil || !key.IsZero() || err.Error() != want.Error() {
			t.Errorf("%s: %s, %v; want %v", name, key, err, want)
		}
	}
	for _, name := range []string{
		"certificate.pem", "rsa2048_a.private_pkcs1.pem", "rsa2048_a.private_pkcs8.pem", "private_openssh.pem",
		"private_ec.pem", "private/legacy_aes256.pem", "private/pbkdf2_1_iteration.pem",
	} {
		for form, text := range returnedForms(fixture(t, name)) {
			if key, err := pemkey.ParseLenient(text); err == nil {
				t.Errorf("%s, %s: %s", name, form, key)
			}
		}
	}
}

// Damage gives an error or the same key, in whatever form it comes, and also
// when the advice is followed.
func TestParseLenient_damage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	pem := fixture(t, "rsa2048_a.spki.pem")
	want := mustParse(t, pem)
	check := func(form, damaged string) {
		if key, err := pemkey.ParseLenient(damaged); err == nil && key != want {
			t.Errorf("%s: another key\n%s", form, damaged)
		}
		for range 10 {
			key, err := pemkey.Parse(damaged)
			if err == nil && key != want {
				t.Errorf("%s: the advice leads to another key\n%s", form, damaged)
			}
			next, ok := "", false
			if err != nil {
				next, ok = followRemedy(t, err.Error(), damaged)
			}
			if !ok {
				break
			}
			damaged = next
		}
	}
	for form, text := range returnedForms(pem) {
		for range damagesPerForm {
			at := r.IntN(len(text))
			check(form, text[:at])
			check(form, text[at+1:])
			check(form, text[:at]+text[at+1:])
			check(form, text[:at]+string(` ,\"%;`[r.IntN(6)])+text[at+1:])
			check(form, text[:at]+string("02BbAn\\\" +;&%u"[r.IntN(14)])+text[at:])
			check(form, text[:at+1]+text[at:])
		}
		// In the middle of a code, where one character more can make another
		// code and a character.
		if at := regexp.MustCompile(`%2[BF]|\\u002|&#(?:43|x2)|&plus`).FindAllStringIndex(text, -1); at != nil {
			for range damagesPerForm {
				place := at[r.IntN(len(at))]
				for i := place[0]; i <= place[1]+1 && i < len(text); i++ {
					check(form, text[:i]+string("0123456789ABCDEFabcdef;&%"[r.IntN(25)])+text[i:])
				}
			}
		}
	}
}

// damagesPerForm is small, so that the test is fast: 100 have been tried.
const damagesPerForm = 2

func FuzzParseLenient(f *testing.F) {
	for _, name := range []string{"rsa2048_a.spki.pem", "rsa2048_e3.pkcs1.pem", "certificate.pem", "rsa2048_a.private_pkcs1.pem"} {
		for _, text := range returnedForms(fixture(f, name)) {
			f.Add(text)
		}
	}
	for _, test := range badInputs(f) {
		if len(test.text) < 10_000 {
			f.Add(test.text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		strict, strictErr := pemkey.Parse(text)
		key, err := pemkey.ParseLenient(text)
		switch {
		case strictErr == nil && (err != nil || key != strict):
			t.Errorf("Parse reads it and ParseLenient does not: %v", err)
		case err != nil && (!key.IsZero() || err.Error() != strictErr.Error()):
			t.Errorf("%s, %v; Parse says %v", key, err, strictErr)
		case err == nil:
			if again, err := pemkey.Parse(key.PEM()); err != nil || again != key {
				t.Errorf("its PEM is %s, %v; want %s", again, err, key)
			}
		}
	})
}

// The usual answer must not cost more than Parse.
func BenchmarkParseLenient(b *testing.B) {
	for form, text := range map[string]string{
		"as sent": fixture(b, "rsa2048_a.spki.pem"), "nonsense": strings.Repeat("&#10;%0A\\n-", 200),
	} {
		b.Run(form, func(b *testing.B) {
			for b.Loop() {
				_, _ = pemkey.ParseLenient(text)
			}
		})
	}
}
