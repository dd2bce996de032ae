// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// The fingerprint is the same as that of OpenSSL and that of the attribute,
// whatever the encoding of the key.
func TestAccPublicKeyFingerprintFunction(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	var config strings.Builder
	checks := []statecheck.StateCheck{
		statecheck.ExpectKnownValue(address, tfjsonpath.New("business_public_key_fingerprint"), knownvalue.StringExact(fingerprintOf(t, a))),
	}
	for name, pem := range map[string]string{
		"spki":     pemFile(t, "rsa2048_a.spki.pem"),
		"pkcs1":    pemFile(t, "rsa2048_a.pkcs1.pem"),
		"text":     quote(strings.ReplaceAll(a, "\n", "\r\n")),
		"resource": address + ".business_public_key",
		"derived":  call("public_key", pemFile(t, "private/legacy_aes128.pem"), quote(fixturePassphrase)),
	} {
		config.WriteString(output(name, call("public_key_fingerprint", pem)))
		checks = append(checks, statecheck.ExpectKnownOutputValue(name, knownvalue.StringExact(fingerprintOf(t, a))))
	}
	w.run(resource.TestStep{Config: w.config(numberWith(quote(a)), config.String()), ConfigStateChecks: checks})
}

func TestPublicKeyFingerprintFunction_opensslAgrees(t *testing.T) {
	t.Parallel()
	count := 0
	for line := range strings.Lines(fixture(t, "fingerprints.txt")) {
		name, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		if got, err := callFunction(t, "public_key_fingerprint", fixture(t, "rsa2048_"+name+".spki.pem")); err != nil || got != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		count++
	}
	if count != 3 {
		t.Errorf("%d fingerprints", count)
	}
}

// Only a public key is accepted. For a private key or a certificate, the error
// names the function that returns its public key.
func TestPublicKeyFingerprintFunction_errors(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"certificate.pem":                  "provider::whatsapp::public_key(…)",
		"rsa2048_a.private_pkcs1.pem":      "provider::whatsapp::public_key(…)",
		"rsa2048_a.private_pkcs8.pem":      "provider::whatsapp::public_key(…)",
		"private/legacy_aes256.pem":        "provider::whatsapp::public_key(…, passphrase)",
		"private/pbkdf2_aes256_SHA256.pem": "provider::whatsapp::public_key(…, passphrase)",
		"ec.spki.pem":                      "EC (elliptic curve)",
		"rsa1024.spki.pem":                 "1024 bits",
		"pkcs7.pem":                        "PKCS7",
	} {
		result, err := callFunction(t, "public_key_fingerprint", fixture(t, name))
		if err == nil {
			t.Errorf("%s: the result is %s", name, result)
			continue
		}
		if err.FunctionArgument == nil || *err.FunctionArgument != 0 || !strings.Contains(err.Text, says) || strings.HasSuffix(err.Text, ".") {
			t.Errorf("%s: argument %v: %s", name, err.FunctionArgument, err.Text)
		}
		mustNotPrint(t, err.Text, fixture(t, name))
	}
}

func TestAccPublicKeyFingerprintFunction_errors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct{ pem, says string }{
		"null":        {"null", `Invalid value for "pem" parameter: argument must not be null.`},
		"certificate": {pemFile(t, "certificate.pem"), `Invalid value for "pem" parameter: The value is a certificate, and a bare public key belongs here. Take the public key out of it with provider::whatsapp::public_key(…)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: w.factories(), Steps: []resource.TestStep{
				{Config: output("fingerprint", call("public_key_fingerprint", test.pem)), ExpectError: wrapped(test.says)},
			}})
		})
	}
}
