// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"errors"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestErrorFields(t *testing.T) {
	const body = `{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":"100","error_subcode":2388,
		"error_data":{"messaging_product":"whatsapp","details":"Business public key is invalid"},
		"error_user_title":"Title","error_user_msg":"For the user","is_transient":false,"fbtrace_id":"AbC123"}}`
	err := answering(t, 400, "application/json", body).SetBusinessPublicKey(t.Context(), number, testKey(t))

	var got *graph.Error
	if !errors.As(err, &got) {
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
	for name, test := range map[string]struct {
		e    graph.Error
		want bool
	}{
		"transient POST":      {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassTransient}, true},
		"interrupted POST":    {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassInterrupted}, true},
		"200 without success": {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassNotUnderstood, HTTPStatus: 200}, true},
		"redirect":            {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassNotUnderstood, HTTPStatus: 302}, false},
		"refused":             {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassKeyRefused}, false},
		"rate limit":          {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassRateLimit}, false},
		"never sent":          {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassTransient, NotSent: true}, false},
		"GET":                 {graph.Error{Call: graph.Call{Method: "GET"}, Class: graph.ClassTransient}, false},
	} {
		if got := test.e.Uncertain(); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
