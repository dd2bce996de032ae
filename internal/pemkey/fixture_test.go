// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// passphrase is that of the fixtures.
const passphrase = "fixture"

var (
	legacyCiphers = []string{"des", "des3", "aes128", "aes192", "aes256"}
	pbes2Ciphers  = []string{"des3", "aes128", "aes192", "aes256"}
	pbkdf2PRFs    = []string{"SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256"}
)

// encryptedFixtures are all the ways in which OpenSSL encrypts a key that
// Derive reads.
func encryptedFixtures() []string {
	names := []string{"private_encrypted_legacy.pem", "private_encrypted_pbes2.pem"}
	for _, cipher := range legacyCiphers {
		names = append(names, "private/legacy_"+cipher+".pem")
	}
	for _, cipher := range pbes2Ciphers {
		for _, prf := range pbkdf2PRFs {
			names = append(names, "private/pbkdf2_"+cipher+"_"+prf+".pem")
		}
		names = append(names, "private/scrypt_"+cipher+".pem")
	}
	return append(names, "private/pbkdf2_600000_iterations.pem", "private/pbkdf2_1_iteration.pem", "private/scrypt_32768_7_2.pem")
}

// isSlow reports whether a fixture takes long to decrypt, and so is tried only
// once.
func isSlow(name string) bool {
	return strings.Contains(name, "600000") || strings.HasPrefix(name, "private/scrypt") && name != "private/scrypt_aes256.pem"
}

// plainFixtures are the containers that need no passphrase.
func plainFixtures() []string {
	return []string{
		"rsa2048_a.spki.pem", "rsa2048_a.pkcs1.pem", "rsa2048_a.private_pkcs1.pem", "rsa2048_a.private_pkcs8.pem",
		"certificate.pem", "private/certificate_trusted.pem", "private/certificate_v1.pem", "private/certificate_negative_serial.pem",
	}
}

func fixture(tb testing.TB, name string) string {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(content)
}

// TestDerive_everyFixture fails if there is a fixture that no test reads.
func TestDerive_everyFixture(t *testing.T) {
	t.Parallel()
	read := append(plainFixtures(), encryptedFixtures()...)
	for _, test := range underivable(t) {
		read = append(read, test.fixture)
	}
	read = append(read, "private/multiprime.pem", "private/multiprime.pkcs1.pem", "private/multiprime.spki.pem", "private/passphrase_special.pem", "private/passphrase_empty.pem", "private/rsa1024.pem")
	files, err := filepath.Glob("testdata/private/*")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if !slices.Contains(read, strings.TrimPrefix(filepath.ToSlash(file), "testdata/")) {
			t.Errorf("%s is not read", file)
		}
	}
}

func mustParse(tb testing.TB, text string) pemkey.PublicKey {
	tb.Helper()
	key, err := pemkey.Parse(text)
	if err != nil {
		tb.Fatalf("Parse: %v", err)
	}
	return key
}

func mustDerive(tb testing.TB, text string, passphrase ...string) pemkey.PublicKey {
	tb.Helper()
	key, err := pemkey.Derive(text, passphrase...)
	if err != nil {
		tb.Errorf("Derive: %v", err)
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

func escape(text string) string {
	return strings.ReplaceAll(text, "\n", `\n`)
}

func oneLine(text string) string {
	return strings.ReplaceAll(text, "\n", " ")
}

// quoted returns value as JSON.
func quoted(tb testing.TB, value any) string {
	tb.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func base64Of(text string) string {
	return base64.StdEncoding.EncodeToString([]byte(text))
}

func base64URL(n *big.Int) string {
	return base64.RawURLEncoding.EncodeToString(n.Bytes())
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
