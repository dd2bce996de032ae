// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestErrorFields(t *testing.T) {
	const body = `{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":"100","error_subcode":2388,
		"error_data":{"messaging_product":"whatsapp","details":"Business public key is invalid"},
		"error_user_title":"Title","error_user_msg":"For the user","is_transient":false,"fbtrace_id":"AbC123"}}`
	err := answering(t, 400, "application/json", body).SetBusinessPublicKey(t.Context(), number, testKey(t))

	got, ok := errors.AsType[*graph.Error](err)
	if !ok {
		t.Fatalf("%T", err)
	}
	want := graph.Error{
		Call:  graph.Call{Method: "POST", Object: number, Edge: "whatsapp_business_encryption"},
		Class: graph.ClassKeyRefused, HTTPStatus: 400, HasCode: true, Code: 100, Subcode: 2388, Type: "OAuthException",
		Message: "(#100) Invalid parameter", Details: "Business public key is invalid", UserMessage: "For the user", FBTraceID: "AbC123", Tries: 1,
	}
	if *got != want {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
	if text := "POST " + number + "/whatsapp_business_encryption: Business public key is invalid (HTTP 400, code 100, subcode 2388, type OAuthException, fbtrace_id AbC123)"; err.Error() != text {
		t.Errorf("the text is %s", err)
	}
}

func TestUncertain(t *testing.T) {
	post := graph.Call{Method: http.MethodPost}
	for name, test := range map[string]struct {
		e    graph.Error
		want bool
	}{
		"no answer":            {graph.Error{Call: post, Class: graph.ClassTransient}, true},
		"code, temporary":      {graph.Error{Call: post, Class: graph.ClassTransient, HTTPStatus: 400}, true},
		"interrupted":          {graph.Error{Call: post, Class: graph.ClassInterrupted}, true},
		"200 without success":  {graph.Error{Call: post, Class: graph.ClassNotUnderstood, HTTPStatus: 200}, true},
		"299 without success":  {graph.Error{Call: post, Class: graph.ClassNotUnderstood, HTTPStatus: 299}, true},
		"redirect":             {graph.Error{Call: post, Class: graph.ClassNotUnderstood, HTTPStatus: 300}, false},
		"404":                  {graph.Error{Call: post, Class: graph.ClassNotUnderstood, HTTPStatus: 404}, false},
		"100":                  {graph.Error{Call: post, Class: graph.ClassNotUnderstood, HTTPStatus: 199}, false},
		"refused":              {graph.Error{Call: post, Class: graph.ClassKeyRefused, HTTPStatus: 400}, false},
		"refused, HTTP 499":    {graph.Error{Call: post, Class: graph.ClassAuth, HTTPStatus: 499}, false},
		"refused, HTTP 500":    {graph.Error{Call: post, Class: graph.ClassAuth, HTTPStatus: 500}, true},
		"rate limit":           {graph.Error{Call: post, Class: graph.ClassRateLimit, HTTPStatus: 429}, false},
		"rate limit, HTTP 503": {graph.Error{Call: post, Class: graph.ClassRateLimit, HTTPStatus: 503}, true},
		"never sent":           {graph.Error{Call: post, Class: graph.ClassTransient, NotSent: true}, false},
		"a GET":                {graph.Error{Call: graph.Call{Method: http.MethodGet}, Class: graph.ClassTransient}, false},
	} {
		if got := test.e.Uncertain(); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// The server's most specific text comes first, and any text of it before the
// cause on this side.
func TestReason(t *testing.T) {
	cause := errors.New("the cause")
	for _, test := range []struct {
		e    graph.Error
		want string
	}{
		{graph.Error{Details: "details", UserMessage: "user", Message: "message", Err: cause}, "details"},
		{graph.Error{UserMessage: "user", Message: "message", Err: cause}, "user"},
		{graph.Error{Message: "message", Err: cause}, "message"},
		{graph.Error{Class: graph.ClassTransient, Err: cause}, "There was no answer: the cause"},
		{graph.Error{Class: graph.ClassCertificate, Err: cause}, "The TLS connection could not be made: the cause"},
		{graph.Error{Class: graph.ClassInterrupted, Err: fmt.Errorf("wrapped: %w", context.DeadlineExceeded)}, "The operation timed out before the server answered"},
		{graph.Error{Class: graph.ClassInterrupted, Err: fmt.Errorf("wrapped: %w", context.Canceled)}, "The operation was cancelled before the server answered"},
		{graph.Error{Class: graph.ClassInterrupted, Err: cause}, "the cause"},
		{graph.Error{Class: graph.ClassTransient, HTTPStatus: 503}, "The server answered HTTP 503 Service Unavailable and gave no reason"},
		{graph.Error{Class: graph.ClassOther, HTTPStatus: 200}, "The server answered HTTP 200 OK and gave no reason"},
	} {
		if got := test.e.Reason(); got != test.want {
			t.Errorf("%q, not %q", got, test.want)
		}
	}
}

func TestCodes(t *testing.T) {
	for _, test := range []struct {
		e    graph.Error
		want string
	}{
		{graph.Error{}, ""},
		{graph.Error{Code: 7}, ""},
		{graph.Error{HTTPStatus: 502}, "HTTP 502"},
		{graph.Error{HasCode: true}, "code 0"},
		{graph.Error{Subcode: 33}, "subcode 33"},
		{graph.Error{Type: "OAuthException"}, "type OAuthException"},
		{graph.Error{FBTraceID: "Abc"}, "fbtrace_id Abc"},
		{graph.Error{HTTPStatus: 400, HasCode: true, Code: 100, Subcode: 33, Type: "T", FBTraceID: "A"}, "HTTP 400, code 100, subcode 33, type T, fbtrace_id A"},
	} {
		if got := test.e.Codes(); got != test.want {
			t.Errorf("%q, not %q", got, test.want)
		}
		test.e.Call, test.e.Message = graph.Call{Method: "GET", Object: "1", Edge: "edge"}, "message"
		want := "GET 1/edge: message"
		if test.want != "" {
			want += " (" + test.want + ")"
		}
		if got := test.e.Error(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestTheKindOfID(t *testing.T) {
	client := answering(t, 400, "application/json", `{"error":{"code":190}}`)
	_, ofNumber := client.BusinessEncryption(t.Context(), number)
	_, ofAccount := client.PhoneNumbers(t.Context(), waba)
	for err, want := range map[error]string{ofNumber: "Phone number ID", ofAccount: "WhatsApp Business Account ID"} {
		e, ok := errors.AsType[*graph.Error](err)
		if !ok || e.ObjectName() != want || e.Lists() != (err == ofAccount) { //nolint:errorlint // which of the two it is
			t.Errorf("%v: %s, lists: %t", err, e.ObjectName(), e.Lists())
		}
	}
}

func TestErrorUnwraps(t *testing.T) {
	cause := errors.New("the cause")
	if !errors.Is(fmt.Errorf("wrapped: %w", &graph.Error{Err: cause}), cause) {
		t.Error("the cause is not found")
	}
	if errors.Unwrap(&graph.Error{}) != nil {
		t.Error("there is a cause where there is none")
	}
}
