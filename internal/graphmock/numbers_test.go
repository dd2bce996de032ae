// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestObjectErrors(t *testing.T) {
	s := start(t, graphmock.Options{})
	s.AddNumber(graphmock.Number{ID: "2", Unregistered: true})
	s.AddNumber(graphmock.Number{ID: "3"})
	s.DeleteNumber("3")
	const text = " request. Object with ID '%' does not exist, cannot be loaded due to missing permissions, " +
		"or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"

	for _, tt := range []struct {
		name, object, edge, typ, message string
		code, subcode                    int
	}{
		{"unknown", "999", "whatsapp_business_encryption", "GraphMethodException", text, 100, 33},
		{"WABA", waba, "whatsapp_business_encryption", "GraphMethodException", text, 100, 33},
		{"number as WABA", number, "phone_numbers", "GraphMethodException", text, 100, 33},
		{"unregistered", "2", "whatsapp_business_encryption", "OAuthException", "(#133010) Phone number not registered", 133010, 0},
		{"deleted", "3", "whatsapp_business_encryption", "OAuthException", "The business phone number has been deleted", 33, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for method, verb := range map[string]string{http.MethodGet: "get", http.MethodPost: "post"} {
				got := do(t, s, method, "/v25.0/"+tt.object+"/"+tt.edge, form(keyA()))
				want := tt.message
				if want == text {
					want = "Unsupported " + verb + strings.ReplaceAll(text, "%", tt.object)
				}
				if got.status != 400 || got.code() != tt.code || int(got.num("error_subcode")) != tt.subcode ||
					got.str("type") != tt.typ || got.str("message") != want || got.str("fbtrace_id") == "" {
					t.Errorf("%s: %d %s", method, got.status, got.text)
				}
			}
		})
	}
}

func TestRegistration(t *testing.T) {
	s := start(t, graphmock.Options{})
	s.SetKey(number, "K", "VALID")
	s.Deregister(number)
	if got := get(t, s, edge); got.code() != 133010 {
		t.Error(got.text)
	}
	wantKey(t, s, "K", "VALID")
	s.Reregister(number)
	if got := get(t, s, edge); got.status != 200 {
		t.Error(got.text)
	}
	wantKey(t, s, "K", "MISMATCH")
}

func TestAddNumber(t *testing.T) {
	s := start(t, graphmock.Options{})
	s.AddNumber(graphmock.Number{})
	s.AddNumber(graphmock.Number{})
	s.SetKey(number, "K", "VALID")
	s.AddNumber(graphmock.Number{ID: number})
	wantKey(t, s, "", "MISMATCH")
	got := get(t, s, "/v25.0/"+waba+"/phone_numbers")
	data, _ := got.body["data"].([]any)
	if len(data) != 3 {
		t.Fatal(got.text)
	}
	ids := map[any]bool{}
	for _, d := range data {
		m := d.(map[string]any)
		ids[m["id"]] = true
		for k, v := range m {
			if v == "" {
				t.Errorf("%s is empty", k)
			}
		}
	}
	if len(ids) != 3 {
		t.Errorf("IDs are not distinct: %v", ids)
	}
}

func TestChangingAnUnknownNumberPanics(t *testing.T) {
	s := start(t, graphmock.Options{})
	if pem, status := s.Key("999"); pem != "" || status != "" {
		t.Errorf("%q %q", pem, status)
	}
	for name, f := range map[string]func(){
		"SetKey":     func() { s.SetKey("999", "", "") },
		"ClearKey":   func() { s.ClearKey("999") },
		"Reregister": func() { s.Reregister("999") },
		"Deregister": func() { s.Deregister("999") },
		"Delete":     func() { s.DeleteNumber("999") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
	// The panic must not leave the server locked.
	s.ClearKey(number)
}
