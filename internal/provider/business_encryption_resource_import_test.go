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
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Importing a number that was deleted is an error, not a silent success.
func TestImportOfADeletedNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DeleteNumber(testNumber)
	p := w.protocol()
	resp := p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}))
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError || !strings.Contains(resp.Diagnostics[0].Detail, "deleted") {
		t.Errorf("%+v", resp.Diagnostics)
	}
}

// A number without a key cannot be imported.
func TestImportOfANumberWithoutAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.protocol()
	resp := p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}))
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "Nothing to import" || !strings.HasPrefix(resp.Diagnostics[0].Detail, "Phone number ID "+testNumber+" holds no key.") {
		t.Errorf("%+v", resp.Diagnostics)
	}
}

// Terraform and OpenTofu import by identity from 1.12 on.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.SetKey(testNumber, a, graphmock.StatusValid)
	p, ctx := w.protocol(), t.Context()

	identities, err := p.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	p.check(err, identities.Diagnostics)
	identityType := identities.IdentitySchemas[resourceType].ValueType()
	identity := &tfprotov6.ResourceIdentityData{IdentityData: p.object(identityType, map[string]tftypes.Value{
		attrPhoneNumberID: tftypes.NewValue(tftypes.String, testNumber),
	})}

	imported, err := p.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, Identity: identity})
	p.check(err, imported.Diagnostics)
	if err := w.expectRequests(nil); err != nil {
		t.Error(err)
	}
	read, err := p.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName:        resourceType,
		CurrentState:    imported.ImportedResources[0].State,
		CurrentIdentity: imported.ImportedResources[0].Identity,
		Private:         imported.ImportedResources[0].Private,
	})
	p.check(err, read.Diagnostics)

	state := p.fields(p.schema.ResourceSchemas[resourceType].ValueType(), read.NewState)
	if got := p.text(state[attrPublicKey]); got != a {
		t.Errorf("the key is %q", got)
	}
	if got := p.text(p.fields(identityType, read.NewIdentity.IdentityData)[attrPhoneNumberID]); got != testNumber {
		t.Errorf("the identity is %q", got)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
}

func TestAccBusinessEncryption_import(t *testing.T) {
	t.Parallel()
	a := keyA(t)
	config := func(w *world) string { return w.config(numberWith(quote(a))) }

	t.Run("command", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{Config: config(w)},
			resource.TestStep{
				ResourceName:                         address,
				ImportState:                          true,
				ImportStateId:                        testNumber,
				ImportStateVerify:                    true,
				ImportStateVerifyIdentifierAttribute: attrPhoneNumberID,
			},
		)
		if n := w.Count("POST", ""); n != 1 {
			t.Errorf("%d POST requests", n)
		}
	})
	t.Run("block", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetKey(testNumber, graphmock.StoreTrimmed(a), "VALID")
		w.run(resource.TestStep{
			Config: config(w) + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n",
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionNoop),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				stateCheck(func() error {
					if n := w.Count("POST", ""); n != 0 {
						return fmt.Errorf("%d POST requests", n)
					}
					return nil
				}),
				value(attrPublicKey, a),
				value(attrFingerprint, fingerprintOf(t, a)),
			},
		})
	})
	t.Run("block, another key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetKey(testNumber, keyB(t), "VALID")
		w.run(resource.TestStep{
			Config: config(w) + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n",
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.holds(testNumber, a, "VALID")},
		})
	})
	t.Run("identity", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetKey(testNumber, a, "VALID")
		resource.Test(t, resource.TestCase{
			TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
			ProtoV6ProviderFactories: w.factories(),
			Steps: []resource.TestStep{{
				Config: config(w) + "import {\n  to = " + address + "\n  identity = {\n    phone_number_id = \"" + testNumber + "\"\n  }\n}\n",
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					action(plancheck.ResourceActionNoop),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectIdentity(address, map[string]knownvalue.Check{attrPhoneNumberID: knownvalue.StringExact(testNumber)}),
				},
			}},
		})
		if n := w.Count("POST", ""); n != 0 {
			t.Errorf("%d POST requests", n)
		}
	})
	t.Run("number without a key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{
				Config:      config(w) + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n",
				ExpectError: regexp.MustCompile(`(?s)Nothing to import.*holds no key`),
			},
			resource.TestStep{PreConfig: w.receivedBefore("GET"), Config: w.config()},
		)
	})
	t.Run("phone number instead of its ID", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{
				Config:      config(w) + "import {\n  to = " + address + "\n  id = \"+49 151 23456789\"\n}\n",
				ExpectError: regexp.MustCompile(`(?s)Invalid import.*The import ID is "\+49 151 23456789". It must be a phone\s+number ID`),
			},
			resource.TestStep{
				PreConfig: func() {
					if err := w.expectRequests(nil); err != nil {
						t.Error(err)
					}
				},
				Config: w.config(),
			},
		)
	})
}

// What is wrong with an ID or an identity is said of what was given.
func TestImportOfWhatIsNoPhoneNumberID(t *testing.T) {
	t.Parallel()
	null := tftypes.NewValue(tftypes.String, nil)
	for name, test := range map[string]struct {
		id       string
		identity *tftypes.Value
		says     string
	}{
		"ID that is too short":       {id: "999", says: `The import ID is "999". It must be a phone number ID, which has 5 to 25 digits`},
		"ID with a blank":            {id: testNumber + " ", says: `The import ID is "106540352242922 ". It must be`},
		"identity that is too short": {identity: new(text("999")), says: `The phone_number_id of the identity is "999". It must be a phone number ID, which has 5 to 25 digits`},
		"empty identity":             {identity: new(text("")), says: `The phone_number_id of the identity is "". It must be`},
		"identity that is null":      {identity: &null, says: `The phone_number_id of the identity is null. It must be`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.protocol()
			req := &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, ID: test.id}
			if test.identity != nil {
				req.Identity = &tfprotov6.ResourceIdentityData{IdentityData: p.object(p.identityType(), map[string]tftypes.Value{attrPhoneNumberID: *test.identity})}
			}
			resp, err := p.ImportResourceState(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "Invalid import" || !strings.HasPrefix(resp.Diagnostics[0].Detail, test.says) {
				t.Errorf("%+v", resp.Diagnostics)
			}
			if err := w.expectRequests(nil); err != nil {
				t.Error(err)
			}
		})
	}
}
