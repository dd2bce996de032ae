// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// manyNumbers returns the IDs of that many numbers.
func manyNumbers(count int) []string {
	var numbers []string
	for i := range count {
		numbers = append(numbers, fmt.Sprintf("10654035%07d", i))
	}
	return numbers
}

// The refusals that every number would get: the first is explained in full, and
// the requests for the others are not sent.
func TestCLI_aRefusedTokenIsOneError(t *testing.T) {
	t.Parallel()
	numbers := manyNumbers(60)
	for name, test := range map[string]struct {
		body     string
		says     string
		requests int // at most, with 10 parallel operations
		errors   int // at most, of a refresh
	}{
		"expired token":      {graphmock.ErrorBody(190, 463, "OAuthException", "Error validating access token: Session has expired", nil), "The access token is expired", 10, 1},
		"app secret proof":   {graphmock.ErrorBody(100, 0, "GraphMethodException", "Invalid appsecret_proof provided in the API argument", nil), "app secret proof", 10, 1},
		"missing permission": {graphmock.ErrorBody(200, 0, "OAuthException", "(#200) You do not have the necessary permissions", nil), "whatsapp_business_messaging", 13, 1},
	} {
		for _, when := range []string{"refresh", "create"} {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, numbers...)
				c := w.cli(eachNumber(numbers, quote(keyA(t))))
				if when == "refresh" {
					c.apply()
				}
				w.ResetRequests()
				w.Script(graphmock.Fault{Status: http.StatusUnauthorized, Body: test.body, Times: -1})
				printed, err := c.run("plan")
				if err == nil {
					t.Fatal("the plan passes")
				}
				if n := len(w.Requests()); n == 0 || n > test.requests {
					t.Errorf("%d requests were sent", n)
				}
				// Terraform prints each error, and no provider can change that. It folds
				// the warnings that a refresh can have instead.
				errors, lines := strings.Count(printed, "Error: "), strings.Count(printed, "\n")
				switch {
				case when == "create" && (errors != len(numbers) || lines > 8*len(numbers)+40):
					t.Errorf("%d errors, %d lines:\n%s", errors, lines, printed)
				case when == "refresh" && (errors == 0 || errors > test.errors || lines > len(numbers)+40):
					t.Errorf("%d errors, %d lines:\n%s", errors, lines, printed)
				}
				if n := strings.Count(inOneLine(printed), "Kind of error: "); n != 1 {
					t.Errorf("the reason is explained %d times", n)
				}
				if !strings.Contains(inOneLine(printed), test.says) {
					t.Errorf("%s", printed)
				}
				if when == "refresh" && !strings.Contains(printed, "A number was not read") {
					t.Errorf("not said of the other numbers:\n%s", printed)
				}
			})
		}
	}
}

// A token that is refused in the middle of an apply: each number has an error,
// and only the first says why.
func TestCLI_aTokenRefusedDuringApply(t *testing.T) {
	t.Parallel()
	numbers := manyNumbers(30)
	w := newWorld(t, numbers...)
	c := w.cli(eachNumber(numbers, quote(keyA(t))))
	w.Script(graphmock.Fault{
		Method: http.MethodPost, Status: http.StatusUnauthorized, Times: -1,
		Body: graphmock.ErrorBody(190, 463, "OAuthException", "Error validating access token: Session has expired", nil),
	})
	printed, err := c.run("apply", "-auto-approve")
	if err == nil {
		t.Fatal("the apply passes")
	}
	posts := 0
	for _, r := range w.Requests() {
		if r.Method == http.MethodPost {
			posts++
		}
	}
	if posts == 0 || posts > 10 {
		t.Errorf("%d uploads were sent", posts)
	}
	if n := strings.Count(printed, "Error: "); n != len(numbers) {
		t.Errorf("%d errors for %d numbers", n, len(numbers))
	}
	said := inOneLine(printed)
	if n := strings.Count(said, "Create a new one"); n != 1 {
		t.Errorf("the remedy is given %d times", n)
	}
	if n := strings.Count(said, ": see the error for "); n != len(numbers)-1 {
		t.Errorf("%d errors point to the first", n)
	}
}

// The errors after the first one point to it.
func TestSameRefusal(t *testing.T) {
	t.Parallel()
	const earlier = "106540352242999"
	for want, e := range map[string]*graph.Error{
		"Not sent for 106540352242922: see the error for 106540352242999 (code 190).":                                        {Call: graph.Call{Method: "GET"}, HasCode: true, Code: 190, SameAs: earlier, NotSent: true},
		"Refused for 106540352242922: see the error for 106540352242999 (code 200).":                                         {Call: graph.Call{Method: "GET"}, HasCode: true, Code: 200, SameAs: earlier},
		"Not sent for 106540352242922: see the error for 106540352242999 (code 190). The key on the number was not changed.": {Call: graph.Call{Method: "POST"}, HasCode: true, Code: 190, SameAs: earlier, NotSent: true},
	} {
		if got := graphError("update the key", testNumber, e).Detail(); got != want {
			t.Errorf("%q is not %q", got, want)
		}
	}
}

// Terraform fails the plan because of the error of one resource, and no other
// kind of read can stand for that.
func TestARefusalIsAWarningOnlyWhereTheRunFailsAnyway(t *testing.T) {
	t.Parallel()
	const other = "106540352242999"
	w := newWorld(t, testNumber, other)
	w.Script(graphmock.Fault{Status: 401, Body: graphmock.ErrorBody(190, 463, "OAuthException", "expired", nil), Times: -1})
	p := w.protocol()
	data := readingData(resourceType, map[string]tftypes.Value{attrPhoneNumberID: text(other)})
	state := p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrSignatureStatus: text("VALID")})
	importing := p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)})
	for i, step := range []struct {
		diags []*tfprotov6.Diagnostic
		want  tfprotov6.DiagnosticSeverity
	}{
		{data(p), tfprotov6.DiagnosticSeverityError}, // a check block makes this a warning
		{p.read(state).Diagnostics, tfprotov6.DiagnosticSeverityError},
		{p.read(state).Diagnostics, tfprotov6.DiagnosticSeverityWarning},
		{data(p), tfprotov6.DiagnosticSeverityError},
		{p.planCreate(keyA(t)), tfprotov6.DiagnosticSeverityError},
		{p.read(importing).Diagnostics, tfprotov6.DiagnosticSeverityError},
	} {
		if len(step.diags) != 1 || step.diags[0].Severity != step.want {
			t.Errorf("step %d: %v", i, step.diags)
		}
	}
	if n := len(w.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
