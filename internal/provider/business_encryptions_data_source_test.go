// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// heldBy is what the data source says of a number; "" stands for null.
type heldBy struct{ id, display, fingerprint, status, err string }

// encryptions reads the data source, and returns its numbers and its diagnostics.
func (p *protocol) encryptions(ctx context.Context, waba string) ([]heldBy, []*tfprotov6.Diagnostic) {
	p.t.Helper()
	const name = "whatsapp_business_encryptions"
	typ := p.schema.DataSourceSchemas[name].ValueType()
	resp, err := p.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: p.object(typ, map[string]tftypes.Value{attrWABAID: text(waba)})})
	if err != nil {
		p.t.Fatal(err)
	}
	list := p.fields(typ, resp.State)["phone_numbers"]
	if list.IsNull() {
		return nil, resp.Diagnostics
	}
	var numbers []tftypes.Value
	if err := list.As(&numbers); err != nil {
		p.t.Fatal(err)
	}
	all := []heldBy{}
	for _, n := range numbers {
		fields := map[string]tftypes.Value{}
		if err := n.As(&fields); err != nil {
			p.t.Fatal(err)
		}
		or := func(name string) string {
			if fields[name].IsNull() {
				return ""
			}
			if s := p.text(fields[name]); s != "" {
				return s
			}
			p.t.Errorf("%s is empty and not null", name)
			return ""
		}
		all = append(all, heldBy{or("id"), or("display_phone_number"), or(attrFingerprint), or(attrSignatureStatus), or("error")})
	}
	return all, resp.Diagnostics
}

// Each number of all pages is read once, four at a time, whatever it holds.
func TestEncryptions(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 130)
	a := fingerprintOf(t, keyA(t))
	w.SetKey(listID(2), keyA(t), "MISMATCH")
	w.SetKey(listID(4), strings.ReplaceAll(keyA(t), "\n", "\r\n"), "STRANGE")
	w.SetKey(listID(6), "not a key", "VALID")
	w.SetKey(listID(8), fixture(t, "rsa3072.spki.pem"), "")
	w.SetKey(listID(10), keyB(t), "")
	w.Script(graphmock.Fault{Object: listID(3), Body: `{}`})
	w.Script(graphmock.Fault{Object: listID(5), Body: `{"data":null}`})
	w.SetPages(graphmock.Pages{NumericIDs: true, Duplicates: true, Empty: []int{2}})
	w.together(listIDs(20, 20+2*listParallel))
	got, diags := w.protocol().encryptions(t.Context(), testWABA)
	if len(diags) != 0 || len(got) != 130 {
		t.Fatalf("%d numbers, %+v", len(got), diags)
	}
	if n := w.MaxInFlight(); n != listParallel {
		t.Errorf("%d requests at a time", n)
	}
	w.mustHaveSent(sent("GET GET GET", listIDs(0, 130)...))
	const damaged = "The number holds a text that is not a readable RSA public key of 2048 bits. Upload a key again."
	for i, want := range []heldBy{
		{listID(0), "+1 631-555-0000", a, "VALID", ""},
		{listID(1), "+1 631-555-0001", "", "", ""},
		{listID(2), "+1 631-555-0002", a, "MISMATCH", ""},
		{listID(3), "+1 631-555-0003", "", "", ""},
		{listID(4), "+1 631-555-0004", a, "STRANGE", ""},
		{listID(5), "+1 631-555-0005", "", "", ""},
		{listID(6), "+1 631-555-0006", "", "VALID", damaged},
		{listID(7), "+1 631-555-0007", "", "", ""},
		{listID(8), "+1 631-555-0008", "", "", damaged},
		{listID(9), "+1 631-555-0009", "", "", ""},
		{listID(10), "+1 631-555-0010", fingerprintOf(t, keyB(t)), "", ""},
	} {
		if got[i] != want {
			t.Errorf("number %d: %+v, not %+v", i, got[i], want)
		}
	}
	if last := got[129]; last != (heldBy{listID(129), "+1 631-555-0129", "", "", ""}) {
		t.Errorf("the last is %+v", last)
	}
}

func TestEncryptions_emptyAccount(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 0)
	got, diags := w.protocol().encryptions(t.Context(), testWABA)
	if got == nil || len(got) != 0 || len(diags) != 0 {
		t.Errorf("%v %+v", got, diags)
	}
	w.mustHaveSent(sent("GET"))
}

// Numbers that cannot be read do not hide the others. The error of each says what
// it is, and is the same the next time.
func TestEncryptions_someNumbersFail(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 14)
	w.Deregister(listID(1))
	w.Script(
		graphmock.Fault{Object: listID(3), Times: -1, Status: 403, Body: graphmock.ErrorBody(10, 0, "OAuthException", "(#10) Not allowed", nil)},
		graphmock.Fault{Object: listID(5), Times: -1, Status: 503},
		graphmock.Fault{Object: listID(7), Times: -1, Body: "<html>"},
		graphmock.Fault{Object: listID(9), Times: -1, Status: 400, Body: graphmock.ErrorBody(33, 0, "OAuthException", "The business phone number has been deleted", nil)},
		graphmock.Fault{Object: listID(11), Times: -1, Status: 403, Body: graphmock.ErrorBody(10, 0, "OAuthException", "(#10) Not allowed", nil)},
	)
	p := w.protocol()
	first, diags := p.encryptions(t.Context(), testWABA)
	if len(diags) != 0 || len(first) != 14 {
		t.Fatalf("%d numbers, %+v", len(first), diags)
	}
	want := sent("GET", listIDs(0, 14)...)
	want[listID(5)] = "GET" + strings.Repeat(" GET", graph.DefaultMaxRetries)
	w.mustHaveSent(want)
	for i, want := range map[int]string{
		1:  "Kind of error: number not registered (HTTP 400, code 133010, type OAuthException).",
		3:  "Kind of error: permission (HTTP 403, code 10, type OAuthException).",
		5:  "Kind of error: temporary failure (HTTP 503).",
		7:  "Kind of error: answer not understood (HTTP 200).",
		9:  "Kind of error: number deleted (HTTP 400, code 33, type OAuthException).",
		11: "Kind of error: permission (HTTP 403, code 10, type OAuthException).",
	} {
		got := first[i]
		if !strings.HasPrefix(got.err, "Phone number ID "+listID(i)+": ") || !strings.HasSuffix(got.err, want) || strings.Contains(got.err, "The key on the number") {
			t.Errorf("number %d has the error %s", i, got.err)
		}
		if got.fingerprint != "" || got.status != "" {
			t.Errorf("number %d was not read, and has %+v", i, got)
		}
	}
	for i, got := range first {
		if i%2 == 0 && (got.err != "" || got.status != "VALID") {
			t.Errorf("number %d has %+v", i, got)
		}
	}
	second, _ := p.encryptions(t.Context(), testWABA)
	for i := range second {
		if first[i] != second[i] {
			t.Errorf("number %d: first %+v, then %+v", i, first[i], second[i])
		}
	}
}

// What would affect every number is an error, and no number after those that are
// read at the same time is read.
func TestEncryptions_everyNumberFails(t *testing.T) {
	t.Parallel()
	answer := func(status, code int, message string) graphmock.Fault {
		return graphmock.Fault{Status: status, Body: graphmock.ErrorBody(code, 0, "OAuthException", message, nil)}
	}
	limited := answer(400, 80008, "too many calls")
	limited.Header = http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"type":"whatsapp","estimated_time_to_regain_access":37}]}`}}
	for name, test := range map[string]struct {
		fault   graphmock.Fault
		kind    graph.Class
		at      int    // the first of the four numbers among which the reading stops
		number  string // that the error is about, where only one can be first
		explain string
	}{
		"token":      {answer(401, 190, "expired"), graph.ClassAuth, 8, "", "WHATSAPP_ACCESS_TOKEN"},
		"proof":      {answer(400, 100, "requires an appsecret_proof argument"), graph.ClassAppSecretProof, 8, "", "WHATSAPP_APP_SECRET"},
		"rate limit": {limited, graph.ClassRateLimit, 8, "", "37 minutes"},
		"permission": {answer(403, 200, "(#200) Permissions error"), graph.ClassPermission, 12, listID(12), "whatsapp_business_messaging"},
		"outage":     {graphmock.Fault{Status: 503}, graph.ClassTransient, 12, listID(12), " times."}, // how often depends on the clock that the four reads share,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWABA(t, 20)
			for i := 9; i < 20; i++ {
				fault := test.fault
				fault.Object, fault.Times = listID(i), -1
				w.Script(fault)
			}
			got, diags := w.protocol().encryptions(t.Context(), testWABA)
			if got != nil || len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityError || diags[0].Summary != "Could not list the keys" {
				t.Fatalf("%v %+v", got, diags)
			}
			for _, want := range []string{"The listing stopped at this number.", "Phone number ID " + test.number, "Kind of error: " + string(test.kind), test.explain} {
				if !strings.Contains(diags[0].Detail, want) {
					t.Errorf("the error does not say %q: %s", want, diags[0].Detail)
				}
			}
			for i := range 20 {
				if n := w.Count("GET", listID(i)); i < 8 && n != 1 || i >= test.at+listParallel && n != 0 {
					t.Errorf("number %d was read %d times", i, n)
				}
			}
		})
	}
}

// If the list of numbers itself fails, no number is read.
func TestEncryptions_wrongAccount(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 3)
	got, diags := w.protocol().encryptions(t.Context(), testNumber)
	if got != nil || len(diags) != 1 || diags[0].Summary != "Could not list the phone numbers" || diags[0].Attribute.String() != `AttributeName("waba_id")` ||
		!strings.Contains(diags[0].Detail, "whatsapp_business_management") || strings.Contains(diags[0].Detail, "The key on the number") {
		t.Errorf("%v %+v", got, diags)
	}
	w.mustHaveSent(map[string]string{testNumber: "GET"})
}

func TestEncryptions_interrupted(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 20)
	p := w.protocol()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range 20 {
		w.Script(graphmock.Fault{Object: listID(i), Delay: time.Minute, Hook: cancel})
	}
	if got, diags := p.encryptions(ctx, testWABA); got != nil || len(diags) != 1 || diags[0].Summary != "Could not list the keys" {
		t.Errorf("%v %+v", got, diags)
	}
	if n := w.Count("GET", listID(4)); n != 0 {
		t.Error("the reading went on")
	}
}

func TestAccEncryptions(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 3)
	w.Deregister(listID(1))
	const address = "data.whatsapp_business_encryptions.test"
	number := func(i int) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{
			"id":                   knownvalue.StringExact(listID(i)),
			"display_phone_number": knownvalue.NotNull(),
			attrFingerprint:        knownvalue.StringExact(fingerprintOf(t, keyA(t))),
			attrSignatureStatus:    knownvalue.StringExact("VALID"),
			"error":                knownvalue.Null(),
		})
	}
	w.run(resource.TestStep{
		Config: w.config("data \"whatsapp_business_encryptions\" \"test\" {\n  waba_id = \"" + testWABA + "\"\n}\n"),
		ConfigStateChecks: []statecheck.StateCheck{
			stateCheck(func() error { return w.expectRequests(sent("GET", listIDs(0, 3)...)) }),
			statecheck.ExpectKnownValue(address, at("phone_numbers").AtSliceIndex(0), number(0)),
			statecheck.ExpectKnownValue(address, at("phone_numbers").AtSliceIndex(1), knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"id": knownvalue.StringExact(listID(1)), attrFingerprint: knownvalue.Null(), "error": knownvalue.NotNull(),
			})),
			statecheck.ExpectKnownValue(address, at("phone_numbers").AtSliceIndex(2), number(2)),
			statecheck.ExpectKnownValue(address, at("phone_numbers"), knownvalue.ListSizeExact(3)),
		},
	})
}
