// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// Destroying sends nothing. That the keys stay is said once, in the plan, where
// the CLI folds the warnings of the numbers.
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
	if printed := c.printed(); strings.Contains(printed, "Warning: ") {
		t.Errorf("the apply warns again: %s", printed)
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

// A number whose key was deleted elsewhere keeps none. Only Terraform 1.11 warns,
// because it plans to destroy the resource before it reads the number, and what it
// says is true of a number without a key as well.
func TestCLI_destroyOfANumberWithoutAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))))
	c.apply()
	w.SetKey(testNumber, "", "MISMATCH")
	c.write("main.tf", requiredProviders)
	c.printed()
	c.actions()
	printed := c.printed()
	if strings.Contains(printed, "Warning: ") && (isOpenTofu || cliIsAtLeast(t, "1.12.0")) {
		t.Errorf("the plan warns: %s", printed)
	}
	if strings.Contains(printed, "keeps the key") {
		t.Errorf("the number has no key: %s", printed)
	}
	c.apply()
}

// A move to another number also warns about the old one.
func TestCLI_replacementWarns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testNumber, "106540352242999")
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))))
	c.apply()
	c.write("main.tf", requiredProviders+strings.Replace(numberWith(quote(keyA(t))), testNumber, "106540352242999", 1))
	c.printed()
	c.actions()
	c.mustPrint("must be replaced", "Warning: The key stays active on the phone number", "whatever key phone number ID "+testNumber+" holds, last seen with the SHA-256 fingerprint "+fingerprintOf(t, keyA(t))+", stays on it")
}

// A destroy first plans the whole configuration, including the deleted number.
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

// The key is unknown while planning, as when tls_private_key is created in the
// same apply.
func TestAccBusinessEncryption_unknownKey(t *testing.T) {
	t.Parallel()
	unknown := func(text string) string {
		return "resource \"terraform_data\" \"key\" {\n  input = " + quote(text) + "\n}\n"
	}
	fromUnknown := numberWith("terraform_data.key.output")

	t.Run("empty slot", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		w.run(resource.TestStep{
			Config: w.config(unknown(a), fromUnknown),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectUnknownValue(address, at(attrPublicKey)),
				plancheck.ExpectUnknownValue(address, at(attrFingerprint)),
				planned(attrSignatureStatus, "VALID"),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
		})
	})
	t.Run("a different key is there", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		w.SetKey(testNumber, keyB(t), "VALID")
		w.run(
			resource.TestStep{
				Config:      w.config(unknown(a), fromUnknown),
				ExpectError: regexp.MustCompile(`The number already holds a different key`),
			},
			resource.TestStep{
				PreConfig:         w.receivedBefore("GET GET"),
				Config:            w.config(unknown(a)),
				ConfigStateChecks: []statecheck.StateCheck{stateCheck(func() error { return w.expectRequests(nil) }), w.holds(testNumber, keyB(t), "VALID")},
			},
		)
	})
	t.Run("not a key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{
				Config:      w.config(unknown(fixture(t, "rsa1024.spki.pem")), fromUnknown),
				ExpectError: regexp.MustCompile(`(?s)Invalid business_public_key.*1024`),
			},
			resource.TestStep{
				PreConfig: func() {
					if n := w.Count("POST", ""); n != 0 {
						t.Errorf("%d POST requests", n)
					}
				},
				Config: w.config(unknown("")),
			},
		)
	})
	t.Run("number", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		w.run(resource.TestStep{
			Config: w.config("resource \"terraform_data\" \"number\" {\n  input = \""+testNumber+"\"\n}\n",
				strings.Replace(numberWith(quote(a)), `"`+testNumber+`"`, "terraform_data.number.output", 1)),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		})
	})
	t.Run("update", func(t *testing.T) {
		t.Parallel()
		w, a, b := newWorld(t), keyA(t), keyB(t)
		w.run(
			resource.TestStep{Config: w.config(unknown(a), fromUnknown)},
			resource.TestStep{
				PreConfig: w.forget(),
				Config:    w.config(unknown(b), fromUnknown),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					action(plancheck.ResourceActionUpdate),
					plancheck.ExpectUnknownValue(address, at(attrPublicKey)),
				}},
				ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, b, "VALID")},
			},
		)
	})
}

func TestAccBusinessEncryption_moveToAnotherNumber(t *testing.T) {
	t.Parallel()
	const other = "106540352242999"
	w, a := newWorld(t, testNumber, other), keyA(t)
	w.run(
		resource.TestStep{Config: w.config(numberWith(quote(a)))},
		resource.TestStep{
			PreConfig: w.forget(),
			Config:    w.config(strings.Replace(numberWith(quote(a)), testNumber, other, 1)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionDestroyBeforeCreate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				stateCheck(func() error {
					return w.expectRequests(map[string]string{testNumber: "GET", other: "GET GET POST GET"})
				}),
				w.holds(testNumber, a, "VALID"), w.holds(other, a, "VALID"),
			},
		},
	)
}
