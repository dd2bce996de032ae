// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// A text that is not a duration is refused before anything else happens.
func TestTimeouts_refused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"create", "read", "update"} {
		for value, refused := range map[string]bool{"": true, " ": true, "5": true, "5 m": true, "-5m": true, "0s": true, "soon": true, "5m": false, "1h30m": false, "50ms": false} {
			t.Run(fmt.Sprintf("%s %q", name, value), func(t *testing.T) {
				t.Parallel()
				p := newWorld(t).protocol()
				resp, err := p.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: resourceType, Config: p.values(map[string]tftypes.Value{
					attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrTimeouts: *timeoutsWith(name, value),
				})})
				if err != nil {
					t.Fatal(err)
				}
				if got := len(resp.Diagnostics) == 1 && resp.Diagnostics[0].Summary == "Invalid timeouts."+name && strings.Contains(resp.Diagnostics[0].Detail, "is not a duration greater than zero"); got != refused {
					t.Errorf("%+v", resp.Diagnostics)
				}
			})
		}
	}
}

// An empty one does not get into the state, neither in a create nor in an update,
// and neither as a literal nor as a value that only the apply knows.
func TestAccTimeouts_empty(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"create", "read", "update"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			refused := regexp.MustCompile(`(?s)Invalid timeouts.` + name + `.*is\s+not\s+a\s+duration\s+greater\s+than\s+zero`)
			literal := w.config(numberWith(quote(a), "timeouts = { "+name+` = "" }`))
			w.run(
				resource.TestStep{Config: literal, ExpectError: refused},
				resource.TestStep{PreConfig: w.forget(), Config: w.config(numberWith(quote(a)))},
				resource.TestStep{PreConfig: w.forget(), Config: literal, ExpectError: refused},
				resource.TestStep{
					Config: w.config("resource \"terraform_data\" \"time\" {\n  input = \"\"\n}\n",
						numberWith(quote(a), "timeouts = { "+name+" = terraform_data.time.output }")),
					ExpectError: refused,
				},
				resource.TestStep{
					PreConfig:         w.forget(),
					Config:            w.config(numberWith(quote(a))),
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET")},
				},
			)
		})
	}
}

// What is not given is not in the way: null, and an object without values.
func TestAccTimeouts_notGiven(t *testing.T) {
	t.Parallel()
	for _, timeouts := range []string{"null", "{}", "{ read = null }", `{ create = "1m", read = null, update = null }`} {
		t.Run(timeouts, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			config := w.config(numberWith(quote(a), "timeouts = "+timeouts))
			w.run(
				resource.TestStep{Config: config},
				resource.TestStep{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
			)
		})
	}
}

// An earlier version took an empty duration into the state. It is out of there
// with the next apply, and stops nothing before.
func TestTimeouts_emptyInTheState(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"create", "read", "update"} {
		for _, value := range []string{"", "soon", "-1m"} {
			t.Run(fmt.Sprintf("%s %q", name, value), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.SetKey(testNumber, keyA(t), "VALID")
				p := w.protocol()
				stored := map[string]tftypes.Value{
					attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrAllowOverwrite: no,
					attrSignatureStatus: text("VALID"), attrFingerprint: text(fingerprintOf(t, keyA(t))), attrTimeouts: *timeoutsWith(name, value),
				}
				read := p.read(p.values(stored))
				p.check(nil, read.Diagnostics)
				delete(stored, attrTimeouts)
				planned, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
					TypeName: resourceType, PriorState: read.NewState, ProposedNewState: p.values(stored),
					Config: p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))}),
				})
				p.check(err, planned.Diagnostics)
				applied, err := p.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
					TypeName: resourceType, PriorState: read.NewState, PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate,
					Config: p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))}),
				})
				p.check(err, applied.Diagnostics)
				if after := p.state(applied.NewState)[attrTimeouts]; !after.IsNull() {
					t.Errorf("the state has the timeouts %s", after)
				}
				destroyed, err := p.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
					TypeName: resourceType, PriorState: read.NewState, PlannedState: p.nothing(), Config: p.nothing(),
				})
				p.check(err, destroyed.Diagnostics)
				if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
