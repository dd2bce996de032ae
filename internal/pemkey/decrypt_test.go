// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"bytes"
	"crypto/fips140"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// encryptedInputs are encrypted private keys, and blocks with header lines.
func encryptedInputs(tb testing.TB) underivableInputs {
	tb.Helper()
	private := fixture(tb, "rsa2048_a.private_pkcs1.pem")
	certificate := fixture(tb, "certificate.pem")
	public := fixture(tb, "rsa2048_a.spki.pem")
	legacy := fixture(tb, "private/legacy_aes256.pem")
	const oneIteration = "private/pbkdf2_1_iteration.pem"

	var inputs underivableInputs
	for _, name := range encryptedFixtures() {
		inputs.addFixture(tb, name, pemkey.KindMissingPassphrase, "second argument")
		if !isSlow(name) {
			inputs.addFixture(tb, name, pemkey.KindWrongPassphrase, "trimspace()", passphrase+"\n")
		}
	}
	inputs.addFixture(tb, "private/passphrase_empty.pem", pemkey.KindMissingPassphrase, "second argument")
	inputs.addFixture(tb, "private/passphrase_empty.pem", pemkey.KindWrongPassphrase, "trimspace()", passphrase)
	inputs.addFixture(tb, oneIteration, pemkey.KindWrongPassphrase, "trimspace()", "")
	inputs.addFixture(tb, "private/legacy_aes256.pem", pemkey.KindWrongPassphrase, "trimspace()", "")
	inputs.addFixture(tb, oneIteration, pemkey.KindSeveralPassphrases, "one passphrase", passphrase, passphrase)
	inputs.add("two passphrases for nothing", public, pemkey.KindSeveralPassphrases, "one passphrase", "", "")

	for _, name := range []string{"aria-256-cbc: ARIA", "camellia-256-cbc: Camellia", "sm4-cbc: SM4", "aes-256-cfb: AES in another mode than CBC"} {
		name, says, _ := strings.Cut(name, ": ")
		inputs.addFixture(tb, "private/refused_pbes2_"+name+".pem", pemkey.KindUnsupportedEncryption, "with "+says+", which", passphrase)
		inputs.addFixture(tb, "private/refused_legacy_"+name+".pem", pemkey.KindUnsupportedEncryption, "with "+says+", which", passphrase)
	}
	inputs.add("unknown name in DEK-Info", strings.Replace(legacy, "AES-256-CBC", "SECRETSECRETSECRET", 1), pemkey.KindUnsupportedEncryption, "an unknown cipher", passphrase)
	block, _ := pem.Decode([]byte(legacy))
	block.Bytes = block.Bytes[:len(block.Bytes)-1]
	inputs.add("legacy, one byte short", string(pem.EncodeToMemory(block)), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("legacy, short IV", strings.Replace(legacy, "AES-256-CBC,", "AES-128-CBC,00", 1), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("legacy, no IV", strings.Replace(legacy, "AES-256-CBC,", "AES-256-CBC;", 1), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("legacy, no hex", strings.Replace(legacy, "AES-256-CBC,", "AES-256-CBC,xy", 1), pemkey.KindBadDER, "encrypted private key", passphrase)
	inputs.add("legacy, other Proc-Type", strings.Replace(legacy, "4,ENCRYPTED", "4,MIC-CLEAR", 1), pemkey.KindHeaders, "header lines", passphrase)
	inputs.add("legacy, no Proc-Type", strings.Replace(legacy, "Proc-Type: 4,ENCRYPTED\n", "", 1), pemkey.KindHeaders, "header lines", passphrase)
	inputs.add("legacy, one more header", strings.Replace(legacy, "Proc-Type", "Comment: mine\nProc-Type", 1), pemkey.KindHeaders, "header lines", passphrase)
	inputs.add("legacy, headers at the end", strings.NewReplacer("Proc-Type: 4,ENCRYPTED\n", "", "\n-----END", "\nProc-Type: 4,ENCRYPTED\n-----END").Replace(legacy), pemkey.KindBadBase64, "not valid base64", passphrase)
	inputs.add("headers in a plain key", strings.Replace(private, "\n", "\nComment: mine\n\n", 1), pemkey.KindHeaders, "header lines")
	inputs.add("headers in a certificate", strings.Replace(certificate, "\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n", 1), pemkey.KindHeaders, "header lines", passphrase)
	inputs.add("headers alone", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n-----END RSA PRIVATE KEY-----\n", pemkey.KindTruncated, "nothing between", passphrase)
	return inputs
}

// TestDerive_paddedNoise tries wrong passphrases until the padding is valid by
// chance, as it is for one in 256.
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

// TestDerive_fips140 runs itself in a process in which Go's cryptography
// refuses what FIPS 140 does not approve; in places it panics.
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
