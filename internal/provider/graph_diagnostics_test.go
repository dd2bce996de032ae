// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

var update = flag.Bool("update", false, "write what the golden files are held against")

// golden compares a text with a file under testdata, or writes the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is out of date; look at the difference after: go test ./internal/provider -run %s -update", file, t.Name())
		for i, line := range strings.Split(got, "\n") {
			if old := strings.Split(string(want), "\n"); i >= len(old) || old[i] != line {
				t.Fatalf("the first difference is in line %d:\n%s", i+1, line)
			}
		}
	}
}

// For every class of error of the Graph API, and every way in which an answer can
// fail to arrive: what was sent, and the full diagnostic.
func TestEveryGraphError(t *testing.T) {
	graphError := func(status, code, subcode int, typ, message string, more map[string]any) graphmock.Fault {
		extra := map[string]any{"fbtrace_id": "AbCdEfG"}
		maps.Copy(extra, more)
		return graphmock.Fault{Status: status, Body: graphmock.ErrorBody(code, subcode, typ, message, extra)}
	}
	simple := func(status, code int, message string) graphmock.Fault {
		return graphError(status, code, 0, "OAuthException", message, nil)
	}
	details := func(s string) map[string]any {
		return map[string]any{"error_data": map[string]any{"messaging_product": "whatsapp", "details": s}}
	}
	minutes := func(f graphmock.Fault, n string) graphmock.Fault {
		f.Header = http.Header{"X-Business-Use-Case-Usage": {`{"102290129340398":[{"type":"whatsapp","call_count":100,"estimated_time_to_regain_access":` + n + `}]}`}}
		return f
	}

	// An app's limit has no other way to say how long.
	seconds := func(f graphmock.Fault, n string) graphmock.Fault {
		f.Header = http.Header{"Retry-After": {n}}
		return f
	}

	type row struct {
		method, name string
		fault        graphmock.Fault
	}
	both := func(name string, f graphmock.Fault) []row {
		return []row{{http.MethodGet, name, f}, {http.MethodPost, name, f}}
	}
	post := func(name string, f graphmock.Fault) []row { return []row{{http.MethodPost, name, f}} }
	get := func(name string, f graphmock.Fault) []row { return []row{{http.MethodGet, name, f}} }

	var out strings.Builder
	for _, rows := range [][]row{
		post("key refused, in details", graphError(400, 100, 0, "OAuthException", "(#100) Invalid parameter", details("Business public key is invalid"))),
		post("key refused, in message", simple(400, 100, "Business public key is invalid")),
		both("wrong or unreachable object", graphError(400, 100, 33, "GraphMethodException", "Unsupported get request. Object with ID '106540352242922' does not exist, cannot be loaded due to missing permissions, or does not support this operation", nil)),
		both("wrong or unreachable object, of another kind", simple(400, 100, "(#100) Tried accessing nonexisting field (whatsapp_business_encryption) on node type (WhatsAppBusinessAccount)")),
		get("wrong object, 803", simple(404, 803, "(#803) Some of the aliases you requested do not exist: 106540352242922")),
		both("wrong path or version, 2500", simple(400, 2500, "Unknown path components: /whatsapp_business_encryption")),
		get("auth, 2500", simple(400, 2500, "An active access token must be used to query information about the current user.")),
		get("app secret proof", graphError(400, 100, 0, "GraphMethodException", "API calls from the server require an appsecret_proof argument", nil)),
		get("number deleted", simple(400, 33, "The business phone number has been deleted")),
		get("auth, 0", simple(401, 0, "Unable to authenticate the app user")),
		both("auth, 190 expired", graphError(401, 190, 463, "OAuthException", "Error validating access token: Session has expired", nil)),
		get("auth, 102", simple(401, 102, "Session key invalid")),
		get("auth, 104", simple(400, 104, "An access token is required")),
		get("permission, 3", simple(400, 3, "Capability issue")),
		both("permission, 10", simple(403, 10, "(#10) Application does not have permission for this action")),
		get("permission, 200", simple(403, 200, "(#200) Permissions error")),
		get("permission, 299", simple(403, 299, "(#299) Permissions error")),
		post("permission, 131005", graphError(403, 131005, 0, "OAuthException", "(#131005) Access denied", details("Permission is either not granted or has been removed."))),
		post("policy, 368", simple(400, 368, "Temporarily blocked for policies violations")),
		post("policy, 131031", simple(400, 131031, "Account has been locked")),
		post("policy, 130497", simple(400, 130497, "Business account is restricted from messaging users in this country")),
		both("not registered, 133010", graphError(400, 133010, 0, "OAuthException", "(#133010) Account not registered", details("Account does not exist in Cloud API, please use /register API to create an account first"))),
		post("not registered, 133015", simple(400, 133015, "Please wait a few minutes before attempting to register this phone number")),
		both("rate limit, 4, for hours", seconds(simple(400, 4, "(#4) Application request limit reached"), "9000")),
		get("rate limit, 17", seconds(simple(400, 17, "(#17) User request limit reached"), "180")),
		get("rate limit, 32", seconds(simple(400, 32, "(#32) Page request limit reached"), "180")),
		get("rate limit, 341", seconds(simple(400, 341, "(#341) Application limit reached"), "180")),
		get("rate limit, 613", seconds(simple(400, 613, "(#613) Calls to this api have exceeded the rate limit."), "180")),
		get("rate limit, 80007", minutes(simple(400, 80007, "(#80007) Rate limit issues"), "3")),
		both("rate limit, 80008, for 37 minutes", minutes(simple(400, 80008, "(#80008) There have been too many calls to this WhatsApp Business account."), "37")),
		get("rate limit, 130429", minutes(simple(429, 130429, "(#130429) Rate limit hit"), "3")),
		get("rate limit, HTTP 429", graphmock.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}, "Content-Type": {"text/plain"}}, Body: "slow down"}),
		post("rate limit, 133016", simple(400, 133016, "Account register deregister rate limit exceeded")),
		both("transient, 1 and HTTP 500", simple(500, 1, "An unknown error occurred")),
		get("unknown, 1 and HTTP 400", simple(400, 1, "An unknown error occurred")),
		get("transient, 2", simple(500, 2, "An unexpected error has occurred. Please retry your request later.")),
		get("transient, is_transient", graphError(400, 12345, 0, "OAuthException", "Please try again", map[string]any{"is_transient": true})),
		post("transient, 131000", graphError(500, 131000, 0, "OAuthException", "(#131000) Something went wrong", details("Failed to calculate the signature"))),
		post("transient, 131016", simple(500, 131016, "Service unavailable")),
		post("transient, 131057", simple(400, 131057, "Business Account is in maintenance mode")),
		post("transient, 133004", simple(503, 133004, "Server Temporarily Unavailable")),
		get("transient, HTTP 408", graphmock.Fault{Status: 408}),
		both("transient, HTTP 502 of a gateway", graphmock.Fault{Status: 502, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>bad gateway</html>"}),
		post("other, 131008", graphError(400, 131008, 0, "OAuthException", "(#131008) Required parameter is missing", details("Parameter business_public_key is missing"))),
		post("other, 131009, for the user", graphError(400, 131009, 0, "OAuthException", "(#131009) Parameter value is not valid", map[string]any{"error_user_title": "Title", "error_user_msg": "The words that Meta wrote for the user."})),
		get("other, without a code", graphmock.Fault{Status: 400, Body: `{"error":{"message":"Something is wrong"}}`}),
		get("other, without anything", graphmock.Fault{Status: 400, Body: `{"error":{}}`}),
		get("other, with control characters", simple(400, 131008, "\x1b[31mred\x1b]0;title\a")),
		get("other, without an end", simple(400, 131008, strings.Repeat("x", 3000))),
		get("not Graph, 403 of a proxy", graphmock.Fault{Status: 403, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: "<html>blocked</html>"}),
		get("not Graph, 404 and empty", graphmock.Fault{Status: 404, Header: http.Header{"Content-Type": nil}}),
		both("not Graph, 200 and HTML", graphmock.Fault{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>log in</html>"}),
		get("not Graph, 200 and empty", graphmock.Fault{Status: 200, Header: http.Header{"Content-Length": {"0"}}}),
		get("not Graph, 200 and cut off", graphmock.Fault{Status: 200, Body: `{"data":[{"business_public_key":"`}),
		get("not Graph, 200 and huge", graphmock.Fault{Status: 200, Body: `{"x":"` + strings.Repeat("x", 1<<20) + `"}`}),
		post("no success", graphmock.Fault{Status: 200, Body: `{"success":false}`}),
		both("redirect to another host", graphmock.Fault{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}, Body: " "}),
		both("reset before the request was read", graphmock.Fault{Drop: graphmock.DropOnRequest}),
		both("reset after the request was read", graphmock.Fault{Drop: graphmock.DropAfterRequest}),
		both("reset in the middle of the answer", graphmock.Fault{Status: 200, Body: `{"success":true,"data":[]}`, Drop: graphmock.DropMidBody}),
	} {
		for _, r := range rows {
			// Over HTTP/1.1 everywhere, so that the texts are the same.
			w := newWorldWith(t, graphmock.Options{Token: testToken})
			p := w.protocol()
			r.fault.Method, r.fault.Times = r.method, -1
			w.Script(r.fault)

			var diags []*tfprotov6.Diagnostic
			if r.method == http.MethodGet {
				state := map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))}
				resp := p.read(p.values(state))
				if null, err := resp.NewState.IsNull(); (err != nil || null) != (r.name == "number deleted") {
					t.Errorf("%s: the state is null: %t (%v)", r.name, null, err)
				}
				diags = resp.Diagnostics
			} else {
				resp := p.create(testNumber, keyA(t), true)
				if null, err := resp.NewState.IsNull(); err != nil || !null {
					t.Errorf("%s: the state is not null (%v)", r.name, err)
				}
				diags = resp.Diagnostics
			}
			fmt.Fprintf(&out, "## %s %s\n\nsent: %s\n", r.method, r.name, counted(w.requests(testNumber)))
			for _, d := range diags {
				fmt.Fprintf(&out, "%s at %s: %s\n\n%s\n\n", d.Severity, d.Attribute, d.Summary, withoutAddresses(d.Detail))
			}
			if len(diags) != 1 {
				t.Errorf("%s: %d diagnostics", r.name, len(diags))
			}
		}
	}

	refused := httptest.NewServer(http.NotFoundHandler())
	refused.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for _, server := range []struct{ name, url string }{
		{"connection refused", refused.URL},
		{"certificate not trusted", untrusted.URL},
		{"not TLS", strings.Replace(plain.URL, "http:", "https:", 1)},
	} {
		resp := newWorld(t).protocolAt(server.url).create(testNumber, keyA(t), true)
		for _, d := range resp.Diagnostics {
			fmt.Fprintf(&out, "## POST %s\n\n%s at %s: %s\n\n%s\n\n", server.name, d.Severity, d.Attribute, d.Summary, withoutAddresses(d.Detail))
		}
	}

	slow := newWorld(t)
	slow.Script(graphmock.Fault{Times: -1, Delay: time.Minute})
	p := slow.protocol()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	resp, err := p.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: resourceType, CurrentState: p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		fmt.Fprintf(&out, "## GET slow\n\n%s at %s: %s\n\n%s\n\n", d.Severity, d.Attribute, d.Summary, d.Detail)
	}
	golden(t, "graph_errors.txt", out.String())
}

// An error that does not come from a call still points at the number.
func TestErrorWithoutACall(t *testing.T) {
	t.Parallel()
	d := graphError("read the key", testNumber, errors.New("something else"))
	at, ok := d.(diag.DiagnosticWithPath)
	if !ok || !at.Path().Equal(path.Root(attrPhoneNumberID)) || d.Summary() != "Could not read the key" || d.Detail() != "Something else." {
		t.Errorf("%+v", d)
	}
}

// counted shortens "GET GET GET" to "GET ×3".
func counted(methods string) string {
	var out []string
	list := strings.Fields(methods)
	for i := 0; i < len(list); {
		j := i
		for j < len(list) && list[j] == list[i] {
			j++
		}
		if j-i > 1 {
			out = append(out, fmt.Sprintf("%s ×%d", list[i], j-i))
		} else {
			out = append(out, list[i])
		}
		i = j
	}
	return strings.Join(out, ", ")
}

// withoutAddresses removes what differs from run to run in the messages of the
// operating system.
func withoutAddresses(s string) string {
	s = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(s, "ADDRESS")
	// Windows names its own functions and has words of its own.
	s = regexp.MustCompile(`connectex: [^.\n]+`).ReplaceAllString(s, "connect: connection refused")
	s = regexp.MustCompile(`(?i)(read|write) tcp ADDRESS->ADDRESS: wsa(recv|send): [^.\n]+`).ReplaceAllString(s, "CONNECTION LOST")
	return regexp.MustCompile(`(?i)(read tcp ADDRESS->ADDRESS: read: connection reset by peer|unexpected EOF|EOF|write tcp ADDRESS->ADDRESS: write: (broken pipe|connection reset by peer)|http: server closed idle connection)`).ReplaceAllString(s, "CONNECTION LOST")
}
