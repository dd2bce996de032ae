// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/rsa"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

func privateKey(t testing.TB, name string) *rsa.PrivateKey {
	t.Helper()
	key, err := endpointmock.ParsePrivateKey([]byte(fixture(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func privateA(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	return privateKey(t, "rsa2048_a.private_pkcs8.pem")
}

func privateB(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	return privateKey(t, "rsa2048_b.private_pkcs1.pem")
}

func newEndpoint(t testing.TB, o endpointmock.Options, keys ...*rsa.PrivateKey) *endpointmock.Server {
	t.Helper()
	e := endpointmock.NewServer(o, keys...)
	t.Cleanup(e.Close)
	return e
}

// checking is the argument for these endpoints.
func checking(more string, endpoints ...*endpointmock.Server) string {
	var uris []string
	for _, e := range endpoints {
		uris = append(uris, fmt.Sprintf("%q", e.URL()+"/flow?token=hidden-token"))
	}
	return "endpoint_check = {\n  endpoint_uris = [" + strings.Join(uris, ", ") + "]\n  " + more + "\n}"
}

// pinged fails the test unless the endpoint received that many health checks,
// each over a connection of its own, and resets the count.
func pinged(t testing.TB, e *endpointmock.Server, want int) {
	t.Helper()
	connections := map[int]bool{}
	for _, r := range e.Requests() {
		connections[r.Connection] = true
		if r.Decrypted && string(r.Payload) != `{"version":"3.0","action":"ping"}` {
			t.Errorf("the endpoint received %q", r.Payload)
		}
		if r.Signature == endpointmock.SignatureMissing || r.Signature == endpointmock.SignatureMalformed {
			t.Errorf("the signature is %s", r.Signature)
		}
	}
	if n := len(e.Requests()); n != want || len(connections) != want {
		t.Errorf("the endpoint received %d messages over %d connections, not %d", n, len(connections), want)
	}
	e.ResetRequests()
}

func check(f func()) statecheck.StateCheck {
	return stateCheck(func() error { f(); return nil })
}

const notProven = `The endpoint did not prove that it can decrypt`

// A new key waits for the proof, and a key that is only signed again does not.
func TestAccEndpointCheck(t *testing.T) {
	t.Parallel()
	w, a, b := newWorld(t), keyA(t), keyB(t)
	e := newEndpoint(t, endpointmock.Options{})
	refused := regexp.MustCompile(`(?s)` + notProven + `.*fingerprint\s+` + fingerprintOf(t, a) + `.*No\s+key\s+was\s+uploaded.*HTTP\s+421.*Give\s+it\s+the\s+private\s+key`)
	holds := func(key, status string) func() {
		return func() {
			if pem, got := w.Key(testNumber); pem != key || got != status {
				t.Errorf("the number holds %q with the status %q", pem, got)
			}
		}
	}
	w.run(
		resource.TestStep{ // create: the endpoint has no key
			Config:      w.config(numberWith(quote(a), checking("", e))),
			ExpectError: refused,
		},
		resource.TestStep{ // it has the key now
			PreConfig: w.receivedBefore("GET GET", holds("", "MISMATCH"), func() { pinged(t, e, 1); e.AddKey(privateA(t)) }),
			Config:    w.config(numberWith(quote(a), checking("", e))),
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET GET GET POST GET"), check(func() { pinged(t, e, 3) }), w.holds(testNumber, a, "VALID"),
			},
		},
		resource.TestStep{ // a lost signature, while the endpoint is down
			PreConfig:         w.forget(func() { e.RemoveKey(nil); w.Reregister(testNumber) }),
			Config:            w.config(numberWith(quote(a), checking("", e))),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), check(func() { pinged(t, e, 0) }), w.holds(testNumber, a, "VALID")},
		},
		resource.TestStep{ // another key
			Config:      w.config(numberWith(quote(b), checking("", e))),
			ExpectError: regexp.MustCompile(notProven),
		},
		resource.TestStep{ // the state and the number are as before, so the old configuration plans nothing
			PreConfig:         w.receivedBefore("GET GET GET", func() { pinged(t, e, 1) }),
			Config:            w.config(numberWith(quote(a), checking("", e))),
			ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			ConfigStateChecks: []statecheck.StateCheck{w.holds(testNumber, a, "VALID")},
		},
		resource.TestStep{ // the endpoint has both
			PreConfig:         w.forget(func() { e.AddKey(privateA(t)); e.AddKey(privateB(t)) }),
			Config:            w.config(numberWith(quote(b), checking("answers = 5", e))),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), check(func() { pinged(t, e, 5) }), w.holds(testNumber, b, "VALID")},
		},
		resource.TestStep{ // drift to another key: the number would get another key than it holds
			PreConfig:   w.forget(func() { e.RemoveKey(nil); w.SetKey(testNumber, a, "VALID") }),
			Config:      w.config(numberWith(quote(b), checking("", e))),
			ExpectError: regexp.MustCompile(notProven),
		},
		resource.TestStep{ // without the check
			PreConfig:         w.receivedBefore("GET GET", func() { pinged(t, e, 1) }),
			Config:            w.config(numberWith(quote(b))),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), check(func() { pinged(t, e, 0) })},
		},
		resource.TestStep{ // only the argument changes
			PreConfig:         w.forget(),
			Config:            w.config(numberWith(quote(b), checking("", e))),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), check(func() { pinged(t, e, 0) })},
		},
	)
}

// With a wait, an endpoint may get the key after the apply has begun, and a fleet
// may be half rolled out.
func TestAccEndpointCheck_wait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := newEndpoint(t, endpointmock.Options{Instances: 3})
	e.SetHook(func(request int) {
		switch request {
		case 3:
			e.AddKey(privateA(t), 1, 2)
		case 20:
			e.AddKey(privateA(t))
		}
	})
	w.run(resource.TestStep{
		Config:            w.config(numberWith(quote(keyA(t)), checking("wait = \"10m\"", e))),
		ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET GET POST GET"), w.holds(testNumber, keyA(t), "VALID")},
	})
	if n := len(e.Requests()); n < 20 || n > 25 {
		t.Errorf("the endpoint was asked %d times", n)
	}
	var waited time.Duration
	for _, d := range w.clock.Waits() {
		waited += d
	}
	if waited == 0 || waited > 10*time.Minute {
		t.Errorf("waited %s", waited)
	}
}

func TestAccEndpointCheck_waitIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := newEndpoint(t, endpointmock.Options{Instances: 3, Lacking: 1}, privateA(t))
	w.run(
		resource.TestStep{
			Config:      w.config(numberWith(quote(keyA(t)), checking("wait = \"2m\"", e))),
			ExpectError: regexp.MustCompile(`(?s)not\s+every\s+endpoint\s+proved\s+within\s+2\s+minutes.*421`),
		},
		resource.TestStep{PreConfig: w.receivedBefore("GET GET"), Config: w.config()},
	)
	var waited time.Duration
	for _, d := range w.clock.Waits() {
		waited += d
	}
	if waited != 2*time.Minute {
		t.Errorf("waited %s", waited)
	}
}

// Every endpoint has to prove it, and the message is about the one that does not.
func TestAccEndpointCheck_severalEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, bad := newEndpoint(t, endpointmock.Options{}, privateA(t)), newEndpoint(t, endpointmock.Options{}, privateB(t))
	w.run(
		resource.TestStep{Config: w.config(numberWith(quote(keyA(t)), checking("", good, bad, good))), ExpectError: regexp.MustCompile(regexp.QuoteMeta(bad.URL()) + `/flow: It`)},
		resource.TestStep{PreConfig: w.receivedBefore("GET GET", func() { pinged(t, good, 3); pinged(t, bad, 1) }), Config: w.config()},
	)
}

// The proof takes time, in which the number can change.
func TestAccEndpointCheck_numberChangesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := newEndpoint(t, endpointmock.Options{}, privateA(t))
	e.SetHook(func(int) { w.SetKey(testNumber, keyB(t), "VALID") })
	w.run(
		resource.TestStep{Config: w.config(numberWith(quote(keyA(t)), checking("", e))), ExpectError: regexp.MustCompile(`The number already holds a different key`)},
		resource.TestStep{PreConfig: w.receivedBefore("GET GET GET"), Config: w.config()},
	)
}

// Where no key is replaced, nobody is asked: not for the key that is there, with
// allow_overwrite or without.
func TestAccEndpointCheck_sameKeyIsThere(t *testing.T) {
	t.Parallel()
	for _, more := range []string{"", "allow_overwrite = true"} {
		w, e := newWorld(t), newEndpoint(t, endpointmock.Options{})
		w.SetKey(testNumber, keyA(t), "MISMATCH")
		w.run(resource.TestStep{
			Config:            w.config(numberWith(quote(keyA(t)), more, checking("", e))),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), check(func() { pinged(t, e, 0) })},
		})
	}
}

// What the endpoint answers decides, and what it would be told is in the message.
func TestAccEndpointCheck_answers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		behaviour    endpointmock.Behaviour
		inconclusive string
		fails        string // what the message says, or empty
	}{
		{endpointmock.Normal, "error", ""},
		{endpointmock.Screen, "error", ""},
		{endpointmock.OldIV, "warning", "invert every bit"},
		{endpointmock.PlainJSON, "warning", "not encrypted"},
		{endpointmock.HTML, "warning", "not encrypted"},
		{endpointmock.Quoted, "warning", "quotation marks"},
		{endpointmock.Status421, "warning", "Give it the private key"},
		{endpointmock.Status432, "error", "flow_app_secret"},
		{endpointmock.Status403, "error", "A firewall"},
		{endpointmock.Status500, "error", "Most likely"},
		{endpointmock.Status422, "error", "Most likely"},
		{endpointmock.Status432, "warning", ""},
		{endpointmock.Status401, "warning", ""},
		{endpointmock.Status500, "warning", ""},
		{endpointmock.Status404, "warning", "no Flow endpoint"},
		{endpointmock.Redirect, "warning", "redirect"},
		{endpointmock.CloseAfter, "warning", "no answer"},
		{endpointmock.Garbage, "warning", "no answer"},
		{endpointmock.EndlessBody, "warning", "more than 1048576 bytes"},
		{endpointmock.HugeHeader, "warning", "no answer"},
	} {
		t.Run(string(test.behaviour)+" "+test.inconclusive, func(t *testing.T) {
			t.Parallel()
			w, e := newWorld(t), newEndpoint(t, endpointmock.Options{Behaviour: test.behaviour}, privateA(t))
			c := w.cli(requiredProviders + numberWith(quote(keyA(t)), checking(fmt.Sprintf("inconclusive = %q", test.inconclusive), e)))
			printed, err := c.run("apply", "-auto-approve")
			printed = inOneLine(printed)
			pem, _ := w.Key(testNumber)
			if (err != nil) != (test.fails != "") || (pem == "") != (test.fails != "") {
				t.Errorf("the apply ends with %v, and the number holds %q:\n%s", err, pem, printed)
			}
			if _, messages, _ := strings.Cut(printed, "Creating..."); !strings.Contains(messages, test.fails) || strings.Contains(messages, "hidden-token") {
				t.Errorf("%s", printed)
			}
			warned := strings.Contains(printed, "Warning: An endpoint did not pass the whole check")
			if want := test.fails == "" && test.behaviour != endpointmock.Normal; warned != want {
				t.Errorf("warned: %t\n%s", warned, printed)
			}
		})
	}
}

// One proof is enough for all numbers that get the same key, and one explanation.
func TestCLI_endpointCheckIsShared(t *testing.T) {
	t.Parallel()
	for _, parallelism := range []string{"1", "10"} {
		t.Run(parallelism, func(t *testing.T) {
			t.Parallel()
			numbers := manyNumbers(20)
			w, e := newWorld(t, numbers...), newEndpoint(t, endpointmock.Options{})
			c := w.cli(strings.Replace(eachNumber(numbers, quote(keyA(t))), "phone_number_id ", checking("", e)+"\n  phone_number_id ", 1))
			printed, err := c.run("apply", "-auto-approve", "-parallelism="+parallelism)
			if err == nil {
				t.Fatal("the apply passes")
			}
			pinged(t, e, 1)
			if n := strings.Count(printed, notProven); n != len(numbers) {
				t.Errorf("%d errors", n)
			}
			if n := strings.Count(inOneLine(printed), "Give it the private key"); n != 1 {
				t.Errorf("explained %d times", n)
			}
			for _, r := range w.Requests() {
				if r.Method != http.MethodGet {
					t.Fatalf("%s was sent", r.Method)
				}
			}
			e.AddKey(privateA(t))
			c.mustRun("apply", "-auto-approve", "-parallelism="+parallelism)
			pinged(t, e, 3)
			c.mustRun("plan", "-detailed-exitcode")
		})
	}
}

// The answer to a message that is signed is the answer to Meta's.
func TestCLI_flowAppSecret(t *testing.T) {
	t.Parallel()
	const appSecret, other = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	for name, test := range map[string]struct {
		provider string
		passes   bool
	}{
		"flow_app_secret":                   {`flow_app_secret = "` + appSecret + `"`, true},
		"app_secret":                        {`app_secret = "` + appSecret + `"`, true},
		"flow_app_secret instead":           {`flow_app_secret = "` + appSecret + `"` + "\n  app_secret = \"" + other + `"`, true},
		"the secret of another app":         {`app_secret = "` + other + `"`, false},
		"flow_app_secret is of another app": {`flow_app_secret = "` + other + `"` + "\n  app_secret = \"" + appSecret + `"`, false},
		"none":                              {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, e := newWorld(t), newEndpoint(t, endpointmock.Options{AppSecret: appSecret}, privateA(t))
			c := w.cli(requiredProviders + "provider \"whatsapp\" {\n  " + test.provider + "\n}\n" + numberWith(quote(keyA(t)), checking("", e)))
			printed, err := c.run("apply", "-auto-approve")
			if (err == nil) != test.passes {
				t.Errorf("%v\n%s", err, printed)
			}
			if strings.Contains(printed, appSecret) || strings.Contains(printed, other) {
				t.Errorf("a secret is printed:\n%s", printed)
			}
			if !test.passes && !strings.Contains(inOneLine(printed), "WHATSAPP_FLOW_APP_SECRET") {
				t.Errorf("%s", printed)
			}
		})
	}
}

// What may be secret in the URL of an endpoint, and the app secret, are in nothing
// that the provider writes, whatever the endpoint does. Terraform itself shows the
// URL in the plan, as it shows every argument that is not sensitive.
func TestCLI_endpointSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	const appSecret = "5f4dcc3b5aa765d61d8327deb882cf99"
	for _, behaviour := range []endpointmock.Behaviour{
		endpointmock.Normal, endpointmock.Status421, endpointmock.Status432, endpointmock.Redirect, endpointmock.RedirectLoop, endpointmock.CloseBefore,
		endpointmock.CloseAfter, endpointmock.Garbage, endpointmock.HTML, endpointmock.Half, endpointmock.HugeHeader,
	} {
		t.Run(string(behaviour), func(t *testing.T) {
			t.Parallel()
			w, e := newWorld(t), newEndpoint(t, endpointmock.Options{Behaviour: behaviour, AppSecret: appSecret}, privateA(t))
			uri := strings.Replace(e.URL(), "://", "://hidden-user:hidden-password@", 1) + "/flow?token=hidden-token"
			c := w.cli(requiredProviders + "provider \"whatsapp\" {\n  flow_app_secret = \"" + appSecret + "\"\n}\n" +
				numberWith(quote(keyA(t)), fmt.Sprintf("endpoint_check = {\n  endpoint_uris = [%q]\n  wait = \"1s\"\n}", uri)) +
				fmt.Sprintf("data \"whatsapp_flow_endpoint\" \"test\" {\n  endpoint_uri = %q\n  business_public_key = %s\n}\n", uri, quote(keyA(t))))
			log := filepath.Join(c.WorkingDir(), "provider.log")
			c.environment["TF_LOG_PROVIDER"], c.environment["TF_LOG_PATH"] = "TRACE", log
			printed, _ := c.run("apply", "-auto-approve")
			logged, err := os.ReadFile(log)
			if err != nil || !strings.Contains(string(logged), "An endpoint answered") {
				t.Fatalf("%v: the answer is not in the log:\n%s", err, printed)
			}
			_, messages, _ := strings.Cut(printed, "Creating...")
			for place, text := range map[string]string{"the messages": messages, "the log": string(logged)} {
				for _, hidden := range []string{appSecret, "hidden-"} {
					if i := strings.Index(text, hidden); i >= 0 {
						t.Errorf("%q is in %s: …%s…", hidden, place, text[max(0, i-200):min(len(text), i+100)])
					}
				}
			}
			if strings.Contains(printed, appSecret) {
				t.Error("the app secret is printed")
			}
		})
	}
}

// A run that is stopped while it waits for an endpoint uploads nothing.
func TestEndpointCheck_timeout(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{Behaviour: endpointmock.Hang}, privateA(t))
	c := w.cli(requiredProviders + numberWith(quote(keyA(t)), checking("", e), "timeouts = {\n  create = \"1s\"\n}"))
	printed, err := c.run("apply", "-auto-approve")
	if err == nil || !strings.Contains(inOneLine(printed), "The check was interrupted, or the operation timed out, before there was an answer.") {
		t.Errorf("%v\n%s", err, printed)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET GET"}); err != nil {
		t.Error(err)
	}
}

func TestEndpointCheckArguments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	argument := func(text string) string { return "endpoint_check = {\n" + text + "\n}" }
	const uri = `endpoint_uris = ["https://example.com/flow"]` + "\n"
	steps := []resource.TestStep{}
	for text, says := range map[string]string{
		argument(""):                   "endpoint_uris",
		argument(`endpoint_uris = []`): "at least 1",
		argument(`endpoint_uris = ["http://example.com/hidden-path"]`):        `must\s+use\s+https`,
		argument(`endpoint_uris = ["example.com/hidden-path"]`):               `absolute\s+URL`,
		argument(uri + `wait = "soon"`):                                       `not a duration`,
		argument(uri + `wait = "0s"`):                                         `greater than zero`,
		argument(uri + `answers = 0`):                                         `from 1 to 20`,
		argument(uri + `answers = 1.5`):                                       `whole number`,
		argument(uri + `answers = 21`):                                        `from 1 to 20`,
		argument(uri + `inconclusive = "maybe"`):                              `one of`,
		argument(uri+`wait = "10m"`) + "\ntimeouts = {\n create = \"5m\"\n}":  `does\s+not\s+fit`,
		argument(uri+`wait = "10m"`) + "\ntimeouts = {\n update = \"10m\"\n}": `does\s+not\s+fit`,
	} {
		steps = append(steps, resource.TestStep{Config: w.config(numberWith(quote(keyA(t)), text)), ExpectError: regexp.MustCompile(strings.ReplaceAll(says, " ", `\s+`))})
	}
	steps = append(steps, w.nothingSent())
	w.run(steps...)
}
