// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// TestDerive compares every container, cipher and key derivation of OpenSSL
// with the public key that OpenSSL wrote, with different line endings and
// whitespace.
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
	// A passphrase that is not needed is ignored, as by OpenSSL.
	for _, name := range plainFixtures() {
		if got := mustDerive(t, fixture(t, name), "SECRETSECRETSECRET"); got != want {
			t.Errorf("%s: the key is %s, not %s", name, got, want)
		}
	}
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

// withNumbers returns the private key of a fixture after a change to its
// numbers.
func withNumbers(tb testing.TB, name string, change func(key *pkcs1Info)) string {
	tb.Helper()
	var key pkcs1Info
	if _, err := asn1.Unmarshal(decode(tb, fixture(tb, name)), &key); err != nil {
		tb.Fatal(err)
	}
	change(&key)
	return encode("RSA PRIVATE KEY", marshal(tb, key))
}

// TestDerive_rebuilt has what tools other than OpenSSL write.
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

type underivableInputs []underivableInput

func (u *underivableInputs) add(name, text string, kind pemkey.Kind, says string, passphrase ...string) {
	*u = append(*u, underivableInput{name: name, text: text, passphrase: passphrase, kind: kind, says: says})
}

func (u *underivableInputs) addFixture(tb testing.TB, name string, kind pemkey.Kind, says string, passphrase ...string) {
	tb.Helper()
	*u = append(*u, underivableInput{name, name, fixture(tb, name), passphrase, kind, says})
}

// underivable has at least one input for each kind of error that only Derive
// returns, and for each message that differs from that of Parse.
func underivable(tb testing.TB) underivableInputs {
	tb.Helper()
	private := fixture(tb, "rsa2048_a.private_pkcs1.pem")
	pkcs8 := fixture(tb, "rsa2048_a.private_pkcs8.pem")
	certificate := fixture(tb, "certificate.pem")
	public := fixture(tb, "rsa2048_a.spki.pem")
	legacy := fixture(tb, "private/legacy_aes256.pem")
	pbes2 := fixture(tb, "private/pbkdf2_1_iteration.pem")
	ec := strings.TrimPrefix(fixture(tb, "private_ec.pem"), fixture(tb, "ec_parameters.pem"))
	pkcs1DER := decode(tb, private)
	pkcs8DER := decode(tb, pkcs8)

	var inputs underivableInputs
	inputs.addFixture(tb, "private_ec.pem", pemkey.KindNotRSA, "private key is for EC")
	inputs.addFixture(tb, "private/ec_pkcs8.pem", pemkey.KindNotRSA, "private key is for EC (elliptic curve)")
	inputs.addFixture(tb, "private/ec_pbes2.pem", pemkey.KindNotRSA, "private key is for EC (elliptic curve)", passphrase)
	inputs.addFixture(tb, "private/ec_legacy.pem", pemkey.KindNotRSA, "private key is for EC", passphrase)
	inputs.addFixture(tb, "private/ec_certificate.pem", pemkey.KindNotRSA, "key in the certificate is for EC (elliptic curve)")
	inputs.addFixture(tb, "private_ed25519.pem", pemkey.KindNotRSA, "private key is for Ed25519")
	inputs.addFixture(tb, "private/rsapss.pem", pemkey.KindNotRSA, "private key is for RSA-PSS")
	inputs.addFixture(tb, "ec.spki.pem", pemkey.KindNotRSA, "public key is for EC (elliptic curve)")
	inputs.add("EC alone", ec, pemkey.KindNotRSA, "private key is for EC")
	inputs.add("EC labelled as PKCS#8", armour("PRIVATE KEY", body(ec)), pemkey.KindNotRSA, "private key is for EC")
	inputs.add("EC without armour", body(ec), pemkey.KindNotRSA, "private key is for EC")
	inputs.add("DSA", armour("DSA PRIVATE KEY", body(private)), pemkey.KindNotRSA, "private key is for DSA")

	inputs.addFixture(tb, "private/rsa1024.pem", pemkey.KindWrongSize, "1024 bits")
	inputs.addFixture(tb, "private/rsa1024_legacy.pem", pemkey.KindWrongSize, "1024 bits", passphrase)
	inputs.addFixture(tb, "private/rsa1024_pbes2.pem", pemkey.KindWrongSize, "1024 bits", passphrase)
	inputs.addFixture(tb, "private/rsa1024_certificate.pem", pemkey.KindWrongSize, "1024 bits")
	inputs.addFixture(tb, "rsa1024.spki.pem", pemkey.KindWrongSize, "1024 bits")

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
		inputs.add(name, withNumbers(tb, "rsa2048_a.private_pkcs1.pem", change), pemkey.KindUnusableNumbers, "do not belong together")
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
		inputs.add("three primes: "+name, withNumbers(tb, "private/multiprime.pkcs1.pem", change), pemkey.KindUnusableNumbers, "do not belong together")
	}
	inputs.add("even modulus", withNumbers(tb, "rsa2048_a.private_pkcs1.pem", func(key *pkcs1Info) { key.N.Sub(key.N, big.NewInt(1)) }), pemkey.KindUnusableNumbers, "even")

	inputs.add("empty", " \n", pemkey.KindEmpty, "a private key, from its BEGIN line")
	inputs.add("too large", private+strings.Repeat("\n", 64<<10), pemkey.KindTooLarge, "key or a certificate is much smaller")
	inputs.add("certificate chain", certificate+certificate, pemkey.KindSeveralBlocks, "chain of certificates that is the first")
	inputs.add("key and certificate", private+certificate, pemkey.KindSeveralBlocks, "2 PEM blocks")
	inputs.add("two keys", private+pkcs8, pemkey.KindSeveralBlocks, "2 PEM blocks, and only one can be read.")
	inputs.add("trailing text", private+"thanks\n", pemkey.KindSurroundingText, "before or after")
	inputs.add("bag attributes", "Bag Attributes\n    localKeyID: 01\n"+pkcs8, pemkey.KindSurroundingText, "other output")
	inputs.add("certificate request", fixture(tb, "request.pem"), pemkey.KindCertificateRequest, "openssl req")
	inputs.add("certificate request labelled as certificate", armour("CERTIFICATE", body(fixture(tb, "request.pem"))), pemkey.KindCertificateRequest, "openssl req")
	inputs.add("OpenSSH", fixture(tb, "private_openssh.pem"), pemkey.KindPrivateKey, "in the OpenSSH format, which is not supported. If the key is an RSA key, `ssh-keygen -e -m PKCS8")
	inputs.add("OpenSSH without armour", body(fixture(tb, "private_openssh.pem")), pemkey.KindPrivateKey, "ssh-keygen -e -m PKCS8")
	inputs.add("OpenSSH public", fixture(tb, "openssh_rsa.pub"), pemkey.KindOpenSSH, "public_key_openssh")
	inputs.add("PuTTY", "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", pemkey.KindPrivateKey, "in the PuTTY format, which is not supported. If the key is an RSA key, convert it with `puttygen")
	inputs.add("PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGY\n-----END PGP PRIVATE KEY BLOCK-----\n", pemkey.KindPrivateKey, "PGP")
	inputs.add("JWK", `{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}`, pemkey.KindPrivateKey, "in the JSON Web Key format, which")
	inputs.add("PKCS#12 in base64", base64Of(string(marshal(tb, struct {
		Version int
		Content []byte
	}{3, pkcs1DER}))), pemkey.KindPrivateKey, "in the PKCS#12 format, which is not supported. Take the certificate out of the file with `openssl pkcs12")
	inputs.add("unknown label", armour("SECRETSECRETSECRET PRIVATE KEY", body(private)), pemkey.KindOtherBlock, "not labelled as a public key, a certificate or a private key")
	inputs.add("PKCS#7", fixture(tb, "pkcs7.pem"), pemkey.KindOtherBlock, "labelled PKCS7")

	inputs.add("escaped", strings.ReplaceAll(private, "\n", `\n`), pemkey.KindEscapedNewlines, `, "\n")`)
	inputs.add("encrypted, escaped", strings.ReplaceAll(legacy, "\n", `\n`), pemkey.KindEscapedNewlines, `, "\n")`)
	inputs.add("on one line", strings.ReplaceAll(private, "\n", " "), pemkey.KindLostNewlines, "base64decode")
	inputs.add("encrypted, on one line", strings.ReplaceAll(legacy, "\n", " "), pemkey.KindLostNewlines, "base64decode")
	inputs.add("indented", indent(private, "    "), pemkey.KindIndented, "<<-EOT")
	inputs.add("encrypted, indented", indent(legacy, "    "), pemkey.KindIndented, "<<-EOT")
	inputs.add("percent-encoded", strings.NewReplacer("\n", "%0A", " ", "%20").Replace(private), pemkey.KindURLEncoded, `"%0A"`)
	inputs.add("in base64", base64Of(private), pemkey.KindEncodedPEM, "base64decode")
	inputs.add("OpenSSH in base64", base64Of(fixture(tb, "private_openssh.pem")), pemkey.KindEncodedPEM, "base64decode")
	inputs.add("PKCS#1 without armour", body(private), pemkey.KindNoArmour, "-----BEGIN RSA PRIVATE KEY-----")
	inputs.add("PKCS#8 without armour", body(pkcs8), pemkey.KindNoArmour, "-----BEGIN PRIVATE KEY-----")
	inputs.add("three primes without armour", body(fixture(tb, "private/multiprime.pkcs1.pem")), pemkey.KindNoArmour, "-----BEGIN RSA PRIVATE KEY-----")
	inputs.add("PKCS#8 of version 1 without armour", base64Of(string(marshal(tb, pkcs8Info{Version: 1, Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA}, Key: pkcs1DER}))), pemkey.KindNoArmour, "-----BEGIN PRIVATE KEY-----")
	inputs.add("PBES2 without armour", body(pbes2), pemkey.KindNoArmour, "-----BEGIN ENCRYPTED PRIVATE KEY-----")
	inputs.add("certificate without armour", body(certificate), pemkey.KindNoArmour, "-----BEGIN CERTIFICATE-----")
	inputs.add("path", "/run/secrets/private.pem", pemkey.KindFilePath, "file(")
	inputs.add("words", "lorem ipsum", pemkey.KindNotPEM, "not a public key, a certificate or a private key")
	inputs.add("JSON", `{"private_key":"x"}`, pemkey.KindJSON, "jsondecode")
	inputs.add("no END", strings.Split(private, "-----END")[0], pemkey.KindTruncated, "no END line")
	inputs.add("no BEGIN", strings.SplitAfterN(private, "\n", 2)[1], pemkey.KindTruncated, "no BEGIN line")
	inputs.add("END of another", strings.Replace(private, "END RSA ", "END ", 1), pemkey.KindEndMismatch, "END line")
	inputs.add("dashes of a word processor", strings.ReplaceAll(private, "-----", "—--"), pemkey.KindMalformedBoundary, `"\u2014", "--"`)
	inputs.add("plus turned into spaces", strings.Replace(private, body(private)[70:74], "a b ", 1), pemkey.KindSpacesInBase64, "%2B")
	inputs.add("damaged base64", strings.Replace(private, body(private)[70:74], "a*b+", 1), pemkey.KindBadBase64, "not valid base64")

	inputs.add("PKCS#1 labelled as PKCS#8", armour("PRIVATE KEY", body(private)), pemkey.KindWrongLabel, "labelled PRIVATE KEY, but its content belongs under the label RSA PRIVATE KEY. Write RSA PRIVATE KEY")
	inputs.add("PKCS#8 labelled as PKCS#1", armour("RSA PRIVATE KEY", body(pkcs8)), pemkey.KindWrongLabel, "Write PRIVATE KEY")
	inputs.add("PKCS#8 labelled as encrypted", armour("ENCRYPTED PRIVATE KEY", body(pkcs8)), pemkey.KindWrongLabel, "Write PRIVATE KEY", passphrase)
	inputs.add("encrypted labelled as PKCS#8", armour("PRIVATE KEY", body(pbes2)), pemkey.KindWrongLabel, "Write ENCRYPTED PRIVATE KEY", passphrase)
	inputs.add("private labelled as public", armour("PUBLIC KEY", body(pkcs8)), pemkey.KindWrongLabel, "Write PRIVATE KEY")
	inputs.add("certificate labelled as public", armour("PUBLIC KEY", body(certificate)), pemkey.KindWrongLabel, "Write CERTIFICATE")
	inputs.add("public labelled as certificate", armour("CERTIFICATE", body(public)), pemkey.KindWrongLabel, "Write PUBLIC KEY")
	inputs.add("public labelled as private", armour("PRIVATE KEY", body(public)), pemkey.KindWrongLabel, "Write PUBLIC KEY")

	inputs.add("PKCS#1, trailing data", encode("RSA PRIVATE KEY", append(slices.Clone(pkcs1DER), 0)), pemkey.KindTrailingData, "More data")
	inputs.add("PKCS#8, trailing data", encode("PRIVATE KEY", append(slices.Clone(pkcs8DER), 0)), pemkey.KindTrailingData, "More data")
	inputs.add("certificate, trailing data", encode("CERTIFICATE", append(decode(tb, certificate), 0)), pemkey.KindBadDER, "certificate")
	inputs.add("certificate cut", encode("CERTIFICATE", decode(tb, certificate)[:400]), pemkey.KindBadDER, "certificate")
	inputs.add("PKCS#1 cut", encode("RSA PRIVATE KEY", pkcs1DER[:400]), pemkey.KindBadDER, "private key")
	inputs.add("PKCS#8 cut", encode("PRIVATE KEY", pkcs8DER[:400]), pemkey.KindBadDER, "private key")
	inputs.add("PBES2 cut", encode("ENCRYPTED PRIVATE KEY", decode(tb, pbes2)[:400]), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("PKCS#8 of a future version", encode("PRIVATE KEY", marshal(tb, pkcs8Info{Version: 2, Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA}, Key: pkcs1DER})), pemkey.KindBadDER, "private key")
	inputs.add("nothing of a certificate", encode("CERTIFICATE", []byte{0x30, 0}), pemkey.KindBadDER, "certificate")
	return slices.Concat(inputs, encryptedInputs(tb), pbes2Inputs(tb))
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

// TestDerive_ownWords gives Derive what Parse refuses. Derive reads it, or its
// message has nothing of the advice that only makes sense for an upload.
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

// TestDerive_leak checks that no message quotes the passphrase.
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

// TestDerive_damage changes each character of a private key, and expects an
// error or the same key, never another key.
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
		if isCostly(text) {
			t.Skip()
		}
		checkDerive(t, text, passphrase)
	})
}

// FuzzDeriveDER changes what is inside the armour, which FuzzDerive hardly ever
// does without breaking the base64.
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
		text := string(pem.EncodeToMemory(block))
		if isCostly(text) {
			t.Skip()
		}
		checkDerive(t, text, passphrase)
	})
}

// isCostly reports whether text asks for a key derivation that is within the
// limits but takes seconds. The fuzzer is several times slower, and takes what
// lasts ten seconds for a hang.
func isCostly(text string) bool {
	var info encryptedInfo
	if block, _ := pem.Decode([]byte(text)); block == nil || !parsed(block.Bytes, &info) {
		return false
	}
	kdf := info.Algorithm.Params.KDF.Parameters.FullBytes
	var pbkdf2 pbkdf2Params
	if parsed(kdf, &pbkdf2) {
		return pbkdf2.Iterations > 50_000 && pbkdf2.Iterations <= 5_000_000
	}
	var scrypt scryptParams
	if !parsed(kdf, &scrypt) {
		return false
	}
	work := float64(scrypt.N) * float64(scrypt.R) * float64(scrypt.P)
	return work > 1<<18 && work <= 1<<22
}

func parsed(der []byte, value any) bool {
	_, err := asn1.Unmarshal(der, value)
	return err == nil
}

// checkDerive expects, within half a minute, either a complete error that
// quotes nothing of the input, or a key that Parse and Derive read again.
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
