// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"
)

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
