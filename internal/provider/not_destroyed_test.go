// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const keepInLifecycle = "lifecycle {\n  destroy = false\n}"

// needsDestroyArgument skips the test on a CLI whose lifecycle block has no
// argument destroy.
func needsDestroyArgument(t *testing.T) {
	t.Helper()
	since := "1.16.0"
	if isOpenTofu {
		since = "1.12.0"
	}
	if !cliIsAtLeast(t, since) {
		t.Skip("needs version " + since)
	}
}

// forgets applies, and expects the resource to leave the state without a warning,
// an upload, or a change of the number.
func (c *cli) forgets(args ...string) {
	c.w.t.Helper()
	out, err := c.run(append([]string{"apply", "-auto-approve"}, args...)...)
	printed := inOneLine(out)
	if err != nil || !strings.Contains(printed, "but will not be destroyed") || strings.Contains(printed, "The key stays active") {
		c.w.t.Errorf("%v\n%s", err, out)
	}
	if left := c.inState(); left != "" {
		c.w.t.Errorf("the state has %q", left)
	}
	if n := c.w.Count("POST", ""); n != 0 {
		c.w.t.Errorf("%d keys were uploaded", n)
	}
	if key, status := c.w.Key(testNumber); !sameKey(c.w.t, key, keyA(c.w.t)) || status != "VALID" {
		c.w.t.Errorf("the number holds %s, %s", key, status)
	}
}

// With destroy = false, a destroy is what it is for this resource anyway: it leaves
// the state. The plan says so, and the provider does not warn.
func TestCLI_destroyFalse(t *testing.T) {
	t.Parallel()
	needsDestroyArgument(t)
	w := newWorld(t)
	config := requiredProviders + numberWith(quote(keyA(t)), keepInLifecycle)
	c := w.cli(config)
	c.apply()
	w.ResetRequests()
	args := []string{"-destroy"}
	if isOpenTofu {
		args = append(args, "-suppress-forget-errors")
	}
	c.forgets(args...)

	// A replacement signs the key again.
	c.apply()
	w.ResetRequests()
	w.neverWithoutKey(testNumber, keyA(t))
	if out, err := c.run("apply", "-auto-approve", signAgain); err != nil || strings.Contains(out, "The key stays active") || !strings.Contains(inOneLine(out), "1 to add, 0 to change, 0 to destroy") {
		t.Errorf("%v\n%s", err, out)
	}
	w.mustUploadOnly(keyA(t))
	w.mustHaveSent(map[string]string{testNumber: "GET GET GET POST GET"})
	c.mustRun("plan", "-detailed-exitcode")
}

// OpenTofu ends such a destroy with an error, unless a flag says that it is wanted.
func TestCLI_destroyFalseInOpenTofu(t *testing.T) {
	t.Parallel()
	if !isOpenTofu {
		t.Skip("needs OpenTofu")
	}
	needsDestroyArgument(t)
	c := newWorld(t).cli(requiredProviders + numberWith(quote(keyA(t)), keepInLifecycle))
	c.apply()
	if out, err := c.run("apply", "-auto-approve", "-destroy"); err == nil || !strings.Contains(inOneLine(out), "Error: Destroy was successful but left behind forgotten instances") || c.inState() != "" {
		t.Errorf("%v\n%s", err, out)
	}
}

// One instance is taken out of for_each.
func TestCLI_destroyFalseOfAnInstance(t *testing.T) {
	t.Parallel()
	needsDestroyArgument(t)
	config := func(numbers string) string {
		return requiredProviders + "resource \"whatsapp_business_encryption\" \"test\" {\n  for_each            = toset([" + numbers + "])\n  phone_number_id     = each.value\n  business_public_key = " + quote(keyA(t)) + "\n  " + keepInLifecycle + "\n}\n"
	}
	w := newWorld(t)
	c := w.cli(config(quote(testNumber)))
	c.apply()
	w.ResetRequests()
	c.write("main.tf", config(""))
	c.forgets()
}

// When the whole block is taken out of the configuration, OpenTofu remembers what
// it said. Terraform does not, and plans an ordinary destroy.
func TestCLI_destroyFalseIsRemoved(t *testing.T) {
	t.Parallel()
	needsDestroyArgument(t)
	w := newWorld(t)
	c := w.cli(requiredProviders + numberWith(quote(keyA(t)), keepInLifecycle))
	c.apply()
	w.ResetRequests()
	c.write("main.tf", requiredProviders)
	if isOpenTofu {
		c.forgets()
		return
	}
	if out, err := c.run("apply", "-auto-approve"); err != nil || !strings.Contains(out, "0 added, 0 changed, 1 destroyed") || !strings.Contains(out, "Warning: The key stays active on the phone number") {
		t.Errorf("%v\n%s", err, out)
	}
	if key, status := w.Key(testNumber); !sameKey(t, key, keyA(t)) || status != "VALID" {
		t.Errorf("the number holds %s, %s", key, status)
	}
}

// The documentation warns of it on the pair, whose private key is lost like that.
func TestCLI_destroyFalseOfThePair(t *testing.T) {
	t.Parallel()
	needsDestroyArgument(t)
	w := newWorld(t)
	pair := "resource \"tls_private_key\" \"flows\" {\n  algorithm = \"RSA\"\n  rsa_bits  = 2048\n  " + keepInLifecycle + "\n}\n"
	c := w.cli(requiredProviders + pair)
	c.apply()
	out, err := c.run("apply", "-auto-approve", "-replace=tls_private_key.flows")
	if err != nil || !strings.Contains(inOneLine(out), "1 to add, 0 to change, 0 to destroy") {
		t.Errorf("%v\n%s", err, out)
	}
	state, err := os.ReadFile(filepath.Join(c.WorkingDir(), "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	if keys := privateKeysIn(string(state)); len(keys) != 1 {
		t.Errorf("the state has %d private keys", len(keys))
	}
}

// A removed block does it on every CLI, and once.
func TestCLI_removedBlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))))
	c.apply()
	w.ResetRequests()
	c.write("main.tf", requiredProviders+"removed {\n  from = "+address+"\n  "+keepInLifecycle+"\n}\n")
	c.forgets()
}
