// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestAccBusinessEncryption_createReplanUpdate(t *testing.T) {
	t.Parallel()
	w, a, b := newWorld(t), keyA(t), keyB(t)
	w.run(
		resource.TestStep{
			Config: w.config(numberWith(quote(a))),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionCreate),
				planned(attrSignatureStatus, "VALID"),
				planned(attrFingerprint, fingerprintOf(t, a)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET GET POST GET"),
				value(attrPublicKey, a),
				value(attrSignatureStatus, "VALID"),
				value(attrFingerprint, fingerprintOf(t, a)),
				statecheck.ExpectKnownValue(address, at(attrAllowOverwrite), knownvalue.Bool(false)),
				w.holds(testNumber, a, "VALID"),
			},
		},
		resource.TestStep{
			PreConfig:        w.forget(),
			Config:           w.config(numberWith(quote(a))),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET"),
			},
		},
		resource.TestStep{
			PreConfig: w.forget(),
			Config:    w.config(numberWith(quote(b))),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
				planned(attrFingerprint, fingerprintOf(t, b)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET POST GET"),
				value(attrPublicKey, b),
				w.holds(testNumber, b, "VALID"),
			},
		},
	)
}

func TestAccBusinessEncryption_driftOfSignature(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	config := w.config(numberWith(quote(a)))
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: w.forget(func() { w.Reregister(testNumber) }),
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
				planned(attrSignatureStatus, "VALID"),
				planned(attrPublicKey, a),
				planned(attrFingerprint, fingerprintOf(t, a)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET POST GET"),
				value(attrSignatureStatus, "VALID"),
				w.holds(testNumber, a, "VALID"),
			},
		},
		// An unknown status is not valid either.
		resource.TestStep{
			PreConfig: w.forget(func() { w.SetKey(testNumber, a, "PENDING_REVIEW") }),
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}

func TestAccBusinessEncryption_driftOfKey(t *testing.T) {
	t.Parallel()
	for name, foreign := range map[string]string{
		"another key":      keyB(t),
		"damaged key":      "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n",
		"key of 4096 bits": fixture(t, "rsa4096.spki.pem"),
		"not PEM":          "hello",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			config := w.config(numberWith(quote(a)))
			w.run(
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig: w.forget(func() { w.SetKey(testNumber, foreign, "VALID") }),
					Config:    config,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						action(plancheck.ResourceActionUpdate),
						planned(attrPublicKey, a),
						planned(attrFingerprint, fingerprintOf(t, a)),
					}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), value(attrPublicKey, a), w.holds(testNumber, a, "VALID")},
				},
			)
		})
	}
}

// An empty slot means that the key is gone, in whatever form it comes.
func TestAccBusinessEncryption_disappears(t *testing.T) {
	t.Parallel()
	for _, form := range []graphmock.Unset{
		graphmock.UnsetBlank, graphmock.UnsetSpace, graphmock.UnsetNull, graphmock.UnsetAbsent, graphmock.UnsetEmptyData, graphmock.UnsetMissing,
	} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			w.SetUnset(form)
			config := w.config(numberWith(quote(a)))
			w.run(
				resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET")}},
				resource.TestStep{
					PreConfig: w.forget(func() { w.ClearKey(testNumber) }),
					Config:    config,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						action(plancheck.ResourceActionCreate),
					}},
					// One read finds the slot empty, one plans the create.
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET GET POST GET"), w.holds(testNumber, a, "VALID")},
				},
			)
		})
	}
}

func TestAccBusinessEncryption_answerShapes(t *testing.T) {
	t.Parallel()
	for _, shape := range []graphmock.Shape{graphmock.ShapeWrapped, graphmock.ShapeFlat, graphmock.ShapeObject} {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			w.SetShape(shape)
			w.SetSuccess(`{"success":"true"}`)
			w.run(resource.TestStep{
				Config:            w.config(numberWith(quote(a))),
				ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), value(attrSignatureStatus, "VALID"), w.holds(testNumber, a, "VALID")},
			})
		})
	}
}

// The same key is not a change, neither after apply nor in a later plan, whatever
// the server does to the text and however the configuration writes it.
func TestAccBusinessEncryption_sameKeyInOtherWords(t *testing.T) {
	t.Parallel()
	a := keyA(t)
	for name, store := range map[string]func(string) string{
		"as sent":   nil,
		"trimmed":   graphmock.StoreTrimmed,
		"rewrapped": graphmock.StoreRewrapped,
		"CRLF":      graphmock.StoreCRLF,
		"PKCS#1":    graphmock.StorePKCS1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetStore(store)
			steps := []resource.TestStep{{
				Config:            w.config(numberWith(quote(a))),
				ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), value(attrPublicKey, a)},
			}}
			for _, other := range []string{
				strings.TrimSpace(a),
				a + "\n\n",
				strings.ReplaceAll(a, "\n", "\r\n"),
				graphmock.StoreRewrapped(a),
				fixture(t, "rsa2048_a.pkcs1.pem"),
			} {
				steps = append(steps, resource.TestStep{
					PreConfig:         w.forget(),
					Config:            w.config(numberWith(quote(other))),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), value(attrPublicKey, a)},
				})
			}
			w.run(steps...)
		})
	}
}

// A failed read leaves the state as it is, whatever the error, so the next plan
// finds nothing to do.
func TestAccBusinessEncryption_errorsInReadKeepTheState(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault graphmock.Fault
		text  string
	}{
		"permission":   {graphmock.Fault{Status: 403, Body: graphmock.ErrorBody(10, 0, "OAuthException", "Application does not have permission for this action", nil)}, "permission"},
		"wrong object": {graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(100, 33, "GraphMethodException", "Unsupported get request.", nil)}, "subcode 33"},
		"auth":         {graphmock.Fault{Status: 401, Body: graphmock.ErrorBody(190, 463, "OAuthException", "Session has expired", nil)}, "code 190, subcode 463"},
		"server error": {graphmock.Fault{Status: 500, Body: graphmock.ErrorBody(1, 0, "OAuthException", "An unknown error occurred", nil)}, "HTTP 500"},
		"not found":    {graphmock.Fault{Status: 404, Body: "<html>not found</html>"}, "HTTP 404"},
		"not JSON":     {graphmock.Fault{Status: 200, Body: "<html>log in</html>"}, "not a JSON object"},
		"no answer":    {graphmock.Fault{Drop: graphmock.DropOnRequest}, "EOF|reset|stream error"},
		"half answer":  {graphmock.Fault{Drop: graphmock.DropMidBody}, "EOF|reset|stream error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			config := w.config(numberWith(quote(a)))
			test.fault.Times = -1
			w.run(
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig:   w.forget(func() { w.Script(test.fault) }),
					Config:      config,
					ExpectError: regexp.MustCompile(`(?s)Could not read the key.*` + testNumber + `.*(` + strings.ReplaceAll(test.text, " ", `\s+`) + `)`),
				},
				resource.TestStep{
					PreConfig: func() {
						w.ClearFaults()
						if n := w.Count("POST", ""); n != 0 {
							t.Errorf("%d POST requests", n)
						}
						w.ResetRequests()
					},
					Config:            config,
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), w.holds(testNumber, a, "VALID")},
				},
			)
		})
	}
}

func TestAccBusinessEncryption_numberDeleted(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.run(
		resource.TestStep{Config: w.config(numberWith(quote(a)))},
		// The resource is gone from the state, and a create on a deleted number is refused.
		resource.TestStep{
			PreConfig:   w.forget(func() { w.DeleteNumber(testNumber) }),
			Config:      w.config(numberWith(quote(a))),
			ExpectError: regexp.MustCompile(`(?s)The business phone number has been deleted.*number deleted \(HTTP 400, code 33`),
		},
		resource.TestStep{
			PreConfig: w.receivedBefore("GET GET GET GET"),
			Config:    w.config(),
		},
	)
}

// Mistakes in the configuration are reported before anything is sent.
func TestAccBusinessEncryption_invalidConfiguration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ resource, text string }{
		"private key":          {numberWith(quote(fixture(t, "rsa2048_a.private_pkcs8.pem"))), `Invalid business_public_key.*private key`},
		"certificate":          {numberWith(quote(fixture(t, "certificate.pem"))), `Invalid business_public_key.*certificate`},
		"1024 bits":            {numberWith(quote(fixture(t, "rsa1024.spki.pem"))), `1024`},
		"EC key":               {numberWith(quote(fixture(t, "ec.spki.pem"))), `RSA`},
		"literal newlines":     {numberWith(quote(strings.ReplaceAll(keyA(t), "\n", `\n`))), `replace\(`},
		"two keys":             {numberWith(quote(keyA(t) + keyB(t))), `Invalid business_public_key`},
		"empty":                {numberWith(`""`), `Invalid business_public_key`},
		"phone number":         {strings.Replace(numberWith(quote(keyA(t))), testNumber, "+4915123456789", 1), `phone number ID`},
		"timeout not a time":   {numberWith(quote(keyA(t)), `timeouts = { create = "soon" }`), `duration`},
		"timeout of zero":      {numberWith(quote(keyA(t)), `timeouts = { read = "0s" }`), `duration greater than zero`},
		"no key":               {numberWith("null"), `business_public_key`},
		"overwrite not a bool": {numberWith(quote(keyA(t)), `allow_overwrite = "perhaps"`), `allow_overwrite`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run(
				resource.TestStep{
					Config:      w.config(test.resource),
					ExpectError: regexp.MustCompile("(?s)" + strings.ReplaceAll(test.text, " ", `\s+`)),
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
}

func TestAccBusinessEncryption_timeout(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.run(
		resource.TestStep{
			PreConfig:   func() { w.Script(graphmock.Fault{Method: "POST", Delay: time.Minute}) },
			Config:      w.config(numberWith(quote(a), `timeouts = { create = "50ms" }`)),
			ExpectError: regexp.MustCompile(`(?s)Could not set the key.*interrupted`),
		},
		resource.TestStep{
			PreConfig:         w.forget(),
			Config:            w.config(numberWith(quote(a), `timeouts = { create = "1m", update = "1m", read = "30s" }`)),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}

// A read changes the state to what the number holds, and leaves it alone when
// it cannot tell.
func TestReadOfTheState(t *testing.T) {
	t.Parallel()
	state := func(p *protocol) map[string]tftypes.Value {
		return map[string]tftypes.Value{
			attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrSignatureStatus: text("VALID"), attrFingerprint: text(fingerprintOf(t, keyA(t))), attrAllowOverwrite: no,
		}
	}
	for name, test := range map[string]struct {
		given   func(*world)
		changes map[string]tftypes.Value
		removes bool
		fails   bool
	}{
		"as it is":      {given: func(w *world) { w.SetKey(testNumber, keyA(t), "VALID") }},
		"lost":          {given: func(w *world) { w.SetKey(testNumber, keyA(t), "MISMATCH") }, changes: map[string]tftypes.Value{attrSignatureStatus: text("MISMATCH")}},
		"another key":   {given: func(w *world) { w.SetKey(testNumber, keyB(t), "VALID") }, changes: map[string]tftypes.Value{attrPublicKey: text(keyB(t)), attrFingerprint: text(fingerprintOf(t, keyB(t)))}},
		"a damaged key": {given: func(w *world) { w.SetKey(testNumber, "x", "VALID") }, changes: map[string]tftypes.Value{attrPublicKey: text("x"), attrFingerprint: tftypes.NewValue(tftypes.String, nil)}},
		"no key":        {given: func(*world) {}, removes: true},
		"an error": {given: func(w *world) {
			w.Script(graphmock.Fault{Times: -1, Status: 403, Body: graphmock.ErrorBody(10, 0, "OAuthException", "no", nil)})
		}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.given(w)
			p := w.protocol()
			want := state(p)
			resp := p.read(p.values(want))
			if failed(resp.Diagnostics) != test.fails {
				t.Errorf("%+v", resp.Diagnostics)
			}
			if null, err := resp.NewState.IsNull(); err != nil || null != test.removes {
				t.Fatalf("removed: %t (%v)", null, err)
			}
			if test.removes {
				return
			}
			got := p.state(resp.NewState)
			maps.Copy(want, test.changes)
			for attribute, value := range want {
				if !got[attribute].Equal(value) {
					t.Errorf("%s is %s, not %s", attribute, got[attribute], value)
				}
			}
		})
	}
}

// An update sends the key when the number would otherwise not have it with a
// valid signature, and nothing when only a timeout has changed.
func TestUpdateSendsOnlyWhatIsNotThere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ key, status, sent string }{
		"as planned":     {keyA(t), "VALID", ""},
		"signature lost": {keyA(t), "MISMATCH", "POST GET"},
		"other key":      {keyB(t), "VALID", "POST GET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetKey(testNumber, test.key, test.status)
			p := w.protocol()
			values := func(key, status string, timeouts *tftypes.Value) *tfprotov6.DynamicValue {
				return p.values(map[string]tftypes.Value{
					attrPhoneNumberID: text(testNumber), attrPublicKey: text(key), attrSignatureStatus: text(status),
					attrFingerprint: text(fingerprintOf(t, key)), attrAllowOverwrite: no, attrTimeouts: *timeouts,
				})
			}
			resp, err := p.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
				TypeName: resourceType, PriorState: values(test.key, test.status, timeoutsWith("update", "1m")), PlannedState: values(keyA(t), "VALID", timeoutsWith("update", "2m")),
				Config: p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrTimeouts: *timeoutsWith("update", "2m")}),
			})
			p.check(err, resp.Diagnostics)
			want := map[string]string{testNumber: test.sent}
			if err := w.expectRequests(want); err != nil {
				t.Error(err)
			}
			if pem, status := w.Key(testNumber); status != "VALID" || fingerprintOf(t, pem) != fingerprintOf(t, keyA(t)) {
				t.Errorf("the number holds %q with the status %s", pem, status)
			}
		})
	}
}

// Each operation has its own timeout.
func TestTimeoutsOfUpdateAndRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	w.Script(graphmock.Fault{Times: -1, Delay: 30 * time.Second})
	p := w.protocol()
	interrupted := func(diags []*tfprotov6.Diagnostic) {
		t.Helper()
		if len(diags) != 1 || !strings.Contains(diags[0].Detail, "The operation timed out") {
			t.Errorf("%+v", diags)
		}
	}
	interrupted(p.update(keyA(t), keyB(t), timeoutsWith("update", "50ms")).Diagnostics)
	interrupted(p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrTimeouts: *timeoutsWith("read", "50ms")})).Diagnostics)

	config := map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrTimeouts: *timeoutsWith("read", "50ms")}
	planned, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: p.values(config), Config: p.values(config),
	})
	if err != nil {
		t.Fatal(err)
	}
	interrupted(planned.Diagnostics)
	if planned.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning {
		t.Errorf("a timeout fails the plan: %+v", planned.Diagnostics[0])
	}
}
