// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const dataAddress = "data.whatsapp_business_encryption.test"

const dataConfig = "data \"whatsapp_business_encryption\" \"test\" {\n  phone_number_id = \"" + testNumber + "\"\n}\n"

func TestAccBusinessEncryptionData(t *testing.T) {
	t.Parallel()
	a := keyA(t)
	for name, test := range map[string]struct {
		stored, status              string
		unset                       graphmock.Unset
		key, signature, fingerprint knownvalue.Check
	}{
		"valid key": {
			stored: graphmock.StoreTrimmed(a), status: "VALID",
			key: knownvalue.StringExact(a), signature: knownvalue.StringExact("VALID"), fingerprint: knownvalue.StringExact(fingerprintOf(t, a)),
		},
		"mismatch": {
			stored: fixture(t, "rsa2048_a.pkcs1.pem"), status: "MISMATCH",
			key: knownvalue.StringExact(a), signature: knownvalue.StringExact("MISMATCH"), fingerprint: knownvalue.StringExact(fingerprintOf(t, a)),
		},
		"damaged key": {
			stored: "nonsense", status: "VALID",
			key: knownvalue.StringExact("nonsense"), signature: knownvalue.StringExact("VALID"), fingerprint: knownvalue.Null(),
		},
		"no key":            {unset: graphmock.UnsetBlank, key: knownvalue.Null(), signature: knownvalue.Null(), fingerprint: knownvalue.Null()},
		"no key, no fields": {unset: graphmock.UnsetMissing, key: knownvalue.Null(), signature: knownvalue.Null(), fingerprint: knownvalue.Null()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.stored != "" {
				w.SetKey(testNumber, test.stored, test.status)
			} else {
				w.SetUnset(test.unset)
			}
			w.run(resource.TestStep{
				Config: w.config(dataConfig),
				ConfigStateChecks: []statecheck.StateCheck{
					w.received("GET"),
					statecheck.ExpectKnownValue(dataAddress, at(attrPublicKey), test.key),
					statecheck.ExpectKnownValue(dataAddress, at(attrSignatureStatus), test.signature),
					statecheck.ExpectKnownValue(dataAddress, at(attrFingerprint), test.fingerprint),
				},
			})
		})
	}
}

func TestAccBusinessEncryptionData_errors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(
		resource.TestStep{
			PreConfig: func() {
				w.Script(graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(100, 33, "GraphMethodException", "Unsupported get request.", nil)})
			},
			Config:      w.config(dataConfig),
			ExpectError: regexp.MustCompile(`(?s)Could not read the key.*code 100,\s+subcode 33.*fbtrace_id`),
		},
		resource.TestStep{
			PreConfig:   w.receivedBefore("GET"),
			Config:      w.config(strings.Replace(dataConfig, testNumber, "+49 151", 1)),
			ExpectError: regexp.MustCompile(`(?s)phone\s+number\s+ID`),
		},
		w.nothingSent(),
	)
}

// A damaged key on the number is read, with a warning.
func TestDataSourceWarnsOfADamagedKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, "nonsense", "VALID")
	p := w.protocol()
	resp, err := p.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: resourceType,
		Config:   p.object(p.schema.DataSourceSchemas[resourceType].ValueType(), map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning || resp.Diagnostics[0].Summary != "The number holds a damaged key" {
		t.Errorf("%+v", resp.Diagnostics)
	}
}
