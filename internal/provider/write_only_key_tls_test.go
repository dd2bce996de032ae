// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/base64"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// pairs are configurations that make another pair each time they are read, with
// the real hashicorp/tls, and the expression for the public key of the pair.
func pairs() map[string]struct{ config, publicKey string } {
	const pair = "ephemeral \"tls_private_key\" \"flows\" {\n  algorithm = \"RSA\"\n  rsa_bits  = 2048\n}\n"
	return map[string]struct{ config, publicKey string }{
		"tls_private_key": {pair, "ephemeral.tls_private_key.flows.public_key_pem"},
		"tls_public_key": {
			pair + "ephemeral \"tls_public_key\" \"flows\" {\n  private_key_pem = ephemeral.tls_private_key.flows.private_key_pem\n}\n",
			"ephemeral.tls_public_key.flows.public_key_pem",
		},
		"public_key function": {pair, "provider::whatsapp::public_key(ephemeral.tls_private_key.flows.private_key_pem)"},
	}
}

// A pair that every run makes anew, with a version: a key is taken when the
// version changes, and stays until then. The private key is written nowhere.
func TestCLI_writeOnlyGeneratedPair(t *testing.T) {
	t.Parallel()
	for name, pair := range pairs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			config := func(version string) string {
				return requiredProviders + pair.config + writeOnlyNumber(pair.publicKey, version)
			}
			c := w.cli(config(version1))

			if actions := c.actions(); len(actions) != 1 || !actions[address].Create() {
				t.Errorf("planned %v", actions)
			}
			c.keepsNoPrivateKey()
			w.mustHaveSent(map[string]string{testNumber: "GET"})
			if err := c.Apply(t.Context(), tfexec.DirOrPlan("plan")); err != nil {
				t.Fatal(err)
			}
			w.mustHaveSent(map[string]string{testNumber: "GET POST GET"})
			first, _ := w.Key(testNumber)
			c.mustHaveUploaded(first)

			if actions := c.actions(); len(actions) != 0 {
				t.Errorf("planned after the create %v", actions)
			}
			c.keepsNoPrivateKey()
			w.mustHaveSent(map[string]string{testNumber: "GET"})
			c.printed()
			c.apply()
			c.mustPrint("Resources: 0 added, 0 changed, 0 destroyed.")
			w.mustHaveSent(map[string]string{testNumber: "GET"})
			c.mustHaveUploaded(first)

			c.repairs(func() { w.Reregister(testNumber) }, first)
			c.repairs(func() { w.SetKey(testNumber, keyA(t), "VALID") }, first)

			c.write("main.tf", config(version2))
			c.appliesSavedUpdate()
			second, _ := w.Key(testNumber)
			if sameKey(t, first, second) {
				t.Error("the raised version took no new key")
			}
			c.mustHaveUploaded(second)
			if actions := c.actions(); len(actions) != 0 {
				t.Errorf("planned after the raised version %v", actions)
			}
			w.mustHaveSent(map[string]string{testNumber: "GET"})
			c.repairs(func() { w.SetKey(testNumber, first, "VALID") }, second)
		})
	}
}

// The same without a version: the plan has another key than the apply, which
// stops before anything is uploaded.
func TestCLI_writeOnlyGeneratedPairWithoutVersion(t *testing.T) {
	t.Parallel()
	for name, pair := range pairs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.cli(requiredProviders + pair.config + writeOnlyNumber(pair.publicKey, ""))
			c.apply()
			w.mustHaveSent(map[string]string{testNumber: "GET GET POST GET"})
			first, _ := w.Key(testNumber)
			c.mustHaveUploaded(first)
			c.printed()

			if actions := c.actions(); len(actions) != 1 || !actions[address].Update() {
				t.Errorf("planned %v", actions)
			}
			c.mustPrint(replacedSummary, "If its source returns a different key each time it is read, set business_public_key_wo_version")
			w.mustHaveSent(map[string]string{testNumber: "GET"})
			c.keepsNoPrivateKey()

			out, err := c.run("apply", "plan")
			if err == nil || !strings.Contains(out, "Provider produced inconsistent final plan") {
				t.Errorf("the apply: %v\n%s", err, out)
			}
			if strings.Contains(out, "PRIVATE KEY") {
				t.Errorf("a private key is printed:\n%s", out)
			}
			w.mustHaveSent(nil)
			c.mustHaveUploaded(first)
		})
	}
}

func writeOnlyNumber(key, version string) string {
	return "resource \"whatsapp_business_encryption\" \"test\" {\n  phone_number_id        = \"" + testNumber + "\"\n  business_public_key_wo = " + key + "\n  " + version + "\n}\n"
}

// repairs expects drift to be planned, and the key that was uploaded before to be
// uploaded again.
func (c *cli) repairs(drift func(), want string) {
	c.w.t.Helper()
	drift()
	c.appliesSavedUpdate()
	c.mustHaveUploaded(want)
}

// appliesSavedUpdate plans, expects an update that uploads a key, and applies the
// saved plan.
func (c *cli) appliesSavedUpdate() {
	c.w.t.Helper()
	if actions := c.actions(); len(actions) != 1 || !actions[address].Update() {
		c.w.t.Errorf("planned %v", actions)
	}
	c.w.mustHaveSent(map[string]string{testNumber: "GET"})
	c.keepsNoPrivateKey()
	if err := c.Apply(c.w.t.Context(), tfexec.DirOrPlan("plan")); err != nil {
		c.w.t.Fatal(err)
	}
	c.w.mustHaveSent(map[string]string{testNumber: "POST GET"})
}

// mustHaveUploaded expects the key on the number and in the state, and no private
// key anywhere.
func (c *cli) mustHaveUploaded(want string) {
	c.w.t.Helper()
	if key, status := c.w.Key(testNumber); !sameKey(c.w.t, key, want) || status != "VALID" {
		c.w.t.Errorf("the number holds %s, %s", key, status)
	}
	c.SetStdout(io.Discard)
	state, err := c.Show(c.w.t.Context())
	c.SetStdout(&c.output)
	if err != nil {
		c.w.t.Fatal(err)
	}
	values := state.Values.RootModule.Resources[0].AttributeValues
	if key, ok := values[attrPublicKey].(string); !ok || !sameKey(c.w.t, key, want) {
		c.w.t.Errorf("the state has the key %v", values[attrPublicKey])
	}
	if values[attrFingerprint] != fingerprintOf(c.w.t, want) || values[attrPublicKeyWO] != nil {
		c.w.t.Errorf("the state has %v", values)
	}
	c.keepsNoPrivateKey()
}

// keepsNoPrivateKey looks into all that the CLI wrote into its folder: the state,
// its backup and the plan. The state has the public key, which shows that a key
// is found where there is one.
func (c *cli) keepsNoPrivateKey() {
	c.w.t.Helper()
	places := map[string]string{}
	maps.Copy(places, unzipped(c.w.t, filepath.Join(c.WorkingDir(), "plan")))
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		text, err := os.ReadFile(filepath.Join(c.WorkingDir(), name))
		if err == nil && len(text) > 0 {
			places[name] = string(text)
		}
	}
	if state, created := places["terraform.tfstate"]; created && !slices.Contains(pemTypes(state), "PUBLIC KEY") {
		c.w.t.Error("the state has no public key")
	}
	if len(places) == 0 {
		c.w.t.Error("there is neither a plan nor a state")
	}
	for place, text := range places {
		for _, found := range pemTypes(text) {
			if found != "PUBLIC KEY" {
				c.w.t.Errorf("%s has a %s", place, found)
			}
		}
	}
}

var (
	pemBegin   = regexp.MustCompile(`-----BEGIN ([A-Z ]+)-----`)
	base64Text = regexp.MustCompile(`[A-Za-z0-9+/]{24,}={0,2}`)
)

// pemTypes returns the types of the PEM blocks in a text, also of those that are
// encoded in base64, as private data is in plans and states.
func pemTypes(text string) []string {
	var types []string
	for _, m := range pemBegin.FindAllStringSubmatch(text, -1) {
		types = append(types, m[1])
	}
	for _, encoded := range base64Text.FindAllString(text, -1) {
		if decoded, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			types = append(types, pemTypes(string(decoded))...)
		}
	}
	return types
}

func TestPEMTypes(t *testing.T) {
	t.Parallel()
	private := fixture(t, "rsa2048_a.private_pkcs8.pem")
	inside := base64.StdEncoding.EncodeToString([]byte(`{"uploaded":"` + base64.StdEncoding.EncodeToString([]byte(private)) + `"}`))
	for text, want := range map[string][]string{
		keyA(t):                  {"PUBLIC KEY"},
		quote(private):           {"PRIVATE KEY"},
		`"private":"` + inside:   {"PRIVATE KEY"},
		"\x00\x0b" + inside[:20]: nil,
	} {
		if got := pemTypes(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func sameKey(t testing.TB, a, b string) bool {
	t.Helper()
	one, err1 := pemkey.Parse(a)
	two, err2 := pemkey.Parse(b)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return one == two
}
