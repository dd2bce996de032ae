// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// query is what a list block asks for.
type query struct {
	waba              string // testWABA when empty
	includeWithoutKey bool
	includeResource   bool
	limit             int64 // 100, as Terraform has it, when zero
}

func (p *protocol) lists() tfprotov6.ListResourceServer {
	p.t.Helper()
	server, ok := p.ProviderServer.(tfprotov6.ListResourceServer)
	if !ok {
		p.t.Fatal("the provider has no list resources")
	}
	return server
}

func (p *protocol) listConfig(given map[string]tftypes.Value) *tfprotov6.DynamicValue {
	p.t.Helper()
	schema := p.schema.ListResourceSchemas[resourceType]
	if schema == nil {
		p.t.Fatal("there is no schema of the list resource")
	}
	return p.object(schema.ValueType(), given)
}

// list does what terraform query does. It checks each result against the
// protocol: one with an error or without an identity has nothing else.
func (p *protocol) list(q query) []tfprotov6.ListResourceResult {
	p.t.Helper()
	config := map[string]tftypes.Value{attrWABAID: text(testWABA)}
	if q.waba != "" {
		config[attrWABAID] = text(q.waba)
	}
	if q.includeWithoutKey {
		config[attrIncludeWithoutKey] = tftypes.NewValue(tftypes.Bool, true)
	}
	if q.limit == 0 {
		q.limit = 100
	}
	stream, err := p.lists().ListResource(p.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: resourceType, Config: p.listConfig(config), IncludeResource: q.includeResource, Limit: q.limit,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	results := slices.Collect(stream.Results)
	for _, r := range results {
		if r.Identity == nil && len(r.Diagnostics) == 0 {
			p.t.Errorf("a result without an identity: %+v", r)
		}
		if r.Identity == nil && (r.Resource != nil || r.DisplayName != "") {
			p.t.Errorf("a result without an identity has more than diagnostics: %+v", r)
		}
	}
	return results
}

func (p *protocol) identityType() tftypes.Type {
	p.t.Helper()
	identities, err := p.GetResourceIdentitySchemas(p.t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	p.check(err, identities.Diagnostics)
	return identities.IdentitySchemas[resourceType].ValueType()
}

// ids returns the identities of the results, and for a diagnostic its severity
// and summary.
func (p *protocol) ids(results []tfprotov6.ListResourceResult) []string {
	p.t.Helper()
	typ := p.identityType()
	ids := []string{}
	for _, r := range results {
		for _, d := range r.Diagnostics {
			ids = append(ids, fmt.Sprintf("%s: %s", d.Severity, d.Summary))
		}
		if r.Identity != nil {
			ids = append(ids, p.text(p.fields(typ, r.Identity.IdentityData)[attrPhoneNumberID]))
		}
	}
	return ids
}

func (p *protocol) mustList(q query, want ...string) []tfprotov6.ListResourceResult {
	p.t.Helper()
	results := p.list(q)
	if got := p.ids(results); !slices.Equal(got, want) {
		p.t.Errorf("listed %q, not %q", got, want)
	}
	return results
}

// listID is the ID of the number at this position in the list.
func listID(i int) string { return fmt.Sprintf("20000%04d", i) }

func listIDs(from, to int) (ids []string) {
	for i := from; i < to; i++ {
		ids = append(ids, listID(i))
	}
	return ids
}

// newWABA has the given count of numbers, which the server lists in descending
// order. Every second one, starting with the first, holds key A.
func newWABA(t *testing.T, count int) *world {
	t.Helper()
	w := newWorld(t)
	w.AddWABA(testWABA)
	for i := count - 1; i >= 0; i-- {
		w.AddNumber(graphmock.Number{ID: listID(i), WABAID: testWABA, DisplayPhoneNumber: fmt.Sprintf("+1 631-555-%04d", i)})
		if i%2 == 0 {
			w.SetKey(listID(i), keyA(t), "VALID")
		}
	}
	return w
}

// sent is how often the list and these numbers were requested.
func sent(lists string, ids ...string) map[string]string {
	want := map[string]string{testWABA: lists}
	for _, id := range ids {
		want[id] = "GET"
	}
	return want
}

// together answers the reads of these numbers only once as many as may be read at a
// time have arrived, on whatever machine, and a little later, so that one too many is
// seen as well.
func (w *world) together(ids []string) {
	var arrived atomic.Int32
	all := make(chan struct{})
	for _, id := range ids {
		w.Script(graphmock.Fault{Object: id, Delay: 50 * time.Millisecond, Hook: func() {
			if arrived.Add(1) == listParallel {
				close(all)
			}
			select {
			case <-all:
			case <-time.After(20 * time.Second): // too few are read at a time
			}
		}})
	}
}

func (w *world) mustHaveSent(want map[string]string) {
	w.t.Helper()
	if err := w.expectRequests(want); err != nil {
		w.t.Error(err)
	}
}

const (
	notListed  = "WARNING: A phone number is not listed"
	keyless    = "WARNING: A phone number without a key is left out"
	atTheLimit = "WARNING: The list ends at its limit"
)

// The listing has only the numbers with a key, sorted, from all pages. Each is
// read once, and no more than four at a time.
func TestList(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 230)
	w.SetKey(listID(2), keyA(t), "MISMATCH")
	w.SetPages(graphmock.Pages{NumericIDs: true, Duplicates: true, Empty: []int{2}})
	w.together(listIDs(0, 2*listParallel))
	var want []string
	for i := 0; i < 230; i += 2 {
		want = append(want, listID(i))
	}
	results := w.protocol().mustList(query{limit: 1000}, want...)
	if got := w.MaxInFlight(); got != listParallel {
		t.Errorf("%d requests at a time", got)
	}
	w.mustHaveSent(sent("GET GET GET GET", listIDs(0, 230)...))
	if got := results[1].DisplayName; got != "+1 631-555-0002 (Lucky Shrub), MISMATCH" {
		t.Errorf("the display name is %q", got)
	}
	if results[0].Resource != nil {
		t.Error("the resource was not asked for")
	}
}

// Numbers without a key are listed with a mark, and left out with a warning when
// Terraform generates a configuration: one resource without a key would make the
// whole file invalid.
func TestList_withoutKey(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 5)
	p := w.protocol()
	for _, unset := range []graphmock.Unset{graphmock.UnsetBlank, graphmock.UnsetSpace, graphmock.UnsetEmptyData} {
		w.SetUnset(unset)
		results := p.mustList(query{includeWithoutKey: true}, listIDs(0, 5)...)
		w.mustHaveSent(sent("GET", listIDs(0, 5)...))
		for i, want := range []string{"+1 631-555-0000 (Lucky Shrub), VALID", "+1 631-555-0001 (Lucky Shrub), no key", "+1 631-555-0002 (Lucky Shrub), VALID", "+1 631-555-0003 (Lucky Shrub), no key", "+1 631-555-0004 (Lucky Shrub), VALID"} {
			if results[i].DisplayName != want {
				t.Errorf("%s: number %d is displayed as %q, not %q", unset, i, results[i].DisplayName, want)
			}
		}

		results = p.mustList(query{includeWithoutKey: true, includeResource: true}, listID(0), keyless, listID(2), keyless, listID(4))
		w.mustHaveSent(sent("GET", listIDs(0, 5)...))
		if detail := results[1].Diagnostics[0].Detail; !strings.Contains(detail, "Phone number ID "+listID(1)+", +1 631-555-0001 (Lucky Shrub), holds no key") {
			t.Errorf("the warning is %s", detail)
		}
	}
}

func TestList_empty(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 0)
	w.protocol().mustList(query{})
	w.mustHaveSent(sent("GET"))
}

// A list that is exactly as long as its limit is complete, and one number more
// is named as one.
func TestList_endsWithTheAccount(t *testing.T) {
	t.Parallel()
	p := newWABA(t, 5).protocol()
	p.mustList(query{limit: 5, includeWithoutKey: true}, listIDs(0, 5)...)
	p.mustList(query{limit: 3}, listID(0), listID(2), listID(4))
	results := p.mustList(query{limit: 4, includeWithoutKey: true}, listID(0), listID(1), listID(2), atTheLimit, listID(3))
	if detail := results[3].Diagnostics[0].Detail; !strings.Contains(detail, "one phone number of the account is not looked at") {
		t.Error(detail)
	}
}

// At the limit the listing stops, and no number was read in vain. The result that
// reaches it says what is left.
func TestList_limit(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 120)
	p := w.protocol()
	for _, test := range []struct {
		limit      int64
		withoutKey bool
		resource   bool
		warnings   int // of numbers that are left out
		last       int // the number that is read last
	}{
		{limit: 1, last: 0},
		{limit: 2, last: 2},
		{limit: 3, last: 4},
		{limit: 7, last: 12},
		{limit: 5, withoutKey: true, last: 4},
		{limit: 5, withoutKey: true, resource: true, warnings: 4, last: 8},
	} {
		results := p.list(query{limit: test.limit, includeWithoutKey: test.withoutKey, includeResource: test.resource})
		if len(results) != int(test.limit)+test.warnings {
			t.Errorf("limit %d: %d results", test.limit, len(results))
		}
		for i, r := range results {
			says := ""
			for _, d := range r.Diagnostics {
				if d.Summary == "The list ends at its limit" {
					says = d.Detail
				}
			}
			want := ""
			if i == len(results)-1 {
				want = fmt.Sprintf("The list has %d results, which is its limit, and %d phone numbers of the account are not looked at. To list all, set a higher limit in the list block.", test.limit, 120-test.last-1)
			}
			if says != want || want != "" && r.Identity == nil {
				t.Errorf("limit %d: result %d says %q, not %q", test.limit, i, says, want)
			}
		}
		w.mustHaveSent(sent("GET GET", listIDs(0, test.last+1)...))
	}
	// Terraform stops taking results when it has enough, or is interrupted.
	stream, err := p.lists().ListResource(t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: resourceType, Config: p.listConfig(map[string]tftypes.Value{attrWABAID: text(testWABA)}), Limit: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range stream.Results {
		break
	}
	w.mustHaveSent(sent("GET GET", listIDs(0, listParallel)...))
}

// What is listed is what an import would put into the state.
func TestList_resourceIsWhatImportReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := keyA(t)
	for i, slot := range []struct{ pem, status string }{
		{a, "VALID"},
		{strings.ReplaceAll(a, "\n", "\r\n"), "MISMATCH"},
		{fixture(t, "rsa2048_b.pkcs1.pem"), "VALID"},
		{"not a key", "VALID"},
		{fixture(t, "rsa3072.spki.pem"), "STRANGE"},
	} {
		w.AddNumber(graphmock.Number{ID: listID(i), WABAID: testWABA})
		w.SetKey(listID(i), slot.pem, slot.status)
	}
	p, ctx := w.protocol(), t.Context()
	typ := p.schema.ResourceSchemas[resourceType].ValueType()
	results := p.mustList(query{includeResource: true}, listIDs(0, 5)...)
	w.mustHaveSent(sent("GET", listIDs(0, 5)...))
	for i, r := range results {
		imported, err := p.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, Identity: r.Identity})
		p.check(err, imported.Diagnostics)
		read := p.read(imported.ImportedResources[0].State)
		p.check(nil, read.Diagnostics)
		want, err := read.NewState.Unmarshal(typ)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Resource.Unmarshal(typ)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(want) {
			t.Errorf("number %d is listed as\n%s\nand imported as\n%s", i, got, want)
		}
	}
	first := p.fields(typ, results[0].Resource)
	if p.text(first[attrPublicKey]) != a || p.text(first[attrFingerprint]) != fingerprintOf(t, a) || !first[attrTimeouts].IsNull() {
		t.Errorf("%v", first)
	}
}

// One number that fails is a warning that names it, because Terraform drops the
// whole list at an error. It does not count against the limit.
func TestList_oneNumberFails(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 12)
	w.Deregister(listID(2))
	w.Script(graphmock.Fault{Object: listID(6), Times: -1, Status: 403, Body: graphmock.ErrorBody(200, 0, "OAuthException", "(#200) Permissions error", nil)})
	p := w.protocol()
	results := p.mustList(query{limit: 4, includeResource: true}, listID(0), notListed, listID(4), notListed, listID(8), atTheLimit, listID(10))
	w.mustHaveSent(sent("GET", listIDs(0, 11)...))
	for i, want := range map[int]string{1: listID(2), 3: listID(6)} {
		detail := results[i].Diagnostics[0].Detail
		if !strings.Contains(detail, "Phone number ID "+want+": ") || !strings.Contains(detail, "Kind of error: ") || !strings.HasPrefix(detail, "Its key could not be read. The other numbers are listed.") {
			t.Errorf("the warning is %s", detail)
		}
	}
}

// A failure that affects every number ends the listing with an error, and so do
// four failures in a row, unless the reason is the state of each number.
func TestList_everyNumberFails(t *testing.T) {
	t.Parallel()
	answer := func(status, code int, message string) graphmock.Fault {
		return graphmock.Fault{Times: -1, Status: status, Body: graphmock.ErrorBody(code, 0, "OAuthException", message, nil)}
	}
	const ended = "ERROR: Could not list the keys"
	for name, test := range map[string]struct {
		fault graphmock.Fault
		want  []string
		kind  graph.Class
		least int // how many of the four numbers are read; what is refused holds back the others
	}{
		"token":      {answer(401, 190, "expired"), []string{ended}, graph.ClassAuth, 1},
		"proof":      {answer(400, 100, "requires an appsecret_proof argument"), []string{ended}, graph.ClassAppSecretProof, 1},
		"permission": {answer(403, 200, "(#200) Permissions error"), []string{notListed, notListed, notListed, ended}, graph.ClassPermission, 4},
		"not Graph":  {graphmock.Fault{Times: -1, Status: 200, Body: "<html>"}, []string{notListed, notListed, notListed, ended}, graph.ClassNotUnderstood, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWABA(t, 20)
			for i := range 20 {
				fault := test.fault
				fault.Object = listID(i)
				w.Script(fault)
			}
			results := w.protocol().mustList(query{}, test.want...)
			read := listIDs(0, listParallel)
			read = slices.DeleteFunc(read, func(id string) bool { return w.requests(id) == "" })
			if len(read) < test.least {
				t.Errorf("%d numbers were read", len(read))
			}
			w.mustHaveSent(sent("GET", read...))
			detail := results[len(results)-1].Diagnostics[0].Detail
			if !strings.Contains(detail, "Phone number ID 20000") || !strings.Contains(detail, "Kind of error: "+string(test.kind)) || !strings.HasPrefix(detail, "The listing stopped at this number.") {
				t.Errorf("the error is %s", detail)
			}
		})
	}

	t.Run("rate limit", func(t *testing.T) {
		t.Parallel()
		w := newWABA(t, 20)
		fault := graphmock.Fault{Object: listID(4), Times: -1, Status: 400, Body: graphmock.ErrorBody(80008, 0, "OAuthException", "too many calls", nil), Header: http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"type":"whatsapp","estimated_time_to_regain_access":37}]}`}}}
		w.Script(fault)
		results := w.protocol().mustList(query{}, listID(0), listID(2), ended)
		if d := results[2].Diagnostics[0].Detail; !strings.Contains(d, "37 minutes") || !strings.Contains(d, listID(4)) {
			t.Errorf("the error is %s", d)
		}
		if n := w.Count("GET", listID(8)); n != 0 {
			t.Error("the listing went on")
		}
	})

	t.Run("outage", func(t *testing.T) {
		t.Parallel()
		w := newWABA(t, 20)
		for i := 3; i < 20; i++ {
			// The waits of all reads add up on the clock that they share, so they are short.
			w.Script(graphmock.Fault{Object: listID(i), Times: -1, Status: 503, Header: http.Header{"Retry-After": {"1"}}})
		}
		w.protocol().mustList(query{}, listID(0), listID(2), notListed, notListed, notListed, ended)
		if n := w.Count("GET", listID(6)); n != graph.DefaultMaxRetries+1 {
			t.Errorf("number 6 was asked %d times", n)
		}
		if n := w.Count("GET", listID(8)); n != 0 {
			t.Error("the listing went on")
		}
	})

	t.Run("not registered", func(t *testing.T) {
		t.Parallel()
		w := newWABA(t, 20)
		for i := range 18 {
			w.Deregister(listID(i))
		}
		w.protocol().mustList(query{}, append(slices.Repeat([]string{notListed}, 18), listID(18))...)
		w.mustHaveSent(sent("GET", listIDs(0, 20)...))
	})

	for name, spared := range map[string]int{"never four in a row, a key between": 0, "never four in a row, no key between": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWABA(t, 20)
			var want []string
			for i := range 20 {
				switch {
				case i%4 != spared:
					w.Script(graphmock.Fault{Object: listID(i), Times: -1, Status: 400, Body: graphmock.ErrorBody(131009, 0, "OAuthException", "no", nil)})
					want = append(want, notListed)
				case i%2 == 0:
					want = append(want, listID(i))
				}
			}
			w.protocol().mustList(query{}, want...)
		})
	}
}

func TestConcernsAll(t *testing.T) {
	t.Parallel()
	var all []graph.Class
	for _, class := range errorClasses(t) {
		if concernsAll(&graph.Error{Class: class}) {
			all = append(all, class)
		}
	}
	if want := []graph.Class{graph.ClassAppSecretProof, graph.ClassAuth, graph.ClassRateLimit, graph.ClassProxy, graph.ClassCertificate}; !slices.Equal(all, want) {
		t.Errorf("%q end a listing", all)
	}
}

// Ctrl-C ends the listing with one error, and not with a warning for each number.
func TestList_interrupted(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 20)
	p := w.protocol()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range 20 {
		w.Script(graphmock.Fault{Object: listID(i), Delay: time.Minute, Hook: cancel})
	}
	stream, err := p.lists().ListResource(ctx, &tfprotov6.ListResourceRequest{
		TypeName: resourceType, Config: p.listConfig(map[string]tftypes.Value{attrWABAID: text(testWABA)}), Limit: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.ids(slices.Collect(stream.Results)); !slices.Equal(got, []string{"ERROR: Could not list the keys"}) {
		t.Errorf("listed %q", got)
	}
	if n := w.Count("GET", listID(4)); n != 0 {
		t.Error("the listing went on")
	}
}

// If the list of numbers itself fails, no number is read.
func TestList_wrongAccount(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 3)
	p := w.protocol()
	results := p.mustList(query{waba: testNumber}, "ERROR: Could not list the phone numbers")
	if d := results[0].Diagnostics[0]; !strings.Contains(d.Detail, "WhatsApp Business Account ID "+testNumber) || !strings.Contains(d.Detail, "whatsapp_business_management") || d.Attribute.String() != `AttributeName("waba_id")` ||
		strings.Contains(d.Detail, "The key on the number") {
		t.Errorf("%s: %s", d.Attribute, d.Detail)
	}
	w.mustHaveSent(map[string]string{testNumber: "GET"})
}

func TestList_validate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.protocol()
	for name, test := range map[string]struct {
		waba    tftypes.Value
		summary string
	}{
		"right":   {text(testWABA), ""},
		"unknown": {tftypes.NewValue(tftypes.String, tftypes.UnknownValue), ""},
		"a name":  {text("me"), "Invalid Attribute Value Match"},
	} {
		resp, err := p.lists().ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
			TypeName: resourceType, Config: p.listConfig(map[string]tftypes.Value{attrWABAID: test.waba}),
		})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range resp.Diagnostics {
			got += d.Summary
		}
		if got != test.summary {
			t.Errorf("%s: %q", name, got)
		}
	}
	w.mustHaveSent(nil)
}

// An unknown provider argument is reported once, and nothing is sent.
func TestList_unknownProviderConfiguration(t *testing.T) {
	t.Parallel()
	w := newWABA(t, 3)
	p := w.protocol()
	p.ProviderServer = newServer(&whatsappProvider{version: "test", clock: w.clock})
	configured, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(p.schema.Provider.ValueType(), map[string]tftypes.Value{
		"base_url":     text(w.URL()),
		"access_token": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
	})})
	p.check(err, configured.Diagnostics)
	results := p.mustList(query{}, "ERROR: Provider configuration not known yet")
	if d := results[0].Diagnostics[0].Detail; !strings.Contains(d, "access_token") {
		t.Error(d)
	}
	w.mustHaveSent(nil)
}

// The warning that another version answers comes once, and does not count
// against the limit.
func TestList_servedVersion(t *testing.T) {
	t.Parallel()
	w := &world{t: t, clock: fakeclock.New(), Server: graphmock.NewServer(graphmock.Options{Token: testToken, OldestVersion: "v26.0"})}
	t.Cleanup(w.Close)
	for _, id := range listIDs(0, 3) {
		w.AddNumber(graphmock.Number{ID: id, WABAID: testWABA})
		w.SetKey(id, keyA(t), "VALID")
	}
	p := w.protocol()
	p.mustList(query{limit: 2}, "WARNING: The Graph API answers with another version", listID(0), atTheLimit, listID(1))
	p.mustList(query{limit: 2}, listID(0), atTheLimit, listID(1))
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]graph.PhoneNumber{
		"+1 631-555-5555 (Lucky Shrub)": {ID: "1", DisplayPhoneNumber: "+1 631-555-5555", VerifiedName: "Lucky Shrub"},
		"+1 631-555-5555":               {ID: "1", DisplayPhoneNumber: "+1 631-555-5555"},
		"Lucky Shrub (1)":               {ID: "1", VerifiedName: "Lucky Shrub"},
		"1":                             {ID: "1"},
	} {
		if got := displayName(n); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// Without terraform query, import blocks take over the numbers that hold a key.
// The plan imports them, and changes only the one with a different key. What the
// numbers hold never decides whether they are managed: with the import blocks still
// there, a key that is replaced or deleted shows in the next plan.
func TestCLI_importAllNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, listID(0))
	var without []string
	for i := range 110 {
		w.AddNumber(graphmock.Number{ID: listID(i), WABAID: "102290129340398"})
		if i%2 == 0 {
			w.SetKey(listID(i), keyA(t), "VALID")
		} else {
			without = append(without, listID(i))
		}
	}
	w.SetKey(listID(4), keyB(t), "VALID")
	number := func(i int) string { return fmt.Sprintf("whatsapp_business_encryption.flows[%q]", listID(i)) }
	c := w.cli(example(t, "import-all-numbers/main.tf"))
	c.write("import.tf", example(t, "import-all-numbers/import.tf"))
	c.write("public.pem", keyA(t))
	c.write("terraform.tfvars", "without_flows = [\""+strings.Join(without, "\", \"")+"\"]\n")
	if actions := c.actions(); len(actions) != 1 || !actions[number(4)].Update() {
		t.Errorf("planned %v", actions)
	}
	c.mustPrint("Plan: 55 to import, 0 to add, 1 to change, 0 to destroy.")
	if err := c.Apply(t.Context(), tfexec.DirOrPlan("plan")); err != nil {
		t.Fatal(err)
	}
	if n := w.Count("POST", ""); n != 1 {
		t.Errorf("%d keys were uploaded", n)
	}
	if actions := c.actions(); len(actions) != 0 {
		t.Errorf("planned after the import %v", actions)
	}
	w.SetKey(listID(6), keyB(t), "VALID")
	w.ClearKey(listID(8))
	if actions := c.actions(); len(actions) != 2 || !actions[number(6)].Update() || !actions[number(8)].Create() {
		t.Errorf("planned after one key was replaced and another deleted %v", actions)
	}
}

// What the CLI generates from the state of an import is valid, and leaves
// nothing to change. It is what terraform query generates, too.
func TestCLI_generatedConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	// Without the provider, Terraform 1.16.0 to 1.16.2 look for hashicorp/whatsapp.
	c := w.cli(requiredProviders + "import {\n  provider = whatsapp\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n")
	if _, err := c.Plan(t.Context(), tfexec.GenerateConfigOut("generated.tf"), tfexec.Out("plan")); err != nil {
		t.Fatal(err)
	}
	c.mustPrint("Plan: 1 to import, 0 to add, 0 to change, 0 to destroy.")
	if err := c.Apply(t.Context(), tfexec.DirOrPlan("plan")); err != nil {
		t.Fatal(err)
	}
	c.mustPrint("Resources: 1 imported, 0 added, 0 changed, 0 destroyed.")
	c.write("main.tf", requiredProviders)
	if actions := c.actions(); len(actions) != 0 {
		t.Errorf("planned after the import %v", actions)
	}
	c.mustPrint("No changes.")
	w.mustHaveSent(map[string]string{testNumber: "GET GET"})
}

// The published query, with the real CLI, generates a configuration that imports
// every number that holds a key, and changes none.
func TestCLI_query(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("../../examples/list-resources/whatsapp_business_encryption/list-resource.tfquery.hcl")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for i := range 250 {
		w.AddNumber(graphmock.Number{ID: listID(i), WABAID: "102290129340398"})
		if i%2 == 0 {
			w.SetKey(listID(i), keyA(t), "VALID")
		}
	}
	c := w.cli(requiredProviders)
	if isOpenTofu || !cliIsAtLeast(t, "1.14.0") {
		t.Skip("needs Terraform 1.14")
	}
	c.write("list-resource.tfquery.hcl", string(example))
	query := func(args ...string) string {
		out, err := c.run(append([]string{"query"}, args...)...)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return out
	}

	w.Script(graphmock.Fault{Object: listID(4), Status: 400, Body: graphmock.ErrorBody(133010, 0, "OAuthException", "Account not registered", nil)})
	out := query()
	if n := strings.Count(out, "Lucky Shrub"); n != 124 || !strings.Contains(out, "Warning: A phone number is not listed") {
		t.Errorf("%d numbers are listed:\n%s", n, out)
	}
	query("-generate-config-out=generated.tf")
	if actions := c.actions(); len(actions) != 0 {
		t.Errorf("planned %v", actions)
	}
	c.mustPrint("Plan: 125 to import, 0 to add, 0 to change, 0 to destroy.")
	if err := c.Apply(t.Context(), tfexec.DirOrPlan("plan")); err != nil {
		t.Fatal(err)
	}
	if actions := c.actions(); len(actions) != 0 {
		t.Errorf("planned after the import %v", actions)
	}
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("%d keys were uploaded", n)
	}
}

// With the real CLI.
func TestAccList(t *testing.T) {
	t.Parallel()
	if isOpenTofu {
		t.Skip("OpenTofu has no list resources")
	}
	w := newWABA(t, 5)
	const found = "whatsapp_business_encryption.test"
	third := queryfilter.ByResourceIdentity(map[string]knownvalue.Check{attrPhoneNumberID: knownvalue.StringExact(listID(2))})
	block := func(list, config string) string {
		return "list \"whatsapp_business_encryption\" \"test\" {\n  provider = whatsapp\n" + list + "  config {\n    waba_id = \"" + testWABA + "\"\n" + config + "  }\n}\n"
	}
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		ProtoV6ProviderFactories: w.factories(),
		Steps: []resource.TestStep{
			{Config: w.config()}, // the queries are then next to it
			{
				Query:  true,
				Config: block("  include_resource = true\n", ""),
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength(found, 3),
					querycheck.ExpectNoIdentity(found, map[string]knownvalue.Check{attrPhoneNumberID: knownvalue.StringExact(listID(1))}),
					querycheck.ExpectResourceDisplayName(found, third, knownvalue.StringExact("+1 631-555-0002 (Lucky Shrub), VALID")),
					querycheck.ExpectResourceKnownValues(found, third, []querycheck.KnownValueCheck{
						{Path: at(attrPublicKey), KnownValue: knownvalue.StringExact(keyA(t))},
						{Path: at(attrSignatureStatus), KnownValue: knownvalue.StringExact("VALID")},
						{Path: at(attrAllowOverwrite), KnownValue: knownvalue.Bool(false)},
					}),
				},
			},
			{
				Query:             true,
				Config:            block("", "    include_without_key = true\n"),
				QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectLength(found, 5)},
			},
			{
				Query:             true,
				Config:            block("  limit = 2\n", ""),
				QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectLength(found, 2)},
			},
		},
	})
}
