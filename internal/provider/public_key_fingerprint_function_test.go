// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
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

// What a message advises for a damaged key is what Terraform and OpenTofu can
// evaluate, and it gives the key.
func TestAccPublicKeyFingerprintFunction_advice(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	inCode := regexp.MustCompile("`([^`]*var\\.key[^`]*)`")
	var config strings.Builder
	var checks []statecheck.StateCheck
	for name, text := range map[string]string{
		"backslash_n":       strings.ReplaceAll(a, "\n", `\n`),
		"backslash_r_n":     strings.ReplaceAll(a, "\n", `\r\n`),
		"two_backslashes":   strings.ReplaceAll(a, "\n", `\\n`),
		"backslash_at_end":  strings.ReplaceAll(a, "\n", "\\\n"),
		"spaces":            strings.ReplaceAll(a, "\n", " "),
		"nothing":           strings.ReplaceAll(a, "\n", ""),
		"indented":          "    " + strings.ReplaceAll(a, "\n", "\n    "),
		"indented_CR":       strings.ReplaceAll(a, "\n", "\r  "),
		"no_break_space":    strings.ReplaceAll(a, "\n", "\u00a0\n"),
		"zero_width":        strings.ReplaceAll(a, "\n", "\u200b\n\u2060"),
		"NUL":               strings.ReplaceAll(a, "\n", "\x00\n"),
		"line_separator":    strings.ReplaceAll(a, "\n", "\u2028"),
		"entities":          strings.NewReplacer("\n", "&#10;", "+", "&plus;").Replace(a),
		"codes":             strings.NewReplacer("\n", `\u000a`, "+", `\u002b`).Replace(a),
		"slashes":           strings.ReplaceAll(a, "/", `\/`),
		"percent":           url.QueryEscape(a),
		"text_around":       "key: '" + a + "';",
		"base64":            base64.StdEncoding.EncodeToString([]byte(a)),
		"base64url":         base64.RawURLEncoding.EncodeToString([]byte(a + " ")),
		"no_armour":         bare(a),
		"dashes":            strings.ReplaceAll(a, "-----", "\u2014"),
		"dashes_BEGIN":      strings.Replace(a, "-----BEGIN", "\u2014-BEGIN", 1),
		"hyphens":           strings.ReplaceAll(a, "-----", "---"),
		"JSON":              strconv.Quote(a),
		"JSON_and_a_margin": "\ufeff" + strconv.Quote(a) + "\u00a0",
	} {
		_, err := callFunction(t, "public_key_fingerprint", text)
		if err == nil {
			t.Errorf("%s is read", name)
			continue
		}
		advice := inCode.FindStringSubmatch(err.Text)
		if advice == nil {
			t.Errorf("%s: no expression in: %s", name, err.Text)
			continue
		}
		fmt.Fprintf(&config, "locals {\n  %s = %s\n}\n", name, quote(text))
		config.WriteString(output(name, call("public_key_fingerprint", strings.ReplaceAll(advice[1], "var.key", "local."+name))))
		checks = append(checks, statecheck.ExpectKnownOutputValue(name, knownvalue.StringExact(fingerprintOf(t, a))))
	}
	w.run(resource.TestStep{Config: strings.ReplaceAll(config.String(), "\x00", `\u0000`), ConfigStateChecks: checks})
}
