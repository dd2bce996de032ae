// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// passphrase is that of the fixtures.
const passphrase = "fixture"

var (
	legacyCiphers = []string{"des", "des3", "aes128", "aes192", "aes256"}
	pbes2Ciphers  = []string{"des3", "aes128", "aes192", "aes256"}
	pbkdf2PRFs    = []string{"SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256"}
)

// encryptedFixtures are all the ways in which OpenSSL encrypts a key that Derive reads.
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

// isSlow is for fixtures that take long to decrypt, and that are tried once only.
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

func mustDerive(tb testing.TB, text string, passphrase ...string) pemkey.PublicKey {
	tb.Helper()
	key, err := pemkey.Derive(text, passphrase...)
	if err != nil {
		tb.Errorf("Derive: %v", err)
	}
	return key
}

// TestDerive holds every container, cipher and key derivation that OpenSSL makes against the public
// key that OpenSSL made of it, in every form that a text can take on its way.
func TestDerive(t *testing.T) {
	t.Parallel()
	want := mustParse(t, fixture(t, "rsa2048_a.spki.pem"))
	for _, name := range append(plainFixtures(), encryptedFixtures()...) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var given []string
			if !slices.Contains(plainFixtures(), name) {
				given = []string{passphrase}
			}
			text := fixture(t, name)
			if got := mustDerive(t, text, given...); got != want {
				t.Errorf("the key is %s, not %s", got, want)
			}
			if isSlow(name) {
				return
			}
			for form, text := range map[string]string{
				"CRLF":              strings.ReplaceAll(text, "\n", "\r\n"),
				"CR":                strings.ReplaceAll(text, "\n", "\r"),
				"no final newline":  strings.TrimSuffix(text, "\n"),
				"whitespace around": "\n \t" + text + "\n \n",
				"byte order mark":   "\ufeff" + text,
				"trailing blanks":   strings.ReplaceAll(text, "\n", " \t\n"),
				"blank lines":       strings.ReplaceAll(text, "\n", "\n\n"),
			} {
				if got := mustDerive(t, text, given...); got != want {
					t.Errorf("%s: the key is %s, not %s", form, got, want)
				}
			}
		})
	}
}

// TestDerive_everyFixture fails when a fixture is made that no test reads.
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

func TestDerive_otherKeys(t *testing.T) {
	t.Parallel()
	for name, private := range map[string]string{"b": "rsa2048_b.private_pkcs1.pem", "e3": "rsa2048_e3.private_pkcs8.pem"} {
		if got, want := mustDerive(t, fixture(t, private)), mustParse(t, fixture(t, "rsa2048_"+name+".spki.pem")); got != want {
			t.Errorf("%s: the key is %s, not %s", name, got, want)
		}
	}
	for _, name := range []string{"private/multiprime.pem", "private/multiprime.pkcs1.pem"} {
		if got, want := mustDerive(t, fixture(t, name), passphrase), mustParse(t, fixture(t, "private/multiprime.spki.pem")); got != want {
			t.Errorf("%s: the key is %s, not %s", name, got, want)
		}
	}
}

func TestDerive_passphrases(t *testing.T) {
	t.Parallel()
	want := mustParse(t, fixture(t, "rsa2048_a.spki.pem"))
	for name, passphrase := range map[string]string{
		"private/passphrase_special.pem": `  grüße & "co" $x`,
		"private/passphrase_empty.pem":   "",
	} {
		if got := mustDerive(t, fixture(t, name), passphrase); got != want {
			t.Errorf("%s: the key is %s, not %s", name, got, want)
		}
	}
	// One that is not needed is ignored, as OpenSSL does.
	for _, name := range plainFixtures() {
		if got := mustDerive(t, fixture(t, name), "SECRETSECRETSECRET"); got != want {
			t.Errorf("%s: the key is %s, not %s", name, got, want)
		}
	}
}

// encryptedInfo is an encrypted PKCS#8 key, for tests that change something in it.
type encryptedInfo struct {
	Algorithm struct {
		ID     asn1.ObjectIdentifier
		Params struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	}
	Data []byte
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int64
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

type scryptParams struct {
	Salt      []byte
	N, R, P   int64
	KeyLength int `asn1:"optional"`
}

// tampered returns a fixture in which something was changed.
func tampered(tb testing.TB, name string, change func(info *encryptedInfo)) string {
	tb.Helper()
	var info encryptedInfo
	if _, err := asn1.Unmarshal(decode(tb, fixture(tb, name)), &info); err != nil {
		tb.Fatal(err)
	}
	change(&info)
	return encode("ENCRYPTED PRIVATE KEY", marshal(tb, info))
}

// withKDF returns a fixture with other parameters of its key derivation.
func withKDF(tb testing.TB, name string, params any) string {
	tb.Helper()
	return tampered(tb, name, func(info *encryptedInfo) {
		info.Algorithm.Params.KDF.Parameters = asn1.RawValue{FullBytes: marshal(tb, params)}
	})
}

func withIV(tb testing.TB, name string, iv []byte) string {
	tb.Helper()
	return tampered(tb, name, func(info *encryptedInfo) {
		info.Algorithm.Params.Cipher.Parameters = asn1.RawValue{FullBytes: marshal(tb, iv)}
	})
}

type pkcs8Info struct {
	Version   int
	Algorithm pkix.AlgorithmIdentifier
	Key       []byte
	More      asn1.RawValue `asn1:"optional"`
}

type pkcs1Info struct {
	Version                     int
	N, E, D, P, Q, DP, DQ, QInv *big.Int
	More                        []struct{ R, D, T *big.Int } `asn1:"optional,omitempty"`
}

// withNumbers returns the private key of a fixture after a change to its numbers.
func withNumbers(tb testing.TB, name string, change func(key *pkcs1Info)) string {
	tb.Helper()
	var key pkcs1Info
	if _, err := asn1.Unmarshal(decode(tb, fixture(tb, name)), &key); err != nil {
		tb.Fatal(err)
	}
	change(&key)
	return encode("RSA PRIVATE KEY", marshal(tb, key))
}

// TestDerive_rebuilt has what other tools than OpenSSL write.
func TestDerive_rebuilt(t *testing.T) {
	t.Parallel()
	want := mustParse(t, fixture(t, "rsa2048_a.spki.pem"))
	pkcs1, pkcs8 := decode(t, fixture(t, "rsa2048_a.private_pkcs1.pem")), decode(t, fixture(t, "rsa2048_a.private_pkcs8.pem"))
	attributes := asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: []byte("\x30\x0b\x06\x03\x55\x1d\x0f\x31\x04\x03\x02\x00\x80")}
	publicKey := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, Bytes: []byte{0, 1}}
	rsaAlgorithm := pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	//nolint:staticcheck // what is read has to be written for the test
	legacy, err := x509.EncryptPEMBlock(rand.Reader, "PRIVATE KEY", pkcs8, []byte(passphrase), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	const oneIteration = "private/pbkdf2_1_iteration.pem"
	for name, text := range map[string]string{
		"PKCS#8 with attributes":      encode("PRIVATE KEY", marshal(t, pkcs8Info{0, rsaAlgorithm, pkcs1, attributes})),
		"PKCS#8 with the public key":  encode("PRIVATE KEY", marshal(t, pkcs8Info{1, rsaAlgorithm, pkcs1, publicKey})),
		"PKCS#8 without NULL":         encode("PRIVATE KEY", marshal(t, pkcs8Info{Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA}, Key: pkcs1})),
		"PKCS#8 encrypted by the PEM": string(pem.EncodeToMemory(legacy)),
		"PKCS#8 on one line":          armour("PRIVATE KEY", body(fixture(t, "rsa2048_a.private_pkcs8.pem"))),
		"certificate, old label":      armour("X509 CERTIFICATE", body(fixture(t, "certificate.pem"))),
		"Proc-Type with a space":      strings.Replace(fixture(t, "private/legacy_aes256.pem"), "4,ENC", "4, ENC", 1),
		"PBKDF2 with a key length": tampered(t, oneIteration, func(info *encryptedInfo) {
			var params pbkdf2Params
			if _, err := asn1.Unmarshal(info.Algorithm.Params.KDF.Parameters.FullBytes, &params); err != nil {
				t.Fatal(err)
			}
			params.KeyLength = 32
			info.Algorithm.Params.KDF.Parameters.FullBytes = marshal(t, params)
		}),
	} {
		if got := mustDerive(t, text, passphrase); got != want {
			t.Errorf("%s: the key is %s, not %s", name, got, want)
		}
	}
}

type underivableInput struct {
	name       string
	fixture    string // where text comes from, if it is there as it is
	text       string
	passphrase []string
	kind       pemkey.Kind
	says       string // part of the message
}

// underivable has, for each kind that only Derive has and for what it words otherwise than Parse, at
// least one input.
func underivable(tb testing.TB) []underivableInput {
	tb.Helper()
	private := fixture(tb, "rsa2048_a.private_pkcs1.pem")
	pkcs8 := fixture(tb, "rsa2048_a.private_pkcs8.pem")
	certificate := fixture(tb, "certificate.pem")
	public := fixture(tb, "rsa2048_a.spki.pem")
	legacy := fixture(tb, "private/legacy_aes256.pem")
	pbes2 := fixture(tb, "private/pbkdf2_1_iteration.pem")
	ec := strings.TrimPrefix(fixture(tb, "private_ec.pem"), fixture(tb, "ec_parameters.pem"))
	pkcs1DER, pkcs8DER := decode(tb, private), decode(tb, pkcs8)
	salt := []byte("saltsalt")
	const oneIteration, scrypt = "private/pbkdf2_1_iteration.pem", "private/scrypt_aes256.pem"
	base64Of := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

	var inputs []underivableInput
	add := func(name, text string, kind pemkey.Kind, says string, passphrase ...string) {
		inputs = append(inputs, underivableInput{name: name, text: text, passphrase: passphrase, kind: kind, says: says})
	}
	file := func(name string, kind pemkey.Kind, says string, passphrase ...string) {
		inputs = append(inputs, underivableInput{name, name, fixture(tb, name), passphrase, kind, says})
	}

	for _, name := range encryptedFixtures() {
		file(name, pemkey.KindMissingPassphrase, "second argument")
		if !isSlow(name) {
			file(name, pemkey.KindWrongPassphrase, "trimspace()", passphrase+"\n")
		}
	}
	file("private/passphrase_empty.pem", pemkey.KindMissingPassphrase, "second argument")
	file("private/passphrase_empty.pem", pemkey.KindWrongPassphrase, "trimspace()", passphrase)
	file(oneIteration, pemkey.KindWrongPassphrase, "trimspace()", "")
	file("private/legacy_aes256.pem", pemkey.KindWrongPassphrase, "trimspace()", "")
	file(oneIteration, pemkey.KindSeveralPassphrases, "one passphrase", passphrase, passphrase)
	add("two passphrases for nothing", public, pemkey.KindSeveralPassphrases, "one passphrase", "", "")

	for _, name := range []string{"aria-256-cbc: ARIA", "camellia-256-cbc: Camellia", "sm4-cbc: SM4", "aes-256-cfb: AES in another mode"} {
		name, says, _ := strings.Cut(name, ": ")
		file("private/refused_pbes2_"+name+".pem", pemkey.KindUnsupportedEncryption, says, passphrase)
		file("private/refused_legacy_"+name+".pem", pemkey.KindUnsupportedEncryption, says, passphrase)
	}
	file("private/refused_pbes2_des-cbc.pem", pemkey.KindUnsupportedEncryption, "DES", passphrase)
	file("private/refused_pbes2_rc2-cbc.pem", pemkey.KindUnsupportedEncryption, "RC2", passphrase)
	file("private/refused_prf_md5.pem", pemkey.KindUnsupportedEncryption, "hash function", passphrase)
	for _, scheme := range []string{"PBE-SHA1-3DES", "PBE-SHA1-RC4-128", "PBE-MD5-DES"} {
		file("private/refused_pbes1_"+scheme+".pem", pemkey.KindUnsupportedEncryption, "older than PBES2", passphrase)
	}
	file("private/refused_pbes1_PBE-SHA1-3DES.pem", pemkey.KindUnsupportedEncryption, "-v2 aes-256-cbc")
	add("unknown cipher", tampered(tb, oneIteration, func(info *encryptedInfo) {
		info.Algorithm.Params.Cipher.Algorithm = asn1.ObjectIdentifier{1, 2, 3}
	}), pemkey.KindUnsupportedEncryption, "an unknown cipher", passphrase)
	add("unknown key derivation", tampered(tb, oneIteration, func(info *encryptedInfo) {
		info.Algorithm.Params.KDF.Algorithm = asn1.ObjectIdentifier{1, 2, 3}
	}), pemkey.KindUnsupportedEncryption, "key derivation", passphrase)
	add("unknown scheme", tampered(tb, oneIteration, func(info *encryptedInfo) {
		info.Algorithm.ID = asn1.ObjectIdentifier{1, 2, 3}
	}), pemkey.KindUnsupportedEncryption, "older than PBES2", passphrase)
	add("unknown name in DEK-Info", strings.Replace(legacy, "AES-256-CBC", "SECRETSECRETSECRET", 1), pemkey.KindUnsupportedEncryption, "an unknown cipher", passphrase)

	file("private/refused_iterations.pem", pemkey.KindExcessiveCost, "5000001 iterations", passphrase)
	file("private/refused_scrypt_work.pem", pemkey.KindExcessiveCost, "work of scrypt", passphrase)
	add("endless PBKDF2", withKDF(tb, oneIteration, pbkdf2Params{Salt: salt, Iterations: 1<<63 - 1}), pemkey.KindExcessiveCost, "5000000", passphrase)
	for name, params := range map[string]scryptParams{
		"N": {N: 1 << 62, R: 8, P: 1}, "r": {N: 2, R: 1<<63 - 1, P: 1}, "p": {N: 2, R: 1, P: 1<<63 - 1},
		"all": {N: 1 << 62, R: 1<<63 - 1, P: 1<<63 - 1}, "product": {N: 1 << 21, R: 1 << 21, P: 1 << 21}, "r and p": {N: 2, R: 1 << 10, P: 1 << 13},
	} {
		params.Salt = salt
		add("endless scrypt: "+name, withKDF(tb, scrypt, params), pemkey.KindExcessiveCost, "work of scrypt", passphrase)
	}
	add("much memory", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 1 << 15, R: 8, P: 1}), pemkey.KindExcessiveCost, "32 MiB", passphrase)
	add("much memory: p", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 2, R: 8, P: 1 << 15}), pemkey.KindExcessiveCost, "32 MiB", passphrase)

	add("no iterations", withKDF(tb, oneIteration, pbkdf2Params{Salt: salt}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("negative iterations", withKDF(tb, oneIteration, pbkdf2Params{Salt: salt, Iterations: -1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("N is not a power of two", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 3, R: 8, P: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("N is one", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 1, R: 8, P: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("r is zero", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 2, P: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("p is negative", withKDF(tb, scrypt, scryptParams{Salt: salt, N: 2, R: 8, P: -1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("salt from elsewhere", withKDF(tb, oneIteration, pkix.AlgorithmIdentifier{Algorithm: oidRSA}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("scrypt parameters for PBKDF2", withKDF(tb, oneIteration, scryptParams{Salt: salt, N: 2, R: 8, P: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("PBKDF2 parameters for scrypt", withKDF(tb, scrypt, pbkdf2Params{Salt: salt, Iterations: 1}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("no IV", tampered(tb, oneIteration, func(info *encryptedInfo) {
		info.Algorithm.Params.Cipher.Parameters = asn1.NullRawValue
	}), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("no parameters", encode("ENCRYPTED PRIVATE KEY", marshal(tb, struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}}, make([]byte, 16)})), pemkey.KindBadDER, "encrypted private key", passphrase)
	for _, length := range []int{0, 8, 15, 17, 32} {
		add(fmt.Sprintf("IV of %d bytes", length), withIV(tb, oneIteration, make([]byte, length)), pemkey.KindBadDER, "encrypted private key", passphrase)
	}
	add("IV for DES of 16 bytes", withIV(tb, "private/pbkdf2_des3_SHA256.pem", make([]byte, 16)), pemkey.KindBadDER, "encrypted private key", passphrase)
	for _, length := range []int{0, 1, 15, 17} {
		add(fmt.Sprintf("%d encrypted bytes", length), tampered(tb, oneIteration, func(info *encryptedInfo) { info.Data = info.Data[:length] }), pemkey.KindBadDER, "encrypted private key", passphrase)
	}
	add("one block", tampered(tb, oneIteration, func(info *encryptedInfo) { info.Data = info.Data[:16] }), pemkey.KindWrongPassphrase, "damaged", passphrase)
	add("encrypted, trailing data", encode("ENCRYPTED PRIVATE KEY", append(decode(tb, pbes2), 0)), pemkey.KindTrailingData, "More data", passphrase)
	block, _ := pem.Decode([]byte(legacy))
	block.Bytes = block.Bytes[:len(block.Bytes)-1]
	add("legacy, one byte short", string(pem.EncodeToMemory(block)), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("legacy, short IV", strings.Replace(legacy, "AES-256-CBC,", "AES-128-CBC,00", 1), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("legacy, no IV", strings.Replace(legacy, "AES-256-CBC,", "AES-256-CBC;", 1), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("legacy, no hex", strings.Replace(legacy, "AES-256-CBC,", "AES-256-CBC,xy", 1), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("legacy, other Proc-Type", strings.Replace(legacy, "4,ENCRYPTED", "4,MIC-CLEAR", 1), pemkey.KindHeaders, "header lines", passphrase)
	add("legacy, no Proc-Type", strings.Replace(legacy, "Proc-Type: 4,ENCRYPTED\n", "", 1), pemkey.KindHeaders, "header lines", passphrase)
	add("legacy, one more header", strings.Replace(legacy, "Proc-Type", "Comment: mine\nProc-Type", 1), pemkey.KindHeaders, "header lines", passphrase)
	add("legacy, headers at the end", strings.NewReplacer("Proc-Type: 4,ENCRYPTED\n", "", "\n-----END", "\nProc-Type: 4,ENCRYPTED\n-----END").Replace(legacy), pemkey.KindBadBase64, "not valid base64", passphrase)
	add("headers in a plain key", strings.Replace(private, "\n", "\nComment: mine\n\n", 1), pemkey.KindHeaders, "header lines")
	add("headers in a certificate", strings.Replace(certificate, "\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n", 1), pemkey.KindHeaders, "header lines", passphrase)
	add("headers alone", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n-----END RSA PRIVATE KEY-----\n", pemkey.KindTruncated, "nothing between", passphrase)

	file("private_ec.pem", pemkey.KindNotRSA, "private key is for EC")
	file("private/ec_pkcs8.pem", pemkey.KindNotRSA, "private key is for EC (elliptic curve)")
	file("private/ec_pbes2.pem", pemkey.KindNotRSA, "private key is for EC (elliptic curve)", passphrase)
	file("private/ec_legacy.pem", pemkey.KindNotRSA, "private key is for EC", passphrase)
	file("private/ec_certificate.pem", pemkey.KindNotRSA, "key in the certificate is for EC (elliptic curve)")
	file("private_ed25519.pem", pemkey.KindNotRSA, "private key is for Ed25519")
	file("private/rsapss.pem", pemkey.KindNotRSA, "private key is for RSA-PSS")
	file("ec.spki.pem", pemkey.KindNotRSA, "public key is for EC (elliptic curve)")
	add("EC alone", ec, pemkey.KindNotRSA, "private key is for EC")
	add("EC labelled as PKCS#8", armour("PRIVATE KEY", body(ec)), pemkey.KindNotRSA, "private key is for EC")
	add("EC without armour", body(ec), pemkey.KindNotRSA, "private key is for EC")
	add("DSA", armour("DSA PRIVATE KEY", body(private)), pemkey.KindNotRSA, "private key is for DSA")

	file("private/rsa1024.pem", pemkey.KindWrongSize, "1024 bits")
	file("private/rsa1024_legacy.pem", pemkey.KindWrongSize, "1024 bits", passphrase)
	file("private/rsa1024_pbes2.pem", pemkey.KindWrongSize, "1024 bits", passphrase)
	file("private/rsa1024_certificate.pem", pemkey.KindWrongSize, "1024 bits")
	file("rsa1024.spki.pem", pemkey.KindWrongSize, "1024 bits")

	other := rsaKey(tb, fixture(tb, "rsa2048_b.spki.pem")).N
	for name, change := range map[string]func(key *pkcs1Info){
		"another modulus":   func(key *pkcs1Info) { key.N = other },
		"another exponent":  func(key *pkcs1Info) { key.E.SetInt64(257) },
		"another secret":    func(key *pkcs1Info) { key.D.Add(key.D, big.NewInt(2)) },
		"another prime":     func(key *pkcs1Info) { key.P.Add(key.P, big.NewInt(2)) },
		"another CRT value": func(key *pkcs1Info) { key.QInv.Add(key.QInv, big.NewInt(2)) },
		"prime one":         func(key *pkcs1Info) { key.P.SetInt64(1) },
		"prime zero":        func(key *pkcs1Info) { key.Q.SetInt64(0) },
		"negative prime":    func(key *pkcs1Info) { key.Q.Neg(key.Q) },
		"the modulus twice": func(key *pkcs1Info) { key.P, key.Q = key.N, big.NewInt(2) },
		"huge prime":        func(key *pkcs1Info) { key.Q.Lsh(key.Q, 200_000) },
	} {
		add(name, withNumbers(tb, "rsa2048_a.private_pkcs1.pem", change), pemkey.KindUnusableNumbers, "do not belong together")
	}
	for name, change := range map[string]func(key *pkcs1Info){
		"another modulus":  func(key *pkcs1Info) { key.N = other },
		"another exponent": func(key *pkcs1Info) { key.E.SetInt64(257) },
		"another secret":   func(key *pkcs1Info) { key.D.Add(key.D, big.NewInt(2)) },
		"another prime":    func(key *pkcs1Info) { key.P.Add(key.P, big.NewInt(2)) },
		"a third of one":   func(key *pkcs1Info) { key.More[0].R.SetInt64(1) },
		"a third prime":    func(key *pkcs1Info) { key.More[0].R.Add(key.More[0].R, big.NewInt(2)) },
		"no third prime":   func(key *pkcs1Info) { key.More = nil },
	} {
		add("three primes: "+name, withNumbers(tb, "private/multiprime.pkcs1.pem", change), pemkey.KindUnusableNumbers, "do not belong together")
	}
	add("even modulus", withNumbers(tb, "rsa2048_a.private_pkcs1.pem", func(key *pkcs1Info) { key.N.Sub(key.N, big.NewInt(1)) }), pemkey.KindUnusableNumbers, "even")

	add("empty", " \n", pemkey.KindEmpty, "a private key, from its BEGIN line")
	add("too large", private+strings.Repeat("\n", 64<<10), pemkey.KindTooLarge, "key or a certificate is much smaller")
	add("certificate chain", certificate+certificate, pemkey.KindSeveralBlocks, "chain of certificates that is the first")
	add("key and certificate", private+certificate, pemkey.KindSeveralBlocks, "2 PEM blocks")
	add("two keys", private+pkcs8, pemkey.KindSeveralBlocks, "2 PEM blocks")
	add("trailing text", private+"thanks\n", pemkey.KindSurroundingText, "before or after")
	add("bag attributes", "Bag Attributes\n    localKeyID: 01\n"+pkcs8, pemkey.KindSurroundingText, "other output")
	add("certificate request", fixture(tb, "request.pem"), pemkey.KindCertificateRequest, "openssl req")
	add("certificate request labelled as certificate", armour("CERTIFICATE", body(fixture(tb, "request.pem"))), pemkey.KindCertificateRequest, "openssl req")
	add("OpenSSH", fixture(tb, "private_openssh.pem"), pemkey.KindPrivateKey, "ssh-keygen -e -m PKCS8")
	add("OpenSSH without armour", body(fixture(tb, "private_openssh.pem")), pemkey.KindPrivateKey, "ssh-keygen -e -m PKCS8")
	add("OpenSSH public", fixture(tb, "openssh_rsa.pub"), pemkey.KindOpenSSH, "public_key_openssh")
	add("PuTTY", "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", pemkey.KindPrivateKey, "puttygen")
	add("PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGY\n-----END PGP PRIVATE KEY BLOCK-----\n", pemkey.KindPrivateKey, "PGP")
	add("JWK", `{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}`, pemkey.KindPrivateKey, "JSON Web Key")
	add("PKCS#12 in base64", base64Of(string(marshal(tb, struct {
		Version int
		Content []byte
	}{3, pkcs1DER}))), pemkey.KindPrivateKey, "openssl pkcs12")
	add("unknown label", armour("SECRETSECRETSECRET PRIVATE KEY", body(private)), pemkey.KindOtherBlock, "not labelled as a public key, a certificate or a private key")
	add("PKCS#7", fixture(tb, "pkcs7.pem"), pemkey.KindOtherBlock, "labelled PKCS7")

	add("escaped", strings.ReplaceAll(private, "\n", `\n`), pemkey.KindEscapedNewlines, `"\\n"`)
	add("encrypted, escaped", strings.ReplaceAll(legacy, "\n", `\n`), pemkey.KindEscapedNewlines, `"\\n"`)
	add("on one line", strings.ReplaceAll(private, "\n", " "), pemkey.KindLostNewlines, "base64decode")
	add("encrypted, on one line", strings.ReplaceAll(legacy, "\n", " "), pemkey.KindLostNewlines, "base64decode")
	add("indented", indent(private, "    "), pemkey.KindIndented, "<<-EOT")
	add("encrypted, indented", indent(legacy, "    "), pemkey.KindIndented, "<<-EOT")
	add("percent-encoded", strings.NewReplacer("\n", "%0A", " ", "%20").Replace(private), pemkey.KindURLEncoded, "urldecode")
	add("in base64", base64Of(private), pemkey.KindEncodedPEM, "base64decode")
	add("OpenSSH in base64", base64Of(fixture(tb, "private_openssh.pem")), pemkey.KindEncodedPEM, "base64decode")
	add("PKCS#1 without armour", body(private), pemkey.KindNoArmour, "-----BEGIN RSA PRIVATE KEY-----")
	add("PKCS#8 without armour", body(pkcs8), pemkey.KindNoArmour, "-----BEGIN PRIVATE KEY-----")
	add("PBES2 without armour", body(pbes2), pemkey.KindNoArmour, "-----BEGIN ENCRYPTED PRIVATE KEY-----")
	add("certificate without armour", body(certificate), pemkey.KindNoArmour, "-----BEGIN CERTIFICATE-----")
	add("path", "/run/secrets/private.pem", pemkey.KindFilePath, "file(")
	add("words", "lorem ipsum", pemkey.KindNotPEM, "not a public key, a certificate or a private key")
	add("JSON", `{"private_key":"x"}`, pemkey.KindJSON, "jsondecode")
	add("no END", strings.Split(private, "-----END")[0], pemkey.KindTruncated, "no END line")
	add("no BEGIN", strings.SplitAfterN(private, "\n", 2)[1], pemkey.KindTruncated, "no BEGIN line")
	add("END of another", strings.Replace(private, "END RSA ", "END ", 1), pemkey.KindEndMismatch, "END line")
	add("dashes of a word processor", strings.ReplaceAll(private, "-----", "—--"), pemkey.KindMalformedBoundary, "-----BEGIN PRIVATE KEY-----")
	add("plus turned into spaces", strings.Replace(private, body(private)[70:74], "a b ", 1), pemkey.KindSpacesInBase64, "%2B")
	add("damaged base64", strings.Replace(private, body(private)[70:74], "a*b+", 1), pemkey.KindBadBase64, "not valid base64")

	add("PKCS#1 labelled as PKCS#8", armour("PRIVATE KEY", body(private)), pemkey.KindWrongLabel, "Write RSA PRIVATE KEY")
	add("PKCS#8 labelled as PKCS#1", armour("RSA PRIVATE KEY", body(pkcs8)), pemkey.KindWrongLabel, "Write PRIVATE KEY")
	add("PKCS#8 labelled as encrypted", armour("ENCRYPTED PRIVATE KEY", body(pkcs8)), pemkey.KindWrongLabel, "Write PRIVATE KEY", passphrase)
	add("encrypted labelled as PKCS#8", armour("PRIVATE KEY", body(pbes2)), pemkey.KindWrongLabel, "Write ENCRYPTED PRIVATE KEY", passphrase)
	add("private labelled as public", armour("PUBLIC KEY", body(pkcs8)), pemkey.KindWrongLabel, "Write PRIVATE KEY")
	add("certificate labelled as public", armour("PUBLIC KEY", body(certificate)), pemkey.KindWrongLabel, "Write CERTIFICATE")
	add("public labelled as certificate", armour("CERTIFICATE", body(public)), pemkey.KindWrongLabel, "Write PUBLIC KEY")
	add("public labelled as private", armour("PRIVATE KEY", body(public)), pemkey.KindWrongLabel, "Write PUBLIC KEY")

	add("PKCS#1, trailing data", encode("RSA PRIVATE KEY", append(slices.Clone(pkcs1DER), 0)), pemkey.KindTrailingData, "More data")
	add("PKCS#8, trailing data", encode("PRIVATE KEY", append(slices.Clone(pkcs8DER), 0)), pemkey.KindTrailingData, "More data")
	add("certificate, trailing data", encode("CERTIFICATE", append(decode(tb, certificate), 0)), pemkey.KindBadDER, "certificate")
	add("certificate cut", encode("CERTIFICATE", decode(tb, certificate)[:400]), pemkey.KindBadDER, "certificate")
	add("PKCS#1 cut", encode("RSA PRIVATE KEY", pkcs1DER[:400]), pemkey.KindBadDER, "private key")
	add("PKCS#8 cut", encode("PRIVATE KEY", pkcs8DER[:400]), pemkey.KindBadDER, "private key")
	add("PBES2 cut", encode("ENCRYPTED PRIVATE KEY", decode(tb, pbes2)[:400]), pemkey.KindBadDER, "encrypted private key", passphrase)
	add("PKCS#8 of a future version", encode("PRIVATE KEY", marshal(tb, pkcs8Info{Version: 2, Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA}, Key: pkcs1DER})), pemkey.KindBadDER, "private key")
	add("nothing of a certificate", encode("CERTIFICATE", []byte{0x30, 0}), pemkey.KindBadDER, "certificate")
	return inputs
}

func TestDerive_errors(t *testing.T) {
	t.Parallel()
	for _, test := range underivable(t) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			key, err := pemkey.Derive(test.text, test.passphrase...)
			if took := time.Since(started); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			checkError(t, key, err, test.kind, test.says)
			checkLeak(t, test.text, err)
		})
	}
}

// TestDerive_ownWords holds all that Parse refuses against Derive: it reads the text, or it says why
// not in words that fit, which are not those of an upload.
func TestDerive_ownWords(t *testing.T) {
	t.Parallel()
	for _, test := range badInputs(t) {
		_, err := pemkey.Derive(test.text, passphrase)
		if err == nil {
			if test.kind != pemkey.KindPrivateKey && test.kind != pemkey.KindEncryptedPrivateKey && test.kind != pemkey.KindCertificate {
				t.Errorf("%s, which is %s, was read", test.name, test.kind)
			}
			continue
		}
		for _, foreign := range []string{"Nothing was sent", "provider::whatsapp::public_key(", "only the public key belongs here", "disclosed"} {
			if strings.Contains(err.Error(), foreign) {
				t.Errorf("%s: %v", test.name, err)
			}
		}
		checkLeak(t, test.text, err)
	}
}

// TestParse_recommendsWhatWorks follows the advice of Parse to call the function public_key.
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

// TestDerive_paddedNoise tries wrong passphrases until the padding comes out right by chance, which
// it does for one in 256.
func TestDerive_paddedNoise(t *testing.T) {
	t.Parallel()
	text := fixture(t, "private/legacy_aes128.pem")
	block, _ := pem.Decode([]byte(text))
	padded := 0
	for i := 0; padded < 3; i++ {
		if i == 100_000 {
			t.Fatal("no passphrase comes close")
		}
		wrong := fmt.Sprintf("wrong %d", i)
		//nolint:staticcheck // to know which passphrases come close
		if _, err := x509.DecryptPEMBlock(block, []byte(wrong)); err != nil {
			continue
		}
		padded++
		key, err := pemkey.Derive(text, wrong)
		checkError(t, key, err, pemkey.KindWrongPassphrase, "trimspace()")
	}
	for i := range 2000 {
		key, err := pemkey.Derive(fixture(t, "private/pbkdf2_1_iteration.pem"), fmt.Sprintf("wrong %d", i))
		checkError(t, key, err, pemkey.KindWrongPassphrase, "trimspace()")
	}
}

// TestDerive_padding has the plaintext padded in ways that no encoder does.
func TestDerive_padding(t *testing.T) {
	t.Parallel()
	want := mustParse(t, fixture(t, "rsa2048_a.spki.pem"))
	pkcs8 := decode(t, fixture(t, "rsa2048_a.private_pkcs8.pem"))
	right := aes.BlockSize - len(pkcs8)%aes.BlockSize
	for name, test := range map[string]struct {
		plain, padding []byte
		ok             bool
	}{
		"as it has to be":          {pkcs8, bytes.Repeat([]byte{byte(right)}, right), true},
		"first byte of another":    {pkcs8, append([]byte{0xff}, bytes.Repeat([]byte{byte(right)}, right-1)...), false},
		"one block more":           {pkcs8, bytes.Repeat([]byte{byte(right + aes.BlockSize)}, right+aes.BlockSize), false},
		"none":                     {pkcs8, make([]byte, right), false},
		"longer than the plain":    {nil, bytes.Repeat([]byte{aes.BlockSize + 1}, aes.BlockSize), false},
		"much longer than a block": {nil, bytes.Repeat([]byte{0xff}, aes.BlockSize), false},
		"nothing but padding":      {nil, bytes.Repeat([]byte{aes.BlockSize}, aes.BlockSize), false},
	} {
		text := tampered(t, "private/pbkdf2_1_iteration.pem", func(info *encryptedInfo) {
			var params pbkdf2Params
			if _, err := asn1.Unmarshal(info.Algorithm.Params.KDF.Parameters.FullBytes, &params); err != nil {
				t.Fatal(err)
			}
			key, err := pbkdf2.Key(sha256.New, passphrase, params.Salt, 1, 32)
			if err != nil {
				t.Fatal(err)
			}
			block, err := aes.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			var iv []byte
			if _, err := asn1.Unmarshal(info.Algorithm.Params.Cipher.Parameters.FullBytes, &iv); err != nil {
				t.Fatal(err)
			}
			info.Data = append(bytes.Clone(test.plain), test.padding...)
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(info.Data, info.Data)
		})
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := pemkey.Derive(text, passphrase)
			switch {
			case !test.ok:
				checkError(t, key, err, pemkey.KindWrongPassphrase, "cannot be decrypted with this passphrase")
			case err != nil || key != want:
				t.Errorf("%s, %v", key, err)
			}
		})
	}
}

// TestDerive_fips140 runs itself in a process whose cryptography refuses what FIPS 140 does not
// approve, and panics in places.
func TestDerive_fips140(t *testing.T) {
	t.Parallel()
	if !fips140.Enforced() {
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		child := exec.Command(program, "-test.run=^TestDerive_fips140$", "-test.v")
		child.Env = append(os.Environ(), "GODEBUG=fips140=only")
		output, err := child.CombinedOutput()
		if err != nil || !bytes.Contains(output, []byte("--- PASS: TestDerive_fips140")) {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}

	hmacSHA256 := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, Parameters: asn1.NullRawValue}
	for name, text := range map[string]string{
		"legacy":            fixture(t, "private/legacy_aes256.pem"),
		"scrypt":            fixture(t, "private/scrypt_aes256.pem"),
		"PBKDF2 with SHA-1": fixture(t, "private/pbkdf2_aes256_SHA1.pem"),
		"Triple-DES": withKDF(t, "private/pbkdf2_des3_SHA256.pem", pbkdf2Params{
			Salt: make([]byte, 16), Iterations: 1, PRF: hmacSHA256,
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := pemkey.Derive(text, passphrase)
			checkError(t, key, err, pemkey.KindUnsupportedEncryption, "FIPS 140")
		})
	}
}

// TestDerive_leak holds every message against the passphrase, too.
func TestDerive_leak(t *testing.T) {
	t.Parallel()
	const secret = "SECRETSECRETSECRET"
	for _, test := range underivable(t) {
		if isSlow(test.fixture) {
			continue
		}
		_, err := pemkey.Derive(test.text, secret)
		if err == nil && len(test.passphrase) < 2 {
			t.Errorf("%s was read", test.name)
		}
		if message := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(message, "SECRET") {
			t.Errorf("%s: %s", test.name, message)
		}
	}
}

// TestDerive_damage changes every character of a private key, and wants an error or the same key,
// but never another key.
func TestDerive_damage(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rsa2048_a.private_pkcs1.pem", "rsa2048_e3.private_pkcs8.pem"} {
		text := fixture(t, name)
		want := mustDerive(t, text)
		for i := range len(text) {
			other := "A"
			if text[i] == 'A' {
				other = "B"
			}
			variants := map[string]string{"another": text[:i] + other + text[i+1:]}
			if i%11 == 0 {
				variants["start"], variants["end"] = text[:i], text[i+1:]
				variants["without one"], variants["a space"] = text[:i]+text[i+1:], text[:i]+" "+text[i+1:]
			}
			for what, damaged := range variants {
				key, err := pemkey.Derive(damaged)
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

func FuzzDerive(f *testing.F) {
	for _, name := range append(plainFixtures(), encryptedFixtures()...) {
		if !isSlow(name) {
			f.Add(fixture(f, name), passphrase)
		}
	}
	for _, test := range underivable(f) {
		if len(test.text) < 10_000 && !isSlow(test.fixture) {
			f.Add(test.text, strings.Join(test.passphrase, ""))
		}
	}
	for _, test := range badInputs(f) {
		if len(test.text) < 10_000 {
			f.Add(test.text, "")
		}
	}

	f.Fuzz(func(t *testing.T, text, passphrase string) {
		checkDerive(t, text, passphrase)
	})
}

// FuzzDeriveDER changes what is inside the armour, which FuzzDerive hardly ever does without
// breaking the base64.
func FuzzDeriveDER(f *testing.F) {
	labels := []string{"PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "TRUSTED CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"}
	add := func(text string) {
		if block, _ := pem.Decode([]byte(text)); block != nil && slices.Contains(labels, block.Type) {
			f.Add(uint(slices.Index(labels, block.Type)), block.Headers["DEK-Info"], block.Bytes)
		}
	}
	for _, name := range append(plainFixtures(), encryptedFixtures()...) {
		if !isSlow(name) {
			add(fixture(f, name))
		}
	}
	for _, test := range underivable(f) {
		if !isSlow(test.fixture) {
			add(test.text)
		}
	}

	f.Fuzz(func(t *testing.T, label uint, dekInfo string, der []byte) {
		block := &pem.Block{Type: labels[label%uint(len(labels))], Bytes: der}
		if dekInfo != "" {
			block.Headers = map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": dekInfo}
		}
		checkDerive(t, string(pem.EncodeToMemory(block)), passphrase)
	})
}

// checkDerive wants a whole error or a sound key, within a time, and nothing of the input in the error.
func checkDerive(t *testing.T, text, passphrase string) {
	t.Helper()
	started := time.Now()
	key, err := pemkey.Derive(text, passphrase)
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
	if err != nil {
		var problem *pemkey.Error
		if !errors.As(err, &problem) {
			t.Fatalf("error is %T", err)
		}
		if !key.IsZero() || problem.Kind == "" || problem.Problem == "" || problem.Remedy == "" {
			t.Errorf("incomplete error: %#v", problem)
		}
		checkLeak(t, text, err)
		checkLeak(t, passphrase, err)
		return
	}
	if again, err := pemkey.Parse(key.PEM()); err != nil || again != key {
		t.Errorf("its PEM is %s, %v; want %s", again, err, key)
	}
	if again, err := pemkey.Derive(key.PEM()); err != nil || again != key {
		t.Errorf("derived again it is %s, %v; want %s", again, err, key)
	}
}

func BenchmarkDerive(b *testing.B) {
	for _, name := range []string{"certificate.pem", "rsa2048_a.private_pkcs1.pem", "private/legacy_aes256.pem", "private/pbkdf2_aes256_SHA256.pem", "private/scrypt_aes256.pem"} {
		text := fixture(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = pemkey.Derive(text, passphrase)
			}
		})
	}
}
