// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"crypto/x509/pkix"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

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
		"indented body":           strings.ReplaceAll(indent(text, "  "), "  -----", "-----"),
		"ragged body":             strings.Join(append([]string{lines[0], "\t" + lines[1], "  " + lines[2]}, lines[3:]...), "\n"),
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

func TestParse_size(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(text string) (pemkey.PublicKey, error){
		"Parse":  pemkey.Parse,
		"Derive": func(text string) (pemkey.PublicKey, error) { return pemkey.Derive(text) },
	} {
		text := fixture(t, "rsa2048_a.spki.pem")
		text += strings.Repeat("\n", 64<<10-len(text))
		if _, err := read(text); err != nil {
			t.Errorf("%s: 64 KiB: %v", name, err)
		}
		key, err := read(text + "\n")
		checkError(t, key, err, pemkey.KindTooLarge, "larger than 64 KiB")
	}
}

// TestParseDamage damages a key in several ways at each character, and expects
// an error or the same key, never another key.
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
