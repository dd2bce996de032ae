// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// What the guide "Scale and limits" simulates: an account of this many numbers,
// a server that answers in this time, and a CLI with this many slots.
const (
	budgetNumbers = 120
	budgetSlots   = 10
	budgetAnswer  = 500 * time.Millisecond
	budgetCalls   = 200
	budgetWABA    = "102290129340398"
)

// account is a mock server that is reached without a network and takes its time
// from the synctest bubble, and a CLI that calls the provider as Terraform does.
type account struct {
	t         testing.TB
	server    *graphmock.Server
	p         *protocol
	retries   int
	maxWait   time.Duration
	timeout   string // of create, read and update
	noRefresh bool
	overwrite bool // allow_overwrite
	slots     int
	key       string
	numbers   []string
	state     map[string]*instance
}

// instance is a number in the state.
type instance struct {
	value   *tfprotov6.DynamicValue
	private []byte
	tainted bool
}

// direct carries requests to the server without a network, because time in a
// bubble does not advance while a goroutine waits for a network.
type direct struct{ server *graphmock.Server }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(budgetAnswer)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	received := req.Clone(req.Context())
	if received.Body == nil {
		received.Body = http.NoBody // a server's request always has one
	}
	d.server.ServeHTTP(recorder, received)
	return recorder.Result(), nil
}

// offline is the provider with that transport.
type offline struct {
	*whatsappProvider
	a *account
}

func (o offline) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	data := &providerData{}
	client, err := graph.New(graph.Config{
		AccessToken: testToken, MaxRetries: o.a.retries, RetryMaxWait: o.a.maxWait, Transport: direct{o.a.server},
	})
	if err != nil {
		o.a.t.Fatal(err)
	}
	data.client, data.endpoints.Clock = client, graph.SystemClock{}
	resp.ResourceData, resp.DataSourceData = data, data
}

// process is a new plugin process, which knows nothing of the one before.
func (a *account) process() {
	p := &protocol{t: a.t, ProviderServer: providerserver.NewProtocol6(offline{&whatsappProvider{version: "test", clock: graph.SystemClock{}}, a})()}
	schema, err := p.GetProviderSchema(a.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	p.check(err, schema.Diagnostics)
	p.schema = schema
	configured, err := p.ConfigureProvider(a.t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(schema.Provider.ValueType(), nil)})
	p.check(err, configured.Diagnostics)
	a.p = p
}

// newAccount must be called inside a bubble.
func newAccount(t testing.TB) *account {
	t.Helper()
	a := &account{
		t: t, server: graphmock.NewUnstartedServer(graphmock.Options{Token: testToken}), slots: budgetSlots, key: keyA(t), state: map[string]*instance{},
		retries: graph.DefaultMaxRetries, maxWait: graph.DefaultRetryMaxWait,
	}
	a.server.AddFlow(graphmock.Flow{ID: testFlow})
	for i := range budgetNumbers {
		id := fmt.Sprintf("1065403522%05d", i)
		a.numbers = append(a.numbers, id)
		a.server.AddNumber(graphmock.Number{ID: id, WABAID: budgetWABA})
	}
	return a
}

// walk calls a function for each number, one per slot at a time, and reports
// whether all calls succeeded.
func (a *account) walk(do func(id string) bool) bool {
	work := make(chan string, len(a.numbers))
	for _, id := range a.numbers {
		work <- id
	}
	close(work)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ok := true
	for range a.slots {
		wg.Go(func() {
			for id := range work {
				if !do(id) {
					mu.Lock()
					ok = false
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return ok
}

func failed(diags []*tfprotov6.Diagnostic) bool {
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}

// values is the configuration of a number or, with the values in more, its plan.
func (a *account) values(id string, more map[string]tftypes.Value) *tfprotov6.DynamicValue {
	given := map[string]tftypes.Value{
		attrPhoneNumberID: text(id), attrPublicKey: text(a.key), attrAllowOverwrite: tftypes.NewValue(tftypes.Bool, a.overwrite),
	}
	if a.timeout != "" {
		object, ok := a.p.schema.ResourceSchemas[resourceType].ValueType().(tftypes.Object)
		if !ok {
			a.t.Error("the schema is not an object")
		}
		given[attrTimeouts] = tftypes.NewValue(object.AttributeTypes[attrTimeouts], map[string]tftypes.Value{
			"create": text(a.timeout), "read": text(a.timeout), "update": text(a.timeout),
		})
	}
	maps.Copy(given, more)
	return a.p.values(given)
}

// propose asks for the plan of one number; ok is false after an error.
func (a *account) propose(id string, prior *instance) (planned *tfprotov6.PlanResourceChangeResponse, ok bool) {
	config := a.values(id, nil)
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	req := &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: a.p.nothing(), Config: config,
		ProposedNewState: a.values(id, map[string]tftypes.Value{attrSignatureStatus: unknown, attrFingerprint: unknown}),
	}
	if prior != nil && !prior.tainted {
		fields := a.p.fields(a.p.schema.ResourceSchemas[resourceType].ValueType(), prior.value)
		req.PriorState, req.PriorPrivate = prior.value, prior.private
		req.ProposedNewState = a.values(id, map[string]tftypes.Value{attrSignatureStatus: fields[attrSignatureStatus], attrFingerprint: fields[attrFingerprint]})
	}
	planned, err := a.p.PlanResourceChange(a.t.Context(), req)
	if err != nil {
		a.t.Error(err)
		return nil, false
	}
	return planned, !failed(planned.Diagnostics)
}

// plan refreshes and plans. It returns the numbers that an apply would change.
func (a *account) plan() (changes map[string]bool, ok bool) {
	a.process()
	var mu sync.Mutex
	changes = map[string]bool{}
	ok = a.walk(func(id string) bool {
		mu.Lock()
		prior := a.state[id]
		mu.Unlock()
		if prior != nil && !a.noRefresh {
			read, err := a.p.ReadResource(a.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: resourceType, CurrentState: prior.value, Private: prior.private})
			if err != nil || failed(read.Diagnostics) {
				return false
			}
			prior = &instance{value: read.NewState, private: read.Private, tainted: prior.tainted}
			mu.Lock()
			a.state[id] = prior
			mu.Unlock()
		}
		planned, ok := a.propose(id, prior)
		if !ok {
			return false
		}
		typ := a.p.schema.ResourceSchemas[resourceType].ValueType()
		same := false
		if prior != nil && !prior.tainted {
			before, errBefore := prior.value.Unmarshal(typ)
			after, errAfter := planned.PlannedState.Unmarshal(typ)
			same = errBefore == nil && errAfter == nil && before.Equal(after)
		}
		mu.Lock()
		defer mu.Unlock()
		if !same {
			changes[id] = true
		}
		return true
	})
	return changes, ok
}

// apply plans and applies, and reports whether everything succeeded.
func (a *account) apply() bool {
	changes, ok := a.plan()
	if !ok {
		return false
	}
	a.process()
	var mu sync.Mutex
	return a.walk(func(id string) bool {
		if !changes[id] {
			return true
		}
		mu.Lock()
		prior := a.state[id]
		mu.Unlock()
		planned, ok := a.propose(id, prior)
		if !ok {
			return false
		}
		req := &tfprotov6.ApplyResourceChangeRequest{
			TypeName: resourceType, PriorState: a.p.nothing(), PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate, Config: a.values(id, nil),
		}
		creating := prior == nil || prior.tainted
		if !creating {
			req.PriorState = prior.value
		}
		applied, err := a.p.ApplyResourceChange(a.t.Context(), req)
		if err != nil {
			a.t.Error(err)
			return false
		}
		bad := failed(applied.Diagnostics)
		mu.Lock()
		defer mu.Unlock()
		null, err := applied.NewState.IsNull()
		switch {
		case err != nil:
			a.t.Error(err)
		case null:
			delete(a.state, id)
		default:
			a.state[id] = &instance{value: applied.NewState, private: applied.Private, tainted: bad && creating}
		}
		return !bad
	})
}

// settle brings the account into the state that a first apply leaves.
func (a *account) settle() {
	if !a.apply() {
		a.t.Fatal("the apply without a limit failed")
	}
}

func (a *account) reregisterAll() {
	for _, id := range a.numbers {
		a.server.Reregister(id)
	}
}

// cost is what an operation took.
type cost struct {
	calls, runs int
	took        time.Duration
}

// until runs an operation until it succeeds, and waits an hour after each run
// that fails, as a person who reads the message would.
func (a *account) until(run func() bool) cost {
	began := time.Now()
	for runs := 1; runs < 50; runs++ {
		if run() {
			return cost{calls: a.server.Count("", ""), runs: runs, took: time.Since(began)}
		}
		time.Sleep(time.Hour)
	}
	a.t.Error("fifty runs were not enough")
	return cost{}
}

// simulate runs an operation on an account in a bubble, whose time advances only
// when every goroutine is waiting.
func simulate(t *testing.T, budget int, prepare func(*account), run func(*account) bool) (c cost) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		prepare(a)
		a.server.ResetRequests()
		a.server.SetCallBudget(budget, time.Hour, time.Now)
		c = a.until(func() bool { return run(a) })
		for _, id := range a.numbers {
			if _, status := a.server.Key(id); status != graphmock.StatusValid {
				t.Errorf("%s ends with the status %s", id, status)
			}
		}
	})
	return c
}

// reading reads a data source.
func reading(name string, config map[string]tftypes.Value) func(*account) bool {
	return func(a *account) bool {
		a.process()
		resp, err := a.p.ReadDataSource(a.t.Context(), &tfprotov6.ReadDataSourceRequest{
			TypeName: name, Config: a.p.object(a.p.schema.DataSourceSchemas[name].ValueType(), config),
		})
		return err == nil && !failed(resp.Diagnostics)
	}
}

func (a *account) planned() bool {
	changes, ok := a.plan()
	return ok && len(changes) == 0
}

// inHours rounds to five minutes: the seconds depend on the order of the calls.
func inHours(d time.Duration) string {
	d = d.Round(5 * time.Minute)
	switch {
	case d == 0:
		return "seconds"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	default:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
}

// The guide has the numbers of a simulation, so that it cannot diverge from what
// the provider does.
func TestScaleGuide(t *testing.T) {
	t.Parallel()
	settled := (*account).settle
	broken := func(a *account) { a.settle(); a.reregisterAll() }
	patient := func(prepare func(*account)) func(*account) {
		return func(a *account) {
			a.maxWait, a.retries, a.timeout = longestMaxWait, mostRetries, "24h"
			prepare(a)
		}
	}
	wide := func(prepare func(*account)) func(*account) {
		return func(a *account) { a.slots = 50; prepare(a) }
	}
	replacing := func(a *account) {
		a.overwrite = true
		for _, id := range a.numbers {
			a.server.SetKey(id, keyB(a.t), graphmock.StatusValid)
		}
	}
	const nowhere = "http://127.0.0.1:1" // an endpoint that does not answer
	operations := []struct {
		name    string
		prepare func(*account)
		run     func(*account) bool
		once    bool // not in the second table
		bySlots bool // each slot makes a call more
	}{
		{name: "Plan with nothing to do, or destroy", prepare: settled, run: (*account).planned},
		{name: "The same with `-refresh=false`", prepare: func(a *account) { a.settle(); a.noRefresh = true }, run: (*account).planned},
		{name: "First apply", prepare: func(*account) {}, run: (*account).apply},
		{name: "First apply with `allow_overwrite`, on numbers that hold other keys", prepare: replacing, run: (*account).apply, once: true, bySlots: true},
		{name: "Repair of all numbers", prepare: broken, run: (*account).apply},
		{name: "`whatsapp_phone_numbers`", prepare: settled, run: reading("whatsapp_phone_numbers", map[string]tftypes.Value{attrWABAID: text(budgetWABA)})},
		{name: "`whatsapp_business_encryptions`", prepare: settled, run: reading("whatsapp_business_encryptions", map[string]tftypes.Value{attrWABAID: text(budgetWABA)})},
		{name: "`whatsapp_flow`", prepare: settled, run: reading("whatsapp_flow", map[string]tftypes.Value{attrFlowID: text(testFlow)}), once: true},
		{name: "`whatsapp_flow_endpoint` with `phone_number_id`", prepare: settled, run: func(a *account) bool {
			return reading("whatsapp_flow_endpoint", map[string]tftypes.Value{attrEndpointURI: text(nowhere), attrPhoneNumberID: text(a.numbers[0])})(a)
		}, once: true},
		{name: "`whatsapp_flow_endpoint` with `business_public_key`", prepare: settled, run: func(a *account) bool {
			return reading("whatsapp_flow_endpoint", map[string]tftypes.Value{attrEndpointURI: text(nowhere), attrPublicKey: text(a.key)})(a)
		}, once: true},
	}

	var b strings.Builder
	fmt.Fprintf(&b, scaleGuideHead, budgetNumbers, inSeconds(budgetAnswer))
	b.WriteString("| Operation | Calls per number | Calls in all | 10 slots | 50 slots |\n|---|---:|---:|---:|---:|\n")
	for _, op := range operations {
		c, w := simulate(t, 0, op.prepare, op.run), simulate(t, 0, wide(op.prepare), op.run)
		each, all := fmt.Sprint(c.calls/budgetNumbers), fmt.Sprint(c.calls)
		more := 0
		switch {
		case op.bySlots:
			each, all, more = each+" to "+fmt.Sprint(c.calls/budgetNumbers+1), fmt.Sprintf("%d, with 50 slots %d", c.calls, w.calls), 50-budgetSlots
		case c.calls%budgetNumbers != 0:
			each = "–"
		}
		if w.calls != c.calls+more || c.runs != 1 {
			t.Errorf("%s: %+v with 10 slots, %+v with 50", op.name, c, w)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", op.name, each, all, inSeconds(c.took), inSeconds(w.took))
	}

	fmt.Fprintf(&b, scaleGuideLimit, budgetNumbers, budgetCalls, shortDuration(graph.DefaultRetryMaxWait))
	b.WriteString("| Operation | Default: runs | Calls | Time | Patient: calls | Time |\n|---|---:|---:|---:|---:|---:|\n")
	// The retries wait for a random time, so a first apply makes 501 to 510 calls, and
	// more often fewer on a busy machine.
	rounded := func(calls int) int { return (calls + 12) / 25 * 25 }
	for _, op := range operations {
		if op.once {
			continue
		}
		c := simulate(t, budgetCalls, op.prepare, op.run)
		p := simulate(t, budgetCalls, patient(op.prepare), op.run)
		if p.runs != 1 {
			t.Errorf("%s: %d runs, although it waits", op.name, p.runs)
		}
		if c.calls <= budgetCalls {
			fmt.Fprintf(&b, "| %s | %d | %d | %s | %d | %s |\n", op.name, c.runs, c.calls, inHours(c.took), p.calls, inHours(p.took))
			continue
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %d | %s |\n", op.name, c.runs, rounded(c.calls), inHours(c.took), rounded(p.calls), inHours(p.took))
	}
	fmt.Fprintf(&b, scaleGuideAdvice, shortDuration(longestMaxWait), mostRetries)

	const file = "../../templates/guides/scale-and-limits.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("the guide is out of date: go test ./internal/provider -run %s -update, and make docs. It would be:\n%s", t.Name(), &b)
	}
}

func inSeconds(d time.Duration) string {
	if d == 0 {
		return "none"
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

const scaleGuideHead = `---
page_title: "Scale and limits"
subcategory: "Operation"
description: |-
  How many calls each operation makes, what that means for the limits of the Graph API, and what to set for many numbers.
---

# Scale and limits

For those who manage many numbers, or whose app makes many other calls.

Meta counts calls per hour, for each pair of app and WhatsApp Business Account. It documents a limit of 200 an hour for managing an account, and of 5,000 for an account that is active. The encryption key is not on the list, so its limit is not documented. The number of calls therefore matters more than their speed.

The tables on this page come from a simulation with the provider's own code, which the tests repeat.

## Calls

The table is for an account of %d numbers and a server that answers each call in %s and refuses none. A slot is one of Terraform's parallel operations, of which there are 10 unless ` + "`-parallelism`" + ` is set. The time that Terraform itself takes is not included.

`

const scaleGuideLimit = `
A first apply makes four calls for each number, and only one of them is the upload. The other three are the price of looking before and after: one read while planning, which says what the number holds before anybody decides; one right before the upload, because the number may have got a different key since the plan; and one after the upload, to see that the signature is valid. A client that looks only afterwards needs two.

` + "`allow_overwrite`" + ` saves the read right before the upload, which would stop nothing, for all but the first numbers of an apply. The plan reads each number, to say which key is replaced. Terraform plans each resource once more just before it creates it, and the provider cannot tell the two plans apart until the apply has begun to upload, so there is at most one such read for each slot.

A repair reads each number to find the drift, uploads, and reads again. The numbers of an account are listed in pages of 100, and ` + "`whatsapp_business_encryptions`" + ` then reads them four at a time, whatever the number of slots. An endpoint that is asked is not part of the Graph API: what ` + "`whatsapp_flow_endpoint` and `endpoint_check`" + ` send to it is not counted. ` + "`endpoint_check`" + ` itself adds at most one read of each number.

Over HTTP/2, which the Graph API speaks, each process of the provider opens one connection, whatever the number of slots; over HTTP/1.1, no more than there are slots. Terraform starts one process to plan and one to apply.

## With a limit

The table is for the same %d numbers and a server that accepts %d calls an hour. By default, a call that would have to wait longer than ` + "`retry_max_wait`" + ` (%s) fails and reports the wait that the server asks for, and the other calls are not sent, because each call makes the wait longer. In the table, somebody then runs the same command again an hour later, until it succeeds. "Patient" has the settings below, and waits in one run. Calls above the limit are rounded to the nearest 25.

`

const scaleGuideAdvice = `
No run loses what was done: numbers that have their key stay in the state, and the next run continues with the others. It does read them all again, which is why many short runs make more calls than a patient one.

## Advice

* **Wait in one run** if there are more calls to make than the limit allows. Set ` + "`retry_max_wait = \"%[1]s\"`" + ` and ` + "`max_retries = %[2]d`" + ` in the provider, and ` + "`create`, `read` and `update`" + ` in ` + "`timeouts`" + ` of the resource to the time that the whole run may take, such as ` + "`24h`" + `, because they include the waits. ` + "`TF_LOG=INFO`" + ` shows what a run is waiting for.
* **Fail early** in a pipeline that people wait for: keep the defaults. The message says how many minutes the server asks for.
* **` + "`-refresh=false`" + `** plans without a call, except for numbers that are created. Use it for the next run after the limit has stopped a first apply, or for a change that concerns only Terraform, such as a timeout. It does not detect a lost signature, so do not use it for the plan that watches for drift.
* **` + "`-parallelism`" + `** makes a run shorter as long as it stays below the limit, and hardly changes the number of calls. Once a run reaches the limit, a low value is better: each slot can hit the limit once before all are held back.
* **Plan less often.** A plan makes one call for each number. Several plans in an hour share the limit with everything else that the app does.
* **Do not put a thousand numbers into one resource block.** Terraform's own time grows with the square of the instances of a block, whatever the provider does. On one machine, Terraform 1.11 used 22 seconds of CPU to plan 1,000 instances in one block with ` + "`for_each`" + `, and 5 seconds for ten blocks of 100. A module for each account has the same effect.
* **Memory** is used by Terraform rather than by the provider. On one machine, a plan of 5,000 numbers in blocks of 100 peaked at 290 MiB in Terraform and at 60 MiB in the provider, and a plan of 500 at 100 and 37 MiB.
* **Split a state** of many hundred numbers, for example by account. The limit of an account stays the same, but each plan then makes fewer calls.
* **Count the data sources, too.** They are read whenever Terraform plans, even with ` + "`-refresh=false`" + `, and ` + "`whatsapp_business_encryptions`" + ` reads every number of the account.
`
