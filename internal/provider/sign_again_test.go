// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// signAgain has WhatsApp sign the key of the resource under test again.
const signAgain = "-replace=" + address

// neverWithoutKey fails the test when a number holds anything but its key at a
// moment at which a request arrives.
func (w *world) neverWithoutKey(number, key string) {
	w.Script(graphmock.Fault{Times: -1, Hook: func() {
		if now, _ := w.Key(number); !sameKey(w.t, now, key) {
			w.t.Errorf("in the meantime, the number holds %q", now)
		}
	}})
}

// mustUploadOnly fails the test unless each upload since the last call was of this
// key.
func (w *world) mustUploadOnly(key string) {
	w.t.Helper()
	for _, r := range w.Requests() {
		if sent := r.Form.Get(attrPublicKey); r.Method == http.MethodPost && !sameKey(w.t, sent, key) {
			w.t.Errorf("another key was uploaded: %s", sent)
		}
	}
}

// With -replace, a key whose status is VALID is uploaded again. The plan says so,
// the number holds the key at every moment, and nothing else is sent: no endpoint
// is asked, not even one that has lost the private key.
func TestCLI_signAgain(t *testing.T) {
	t.Parallel()
	lifecycle := "lifecycle {\n  create_before_destroy = true\n}"
	pair := "resource \"tls_private_key\" \"flows\" {\n  algorithm = \"RSA\"\n  rsa_bits  = 2048\n}\n"
	for name, test := range map[string]struct {
		config func(endpoint string) string
		symbol string
	}{
		"a key":                        {func(string) string { return numberWith(quote(keyA(t))) }, "-/+"},
		"a pair in the state":          {func(string) string { return pair + numberWith("tls_private_key.flows.public_key_pem") }, "-/+"},
		"create_before_destroy":        {func(string) string { return numberWith(quote(keyA(t)), lifecycle) }, "+/-"},
		"write-only":                   {func(string) string { return writeOnlyNumber(quote(keyA(t)), "") }, "-/+"},
		"write-only with a version":    {func(string) string { return writeOnlyNumber(quote(keyA(t)), version1) }, "-/+"},
		"write-only, create first":     {func(string) string { return writeOnlyNumber(quote(keyA(t)), lifecycle) }, "+/-"},
		"endpoint_check":               {func(check string) string { return numberWith(quote(keyA(t)), check) }, "-/+"},
		"endpoint_check, create first": {func(check string) string { return numberWith(quote(keyA(t)), check, lifecycle) }, "+/-"},
		"endpoint_check, write-only":   {func(check string) string { return writeOnlyNumber(quote(keyA(t)), check) }, "-/+"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, e := newWorld(t), newEndpoint(t, endpointmock.Options{}, privateA(t))
			c := w.cli(requiredProviders + test.config(checking("", e)))
			c.apply()
			key, _ := w.Key(testNumber)
			e.RemoveKey(&privateA(t).PublicKey)
			e.ResetRequests()
			w.ResetRequests()
			w.neverWithoutKey(testNumber, key)

			out, err := c.run("plan", "-detailed-exitcode", signAgain, "-out=plan")
			if exitCode(err) != 2 {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range []string{
				"# " + address + " will be replaced, as requested",
				test.symbol + " resource \"whatsapp_business_encryption\" \"test\"",
				"Plan: 1 to add, 0 to change, 1 to destroy.",
			} {
				if !strings.Contains(out, want) {
					t.Errorf("the plan does not say %q:\n%s", want, out)
				}
			}
			if strings.Contains(out, "Warning:") {
				t.Errorf("the plan warns:\n%s", out)
			}
			w.mustHaveSent(map[string]string{testNumber: "GET GET"})

			if out, err := c.run("apply", "plan"); err != nil || !strings.Contains(out, "1 added, 0 changed, 1 destroyed") {
				t.Fatalf("%v\n%s", err, out)
			}
			w.mustUploadOnly(key)
			w.mustHaveSent(map[string]string{testNumber: "GET POST GET"})
			pinged(t, e, 0)
			if now, status := w.Key(testNumber); !sameKey(t, now, key) || status != "VALID" {
				t.Errorf("the number holds %s, %s", now, status)
			}
			c.mustRun("plan", "-detailed-exitcode")
		})
	}
}

// One of several numbers is signed again, and no request is made for the others
// but the read of the plan.
func TestCLI_signOneAgain(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(3)
	w := newWorld(t, numbers...)
	c := w.cli(eachNumber(numbers, quote(keyA(t))))
	c.apply()
	w.ResetRequests()
	c.mustRun("apply", "-auto-approve", fmt.Sprintf("-replace=%s[%q]", address, numbers[1]))
	w.mustUploadOnly(keyA(t))
	w.mustHaveSent(map[string]string{numbers[0]: "GET", numbers[1]: "GET GET GET POST GET", numbers[2]: "GET"})
}

// When the upload fails after the destroy, the number is as it was, and the next
// plan sets the same key. With create_before_destroy, the state keeps the resource.
func TestCLI_signAgainFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		more string
		left string // in the state
		plan int    // the exit code of the next one
	}{
		"":                      {plan: 2},
		"create_before_destroy": {more: "lifecycle {\n  create_before_destroy = true\n}", left: address},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.cli(requiredProviders + numberWith(quote(keyA(t)), test.more))
			c.apply()
			w.Script(graphmock.Fault{Method: "POST", Status: 400, Body: graphmock.ErrorBody(133010, 0, "OAuthException", "Account not registered", nil)})
			if out, err := c.run("apply", "-auto-approve", signAgain); err == nil || !strings.Contains(out, "Error: Could not set the key") {
				t.Fatalf("%v\n%s", err, out)
			}
			if key, status := w.Key(testNumber); !sameKey(t, key, keyA(t)) || status != "VALID" {
				t.Errorf("the number holds %s, %s", key, status)
			}
			if left := c.inState(); left != test.left {
				t.Errorf("the state has %q", left)
			}
			if out, err := c.run("plan", "-detailed-exitcode"); exitCode(err) != test.plan || strings.Contains(out, "Warning:") {
				t.Errorf("%v\n%s", err, out)
			}
			c.mustRun("apply", "-auto-approve")
			w.mustUploadOnly(keyA(t))
			c.mustRun("plan", "-detailed-exitcode")
		})
	}
}

// prevent_destroy refuses the plan, and nothing is uploaded.
func TestCLI_signAgainPrevented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders + numberWith(quote(keyA(t)), "lifecycle {\n  prevent_destroy = true\n}"))
	c.apply()
	w.ResetRequests()
	if out, err := c.run("apply", "-auto-approve", signAgain); err == nil || !strings.Contains(inOneLine(out), "prevent_destroy") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("%d keys were uploaded", n)
	}
}

// A source that makes another key each time it is read cannot be asked for the key
// on the number, so that its replacement is refused. The example signs that key
// again from another folder, after which the first has nothing to do.
func TestCLI_signAgainExample(t *testing.T) {
	t.Parallel()
	pair := pairs()["tls_private_key"]
	w := newWorld(t)
	c := w.cli(requiredProviders + pair.config + writeOnlyNumber(pair.publicKey, version1))
	c.apply()
	key, _ := w.Key(testNumber)
	w.ResetRequests()
	w.neverWithoutKey(testNumber, key)

	out, err := c.run("apply", "-auto-approve", signAgain)
	for _, want := range []string{"Error: The number already holds a different key", "the guide \"Monitoring\" shows how"} {
		if err == nil || !strings.Contains(inOneLine(out), want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("%d keys were uploaded", n)
	}

	again := w.cli(example(t, "sign-again/main.tf"))
	w.ResetRequests()
	again.mustRun("apply", "-auto-approve")
	w.mustUploadOnly(key)
	w.mustHaveSent(map[string]string{testNumber: "GET GET GET POST GET"})
	again.mustRun("plan", "-detailed-exitcode")
	c.mustRun("plan", "-detailed-exitcode")

	if err := os.Remove(filepath.Join(again.WorkingDir(), "terraform.tfstate")); err != nil {
		t.Fatal(err)
	}
	w.ResetRequests()
	again.mustRun("apply", "-auto-approve")
	w.mustUploadOnly(key)
	if n := w.Count("POST", testNumber); n != 1 {
		t.Errorf("the second time, %d keys were uploaded", n)
	}
}

// Where there is no key, the example has nothing to upload.
func TestCLI_signAgainWithoutKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(example(t, "sign-again/main.tf"))
	if out, err := c.run("apply", "-auto-approve"); err == nil || !strings.Contains(inOneLine(out), "The number "+testNumber+" holds no key") {
		t.Errorf("%v\n%s", err, out)
	}
	w.mustHaveSent(map[string]string{testNumber: "GET"})
}
