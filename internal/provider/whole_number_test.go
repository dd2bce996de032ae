// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"math/big"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestWholeNumber(t *testing.T) {
	t.Parallel()
	number := func(s string) types.Number {
		f, _, err := big.ParseFloat(s, 10, 512, big.ToNearestEven)
		if err != nil {
			t.Fatal(err)
		}
		return types.NumberValue(f)
	}
	unbounded, bounded := wholeNumber{}, wholeNumber{least: 0, most: 20}
	for _, test := range []struct {
		rule  wholeNumber
		value types.Number
		says  string // empty when it is taken
	}{
		{unbounded, number("1"), ""},
		{unbounded, number("-7"), ""},
		{unbounded, number("1e30"), ""},
		{unbounded, number("1.5"), "The value 1.5 must be a whole number."},
		{unbounded, number("0.1"), "The value 0.1 must be a whole number."},
		{unbounded, types.NumberNull(), ""},
		{unbounded, types.NumberUnknown(), ""},
		{bounded, number("0"), ""},
		{bounded, number("20"), ""},
		{bounded, number("-1"), "The value -1 must be a whole number from 0 to 20."},
		{bounded, number("21"), "The value 21 must be a whole number from 0 to 20."},
		{bounded, number("1e30"), "The value 1e+30 must be a whole number from 0 to 20."},
		{bounded, number("2.5"), "The value 2.5 must be a whole number from 0 to 20."},
	} {
		var resp validator.NumberResponse
		test.rule.ValidateNumber(t.Context(), validator.NumberRequest{Path: path.Root("x"), ConfigValue: test.value}, &resp)
		got := ""
		if len(resp.Diagnostics) > 0 {
			got = resp.Diagnostics[0].Detail()
		}
		if got != test.says {
			t.Errorf("%s: %q, not %q", test.value, got, test.says)
		}
	}
}

// Numbers of every kind, where one is expected, give an error of this provider
// and never one that speaks of a mistake in it.
func TestAccWholeNumber(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ provider, resource, says string }{
		"version with a fraction":     {"", "business_public_key_wo_version = 1.5", `Invalid business_public_key_wo_version.*The value 1.5 must be a whole number`},
		"version as a text":           {"", `business_public_key_wo_version = "1.5"`, `The value 1.5 must be a whole number`},
		"version that is no number":   {"", `business_public_key_wo_version = "one"`, `a number is required`},
		"retries with a fraction":     {"max_retries = 0.5", "", `Invalid max_retries.*The value 0.5 must be a whole number from 0 to 20`},
		"too many retries":            {"max_retries = 21", "", `The value 21 must be a whole number from 0 to 20`},
		"retries below zero":          {"max_retries = -1", "", `The value -1 must be a whole number from 0 to 20`},
		"more retries than there are": {"max_retries = 1e300", "", `must be a whole number from 0 to 20`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			resources := numberWith(quote(keyA(t)))
			if test.resource != "" {
				resources = "variable \"key\" {\n  default = " + quote(keyA(t)) + "\n}\n" + "resource \"whatsapp_business_encryption\" \"test\" {\n  phone_number_id = \"" + testNumber + "\"\n  business_public_key_wo = var.key\n  " + test.resource + "\n}\n"
			}
			w.run(
				resource.TestStep{
					Config:      "provider \"whatsapp\" {\n  base_url = \"" + w.URL() + "\"\n  access_token = \"" + testToken + "\"\n  " + test.provider + "\n}\n" + resources,
					ExpectError: regexp.MustCompile(`(?s)` + regexp.MustCompile(` `).ReplaceAllString(test.says, `\s+`)),
				},
				w.nothingSent(),
			)
		})
	}
}
