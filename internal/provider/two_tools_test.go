// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"
)

// Two states manage one number, with different keys: each plan shows what the
// other did, and warns, naming both keys. The end is one of them giving the
// number up, without an upload.
func TestCLI_twoStatesOnOneNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.cli(requiredProviders+numberWith(quote(keyA(t)))), w.cli(requiredProviders+numberWith(quote(keyB(t))))
	one.apply()
	w.ResetRequests()

	out, err := two.run("plan")
	if err == nil || !strings.Contains(inOneLine(out), "Error: The number already holds a different key") || !strings.Contains(out, fingerprintOf(t, keyA(t))) {
		t.Errorf("the second state may create: %v\n%s", err, out)
	}
	if got := w.requests(testNumber); got != "GET" {
		t.Errorf("the refused plan sent %q", got)
	}

	two.write("main.tf", requiredProviders+numberWith(quote(keyB(t)), "allow_overwrite = true"))
	two.replaces(keyA(t), keyB(t), "create")
	one.replaces(keyB(t), keyA(t), "update")
	two.replaces(keyA(t), keyB(t), "update")

	two.write("main.tf", requiredProviders+"removed {\n  from = "+address+"\n  lifecycle {\n    destroy = false\n  }\n}\n")
	w.ResetRequests()
	two.mustRun("apply", "-auto-approve")
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("giving the number up uploaded %d keys", n)
	}
	one.replaces(keyB(t), keyA(t), "update")
	for _, c := range []*cli{one, two} {
		if actions := c.actions(); len(actions) != 0 {
			t.Errorf("planned after the end %v", actions)
		}
	}
}

// With the same key in both states, nothing is replaced, and a lost signature is
// repaired by whichever applies first.
func TestCLI_twoStatesWithOneKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.cli(requiredProviders+numberWith(quote(keyA(t)))), w.cli(requiredProviders+numberWith(quote(keyA(t))))
	one.apply()
	two.apply()
	w.Reregister(testNumber)
	two.apply()
	w.ResetRequests()
	for _, c := range []*cli{one, two} {
		if actions := c.actions(); len(actions) != 0 {
			t.Errorf("planned %v", actions)
		}
	}
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("%d keys were uploaded", n)
	}
}

// A script uploads a key of its own after each apply: each plan shows it.
func TestCLI_aScriptOnTheSameNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))))
	c.apply()
	for range 2 {
		w.SetKey(testNumber, keyB(t), "VALID")
		c.replaces(keyB(t), keyA(t), "update")
	}
	w.SetKey(testNumber, keyA(t), "VALID") // the script has the same key
	if actions := c.actions(); len(actions) != 0 {
		t.Errorf("planned %v", actions)
	}
}

// replaces expects a plan with the warning that one key is replaced by another,
// and applies it.
func (c *cli) replaces(from, to, action string) {
	c.w.t.Helper()
	c.printed()
	actions := c.actions()
	if got := actions[address]; len(actions) != 1 || got.Create() != (action == "create") || got.Update() != (action == "update") {
		c.w.t.Errorf("planned %v, not to %s", actions, action)
	}
	c.mustPrint(replacedSummary, "gets the key with the SHA-256 fingerprint "+fingerprintOf(c.w.t, to)+", which replaces the key with the SHA-256 fingerprint "+fingerprintOf(c.w.t, from))
	c.mustRun("apply", "plan")
	if key, status := c.w.Key(testNumber); !sameKey(c.w.t, key, to) || status != "VALID" {
		c.w.t.Errorf("the number holds %s, %s", key, status)
	}
}
