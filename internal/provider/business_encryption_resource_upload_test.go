// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/childprocess"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Nine of ten numbers succeed, the tenth reports why it does not, and the next
// apply changes only that one. Ten parallel slots need no more than ten
// connections, and over HTTP/2 one for each process.
func TestCLI_oneOfTenFails(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(10)
	failing := numbers[7]
	w := newWorld(t, numbers...)
	c := w.cli(eachNumber(numbers, quote(keyA(t))))
	w.Script(graphmock.Fault{Method: "POST", Object: failing, Status: 400, Body: graphmock.ErrorBody(133010, 0, "OAuthException", "Account not registered", nil)})

	if len(c.actions()) != 10 {
		t.Error("not ten creates")
	}
	before := w.Connections()
	most := 10
	if overTLS {
		most = 1
	}
	if before > most {
		t.Errorf("the plan made %d connections", before)
	}
	err := c.Apply(t.Context(), tfexec.DirOrPlan("plan"))
	if err == nil || !strings.Contains(err.Error(), failing) || !strings.Contains(err.Error(), "133010") {
		t.Fatalf("the error is %v", err)
	}
	if strings.Count(err.Error(), "Error: ") != 1 {
		t.Errorf("not one error: %v", err)
	}
	if n := w.Connections() - before; n > most {
		t.Errorf("the apply made %d connections", n)
	}

	first, second := map[string]string{}, map[string]string{}
	for _, id := range numbers {
		first[id], second[id] = "GET GET POST GET", "GET"
	}
	first[failing], second[failing] = "GET GET POST", "GET GET POST GET"
	if err := w.expectRequests(first); err != nil {
		t.Error(err)
	}
	state, err := c.Show(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(state.Values.RootModule.Resources); n != 9 {
		t.Errorf("%d resources in state", n)
	}

	want := map[string]tfjson.Actions{fmt.Sprintf("%s[%q]", address, failing): {tfjson.ActionCreate}}
	if got := c.actions(); len(got) != 1 || !slices.Equal(got[fmt.Sprintf("%s[%q]", address, failing)], want[fmt.Sprintf("%s[%q]", address, failing)]) {
		t.Errorf("planned %v", got)
	}
	if err := c.Apply(t.Context(), tfexec.DirOrPlan("plan")); err != nil {
		t.Fatal(err)
	}
	if err := w.expectRequests(second); err != nil {
		t.Error(err)
	}
	if got := c.actions(); len(got) != 0 {
		t.Errorf("planned %v", got)
	}
}

// After Ctrl-C during an upload, the CLI ends by itself, and the next apply
// reaches the planned state.
func TestCLI_interruption(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	c := w.cli(requiredProviders + numberWith(quote(a)))

	out, err := c.applyWithSignal(func(process int) { _ = childprocess.Interrupt(process) })
	if err == nil || !strings.Contains(out, "interrupted") {
		t.Fatalf("the CLI ended with %v:\n%s", err, out)
	}
	w.ResetRequests()
	c.apply()
	if err := w.expectRequests(map[string]string{testNumber: "GET GET POST GET"}); err != nil {
		t.Error(err)
	}
	if len(c.actions()) != 0 {
		t.Error("the plan has changes")
	}
}

// An update waits for the new key while the old one is still shown as valid.
func TestUpdateWaitsForTheNewKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	w.SetKeyLag(2)
	resp := w.protocol().update(keyA(t), keyB(t), nil)
	if len(resp.Diagnostics) > 0 {
		t.Fatalf("%+v", resp.Diagnostics[0])
	}
	if err := w.expectRequests(map[string]string{testNumber: "POST GET GET GET"}); err != nil {
		t.Error(err)
	}
}

// When the upload succeeds and the read after it fails, the state has the key and
// claims nothing about the signature.
func TestConfirmationThatFailsKeepsTheState(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*protocol) *tfprotov6.ApplyResourceChangeResponse{
		"create": func(p *protocol) *tfprotov6.ApplyResourceChangeResponse { return p.create(testNumber, keyB(t), true) },
		"update": func(p *protocol) *tfprotov6.ApplyResourceChangeResponse { return p.update(keyA(t), keyB(t), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Script(graphmock.Fault{Method: "GET", Times: -1, Status: 403, Body: graphmock.ErrorBody(10, 0, "OAuthException", "no", nil)})
			p := w.protocol()
			resp := act(p)
			if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "Could not confirm the key after it was uploaded" || !strings.Contains(resp.Diagnostics[0].Detail, "The key was uploaded.") {
				t.Fatalf("%+v", resp.Diagnostics)
			}
			state := p.state(resp.NewState)
			if got := p.text(state[attrPublicKey]); got != keyB(t) {
				t.Errorf("the key in state is %q", got)
			}
			if !state[attrSignatureStatus].IsNull() {
				t.Errorf("the state claims the status %s", state[attrSignatureStatus])
			}
		})
	}
}

// When a later read fails, the state has what was read before, and the message says
// both what that was and why the read failed.
func TestConfirmationThatFailsAfterAReadKeepsWhatWasSeen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		act   func(*protocol) *tfprotov6.ApplyResourceChangeResponse
		fault graphmock.Fault
		want  []string
		never string
	}{
		"create, refused": {
			func(p *protocol) *tfprotov6.ApplyResourceChangeResponse { return p.create(testNumber, keyB(t), true) },
			graphmock.Fault{Status: 403, Body: graphmock.ErrorBody(10, 0, "OAuthException", "no", nil)},
			[]string{`the status "MISMATCH"`, "The next read failed.", "saved in the state", "The resource is tainted", "permission", "code 10"},
			"cancelled",
		},
		"update, outage": {
			func(p *protocol) *tfprotov6.ApplyResourceChangeResponse { return p.update(keyA(t), keyB(t), nil) },
			graphmock.Fault{Status: 500},
			[]string{`the status "MISMATCH"`, "The next read failed.", "saved in the state", "Run plan again", "HTTP 500"},
			"cancelled",
		},
		"update, timeout during the read": {
			func(p *protocol) *tfprotov6.ApplyResourceChangeResponse {
				return p.update(keyA(t), keyB(t), timeoutsWith("update", "1s"))
			},
			graphmock.Fault{Delay: time.Minute},
			[]string{`the status "MISMATCH"`, "timed out", "saved in the state", "Run plan again"},
			"The next read failed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetSignatureLag(1)
			test.fault.Method, test.fault.Times = "GET", -1
			w.Script(graphmock.Fault{Method: "GET"}, test.fault)
			p := w.protocol()
			resp := test.act(p)
			if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "The key was uploaded but is not confirmed" {
				t.Fatalf("%+v", resp.Diagnostics)
			}
			detail := resp.Diagnostics[0].Detail
			for _, want := range test.want {
				if !strings.Contains(detail, want) {
					t.Errorf("no %q in: %s", want, detail)
				}
			}
			if strings.Contains(detail, test.never) {
				t.Errorf("%q in: %s", test.never, detail)
			}
			state := p.state(resp.NewState)
			if key, status := p.text(state[attrPublicKey]), p.text(state[attrSignatureStatus]); key != keyB(t) || status != "MISMATCH" {
				t.Errorf("the state has the status %q and the key %q", status, key)
			}
		})
	}
}

// After an upload that is not confirmed, the state has what was read.
func TestUnconfirmedUploadSavesWhatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	w.SetKeyLag(-1)
	p := w.protocol()
	resp := p.update(keyA(t), keyB(t), nil)
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "The key was uploaded but is not confirmed" || strings.Contains(resp.Diagnostics[0].Detail, "tainted") {
		t.Fatalf("%+v", resp.Diagnostics)
	}
	if want := fmt.Sprintf("Phone number ID %s accepted the key with the SHA-256 fingerprint %s, but after ", testNumber, fingerprintOf(t, keyB(t))); !strings.HasPrefix(resp.Diagnostics[0].Detail, want) {
		t.Error(resp.Diagnostics[0].Detail)
	}
	if want := " the number shows another key, the one with the SHA-256 fingerprint " + fingerprintOf(t, keyA(t)); !strings.Contains(resp.Diagnostics[0].Detail, want) {
		t.Error(resp.Diagnostics[0].Detail)
	}
	state := p.state(resp.NewState)
	if got := p.text(state[attrFingerprint]); got != fingerprintOf(t, keyA(t)) {
		t.Errorf("the fingerprint in state is %s", got)
	}
}

// Two hundred numbers on fifty parallel slots, as with -parallelism=50, with
// many faults: each ends as it should, and no goroutine is left.
func TestManyNumbersInParallel(t *testing.T) {
	before := runtime.NumGoroutine()
	const slots = 50
	var numbers []string
	for i := range 200 {
		numbers = append(numbers, fmt.Sprintf("200000%03d", i))
	}
	w := newWorld(t, numbers...)
	w.Script(
		graphmock.Fault{Method: "POST", After: 20, Times: 3, Status: 503},
		// The waits of all slots add up on the clock that they share, so they are short.
		graphmock.Fault{Method: "POST", After: 60, Times: 2, Status: 400, Header: http.Header{"Retry-After": {"1"}}, Body: graphmock.ErrorBody(80008, 0, "OAuthException", "too many calls", nil)},
		graphmock.Fault{Method: "GET", After: 100, Times: 2, Drop: graphmock.DropAfterRequest},
	)
	p, a := w.protocol(), keyA(t)
	work := make(chan string)
	var wg sync.WaitGroup
	for range slots {
		wg.Go(func() {
			for id := range work {
				created := p.create(id, a, false)
				if len(created.Diagnostics) > 0 {
					t.Errorf("%s: %+v", id, created.Diagnostics[0])
					continue
				}
				if read := p.read(created.NewState); len(read.Diagnostics) > 0 {
					t.Errorf("%s: %+v", id, read.Diagnostics[0])
				}
			}
		})
	}
	for _, id := range numbers {
		work <- id
	}
	close(work)
	wg.Wait()
	for _, id := range numbers {
		if pem, status := w.Key(id); status != "VALID" || !newPublicKeyValue(pem).sameKey(newPublicKeyValue(a)) {
			t.Errorf("%s has the status %q", id, status)
		}
	}
	// Over HTTP/1.1, net/http uses no connection again whose request was not written
	// out 50 ms after its answer was read, as happens on a machine that is busy with
	// something else. The exact number is tested in internal/graph, in virtual time.
	most := 2 * slots
	if overTLS {
		most = 1
	}
	if n := w.Connections(); n > most {
		t.Errorf("%d connections", n)
	}
	w.Close() // closes the idle connections from its side
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

// Key and signature may take a while to appear. The provider reads until they
// do, and waits longer each time.
func TestAccBusinessEncryption_waitsForTheSignature(t *testing.T) {
	t.Parallel()
	for name, lag := range map[string]func(w *world){
		"signature": func(w *world) { w.SetSignatureLag(3) },
		"key":       func(w *world) { w.SetKeyLag(3) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			lag(w)
			w.run(resource.TestStep{
				Config: w.config(numberWith(quote(a))),
				ConfigStateChecks: []statecheck.StateCheck{
					w.received("GET GET POST GET GET GET GET"),
					value(attrSignatureStatus, "VALID"),
					stateCheck(func() error {
						if got := w.clock.Waits(); !slices.Equal(got, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}) {
							return fmt.Errorf("waited %v", got)
						}
						return nil
					}),
				},
			})
		})
	}
}

func TestAccBusinessEncryption_signatureNeverComes(t *testing.T) {
	t.Parallel()
	reads := strings.Repeat(" GET", 9)
	w, a, b := newWorld(t), keyA(t), keyB(t)
	config := w.config(numberWith(quote(a)))
	unconfirmed := regexp.MustCompile(`(?s)The key was uploaded but is not confirmed.*` + testNumber + `.*MISMATCH`)
	w.run(
		resource.TestStep{
			PreConfig:   func() { w.SetSignatureLag(1000) },
			Config:      config,
			ExpectError: unconfirmed,
		},
		// The failed create is tainted; replacing it is harmless.
		resource.TestStep{
			PreConfig: w.receivedBefore("GET GET POST"+reads, func() { w.SetSignatureLag(0) }),
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionDestroyBeforeCreate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
		resource.TestStep{
			PreConfig:   w.forget(func() { w.SetSignatureLag(1000) }),
			Config:      w.config(numberWith(quote(b))),
			ExpectError: unconfirmed,
		},
		// The failed update has the new key in the state, with a signature that is not valid.
		resource.TestStep{
			PreConfig: w.receivedBefore("GET POST"+reads, func() { w.SetSignatureLag(0) }),
			Config:    w.config(numberWith(quote(b))),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, b, "VALID")},
		},
	)
}

// An upload that the API refuses changes nothing, and says why.
func TestAccBusinessEncryption_errorsInUpload(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault graphmock.Fault
		text  string
	}{
		"key refused": {graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(100, 0, "OAuthException", "(#100) Invalid parameter",
			map[string]any{"error_data": map[string]any{"messaging_product": "whatsapp", "details": "Business public key is invalid"}})}, "Business public key is invalid"},
		"not registered": {graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(133010, 0, "OAuthException", "Account not registered", nil)}, "Register the number"},
		"rate limit":     {graphmock.RateLimit(80008, 37), "asks to wait 37 minutes"},
		"no success":     {graphmock.Fault{Status: 200, Body: `{"success":false}`}, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a, b := newWorld(t), keyA(t), keyB(t)
			test.fault.Method = "POST"
			refused := regexp.MustCompile(`(?s)Could not (set|update) the key.*` + testNumber + `.*` + strings.ReplaceAll(test.text, " ", `\s+`))
			w.run(
				resource.TestStep{
					PreConfig:   func() { w.Script(test.fault) },
					Config:      w.config(numberWith(quote(a))),
					ExpectError: refused,
				},
				resource.TestStep{
					PreConfig: w.receivedBefore("GET GET POST"),
					Config:    w.config(numberWith(quote(a))),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						action(plancheck.ResourceActionCreate),
					}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
				},
				resource.TestStep{
					PreConfig:   w.forget(func() { w.Script(test.fault) }),
					Config:      w.config(numberWith(quote(b))),
					ExpectError: refused,
				},
				resource.TestStep{
					PreConfig:         w.receivedBefore("GET POST"),
					Config:            w.config(numberWith(quote(a))),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), w.holds(testNumber, a, "VALID")},
				},
			)
		})
	}
}

// What the number shows instead of a valid key, what clients do meanwhile, and
// what to do next. Nothing is said of a status when it is the key that differs.
func TestNotConfirmedSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const (
		untaint = "To keep the resource instead, run terraform untaint."
		again   = "if the number still shows another key, the apply uploads the key of the configuration again. If it goes on showing another key, something else sets the key of this number"
	)
	for name, test := range map[string]struct {
		stored, status string
		says           string
		createNext     string
		updateNext     string
		not            string
	}{
		"another key":                    {keyA(t), "VALID", "the number shows another key, the one with the SHA-256 fingerprint " + fingerprintOf(t, keyA(t)) + ". Its signature is valid: WhatsApp clients go on encrypting with that key", "Run terraform untaint, and plan again in a few minutes", again, `"VALID"`},
		"signature":                      {keyB(t), "MISMATCH", `the signature of the key has the status "MISMATCH", and not "VALID". Until the signature is valid, WhatsApp clients may refuse the key.`, untaint, `if the status is still not "VALID", the apply uploads the key again, and WhatsApp signs it again`, "another key"},
		"unknown status":                 {keyB(t), "PENDING", `has the status "PENDING", and not "VALID"`, untaint, `if the status is still not "VALID"`, "another key"},
		"another key and its signature":  {keyA(t), "MISMATCH", `the number shows another key, the one with the SHA-256 fingerprint ` + fingerprintOf(t, keyA(t)) + `, whose signature has the status "MISMATCH", and not "VALID". WhatsApp clients may refuse that key.`, "which is refused as long as the number shows another key", again, "go on encrypting"},
		"nothing readable, called valid": {"nonsense", "VALID", "the number shows a key that is not a readable RSA public key of 2048 bits. WhatsApp clients cannot use that key.", "which is refused as long as the number shows another key", again, "go on encrypting"},
		"no key":                         {"", "MISMATCH", "the number shows no key. WhatsApp clients cannot encrypt for this number until it shows one.", untaint, "if the number still shows no key, the apply uploads the key again", "another key"},
	} {
		for _, creating := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, creating %t", name, creating), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				if test.stored != "" {
					w.SetKey(testNumber, test.stored, test.status)
				}
				w.Script(graphmock.Fault{Method: "POST", Times: -1, Status: 200, Body: `{"success":true}`})
				p, next := w.protocol(), test.updateNext
				var diags []*tfprotov6.Diagnostic
				if creating {
					diags, next = p.create(testNumber, keyB(t), true).Diagnostics, test.createNext
				} else {
					diags = p.update(keyA(t), keyB(t), nil).Diagnostics
				}
				if len(diags) != 1 || diags[0].Summary != "The key was uploaded but is not confirmed" {
					t.Fatalf("%+v", diags)
				}
				for _, want := range []string{test.says, next, fingerprintOf(t, keyB(t)), testNumber, "after 9 reads"} {
					if !strings.Contains(diags[0].Detail, want) {
						t.Errorf("not said: %s\nsaid: %s", want, diags[0].Detail)
					}
				}
				if strings.Contains(strings.SplitN(diags[0].Detail, "\n\n", 2)[0], test.not) {
					t.Errorf("said: %s", diags[0].Detail)
				}
			})
		}
	}
}
