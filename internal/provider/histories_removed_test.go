// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// What Terraform plans for a resource that is no longer in the configuration, and when
// it reads it, with the small core and with the real CLI.
func TestCLI_removedNumbers(t *testing.T) {
	t.Parallel()
	apply, plan, destroy := runs(0, command{mode: "apply"}), runs(0, command{mode: "plan"}), runs(0, command{mode: "destroy"})
	during := func(mode string, trouble trouble) step { return runs(0, command{mode: mode, trouble: &trouble}) }
	outage := trouble{name: "an outage", fault: graphmock.Fault{Status: 503, Times: -1}}
	gone := trouble{name: "the number is said to be deleted", fault: says(400, 33, 0)}
	gone.fault.Times = -1
	foreign := putKey(0, keyForeign, 0, graphmock.StatusValid)
	a, b := write(0, "a", block{number: 0, key: keyAlpha}), write(0, "b", block{number: 1, key: keyBravo})
	compareWithCLI(t, []step{a, b, apply, remove(0, "a")}, map[string][]step{
		"nothing happens":                      {plan, apply, plan},
		"without a refresh":                    {runs(0, command{mode: "plan", noRefresh: true}), runs(0, command{mode: "apply", noRefresh: true}), plan},
		"a refresh only":                       {runs(0, command{mode: "refresh"}), plan, apply},
		"the read fails":                       {during("plan", outage), during("apply", outage), plan, apply},
		"the read of a refresh fails":          {during("refresh", outage), plan},
		"the read of a destroy fails":          {during("destroy", outage), destroy},
		"the number was deleted":               {during("plan", gone), during("apply", gone), plan},
		"the number was registered anew":       {blank(0), plan, apply, plan},
		"the key was replaced":                 {foreign, plan, apply, plan},
		"the key was replaced, a refresh only": {foreign, runs(0, command{mode: "refresh"}), plan, apply},
		"it is applied later":                  {runs(0, command{mode: "save"}), foreign, runs(0, command{mode: "applySaved"}), plan},
		"it is tainted":                        {runs(0, command{mode: "refresh"}), runs(0, command{mode: "taint", address: "a"}), plan, apply},
		"it comes back":                        {during("apply", outage), a, plan, apply},
	})
}
