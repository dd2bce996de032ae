// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"encoding/base64"
	"errors"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// privateInputs hold a private key, whole or in part.
func privateInputs(tb testing.TB) []badInput {
	tb.Helper()
	public := fixture(tb, "rsa2048_a.spki.pem")
	private := fixture(tb, "rsa2048_a.private_pkcs1.pem")
	pkcs8 := fixture(tb, "rsa2048_a.private_pkcs8.pem")
	legacy := fixture(tb, "private_encrypted_legacy.pem")
	pbes2 := fixture(tb, "private_encrypted_pbes2.pem")
	openssh := fixture(tb, "private_openssh.pem")
	ec := fixture(tb, "private_ec.pem")
	der := decode(tb, public)
	numbers := rsaKey(tb, public)
	n, e := numbers.N, big.NewInt(int64(numbers.E))
	secretJWK := map[string]string{"kty": "RSA", "n": base64URL(n), "e": base64URL(e), "d": base64URL(n)}

	return []badInput{
		{"private PKCS#1", private, pemkey.KindPrivateKey, "Nothing was sent. Give the public key instead: provider::whatsapp::public_key"},
		{"private PKCS#8", pkcs8, pemkey.KindPrivateKey, "openssl rsa -in private.pem -pubout -out public.pem"},
		{"private Ed25519", fixture(tb, "private_ed25519.pem"), pemkey.KindPrivateKey, "disclosed"},
		{"private EC", ec, pemkey.KindPrivateKey, "for EC, and only an RSA public key belongs here. Nothing was sent. Generate"},
		{"private EC after parameters", fixture(tb, "ec_parameters.pem") + ec, pemkey.KindPrivateKey, "for EC,"},
		{"private OpenSSH", openssh, pemkey.KindPrivateKey, "Nothing was sent. If the key is an RSA key, `ssh-keygen -e -m PKCS8"},
		{"private PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGY\n-----END PGP PRIVATE KEY BLOCK-----\n", pemkey.KindPrivateKey, "PGP private key, and only an RSA public key in PEM belongs here. Nothing was sent. Generate"},
		{"private PuTTY", "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", pemkey.KindPrivateKey, "Nothing was sent. If the key is an RSA key, convert it with `puttygen"},
		{"private JWK", quoted(tb, secretJWK), pemkey.KindPrivateKey, "Export the public key"},
		{"private JWK in a set", quoted(tb, map[string]any{"keys": []any{secretJWK}}), pemkey.KindPrivateKey, "private key"},
		{"private in JSON", quoted(tb, map[string]string{"private_key": pkcs8}), pemkey.KindPrivateKey, "private key"},
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
		{"private EC PKCS#8 without armour", body(fixture(tb, "private/ec_pkcs8.pem")), pemkey.KindPrivateKey, "private key"},
		{"private OpenSSH without armour", body(openssh), pemkey.KindPrivateKey, "ssh-keygen"},
		{"private PKCS#12 in base64", base64Of(string(marshal(tb, struct {
			Version int
			Content []byte
		}{3, der}))), pemkey.KindPrivateKey, "openssl pkcs12"},
		{"private in base64", base64Of(private), pemkey.KindPrivateKey, "private key"},
		{"private in base64url behind other bytes", base64.URLEncoding.EncodeToString([]byte("\xff\xff\xff" + private)), pemkey.KindPrivateKey, "private key"},
		{"private in wrapped base64", wrap(base64Of(private), 76), pemkey.KindPrivateKey, "private key"},
		{"private labelled as public", armour("PUBLIC KEY", body(pkcs8)), pemkey.KindPrivateKey, "private key"},
		{"private labelled as certificate", armour("CERTIFICATE", body(private)), pemkey.KindPrivateKey, "private key"},
		{"encrypted labelled as request", armour("CERTIFICATE REQUEST", body(pbes2)), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"private in small letters", strings.ReplaceAll(private, "RSA PRIVATE KEY", "rsa private key"), pemkey.KindPrivateKey, "private key"},
		{"private without whitespace", strings.NewReplacer(" ", "", "\n", "").Replace(private), pemkey.KindPrivateKey, "private key"},
		{"private with a zero-width space", strings.ReplaceAll(private, "PRIVATE", "PRI\u200bVATE"), pemkey.KindPrivateKey, "private key"},
		{"private with entities", strings.NewReplacer(" ", "&nbsp;", "\n", "&#10;").Replace(private), pemkey.KindPrivateKey, "private key"},
		{"private in base64 twice", base64Of(base64Of(private)), pemkey.KindPrivateKey, "private key"},
		{"private labelled as PKCS#1 public", armour("RSA PUBLIC KEY", body(private)), pemkey.KindPrivateKey, "private key"},

		{"encrypted PBES2", pbes2, pemkey.KindEncryptedPrivateKey, "openssl rsa -in private.pem -pubout"},
		{"encrypted legacy", legacy, pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted legacy CRLF", strings.ReplaceAll(legacy, "\n", "\r\n"), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted legacy without BEGIN", strings.Join(strings.SplitAfter(legacy, "\n")[1:5], ""), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted after public", public + pbes2, pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted without armour", body(pbes2), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted PBES1 without armour", body(fixture(tb, "private/refused_pbes1_PBE-MD5-DES.pem")), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted PBES1 of PKCS#12 without armour", body(fixture(tb, "private/refused_pbes1_PBE-SHA1-3DES.pem")), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted in base64", base64Of(legacy), pemkey.KindEncryptedPrivateKey, "passphrase"},
		{"encrypted labelled as public", armour("PUBLIC KEY", body(pbes2)), pemkey.KindEncryptedPrivateKey, "passphrase"},
	}
}

// TestParseCutPrivateKey expects a private key to be recognised by its BEGIN
// line or its END line alone.
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

// TestParse_recommendsWhatWorks checks that Parse recommends the function
// public_key for what Derive reads.
func TestParse_recommendsWhatWorks(t *testing.T) {
	t.Parallel()
	for _, name := range append(encryptedFixtures(), plainFixtures()...) {
		text := fixture(t, name)
		_, err := pemkey.Parse(text)
		if err == nil {
			continue
		}
		call := "provider::whatsapp::public_key(…)"
		if slices.Contains(encryptedFixtures(), name) {
			call = "provider::whatsapp::public_key(…, passphrase)"
		}
		if !strings.Contains(err.Error(), call) {
			t.Errorf("%s: not recommended: %v", name, err)
		}
	}
}
