// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// cli is a folder with a configuration, and the real CLI with the built
// provider and the real hashicorp/tls. It is for what plugin-testing cannot
// see: warnings, for_each, signals, and the published examples as they are.
type cli struct {
	*tfexec.Terraform
	w      *world
	output bytes.Buffer
}

func (w *world) cli(config string) *cli {
	w.t.Helper()
	binary := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if os.Getenv("TF_ACC") == "" || binary == "" {
		w.t.Skip("runs the real CLI: use make test")
	}
	tf, err := tfexec.NewTerraform(w.t.TempDir(), binary)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &cli{Terraform: tf, w: w}
	if err := tf.SetEnv(w.environment()); err != nil {
		w.t.Fatal(err)
	}
	tf.SetStdout(&c.output)
	c.write("main.tf", config)
	if err := tf.Init(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	c.output.Reset()
	return c
}

func (w *world) environment() map[string]string {
	return map[string]string{
		"PATH":               os.Getenv("PATH"),
		"HOME":               os.Getenv("HOME"),
		"TF_CLI_CONFIG_FILE": os.Getenv("TF_CLI_CONFIG_FILE"),
		"CHECKPOINT_DISABLE": "1",
		envBaseURL:           w.URL(),
		envAccessToken:       testToken,
		envMaxRetries:        "0", // these waits would be real
	}
}

func (c *cli) write(name, text string) {
	c.w.t.Helper()
	if err := os.WriteFile(filepath.Join(c.WorkingDir(), name), []byte(text), 0o600); err != nil {
		c.w.t.Fatal(err)
	}
}

// actions plans, and returns what is planned for the managed resources that
// are not left alone.
func (c *cli) actions() map[string]tfjson.Actions {
	c.w.t.Helper()
	if _, err := c.Plan(c.w.t.Context(), tfexec.Out("plan")); err != nil {
		c.w.t.Fatal(err)
	}
	c.SetStdout(io.Discard)
	plan, err := c.ShowPlanFile(c.w.t.Context(), "plan")
	c.SetStdout(&c.output)
	if err != nil {
		c.w.t.Fatal(err)
	}
	actions := map[string]tfjson.Actions{}
	for _, change := range plan.ResourceChanges {
		if change.Mode == tfjson.ManagedResourceMode && !change.Change.Actions.NoOp() {
			actions[change.Address] = change.Change.Actions
		}
	}
	return actions
}

func (c *cli) apply() {
	c.w.t.Helper()
	if err := c.Apply(c.w.t.Context()); err != nil {
		c.w.t.Fatal(err)
	}
}

// printed is what the CLI wrote since the last call, with its line breaks and
// frames taken out, so that sentences can be looked for.
func (c *cli) printed() string {
	defer c.output.Reset()
	return inOneLine(c.output.String())
}

func (c *cli) mustPrint(want ...string) {
	c.w.t.Helper()
	got := c.printed()
	for _, s := range want {
		if !strings.Contains(got, s) {
			c.w.t.Errorf("not printed: %s\nprinted:\n%s", s, got)
		}
	}
}

const requiredProviders = `terraform {
  required_providers {
    whatsapp = {
      source = "wa-flows/whatsapp"
    }
    tls = {
      source = "hashicorp/tls"
    }
  }
}
`

func numbersFrom(count int) []string {
	var numbers []string
	for i := range count {
		numbers = append(numbers, fmt.Sprintf("10654035224300%d", i))
	}
	return numbers
}

func eachNumber(numbers []string, key string) string {
	return requiredProviders + fmt.Sprintf(`resource "whatsapp_business_encryption" "test" {
  for_each            = toset(["%s"])
  phone_number_id     = each.value
  business_public_key = %s
}
`, strings.Join(numbers, `", "`), key)
}

// Nine of ten succeed, the tenth says why it does not, and the next apply does
// only that one. Ten parallel slots need no more than ten connections.
func TestCLI_oneOfTenFails(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(10)
	failing := numbers[7]
	w := newWorld(t, numbers...)
	c := w.cli(eachNumber(numbers, quote(keyA(t))))
	w.Script(graphmock.Fault{Method: "POST", Object: failing, Status: 400, Body: graphmock.ErrorBody(133010, 0, "OAuthException", "Account not registered", nil)})

	if len(c.actions()) != 10 {
		t.Error("not ten creates")
	}
	before := w.Connections()
	if before > 10 {
		t.Errorf("the plan made %d connections", before)
	}
	err := c.Apply(t.Context(), tfexec.DirOrPlan("plan"))
	if err == nil || !strings.Contains(err.Error(), failing) || !strings.Contains(err.Error(), "133010") {
		t.Fatalf("the error is %v", err)
	}
	if strings.Count(err.Error(), "Error: ") != 1 {
		t.Errorf("not one error: %v", err)
	}
	if n := w.Connections() - before; n > 10 {
		t.Errorf("the apply made %d connections", n)
	}

	first, second := map[string]string{}, map[string]string{}
	for _, id := range numbers {
		first[id], second[id] = "GET GET POST GET", "GET"
	}
	first[failing], second[failing] = "GET GET POST", "GET GET POST GET"
	if err := w.expectRequests(first); err != nil {
		t.Error(err)
	}
	state, err := c.Show(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(state.Values.RootModule.Resources); n != 9 {
		t.Errorf("%d resources in state", n)
	}

	want := map[string]tfjson.Actions{fmt.Sprintf("%s[%q]", address, failing): {tfjson.ActionCreate}}
	if got := c.actions(); len(got) != 1 || !slices.Equal(got[fmt.Sprintf("%s[%q]", address, failing)], want[fmt.Sprintf("%s[%q]", address, failing)]) {
		t.Errorf("planned %v", got)
	}
	if err := c.Apply(t.Context(), tfexec.DirOrPlan("plan")); err != nil {
		t.Fatal(err)
	}
	if err := w.expectRequests(second); err != nil {
		t.Error(err)
	}
	if got := c.actions(); len(got) != 0 {
		t.Errorf("planned %v", got)
	}
}

// Destroying sends nothing and says that the keys stay: for each number in the
// plan, where the CLI folds them, and once while applying.
func TestCLI_destroyWarns(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(3)
	w := newWorld(t, numbers...)
	c := w.cli(eachNumber(numbers, quote(keyA(t))))
	c.apply()
	c.printed()
	w.ResetRequests()

	if _, err := c.Plan(t.Context(), tfexec.Destroy(true), tfexec.Out("plan")); err != nil {
		t.Fatal(err)
	}
	c.mustPrint("Warning: The key stays active on the phone number", "3 to destroy", fingerprintOf(t, keyA(t)), "and 2 more similar warnings elsewhere")
	if err := c.Apply(t.Context(), tfexec.DirOrPlan("plan")); err != nil {
		t.Fatal(err)
	}
	printed := c.printed()
	if n := strings.Count(printed, "Warning: "); n != 1 || !strings.Contains(printed, "every other number that this run destroys, keeps its key") {
		t.Errorf("%d warnings: %s", n, printed)
	}
	if err := w.expectRequests(map[string]string{numbers[0]: "GET", numbers[1]: "GET", numbers[2]: "GET"}); err != nil {
		t.Error(err)
	}
	for _, id := range numbers {
		if pem, status := w.Key(id); pem == "" || status != "VALID" {
			t.Errorf("%s holds %q", id, status)
		}
	}
}

// A move to another number warns about the old one, too.
func TestCLI_replacementWarns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testNumber, "106540352242999")
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))))
	c.apply()
	c.write("main.tf", requiredProviders+strings.Replace(numberWith(quote(keyA(t))), testNumber, "106540352242999", 1))
	c.printed()
	c.actions()
	c.mustPrint("must be replaced", "Warning: The key stays active on the phone number", "phone number ID "+testNumber+" keeps the key")
}

// The number holds a key already, and the new one is not known while planning:
// the plan warns, the apply stops before the upload.
func TestCLI_unknownKeyOnANumberWithAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyB(t), "VALID")
	c := w.cli(requiredProviders + "resource \"tls_private_key\" \"test\" {\n  algorithm = \"RSA\"\n  rsa_bits  = 2048\n}\n" +
		numberWith("tls_private_key.test.public_key_pem"))
	c.actions()
	c.mustPrint("Warning: The number already holds a key", fingerprintOf(t, keyB(t)), "If it turns out to be a different key, the apply stops before it uploads")
	err := c.Apply(t.Context(), tfexec.DirOrPlan("plan"))
	if err == nil || !strings.Contains(err.Error(), "The number already holds a different key") {
		t.Fatalf("the error is %v", err)
	}
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("%d POST requests", n)
	}
}

// The warning of an outage while planning does not stop the plan.
func TestCLI_outageWhilePlanningACreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Script(graphmock.Fault{Method: "GET", Status: 503})
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))))
	c.actions()
	c.mustPrint("Warning: Could not check which key the number holds", "Apply checks again before it uploads", "HTTP 503", "Plan: 1 to add")
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
}

// A private key that was pasted by mistake is not printed, not even as the
// source line that Terraform shows with an error.
func TestCLI_privateKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders)
	for _, name := range []string{"rsa2048_a.private_pkcs1.pem", "rsa2048_a.private_pkcs8.pem", "private_encrypted_pbes2.pem", "private_encrypted_legacy.pem", "private_ec.pem"} {
		text := fixture(t, name)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		body := lines[1 : len(lines)-1]
		for form, key := range map[string]string{
			"heredoc":        "<<EOT\n" + text + "EOT",
			"string":         quote(text),
			"without armour": quote(strings.Join(body, "")),
			"called public":  "<<EOT\n-----BEGIN PUBLIC KEY-----\n" + strings.Join(body, "\n") + "\n-----END PUBLIC KEY-----\nEOT",
			"without an end": "<<EOT\n-----BEGIN PUBLIC KEY-----\n" + strings.Join(body, "\n") + "\nEOT",
			"one line of it": "<<EOT\n-----BEGIN PUBLIC KEY-----\n" + body[len(body)/2] + "\n-----END PUBLIC KEY-----\nEOT",
			"damaged":        "<<EOT\n-----BEGIN PUBLIC KEY-----\n" + strings.Join(body, "\n")[3:] + "\n-----END PUBLIC KEY-----\nEOT",
		} {
			c.output.Reset()
			c.write("main.tf", requiredProviders+numberWith(key))
			_, err := c.Validate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Plan(t.Context())
			if err == nil || !strings.Contains(err.Error(), "Invalid business_public_key") {
				t.Errorf("%s, %s: the error is %v", name, form, err)
				continue
			}
			printed := err.Error() + c.output.String()
			for _, line := range body {
				if line != "" && strings.Contains(printed, line) {
					t.Errorf("%s, %s: the private key is printed:\n%s", name, form, printed)
					break
				}
			}
		}
	}
	if err := w.expectRequests(nil); err != nil {
		t.Error(err)
	}
}

// Ctrl-C while an upload is under way: the CLI ends by itself, and the next
// apply comes to the planned state.
func TestCLI_interruption(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	c := w.cli(requiredProviders + numberWith(quote(a)))

	command := exec.CommandContext(t.Context(), c.ExecPath(), "apply", "-auto-approve", "-no-color")
	command.Dir = c.WorkingDir()
	for name, value := range w.environment() {
		command.Env = append(command.Env, name+"="+value)
	}
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	started := make(chan *os.Process, 1)
	w.Script(graphmock.Fault{Method: "POST", Delay: time.Minute, Hook: func() { _ = (<-started).Signal(syscall.SIGINT) }})
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	started <- command.Process
	if err := command.Wait(); err == nil || !strings.Contains(out.String(), "interrupted") {
		t.Fatalf("the CLI ended with %v:\n%s", err, &out)
	}
	w.ResetRequests()
	c.apply()
	if err := w.expectRequests(map[string]string{testNumber: "GET GET POST GET"}); err != nil {
		t.Error(err)
	}
	if len(c.actions()) != 0 {
		t.Error("the plan has changes")
	}
}

// Every published configuration is applied as it is, and leaves nothing to do.
func TestCLI_examples(t *testing.T) {
	t.Parallel()
	const support, orders = "106540352242922", "106540352242923"
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("../../examples", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	resourceExample := read("resources/whatsapp_business_encryption/resource.tf")
	for name, test := range map[string]struct {
		config string
		needs  string // Terraform version, for what OpenTofu lacks
		before func(*world)

		uploads int // where the numbers do not have a key before
	}{
		"two-numbers": {config: read("two-numbers/main.tf")},
		"provider":    {config: read("provider/provider.tf")},
		"resource":    {config: requiredProviders + resourceExample},
		"data source": {config: requiredProviders + read("data-sources/whatsapp_business_encryption/data-source.tf"), before: func(w *world) { w.SetKey(support, keyA(t), "VALID") }},
		"phone numbers": {config: requiredProviders + read("data-sources/whatsapp_phone_numbers/data-source.tf"), before: func(w *world) {
			w.AddNumber(graphmock.Number{ID: "200001", WABAID: "102290129340398", PlatformType: "CLOUD_API"})
			w.AddNumber(graphmock.Number{ID: "200002", WABAID: "102290129340398", PlatformType: "ON_PREMISE"})
			w.AddNumber(graphmock.Number{ID: "200003", WABAID: "102290129340398", PlatformType: "CLOUD_API"})
		}, uploads: 4}, // the mock puts the two numbers of every example into this account, too
		"import": {
			config: requiredProviders + strings.Replace(resourceExample, "tls_private_key.flows.public_key_pem", quote(keyA(t)), 1) + read("resources/whatsapp_business_encryption/import-by-string-id.tf"),
			before: func(w *world) { w.SetKey(support, keyA(t), "VALID") },
		},
		"import all numbers": {config: read("import-all-numbers/main.tf"), before: func(w *world) {
			w.SetKey(support, keyA(t), "VALID") // and the other holds none
			w.AddNumber(graphmock.Number{ID: "200001", WABAID: "102290129340398"})
			w.SetKey("200001", strings.TrimSpace(keyB(t)), "VALID")
		}},
		"import by identity": {
			config: requiredProviders + strings.Replace(resourceExample, "tls_private_key.flows.public_key_pem", quote(keyA(t)), 1) + read("resources/whatsapp_business_encryption/identity-import.tf"),
			needs:  "1.12.0",
			before: func(w *world) { w.SetKey(support, keyA(t), "VALID") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, support, orders)
			if test.before != nil {
				test.before(w)
			}
			if test.needs != "" && (isOpenTofu || !cliIsAtLeast(t, test.needs)) {
				t.Skip("needs Terraform " + test.needs)
			}
			c := w.cli(test.config)
			c.apply()
			if got := c.actions(); len(got) != 0 {
				t.Errorf("planned after apply: %v", got)
			}
			if n := w.Count("POST", ""); test.before != nil && n != test.uploads {
				t.Errorf("%d keys were uploaded", n)
			}
		})
	}
}

func cliIsAtLeast(t *testing.T, want string) bool {
	t.Helper()
	tf, err := tfexec.NewTerraform(t.TempDir(), os.Getenv("TF_ACC_TERRAFORM_PATH"))
	if err != nil {
		t.Skip("runs the real CLI: use make test")
	}
	tf.SetStdout(io.Discard)
	have, _, err := tf.Version(context.Background(), true)
	if err != nil {
		t.Fatal(err)
	}
	return have.GreaterThanOrEqual(version.Must(version.NewVersion(want)))
}

// One warning in a run says that another version answers, however many numbers
// there are; a version that has ended is known before anything is sent.
func TestCLI_versionWarnings(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(5)
	w := &world{t: t, Server: graphmock.NewServer(graphmock.Options{Token: testToken, OldestVersion: "v25.0"}, numbers...)}
	t.Cleanup(w.Close)
	for version, want := range map[string][]string{
		"v25.0": nil,
		"v24.0": {"Warning: The Graph API answers with another version", "Version v24.0 was asked for, and the Graph API answered with v25.0", envAPIVersion},
		"v19.0": {"Warning: The Graph API version has ended", "Warning: The Graph API answers with another version"},
	} {
		c := w.cli(strings.Replace(eachNumber(numbers, quote(keyA(t))), "resource", "provider \"whatsapp\" {\n  api_version = \""+version+"\"\n}\n\nresource", 1))
		c.actions()
		printed := c.printed()
		for _, s := range want {
			if !strings.Contains(printed, s) {
				t.Errorf("%s: not printed: %s", version, s)
			}
		}
		warnings := 0
		for _, s := range want {
			if strings.HasPrefix(s, "Warning") {
				warnings++
			}
		}
		if n := strings.Count(printed, "Warning: "); n != warnings {
			t.Errorf("%s: %d warnings: %s", version, n, printed)
		}
	}
}

// A resource that is replaced finds its own key on the number, and signs it
// again. With a new key, the replacement is refused before anything is
// destroyed, and the way that the message names works.
func TestCLI_replacement(t *testing.T) {
	t.Parallel()
	const pair = "resource \"tls_private_key\" \"test\" {\n  algorithm = \"RSA\"\n  rsa_bits  = 2048\n}\n"
	w := newWorld(t)
	c := w.cli(requiredProviders + pair + numberWith("tls_private_key.test.public_key_pem", "lifecycle {\n  replace_triggered_by = [tls_private_key.test]\n}"))
	c.apply()
	before, _ := w.Key(testNumber)

	w.ResetRequests()
	if err := c.Apply(t.Context(), tfexec.Replace(address)); err != nil {
		t.Fatal(err)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET GET GET POST GET"}); err != nil {
		t.Error(err)
	}
	if after, status := w.Key(testNumber); status != "VALID" || before != after {
		t.Errorf("the key is the same: %t, status %s", before == after, status)
	}

	c.printed()
	err := c.Apply(t.Context(), tfexec.Replace("tls_private_key.test"))
	if err == nil || !strings.Contains(inOneLine(err.Error()), "A new key needs no replacement, because it is an update in place") {
		t.Fatalf("the error is %v", err)
	}
	if printed := c.printed(); strings.Contains(printed, "Destr") {
		t.Errorf("something was destroyed: %s", printed)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET GET"}); err != nil {
		t.Error(err)
	}
	if got := c.actions(); len(got) != 0 {
		t.Errorf("planned after the refusal: %v", got)
	}

	c.write("main.tf", requiredProviders+pair+numberWith("tls_private_key.test.public_key_pem"))
	if err := c.Apply(t.Context(), tfexec.Replace("tls_private_key.test")); err != nil {
		t.Fatal(err)
	}
	if after, status := w.Key(testNumber); status != "VALID" || before == after {
		t.Errorf("the key is the same: %t, status %s", before == after, status)
	}
}

// The key of the configuration changes after a create that was not confirmed:
// refused, and with untaint, as the message says, it is an update.
func TestCLI_taintedAndRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders + numberWith(quote(keyA(t)), `timeouts = { create = "2s" }`))
	w.SetSignatureLag(-1)
	err := c.Apply(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"is not confirmed", "The resource is tainted", "timeout of the operation was reached"} {
		if !strings.Contains(inOneLine(err.Error()), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	w.SetSignatureLag(0)
	c.write("main.tf", requiredProviders+numberWith(quote(keyB(t))))
	if err := c.Apply(t.Context()); err == nil || !strings.Contains(inOneLine(err.Error()), "terraform untaint keeps it") {
		t.Fatalf("the error is %v", err)
	}
	c.mustRun("untaint", address)
	c.apply()
	if pem, _ := w.Key(testNumber); !newPublicKeyValue(pem).sameKey(newPublicKeyValue(keyB(t))) {
		t.Error("the number does not hold the new key")
	}
}

// Two resources on one number: one wins, the other is told, whatever the order.
func TestCLI_twoResourcesOnOneNumber(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"at once": 0, "slowly": 30 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Script(graphmock.Fault{Times: -1, Delay: delay})
			first := requiredProviders + numberWith(quote(keyA(t)))
			second := strings.Replace(numberWith(quote(keyB(t))), `"test"`, `"second"`, 1)
			c := w.cli(first + second)
			err := c.Apply(t.Context())
			if err == nil || !strings.Contains(err.Error(), "The number already holds a different key") {
				t.Fatalf("the error is %v", err)
			}
			if n := w.Count("POST", ""); n != 1 {
				t.Errorf("%d POST requests", n)
			}

			// The second one comes later.
			w2 := newWorld(t)
			c = w2.cli(first)
			c.apply()
			c.write("main.tf", first+second)
			if err := c.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "The number already holds a different key") {
				t.Fatalf("later: the error is %v", err)
			}
			if n := w2.Count("POST", ""); n != 1 {
				t.Errorf("later: %d POST requests", n)
			}
		})
	}
}

// A destroy plans the whole configuration first, the deleted number, too.
func TestCLI_destroyWithADeletedNumber(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(2)
	w := newWorld(t, numbers...)
	c := w.cli(eachNumber(numbers, quote(keyA(t))))
	c.apply()
	w.DeleteNumber(numbers[0])
	if err := c.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.mustPrint("Destroy complete!")
}

// The first upload after an import replaces a key that Terraform did not set.
func TestCLI_importedKeyThatWillBeReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyB(t), "VALID")
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))) + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n")
	c.actions()
	c.mustPrint("Warning: The imported key will be replaced", fingerprintOf(t, keyA(t)), fingerprintOf(t, keyB(t)))
	c.apply()
	c.write("main.tf", requiredProviders+numberWith(quote(keyB(t))))
	c.printed()
	c.actions()
	if printed := c.printed(); strings.Contains(printed, "imported key") {
		t.Errorf("warned after the first upload, too: %s", printed)
	}
}

// What is wrong with a secret is said without showing the line that has it.
func TestCLI_secretsInTheConfigurationAreNotPrinted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders)
	for _, arguments := range []string{
		`access_token = "HUSH-HUSH "`, "access_token = \"HUSH\\nHUSH\"", "app_secret = \"HUSH \"\n access_token = \"x\"",
		"base_url = \"https://me:HUSH@graph.facebook.com\"\n access_token = \"x\"", "base_url = \"https://graph.facebook.com?token=HUSH\"\n access_token = \"x\"",
	} {
		c.write("main.tf", requiredProviders+"provider \"whatsapp\" {\n  "+arguments+"\n}\n"+numberWith(quote(keyA(t))))
		err := c.Refresh(t.Context())
		if err == nil || !strings.Contains(err.Error(), "Invalid ") || strings.Contains(err.Error()+c.output.String(), "HUSH") {
			t.Errorf("%s: the error is %v", arguments, err)
		}
	}
	if err := w.expectRequests(nil); err != nil {
		t.Error(err)
	}
}
