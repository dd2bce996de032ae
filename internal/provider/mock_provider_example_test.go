// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

const mockProviderTest = "mock-provider/tests/flows.tftest.hcl"

// The test of the example passes without a token and without a request, and fails
// when the module is wrong, or when a value of the mock is.
func TestCLI_mockProviderExample(t *testing.T) {
	t.Parallel()
	module, text := example(t, "mock-provider/main.tf"), example(t, mockProviderTest)
	const every = `sort(keys(whatsapp_business_encryption.flows))`
	if !strings.Contains(module, every) {
		t.Fatal("the module does not have " + every)
	}
	for name, test := range map[string]struct {
		module, text string
		fails        string
	}{
		"as it is":             {module, text, ""},
		"a wrong module":       {strings.Replace(module, every, `["106540352242922"]`, 1), text, "These numbers have the key: 106540352242922."},
		"no signature":         {module, strings.Replace(text, `business_public_key_signature_status = "VALID"`, "", 1), "A signature is not valid"},
		"no key":               {module, strings.Replace(text, "public_key_pem = ", "public_key_openssh = ", 1), "Invalid"},
		"another fingerprint":  {module, strings.Replace(text, `business_public_key_fingerprint      = "7f`, `business_public_key_fingerprint      = "00`, 1), "The fingerprint is that of another key."},
		"an unexpected status": {module, strings.Replace(text, `business_public_key_signature_status = "MISMATCH"`, `business_public_key_signature_status = "VALID"`, 1), "expect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.cli(test.module)
			c.environment[envAccessToken] = ""
			if err := os.Mkdir(filepath.Join(c.WorkingDir(), "tests"), 0o700); err != nil {
				t.Fatal(err)
			}
			c.write("tests/flows.tftest.hcl", test.text)
			out, err := c.run("test")
			if (err != nil) != (test.fails != "") || !strings.Contains(inOneLine(out), test.fails) {
				t.Errorf("%v, and not %q:\n%s", err, test.fails, out)
			}
			w.mustHaveSent(nil)
		})
	}
}

// The example has every resource and data source of the provider.
func TestMockProviderExampleIsComplete(t *testing.T) {
	t.Parallel()
	var got, want []string
	for _, found := range regexp.MustCompile(`mock_(resource|data) "(whatsapp_\w+)"`).FindAllStringSubmatch(example(t, mockProviderTest), -1) {
		got = append(got, found[1]+" "+found[2])
	}
	schema, err := newServer(&whatsappProvider{version: "test"}).GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name := range schema.ResourceSchemas {
		want = append(want, "resource "+name)
	}
	for name := range schema.DataSourceSchemas {
		want = append(want, "data "+name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the example mocks %q, and the provider has %q", got, want)
	}
}
