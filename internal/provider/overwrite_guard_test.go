// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

func TestAccBusinessEncryption_refusesToOverwrite(t *testing.T) {
	t.Parallel()
	w, a, b := newWorld(t), keyA(t), keyB(t)
	w.SetKey(testNumber, b, "VALID")
	w.run(
		resource.TestStep{
			Config: w.config(numberWith(quote(a))),
			ExpectError: regexp.MustCompile(`(?s)The number already holds a different key.*` + fingerprintOf(t, b) + `.*` + fingerprintOf(t, a) +
				`.*Nothing was uploaded.*allow_overwrite.*import \{.*id = "` + testNumber + `"`),
		},
		resource.TestStep{
			PreConfig: w.receivedBefore("GET"),
			Config:    w.config(numberWith(quote(a), "allow_overwrite = true")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionCreate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}

func TestAccBusinessEncryption_createOverTheSameKey(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.SetKey(testNumber, fixture(t, "rsa2048_a.pkcs1.pem"), "MISMATCH")
	w.run(resource.TestStep{
		Config:            w.config(numberWith(quote(a))),
		ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
	})
}

// A resource that is replaced finds its own key on the number and uploads it
// again. With a new key, the replacement is refused before anything is destroyed,
// and what the message advises works.
func TestCLI_replacement(t *testing.T) {
	t.Parallel()
	const pair = "resource \"tls_private_key\" \"test\" {\n  algorithm = \"RSA\"\n  rsa_bits  = 2048\n}\n"
	w := newWorld(t)
	c := w.cli(requiredProviders + pair + numberWith("tls_private_key.test.public_key_pem", "lifecycle {\n  replace_triggered_by = [tls_private_key.test]\n}"))
	c.apply()
	before, _ := w.Key(testNumber)

	w.ResetRequests()
	if err := c.Apply(t.Context(), tfexec.Replace(address)); err != nil {
		t.Fatal(err)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET GET GET POST GET"}); err != nil {
		t.Error(err)
	}
	if after, status := w.Key(testNumber); status != "VALID" || before != after {
		t.Errorf("the key is the same: %t, status %s", before == after, status)
	}

	c.printed()
	err := c.Apply(t.Context(), tfexec.Replace("tls_private_key.test"))
	if err == nil || !strings.Contains(inOneLine(err.Error()), "A new key needs no replacement, because it is an update in place") {
		t.Fatalf("the error is %v", err)
	}
	if printed := c.printed(); strings.Contains(printed, "Destr") {
		t.Errorf("something was destroyed: %s", printed)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET GET"}); err != nil {
		t.Error(err)
	}
	if got := c.actions(); len(got) != 0 {
		t.Errorf("planned after the refusal: %v", got)
	}

	c.write("main.tf", requiredProviders+pair+numberWith("tls_private_key.test.public_key_pem"))
	if err := c.Apply(t.Context(), tfexec.Replace("tls_private_key.test")); err != nil {
		t.Fatal(err)
	}
	if after, status := w.Key(testNumber); status != "VALID" || before == after {
		t.Errorf("the key is the same: %t, status %s", before == after, status)
	}
}

// A new key after a create that was not confirmed is refused. After untaint, as
// the message advises, it is an update.
func TestCLI_taintedAndRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders + numberWith(quote(keyA(t)), `timeouts = { create = "2s" }`))
	w.SetSignatureLag(-1)
	err := c.Apply(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"is not confirmed", "The resource is tainted", "the operation timed out"} {
		if !strings.Contains(inOneLine(err.Error()), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	w.SetSignatureLag(0)
	c.write("main.tf", requiredProviders+numberWith(quote(keyB(t))))
	if err := c.Apply(t.Context()); err == nil || !strings.Contains(inOneLine(err.Error()), "terraform untaint keeps it") {
		t.Fatalf("the error is %v", err)
	}
	c.mustRun("untaint", address)
	c.apply()
	if pem, _ := w.Key(testNumber); !newPublicKeyValue(pem).sameKey(newPublicKeyValue(keyB(t))) {
		t.Error("the number does not hold the new key")
	}
}

// Of two resources with the same number, one succeeds and the other is refused,
// in whatever order they are created.
func TestCLI_twoResourcesOnOneNumber(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"at once": 0, "slowly": 30 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Script(graphmock.Fault{Times: -1, Delay: delay})
			first := requiredProviders + numberWith(quote(keyA(t)))
			second := strings.Replace(numberWith(quote(keyB(t))), `"test"`, `"second"`, 1)
			c := w.cli(first + second)
			err := c.Apply(t.Context())
			if err == nil || !strings.Contains(err.Error(), "The number already holds a different key") {
				t.Fatalf("the error is %v", err)
			}
			if n := w.Count("POST", ""); n != 1 {
				t.Errorf("%d POST requests", n)
			}

			// The second one comes later.
			w2 := newWorld(t)
			c = w2.cli(first)
			c.apply()
			c.write("main.tf", first+second)
			if err := c.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "The number already holds a different key") {
				t.Fatalf("later: the error is %v", err)
			}
			if n := w2.Count("POST", ""); n != 1 {
				t.Errorf("later: %d POST requests", n)
			}
		})
	}
}

// When the number already holds a key, and the new one is not known while
// planning, the plan warns and the apply stops before the upload.
func TestCLI_unknownKeyOnANumberWithAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyB(t), "VALID")
	c := w.cli(requiredProviders + "resource \"tls_private_key\" \"test\" {\n  algorithm = \"RSA\"\n  rsa_bits  = 2048\n}\n" +
		numberWith("tls_private_key.test.public_key_pem"))
	c.actions()
	c.mustPrint("Warning: The number already holds a key", fingerprintOf(t, keyB(t)), "If it turns out to be a different key, the apply stops before it uploads")
	err := c.Apply(t.Context(), tfexec.DirOrPlan("plan"))
	if err == nil || !strings.Contains(err.Error(), "The number already holds a different key") {
		t.Fatalf("the error is %v", err)
	}
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("%d POST requests", n)
	}
}

// What the guard says depends only on what is created, and not on what another
// resource has done before.
func TestGuardOfAReplacement(t *testing.T) {
	t.Parallel()
	const other = "106540352242999"
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	for name, test := range map[string]struct {
		number    string
		key       tftypes.Value
		overwrite tftypes.Value
		summary   string // empty when the plan passes
		says      string
	}{
		"new key":                           {testNumber, text(keyB(t)), no, "The number already holds a different key", inPlaceAdvice},
		"unknown key":                       {testNumber, unknown, no, "The number already holds a key", inPlaceAdvice},
		"same key":                          {testNumber, text(keyA(t)), no, "", ""},
		"new key that may overwrite":        {testNumber, text(keyB(t)), yes, "", ""},
		"unknown key that may overwrite":    {testNumber, unknown, yes, "", ""},
		"number with another key":           {other, text(keyA(t)), no, "The number already holds a different key", movedAdvice},
		"number with another key, unknown":  {other, unknown, no, "The number already holds a key", movedAdvice},
		"number with the same key":          {other, text(keyB(t)), no, "", ""},
		"whether it may overwrite, unknown": {testNumber, text(keyB(t)), tftypes.NewValue(tftypes.Bool, tftypes.UnknownValue), "", ""},
	} {
		for _, seenBefore := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, seen before %t", name, seenBefore), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testNumber, other)
				w.SetKey(testNumber, keyA(t), "VALID")
				w.SetKey(other, keyB(t), "VALID")
				p := w.protocol()
				if seenBefore {
					for _, number := range []string{testNumber, other} {
						p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(number), attrPublicKey: text(keyA(t))}))
					}
				}
				_, resp := p.planAgain(
					map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))},
					map[string]tftypes.Value{attrPhoneNumberID: text(test.number), attrPublicKey: test.key, attrAllowOverwrite: test.overwrite},
				)
				if test.summary == "" {
					if len(resp.Diagnostics) != 0 {
						t.Errorf("%+v", resp.Diagnostics[0])
					}
					return
				}
				if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError ||
					resp.Diagnostics[0].Summary != test.summary || !strings.Contains(resp.Diagnostics[0].Detail, test.says) || strings.Contains(resp.Diagnostics[0].Detail, importAdvice) {
					t.Errorf("%+v", resp.Diagnostics)
				}
			})
		}
	}
}

var (
	yes = tftypes.NewValue(tftypes.Bool, true)
	no  = tftypes.NewValue(tftypes.Bool, false)
)

// If allow_overwrite is unknown while planning, the apply decides.
func TestGuardDecidesInTheApply(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		t.Run(fmt.Sprint(allowed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetKey(testNumber, keyB(t), "VALID")
			resp := w.protocol().create(testNumber, keyA(t), allowed)
			want := "GET"
			if allowed {
				want = "POST GET"
			}
			if refused := len(resp.Diagnostics) == 1 && resp.Diagnostics[0].Summary == "The number already holds a different key"; refused == allowed {
				t.Errorf("%+v", resp.Diagnostics)
			}
			if err := w.expectRequests(map[string]string{testNumber: want}); err != nil {
				t.Error(err)
			}
		})
	}
}

// The apply trusts what the plan read a moment before. It reads once more if that
// was some time ago, was used already, or may date from before an upload.
func TestCreateReadsTheNumberOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.protocol()
	play := func(want string, steps ...func()) {
		t.Helper()
		for _, step := range steps {
			step()
		}
		if err := w.expectRequests(map[string]string{testNumber: want}); err != nil {
			t.Error(err)
		}
	}
	plan := func() { p.planCreate(keyA(t)) }
	create := func() {
		if resp := p.create(testNumber, keyA(t), false); len(resp.Diagnostics) > 0 {
			t.Errorf("%+v", resp.Diagnostics[0])
		}
	}
	later := func() { _ = w.clock.Sleep(t.Context(), 10*time.Second) }
	play("GET GET POST GET", plan, later, create)
	p = w.protocol()
	play("GET POST GET", plan, create)
	play("GET GET POST GET", plan, create) // after an upload
	p = w.protocol()
	play("GET", plan)
	w.SetKey(testNumber, keyB(t), "VALID")
	play("POST GET", create) // as the plan saw it
}

// The message does not advise an import of a number that the state has.
func TestGuardOfANumberInTheState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	p := w.protocol()
	diags := p.planCreate(keyB(t))
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, importAdvice) {
		t.Errorf("%+v", diags)
	}
	// At another address, or at this one and tainted.
	p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))}))
	diags = p.planCreate(keyB(t))
	if len(diags) != 1 || strings.Contains(diags[0].Detail, importAdvice) || !strings.Contains(diags[0].Detail, untaintAdvice) || !strings.Contains(diags[0].Detail, movedAdvice) {
		t.Errorf("%+v", diags)
	}
}

// With -refresh=false, no read sees the number: that it is in the state is known
// from the plan of an update or of a destroy, and it no longer is after a destroy.
func TestGuardKnowsTheStateFromPlans(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		steps func(*protocol)
		says  string
		not   string
	}{
		"update planned": {func(p *protocol) { p.planAgain(resourceWith(keyA(t)), resourceWith(keyA(t))) }, untaintAdvice, importAdvice},
		"destroy planned": {func(p *protocol) {
			resp, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: resourceType, PriorState: p.values(resourceWith(keyA(t))), ProposedNewState: p.nothing(), Config: p.nothing(),
			})
			p.check(err, resp.Diagnostics)
			if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "The key stays active on the phone number" {
				t.Errorf("%+v", resp.Diagnostics)
			}
		}, untaintAdvice, importAdvice},
		"destroyed": {func(p *protocol) {
			state := p.values(resourceWith(keyA(t)))
			p.read(state)
			resp, err := p.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: resourceType, PriorState: state, PlannedState: p.nothing(), Config: p.nothing()})
			p.check(err, resp.Diagnostics)
		}, importAdvice, untaintAdvice},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetKey(testNumber, keyA(t), "VALID")
			p := w.protocol()
			test.steps(p)
			diags := p.planCreate(keyB(t))
			if len(diags) != 1 || !strings.Contains(diags[0].Detail, test.says) || strings.Contains(diags[0].Detail, test.not) {
				t.Errorf("%+v", diags)
			}
		})
	}
}

func resourceWith(key string) map[string]tftypes.Value {
	return map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(key)}
}

// While a resource looks, uploads and confirms, no other resource looks at the
// same number: the second one would find it without a key and upload another.
func TestOneResourceAtATimeOnANumber(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]struct {
		method string // of the request during which the second resource comes
		do     func(*protocol) *tfprotov6.ApplyResourceChangeResponse
	}{
		"create": {"GET", func(p *protocol) *tfprotov6.ApplyResourceChangeResponse { return p.create(testNumber, keyA(t), false) }},
		"update": {"POST", func(p *protocol) *tfprotov6.ApplyResourceChangeResponse { return p.update(keyB(t), keyA(t), nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.protocol()
			looked, second := make(chan struct{}), make(chan *tfprotov6.ApplyResourceChangeResponse, 1)
			w.Script(
				graphmock.Fault{Method: first.method, Hook: func() {
					go func() { second <- p.create(testNumber, keyB(t), false) }()
					select {
					case <-looked:
					case <-time.After(200 * time.Millisecond): // it has to wait
					}
				}},
				graphmock.Fault{Method: "GET", Hook: func() { close(looked) }},
			)
			p.check(nil, first.do(p).Diagnostics)
			if resp := <-second; len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "The number already holds a different key" ||
				!strings.Contains(resp.Diagnostics[0].Detail, "Another resource has uploaded its key to the number in this run") {
				t.Errorf("%+v", resp.Diagnostics)
			}
			if n := w.Count("POST", testNumber); n != 1 {
				t.Errorf("%d uploads", n)
			}
		})
	}
}

// Where the guard cannot look yet, the plan passes without a request.
func TestGuardThatCannotLookYet(t *testing.T) {
	t.Parallel()
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	for name, test := range map[string]struct{ token, number tftypes.Value }{
		"token":  {unknown, text(testNumber)},
		"number": {text(testToken), unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.protocol()
			configured, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(p.schema.Provider.ValueType(), map[string]tftypes.Value{
				"base_url": text(w.URL()), "access_token": test.token,
			})})
			p.check(err, configured.Diagnostics)
			config := p.values(map[string]tftypes.Value{attrPhoneNumberID: test.number, attrPublicKey: text(keyA(t))})
			resp, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: config, Config: config,
			})
			if err != nil || len(resp.Diagnostics) > 0 {
				t.Errorf("%v %+v", err, resp.Diagnostics)
			}
			if err := w.expectRequests(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a plan and an apply say of a number that holds a key names the number, and
// both keys as far as they are known.
func TestGuardNamesNumberAndKeys(t *testing.T) {
	t.Parallel()
	a, b := "the key with the SHA-256 fingerprint "+fingerprintOf(t, keyA(t)), "the key with the SHA-256 fingerprint "+fingerprintOf(t, keyB(t))
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	p := w.protocol()
	plan := func(key tftypes.Value) []*tfprotov6.Diagnostic {
		config := p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: key})
		resp, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: config, Config: config})
		if err != nil {
			t.Fatal(err)
		}
		return resp.Diagnostics
	}
	_, replacement := p.planAgain(resourceWith(keyA(t)), map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: unknown})
	for says, diags := range map[string][]*tfprotov6.Diagnostic{
		a + ". The configuration has " + b + ". Uploading it would replace":                   plan(text(keyB(t))),
		a + ", and the key of the configuration is known only during apply. If it turns out":  plan(unknown),
		a + ". The plan replaces this resource, and the key of the configuration is known on": replacement.Diagnostics,
	} {
		if want := "Phone number ID " + testNumber + " holds " + says; len(diags) != 1 || !strings.HasPrefix(diags[0].Detail, want) {
			t.Errorf("not %q: %+v", want, diags)
		}
	}
}

func TestDescribeSlot(t *testing.T) {
	t.Parallel()
	key, err := pemkey.Parse(keyA(t))
	if err != nil {
		t.Fatal(err)
	}
	for want, slot := range map[string]graph.Slot{
		"no key": {},
		"the key with the SHA-256 fingerprint " + fingerprintOf(t, keyA(t)): {Text: keyA(t), Key: key},
		"a key that is not a readable RSA public key of 2048 bits":          {Text: "x"},
	} {
		if got := describeSlot(slot); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// The warning of an outage while planning does not stop the plan.
func TestCLI_outageWhilePlanningACreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Script(graphmock.Fault{Method: "GET", Status: 503})
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))))
	c.actions()
	c.mustPrint("Warning: Could not check which key the number holds", "Apply checks again before it uploads", "HTTP 503", "Plan: 1 to add")
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
}

// A create that cannot read the number does not upload.
func TestCreateThatCannotLookDoesNotUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyB(t), "VALID")
	w.Script(graphmock.Fault{Method: "GET", Times: -1, Status: 401, Body: graphmock.ErrorBody(190, 0, "OAuthException", "expired", nil)})
	resp := w.protocol().create(testNumber, keyA(t), false)
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "Could not check which key the number holds" {
		t.Errorf("%+v", resp.Diagnostics)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
}

// Which errors fail the plan of a create, and which only warn.
func TestPlanOfACreateBySeverity(t *testing.T) {
	t.Parallel()
	const warning, failure = tfprotov6.DiagnosticSeverityWarning, tfprotov6.DiagnosticSeverityError
	for name, test := range map[string]struct {
		code     int
		severity tfprotov6.DiagnosticSeverity
	}{
		"token":          {190, failure},
		"permission":     {10, failure},
		"wrong object":   {100, failure},
		"policy":         {368, failure},
		"other":          {131008, failure},
		"rate limit":     {133016, warning},
		"not registered": {133010, warning},
		"transient":      {2, warning},
		"deleted":        {33, warning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Script(graphmock.Fault{Times: -1, Status: 400, Body: graphmock.ErrorBody(test.code, 33, "OAuthException", "message", nil)})
			diags := w.protocol().planCreate(keyA(t))
			if len(diags) != 1 || diags[0].Severity != test.severity {
				t.Fatalf("%+v", diags)
			}
			why := "Phone number ID " + testNumber + ": "
			if test.severity == warning {
				why = "Apply checks again before it uploads, and stops if the number holds a different key.\n\n" + why
			}
			if !strings.HasPrefix(diags[0].Detail, why) || !strings.Contains(diags[0].Detail, "\n\nThe key on the number was not changed.\n\n") {
				t.Error(diags[0].Detail)
			}
		})
	}
}

// Somebody puts a key on the number after the plan has read it, but the create
// reads it again.
func TestCreateLooksBeforeItUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyB(t), "VALID")
	resp := w.protocol().create(testNumber, keyA(t), false)
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "The number already holds a different key" {
		t.Errorf("%+v", resp.Diagnostics)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
	if null, err := resp.NewState.IsNull(); err != nil || !null {
		t.Errorf("the state is not empty: %v", err)
	}
}

// What cannot be right is reported while planning. A wrong kind of ID or a bad
// token is an error; an outage is only a warning, because apply reads again.
func TestAccBusinessEncryption_errorsWhilePlanningACreate(t *testing.T) {
	t.Parallel()
	t.Run("WABA ID", func(t *testing.T) {
		t.Parallel()
		const waba = "102290129340398"
		w := newWorld(t)
		w.AddWABA(waba)
		w.run(
			resource.TestStep{
				Config:      w.config(strings.Replace(numberWith(quote(keyA(t))), testNumber, waba, 1)),
				ExpectError: regexp.MustCompile(`(?s)Could not check which key the number holds.*WhatsApp\s+Business\s+Account\s+ID.*code 100,\s+subcode 33.*fbtrace_id`),
			},
			resource.TestStep{
				PreConfig: func() {
					if err := w.expectRequests(map[string]string{waba: "GET"}); err != nil {
						t.Error(err)
					}
				},
				Config: w.config(),
			},
		)
	})
	t.Run("outage", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		tries := 1 + graph.DefaultMaxRetries
		w.Script(graphmock.Fault{Method: "GET", Times: tries, Status: 503})
		w.run(resource.TestStep{
			Config:            w.config(numberWith(quote(a))),
			ConfigStateChecks: []statecheck.StateCheck{w.received(strings.Repeat("GET ", tries) + "GET POST GET"), w.holds(testNumber, a, "VALID")},
		})
	})
}
