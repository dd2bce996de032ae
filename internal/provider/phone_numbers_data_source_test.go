// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const testWABA = "102290129340777"

func phoneNumbersOf(waba string) string {
	return "data \"whatsapp_phone_numbers\" \"test\" {\n  waba_id = \"" + waba + "\"\n}\n"
}

func TestAccPhoneNumbers(t *testing.T) {
	t.Parallel()
	const address = "data.whatsapp_phone_numbers.test"
	for name, test := range map[string]struct {
		count int
		pages graphmock.Pages
		sent  string
	}{
		"none":           {0, graphmock.Pages{}, "GET"},
		"one page":       {3, graphmock.Pages{}, "GET"},
		"several pages":  {230, graphmock.Pages{}, "GET GET GET"},
		"IDs as numbers": {120, graphmock.Pages{NumericIDs: true, Duplicates: true}, "GET GET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.AddWABA(testWABA)
			for i := range test.count {
				w.AddNumber(graphmock.Number{ID: fmt.Sprintf("20000%04d", test.count-i), WABAID: testWABA, DisplayPhoneNumber: "+1 631-555-0100", NameStatus: "PENDING_REVIEW", PlatformType: "CLOUD_API", Status: "CONNECTED"})
			}
			w.SetPages(test.pages)
			checks := []statecheck.StateCheck{
				stateCheck(func() error { return w.expectRequests(map[string]string{testWABA: test.sent}) }),
				statecheck.ExpectKnownValue(address, at("phone_numbers"), knownvalue.ListSizeExact(test.count)),
			}
			if test.count > 0 {
				checks = append(checks, statecheck.ExpectKnownValue(address, at("phone_numbers").AtSliceIndex(0), knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"id":                   knownvalue.StringExact("200000001"),
					"display_phone_number": knownvalue.StringExact("+1 631-555-0100"),
					"name_status":          knownvalue.StringExact("PENDING_REVIEW"),
					"platform_type":        knownvalue.StringExact("CLOUD_API"),
					"status":               knownvalue.StringExact("CONNECTED"),
				})))
			}
			w.run(resource.TestStep{Config: w.config(phoneNumbersOf(testWABA)), ConfigStateChecks: checks})
		})
	}
}

// Each field is passed on as it comes, and null where the server leaves it out.
func TestPhoneNumberFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AddWABA(testWABA)
	w.Script(graphmock.Fault{Body: `{"data": [{
		"id": "200000001", "display_phone_number": "+49 30 555-0100", "verified_name": "Trockenblumen", "name_status": "AVAILABLE_WITHOUT_REVIEW", "quality_rating": "YELLOW",
		"code_verification_status": "EXPIRED", "platform_type": "ON_PREMISE", "status": "FLAGGED"
	}, {"id": "200000002"}]}`})
	p := w.protocol()
	const name = "whatsapp_phone_numbers"
	typ := p.schema.DataSourceSchemas[name].ValueType()
	resp, err := p.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: p.object(typ, map[string]tftypes.Value{attrWABAID: text(testWABA)})})
	p.check(err, resp.Diagnostics)
	var numbers []tftypes.Value
	if err := p.fields(typ, resp.State)["phone_numbers"].As(&numbers); err != nil || len(numbers) != 2 {
		t.Fatalf("%d numbers (%v)", len(numbers), err)
	}
	for i, want := range []map[string]any{
		{
			"id": "200000001", "display_phone_number": "+49 30 555-0100", "verified_name": "Trockenblumen", "name_status": "AVAILABLE_WITHOUT_REVIEW", "quality_rating": "YELLOW",
			"code_verification_status": "EXPIRED", "platform_type": "ON_PREMISE", "status": "FLAGGED",
		},
		{
			"id": "200000002", "display_phone_number": nil, "verified_name": nil, "name_status": nil, "quality_rating": nil,
			"code_verification_status": nil, "platform_type": nil, "status": nil,
		},
	} {
		got := map[string]tftypes.Value{}
		if err := numbers[i].As(&got); err != nil || len(got) != len(want) {
			t.Fatalf("%d fields (%v)", len(got), err)
		}
		for field, value := range want {
			if !got[field].Equal(tftypes.NewValue(tftypes.String, value)) {
				t.Errorf("%s of number %d is %s", field, i+1, got[field])
			}
		}
	}
}

// A listing that fails in the middle gives nothing.
func TestPhoneNumbersThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AddWABA(testWABA)
	w.Script(graphmock.Fault{Times: -1, Status: 403, Body: graphmock.ErrorBody(200, 0, "OAuthException", "no", nil)})
	p := w.protocol()
	const name = "whatsapp_phone_numbers"
	typ := p.schema.DataSourceSchemas[name].ValueType()
	resp, err := p.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: p.object(typ, map[string]tftypes.Value{attrWABAID: text(testWABA)})})
	if err != nil || len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "Could not list the phone numbers" {
		t.Fatalf("%v %+v", err, resp.Diagnostics)
	}
	if numbers := p.fields(typ, resp.State)["phone_numbers"]; !numbers.IsNull() {
		t.Errorf("the numbers are %s", numbers)
	}
}

func TestAccPhoneNumbers_errors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AddWABA(testWABA)
	for i := range 300 {
		w.AddNumber(graphmock.Number{ID: fmt.Sprintf("20000%04d", i), WABAID: testWABA})
	}
	w.run(
		resource.TestStep{
			Config:      w.config(phoneNumbersOf(testNumber)),
			ExpectError: regexp.MustCompile(`(?s)Could not list the phone numbers.*WhatsApp\s+Business\s+Account\s+ID\s+` + testNumber + `.*whatsapp_business_management.*code 100,\s+subcode 33`),
		},
		resource.TestStep{
			PreConfig:   w.receivedBefore("GET", func() { w.SetPages(graphmock.Pages{RepeatCursor: 2}) }),
			Config:      w.config(phoneNumbersOf(testWABA)),
			ExpectError: regexp.MustCompile(`(?s)Could not list the phone numbers.*a\s+page\s+names\s+the\s+cursor\s+of\s+an\s+earlier\s+page`),
		},
		resource.TestStep{
			PreConfig:   w.forget(),
			Config:      w.config(phoneNumbersOf("me")),
			ExpectError: regexp.MustCompile(`(?s)ID\s+of\s+a\s+WhatsApp\s+Business\s+Account`),
		},
		w.nothingSent(),
	)
}
