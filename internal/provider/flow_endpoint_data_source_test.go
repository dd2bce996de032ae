// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
)

const endpointAddress = "data.whatsapp_flow_endpoint.test"

func endpointData(e *endpointmock.Server, with string) string {
	return "data \"whatsapp_flow_endpoint\" \"test\" {\n  endpoint_uri = \"" + e.URL() + "/flow?token=hidden-token\"\n  " + with + "\n}\n"
}

func endpointValue(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(endpointAddress, at(attribute), want)
}

// A failing endpoint is a value.
func TestAccFlowEndpoint(t *testing.T) {
	t.Parallel()
	key := "business_public_key = " + quote(keyA(t))
	for name, test := range map[string]struct {
		behaviour endpointmock.Behaviour
		has       bool // the private key
		verdict   flowendpoint.Verdict
		status    knownvalue.Check
		says      string
	}{
		"proven":          {endpointmock.Normal, true, flowendpoint.Proven, knownvalue.Int64Exact(200), `^It decrypted the message and answered the health check\.$`},
		"no health check": {endpointmock.Pong, true, flowendpoint.NoHealthCheck, knownvalue.Int64Exact(200), `let it answer the action "ping"`},
		"wrong key":       {endpointmock.Normal, false, flowendpoint.WrongKey, knownvalue.Int64Exact(421), `Give it the private key`},
		"refused":         {endpointmock.Status403, true, flowendpoint.Refused, knownvalue.Int64Exact(403), `firewall`},
		"plain":           {endpointmock.PlainJSON, true, flowendpoint.NotEncrypted, knownvalue.Int64Exact(200), `not encrypted`},
		"closes":          {endpointmock.CloseBefore, true, flowendpoint.Unreachable, knownvalue.Null(), `no answer`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, e := newWorld(t), newEndpoint(t, endpointmock.Options{Behaviour: test.behaviour})
			if test.has {
				e.AddKey(privateA(t))
			}
			w.run(resource.TestStep{
				Config: w.config(endpointData(e, key)),
				ConfigStateChecks: []statecheck.StateCheck{
					endpointValue("verdict", knownvalue.StringExact(string(test.verdict))),
					endpointValue("decrypts", knownvalue.Bool(test.verdict == flowendpoint.Proven || test.verdict == flowendpoint.NoHealthCheck)),
					endpointValue("answers_health_check", knownvalue.Bool(test.verdict == flowendpoint.Proven)),
					endpointValue("http_status", test.status),
					endpointValue("explanation", knownvalue.StringRegexp(regexp.MustCompile(test.says))),
					endpointValue(attrFingerprint, knownvalue.StringExact(fingerprintOf(t, keyA(t)))),
					stateCheck(func() error { return w.expectRequests(nil) }),
				},
			})
		})
	}
}

// With a number, the key is the one that clients encrypt with now.
func TestAccFlowEndpoint_number(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{}, privateA(t))
	number := "phone_number_id = \"" + testNumber + "\""
	verdict := func(want flowendpoint.Verdict, fingerprint knownvalue.Check) []statecheck.StateCheck {
		return []statecheck.StateCheck{endpointValue("verdict", knownvalue.StringExact(string(want))), endpointValue(attrFingerprint, fingerprint)}
	}
	config := w.config(endpointData(e, number))
	w.run(
		resource.TestStep{Config: config, ConfigStateChecks: verdict(verdictNoKey, knownvalue.Null())},
		resource.TestStep{PreConfig: func() { w.SetKey(testNumber, "damaged", "VALID") }, Config: config, ConfigStateChecks: verdict(verdictNoKey, knownvalue.Null())},
		resource.TestStep{PreConfig: func() { pinged(t, e, 0); w.SetKey(testNumber, keyA(t), "VALID") }, Config: config, ConfigStateChecks: verdict(flowendpoint.Proven, knownvalue.StringExact(fingerprintOf(t, keyA(t))))},
		resource.TestStep{PreConfig: func() { w.SetKey(testNumber, keyB(t), "VALID") }, Config: config, ConfigStateChecks: verdict(flowendpoint.WrongKey, knownvalue.StringExact(fingerprintOf(t, keyB(t))))},
		resource.TestStep{PreConfig: func() { w.DeleteNumber(testNumber) }, Config: config, ExpectError: regexp.MustCompile("Could not read the key")},
	)
}

func TestAccFlowEndpoint_arguments(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{})
	number, key := "phone_number_id = \""+testNumber+"\"\n", "business_public_key = "+quote(keyA(t))
	w.run(
		resource.TestStep{Config: w.config(endpointData(e, "")), ExpectError: regexp.MustCompile(`Missing Attribute Configuration`)},
		resource.TestStep{Config: w.config(endpointData(e, number+key)), ExpectError: regexp.MustCompile(`Invalid Attribute Combination`)},
		resource.TestStep{Config: w.config(strings.Replace(endpointData(e, key), e.URL(), "http://example.com", 1)), ExpectError: regexp.MustCompile(`must\s+use\s+https`)},
		resource.TestStep{Config: w.config(endpointData(e, "business_public_key = \"x\"")), ExpectError: regexp.MustCompile(`Invalid business_public_key`)},
		w.nothingSent(),
	)
	pinged(t, e, 0)
}

// A check block reports an endpoint that has lost the key, and lets the run go on.
func TestCLI_flowEndpointInACheck(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{}, privateA(t))
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))) + "check \"endpoint\" {\n" + endpointData(e, "phone_number_id = "+address+".id") +
		"  assert {\n    condition     = " + endpointAddress + ".decrypts\n    error_message = " + endpointAddress + ".explanation\n  }\n}\n")
	c.apply()
	c.printed()
	c.actions()
	if printed := c.printed(); strings.Contains(printed, "Warning: ") {
		t.Errorf("%s", printed)
	}
	e.RemoveKey(nil)
	c.actions()
	c.mustPrint("Warning: Check block assertion failed", "HTTP 421")
}
