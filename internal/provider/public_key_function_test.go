// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

const fixturePassphrase = "fixture"

// pemFile is an expression that reads a fixture.
func pemFile(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs("../pemkey/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return "file(" + quote(filepath.ToSlash(path)) + ")"
}

// call is an expression that calls a function of the provider.
func call(name string, arguments ...string) string {
	return "provider::whatsapp::" + name + "(" + strings.Join(arguments, ", ") + ")"
}

func output(name, value string, more ...string) string {
	return fmt.Sprintf("output %q {\n  value = %s\n%s\n}\n", name, value, strings.Join(more, "\n"))
}

// wrapped is a pattern for a text that the CLI may have wrapped.
func wrapped(text string) *regexp.Regexp {
	return regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(text), " ", `\s+`))
}

// callFunction calls a function as the CLI does, on a provider that is not configured.
func callFunction(t testing.TB, name string, arguments ...string) (string, *tfprotov6.FunctionError) {
	t.Helper()
	var values []any
	for _, argument := range arguments {
		values = append(values, argument)
	}
	return callFunctionWith(t, name, values...)
}

// noValue is null as OpenTofu 1.12 sends it.
type noValue struct{}

// callFunctionWith also takes nil for null.
func callFunctionWith(t testing.TB, name string, arguments ...any) (string, *tfprotov6.FunctionError) {
	t.Helper()
	server := newServer(&whatsappProvider{version: "test"})
	req := &tfprotov6.CallFunctionRequest{Name: name}
	for _, argument := range arguments {
		if argument == (noValue{}) {
			req.Arguments = append(req.Arguments, &tfprotov6.DynamicValue{})
			continue
		}
		value, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, argument))
		if err != nil {
			t.Fatal(err)
		}
		req.Arguments = append(req.Arguments, &value)
	}
	resp, err := server.CallFunction(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return "", resp.Error
	}
	value, err := resp.Result.Unmarshal(tftypes.String)
	if err != nil {
		t.Fatal(err)
	}
	var result string
	if err := value.As(&result); err != nil {
		t.Fatal(err)
	}
	return result, nil
}

// The framework accepts every function, and each is described in whole sentences.
func TestFunctions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	names := map[string]bool{}
	for _, newFunction := range (&whatsappProvider{}).Functions(ctx) {
		f := newFunction()
		var meta function.MetadataResponse
		f.Metadata(ctx, function.MetadataRequest{}, &meta)
		names[meta.Name] = true
		var definition function.DefinitionResponse
		f.Definition(ctx, function.DefinitionRequest{}, &definition)
		var valid function.DefinitionValidateResponse
		definition.Definition.ValidateImplementation(ctx, function.DefinitionValidateRequest{FuncName: meta.Name}, &valid)
		if valid.Diagnostics.HasError() {
			t.Error(meta.Name, valid.Diagnostics)
		}
		if s := definition.Definition.Summary; s == "" || strings.HasSuffix(s, ".") {
			t.Errorf("the summary of %s is %q", meta.Name, s)
		}
		sentences(t, meta.Name, definition.Definition.MarkdownDescription)
		parameters := definition.Definition.Parameters
		if p := definition.Definition.VariadicParameter; p != nil {
			parameters = append(parameters, p)
		}
		for _, p := range parameters {
			sentences(t, meta.Name+"."+p.GetName(), p.GetMarkdownDescription())
			if p.GetDescription() != "" {
				t.Errorf("%s.%s has a plain description, too", meta.Name, p.GetName())
			}
		}
	}
	if len(names) != 2 || !names["public_key"] || !names["public_key_fingerprint"] {
		t.Errorf("the functions are %v", names)
	}
}

// One input of each kind, with the real CLI, on a provider that has no token and
// is not configured.
func TestAccPublicKeyFunction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var config strings.Builder
	var checks []statecheck.StateCheck
	for name, arguments := range map[string][]string{
		"public":      {pemFile(t, "rsa2048_a.spki.pem")},
		"pkcs1":       {pemFile(t, "rsa2048_a.pkcs1.pem")},
		"text":        {quote(strings.ReplaceAll(keyA(t), "\n", "\r\n"))},
		"certificate": {pemFile(t, "certificate.pem")},
		"private1":    {pemFile(t, "rsa2048_a.private_pkcs1.pem")},
		"private8":    {pemFile(t, "rsa2048_a.private_pkcs8.pem")},
		"needless":    {pemFile(t, "rsa2048_a.private_pkcs8.pem"), quote("needless")},
		"legacy":      {pemFile(t, "private/legacy_des3.pem"), quote(fixturePassphrase)},
		"pbkdf2":      {pemFile(t, "private/pbkdf2_aes256_SHA512.pem"), quote(fixturePassphrase)},
		"scrypt":      {pemFile(t, "private/scrypt_aes128.pem"), quote(fixturePassphrase)},
		"special":     {pemFile(t, "private/passphrase_special.pem"), quote(`  grüße & "co" $x`)},
		"list":        {pemFile(t, "private/legacy_aes256.pem"), "[" + quote(fixturePassphrase) + "]..."},
		"itself":      {call("public_key", pemFile(t, "rsa2048_a.pkcs1.pem"))},
	} {
		config.WriteString(output(name, call("public_key", arguments...)))
		checks = append(checks, statecheck.ExpectKnownOutputValue(name, knownvalue.StringExact(keyA(t))))
	}
	w.run(resource.TestStep{Config: config.String(), ConfigStateChecks: checks})
}

// An unknown argument gives an unknown result, which the resource accepts as a
// key.
func TestAccPublicKeyFunction_unknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := call("public_key", "terraform_data.x.output")
	w.run(resource.TestStep{
		Config: w.config("resource \"terraform_data\" \"x\" {\n  input = "+pemFile(t, "certificate.pem")+"\n}\n", numberWith(key), output("key", key)),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectUnknownOutputValue("key"),
		}},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("key", knownvalue.StringExact(keyA(t))),
			w.holds(testNumber, keyA(t), "VALID"),
		},
	})
}

// The result for a sensitive argument is sensitive, although a public key is not;
// nonsensitive() removes the mark.
func TestAccPublicKeyFunction_sensitive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := call("public_key", "sensitive("+pemFile(t, "rsa2048_a.private_pkcs8.pem")+")")
	w.run(
		resource.TestStep{Config: output("key", key), ExpectError: wrapped("Output refers to sensitive values")},
		resource.TestStep{
			Config:            output("key", "nonsensitive("+key+")"),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("key", knownvalue.StringExact(keyA(t)))},
		},
	)
}

func TestAccPublicKeyFunction_errors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	encrypted := pemFile(t, "private/legacy_aes256.pem")
	for name, test := range map[string]struct {
		arguments []string
		says      string
	}{
		"null and null":   {[]string{"null", "null"}, `Invalid value for "pem" parameter: argument must not be null.`},
		"null":            {[]string{"null"}, `Invalid value for "pem" parameter: argument must not be null.`},
		"null passphrase": {[]string{encrypted, "null"}, `Invalid value for "pem" parameter: The private key is encrypted, and no passphrase was given.`},
		"null beside":     {[]string{encrypted, "null", quote("wrong")}, `Invalid value for "passphrase" parameter: The private key cannot be decrypted with this passphrase.`},
		"EC":              {[]string{pemFile(t, "private_ec.pem")}, `Invalid value for "pem" parameter: The private key is for EC`},
		"no passphrase":   {[]string{encrypted}, `Invalid value for "pem" parameter: The private key is encrypted, and no passphrase was given. Give the passphrase as the second argument: provider::whatsapp::public_key(…, var.passphrase).`},
		"wrong":           {[]string{encrypted, quote("wrong")}, `Invalid value for "passphrase" parameter: The private key cannot be decrypted with this passphrase.`},
		"two":             {[]string{encrypted, quote("wrong"), quote("wrong")}, `Invalid value for "passphrase" parameter: More than one passphrase was given. Give the one passphrase that the private key is encrypted with.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: w.factories(), Steps: []resource.TestStep{
				{Config: output("key", call("public_key", test.arguments...)), ExpectError: wrapped(test.says)},
			}})
		})
	}
}

// A passphrase that is null is as if it was left out, wherever it stands.
func TestPublicKeyFunction_null(t *testing.T) {
	t.Parallel()
	plain, encrypted := fixture(t, "rsa2048_a.private_pkcs8.pem"), fixture(t, "private/legacy_aes128.pem")
	for name, arguments := range map[string][]any{
		"nothing encrypted":      {plain, nil},
		"several nulls":          {plain, nil, nil, nil},
		"null behind":            {encrypted, fixturePassphrase, nil},
		"null in front":          {encrypted, nil, fixturePassphrase},
		"nulls around":           {encrypted, nil, fixturePassphrase, nil},
		"a public key":           {keyA(t), nil},
		"null and not encrypted": {plain, nil, "needless"},
		"OpenTofu's null":        {plain, noValue{}},
		"OpenTofu's null before": {encrypted, noValue{}, fixturePassphrase},
	} {
		if result, err := callFunctionWith(t, "public_key", arguments...); err != nil || result != keyA(t) {
			t.Errorf("%s: %q, %v", name, result, err)
		}
	}
	for name, test := range map[string]struct {
		arguments []any
		position  int64
		says      string
	}{
		"only null":              {[]any{encrypted, nil}, 0, "no passphrase was given"},
		"two nulls":              {[]any{encrypted, nil, nil}, 0, "no passphrase was given"},
		"wrong behind null":      {[]any{encrypted, nil, "wrong"}, 2, "cannot be decrypted with this passphrase"},
		"wrong in front of null": {[]any{encrypted, "wrong", nil}, 1, "cannot be decrypted with this passphrase"},
		"empty is not null":      {[]any{encrypted, ""}, 1, "cannot be decrypted with this passphrase"},
		"two, and null between":  {[]any{encrypted, "wrong", nil, "wrong"}, 3, "More than one passphrase"},
		"two behind null":        {[]any{encrypted, nil, fixturePassphrase, fixturePassphrase}, 3, "More than one passphrase"},
	} {
		result, err := callFunctionWith(t, "public_key", test.arguments...)
		if err == nil || err.FunctionArgument == nil || *err.FunctionArgument != test.position || !strings.Contains(err.Text, test.says) {
			t.Errorf("%s: %q, %+v", name, result, err)
		}
	}
}

// The passphrase can be an optional variable, and stays unknown while it is.
func TestAccPublicKeyFunction_optionalPassphrase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const variable = "variable \"passphrase\" {\n  type    = string\n  default = null\n}\n"
	const resourceX = "resource \"terraform_data\" \"x\" {\n  input = " + `"` + fixturePassphrase + `"` + "\n}\n"
	w.run(resource.TestStep{
		Config: variable + resourceX +
			output("plain", call("public_key", pemFile(t, "rsa2048_a.private_pkcs8.pem"), "var.passphrase")) +
			output("encrypted", call("public_key", pemFile(t, "private/legacy_aes128.pem"), "var.passphrase", quote(fixturePassphrase))) +
			output("unknown", call("public_key", pemFile(t, "private/legacy_aes128.pem"), "var.passphrase", "terraform_data.x.output")),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownOutputValue("unknown")}},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("plain", knownvalue.StringExact(keyA(t))),
			statecheck.ExpectKnownOutputValue("encrypted", knownvalue.StringExact(keyA(t))),
			statecheck.ExpectKnownOutputValue("unknown", knownvalue.StringExact(keyA(t))),
		},
	})
}

// The argument that each error names, and its text, which ends without a period
// because the CLI adds one.
func TestPublicKeyFunction_argument(t *testing.T) {
	t.Parallel()
	const wrong = "SECRETSECRETSECRET"
	for _, test := range []struct {
		fixture     string
		passphrases []string
		position    int64
		says        string
	}{
		{"private/legacy_aes128.pem", nil, 0, "no passphrase was given"},
		{"private/legacy_aes128.pem", []string{wrong}, 1, "cannot be decrypted with this passphrase"},
		{"private/legacy_aes128.pem", []string{""}, 1, "cannot be decrypted with this passphrase"},
		{"private/legacy_aes128.pem", []string{wrong, wrong}, 2, "More than one passphrase"},
		{"private/legacy_aes128.pem", []string{wrong, wrong, wrong}, 2, "More than one passphrase"},
		{"private/pbkdf2_aes256_SHA1.pem", nil, 0, "no passphrase was given"},
		{"private/pbkdf2_aes256_SHA1.pem", []string{wrong}, 1, "cannot be decrypted with this passphrase"},
		{"private/scrypt_aes256.pem", []string{wrong}, 1, "cannot be decrypted with this passphrase"},
		{"private/refused_pbes1_PBE-SHA1-3DES.pem", []string{wrong}, 0, "older than PBES2"},
		{"private/refused_pbes2_aria-256-cbc.pem", []string{wrong}, 0, "ARIA"},
		{"private/refused_legacy_camellia-256-cbc.pem", []string{wrong}, 0, "Camellia"},
		{"private/refused_iterations.pem", []string{wrong}, 0, "5000001 iterations"},
		{"private/refused_scrypt_work.pem", []string{wrong}, 0, "scrypt"},
		{"private/ec_pkcs8.pem", nil, 0, "EC (elliptic curve)"},
		{"private/ec_legacy.pem", []string{wrong}, 0, "EC"},
		{"private/ec_certificate.pem", nil, 0, "key in the certificate is for EC"},
		{"private/ec_pbes2.pem", []string{fixturePassphrase}, 0, "private key is for EC"},
		{"private/rsa1024.pem", nil, 0, "1024 bits"},
		{"private/rsa1024_pbes2.pem", []string{fixturePassphrase}, 0, "1024 bits"},
		{"private/rsa1024_certificate.pem", nil, 0, "1024 bits"},
		{"request.pem", nil, 0, "openssl req"},
		{"pkcs7.pem", nil, 0, "PKCS7"},
		{"private_openssh.pem", nil, 0, "ssh-keygen"},
	} {
		result, err := callFunction(t, "public_key", append([]string{fixture(t, test.fixture)}, test.passphrases...)...)
		if err == nil {
			t.Errorf("%s: the result is %s", test.fixture, result)
			continue
		}
		if err.FunctionArgument == nil || *err.FunctionArgument != test.position {
			t.Errorf("%s: the error is about argument %v, not %d", test.fixture, err.FunctionArgument, test.position)
		}
		if !strings.Contains(err.Text, test.says) || strings.HasSuffix(err.Text, ".") {
			t.Errorf("%s: %s", test.fixture, err.Text)
		}
		if strings.Contains(err.Text, wrong) || strings.Contains(err.Text, "Nothing was sent") {
			t.Errorf("%s: %s", test.fixture, err.Text)
		}
		mustNotPrint(t, err.Text, fixture(t, test.fixture))
	}
	for name, text := range map[string]string{
		"several blocks": fixture(t, "certificate.pem") + fixture(t, "certificate.pem"),
		"trailing text":  fixture(t, "rsa2048_a.private_pkcs1.pem") + "thanks",
	} {
		if _, err := callFunction(t, "public_key", text); err == nil || *err.FunctionArgument != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// mustNotPrint fails the test when a line of the base64 of a PEM is in a text.
func mustNotPrint(t testing.TB, printed, pem string) {
	t.Helper()
	for line := range strings.Lines(pem) {
		line = strings.TrimSpace(line)
		if len(line) > 8 && !strings.HasPrefix(line, "-----") && !strings.Contains(line, ": ") && strings.Contains(printed, line) {
			t.Errorf("printed: %s", line)
			return
		}
	}
}

// No plan, apply or error prints the key or the passphrase if the configuration
// reads them from a file or marks them as sensitive. Other values are printed by
// the CLI itself, with an error of any function.
func TestCLI_publicKeyFunctionIsSilent(t *testing.T) {
	t.Parallel()
	const secret = "SECRETSECRETSECRET"
	w := newWorld(t)
	declared := requiredProviders + "variable \"passphrase\" {\n  type      = string\n  sensitive = true\n}\nvariable \"key\" {\n  type      = string\n  sensitive = true\n}\n" +
		"locals {\n  key = sensitive(var.key)\n}\n"
	for _, test := range []struct{ form, key, fixture, passphrase string }{
		{"file", pemFile(t, "private/legacy_aes256.pem"), "private/legacy_aes256.pem", fixturePassphrase},
		{"variable", "var.key", "private/pbkdf2_des3_SHA256.pem", fixturePassphrase},
		{"local", "local.key", "private/legacy_aes192.pem", secret},
		{"file", pemFile(t, "private/pbkdf2_aes256_SHA256.pem"), "private/pbkdf2_aes256_SHA256.pem", secret},
		{"variable", "var.key", "rsa2048_a.private_pkcs1.pem", secret},
		{"local", "local.key", "private/ec_pkcs8.pem", secret},
	} {
		t.Run(test.form+" "+test.fixture, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, Server: w.Server}
			key := call("public_key", test.key, "var.passphrase")
			c := w.cli(declared + output("key", key, "  sensitive = true") + "resource \"terraform_data\" \"key\" {\n  input = " + key + "\n}\n")
			c.write("terraform.tfvars", "key = "+quote(fixture(t, test.fixture))+"\npassphrase = "+quote(test.passphrase)+"\n")
			_, planErr := c.Plan(t.Context())
			applyErr := c.Apply(t.Context())
			if (planErr == nil) != (applyErr == nil) {
				t.Error(planErr, applyErr)
			}
			state, err := os.ReadFile(filepath.Join(c.WorkingDir(), "terraform.tfstate"))
			if err != nil && applyErr == nil {
				t.Fatal(err)
			}
			printed := fmt.Sprint(c.output.String(), planErr, applyErr, string(state))
			mustNotPrint(t, printed, fixture(t, test.fixture))
			if strings.Contains(printed, quote(test.passphrase)) || strings.Contains(printed, secret) {
				t.Error("the passphrase is printed")
			}
		})
	}
}
