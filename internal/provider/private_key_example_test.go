// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The private key passes through as an ephemeral value, and is neither in a plan
// nor in a state, at any point in the life of a key.
func TestCLI_privateKeyIsInNoPlanAndNoState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(example(t, "secret-stores/ephemeral-variable/main.tf"))
	private := fixture(t, "rsa2048_a.private_pkcs8.pem")
	run := func(private string, args ...string) {
		t.Helper()
		command := c.command(append(args, "-input=false")...)
		command.Env = append(command.Env, "TF_VAR_private_key_pem="+private)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		places := unzipped(t, filepath.Join(c.WorkingDir(), "plan"))
		places["output"] = string(out)
		for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
			text, _ := os.ReadFile(filepath.Join(c.WorkingDir(), name))
			places[name] = string(text)
		}
		for place, text := range places {
			for line := range strings.Lines(private) {
				if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && strings.Contains(text, line) {
					t.Errorf("%v: the private key is in the %s", args, place)
				}
			}
		}
	}

	run(private, "plan", "-out=plan")
	run(private, "apply", "-auto-approve")
	if pem, status := w.Key(testNumber); status != "VALID" || !newPublicKeyValue(pem).sameKey(newPublicKeyValue(keyA(t))) {
		t.Errorf("the number does not hold the public half, or its status is %s", status)
	}
	w.ResetRequests()
	run(private, "plan", "-out=plan", "-detailed-exitcode")
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
	w.SetKey(testNumber, keyB(t), "VALID")
	run(private, "apply", "-auto-approve")
	if pem, _ := w.Key(testNumber); !newPublicKeyValue(pem).sameKey(newPublicKeyValue(keyA(t))) {
		t.Error("the drift was not repaired")
	}
	// A new private key in the source.
	run(fixture(t, "rsa2048_b.private_pkcs1.pem"), "apply", "-auto-approve")
	if pem, _ := w.Key(testNumber); !newPublicKeyValue(pem).sameKey(newPublicKeyValue(keyB(t))) {
		t.Error("the new key was not uploaded")
	}
}
