// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// The key comes from a file, whose path has the form of the operating system. CRLF
// line endings are accepted, and a change of the line endings alone is no change of
// the key. The workflow runs this test on Linux, macOS and Windows.
func TestAccKeyFile(t *testing.T) {
	t.Parallel()
	lf := keyA(t)
	crlf := strings.ReplaceAll(lf, "\n", "\r\n")
	if strings.Contains(lf, "\r") {
		t.Fatal("the fixture was checked out with CRLF")
	}
	folder := filepath.Join(t.TempDir(), "keys of this machine")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "public.pem")
	write := func(text string) func() {
		return func() {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := newWorld(t)
	config := w.config(numberWith("file(" + quote(file) + ")"))
	w.run(
		resource.TestStep{
			PreConfig: write(crlf),
			Config:    config,
			ConfigStateChecks: []statecheck.StateCheck{
				value(attrPublicKey, crlf),
				w.holds(testNumber, lf, "VALID"),
				w.received("GET GET POST GET"),
			},
		},
		resource.TestStep{
			PreConfig:        w.forget(write(lf)),
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			PreConfig:        w.forget(write(keyB(t))),
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{action(plancheck.ResourceActionUpdate)}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.holds(testNumber, keyB(t), "VALID"),
			},
		},
	)
}
