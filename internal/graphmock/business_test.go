// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// The token of a business reaches its own accounts, their numbers and their
// Flows, and nothing else.
func TestTheTokenOfABusiness(t *testing.T) {
	const otherNumber, otherWABA, otherFlow = "200001", "102290129340399", "2231231231231"
	const flow = "1231231231231"
	businesses := []graphmock.Business{
		{Name: "one", Token: "token-one", WABAIDs: []string{waba}},
		{Name: "two", Token: "token-two", WABAIDs: []string{otherWABA, "102290129340400"}},
	}
	paths := map[string]string{
		"number":        edge,
		"account":       "/v25.0/" + waba + "/phone_numbers",
		"Flow":          "/v25.0/" + flow + "?fields=name",
		"other number":  "/v25.0/" + otherNumber + "/whatsapp_business_encryption",
		"other account": "/v25.0/" + otherWABA + "/phone_numbers",
		"other Flow":    "/v25.0/" + otherFlow + "?fields=name",
	}
	for _, tt := range []struct {
		token, of string
		all       string   // the token that reaches everything, if there is one
		reached   []string // the others are refused with the code
		code      int
	}{
		{"token-one", "one", "", []string{"number", "account", "Flow"}, 100},
		{"token-two", "two", "", []string{"other number", "other account", "other Flow"}, 100},
		{"token-one", "one", token, []string{"number", "account", "Flow"}, 100},
		{token, "", token, []string{"number", "account", "Flow", "other number", "other account", "other Flow"}, 0},
		{token, "", "", nil, 190},
		{"token-three", "", "", nil, 190},
	} {
		t.Run(tt.token+" of "+tt.all, func(t *testing.T) {
			s := start(t, graphmock.Options{Token: tt.all, Businesses: businesses})
			s.AddNumber(graphmock.Number{ID: otherNumber, WABAID: otherWABA})
			s.AddFlow(graphmock.Flow{ID: flow})
			s.AddFlow(graphmock.Flow{ID: otherFlow, WABAID: otherWABA})
			for name, path := range paths {
				s.ResetRequests()
				got, want := get(t, s, path, header("Authorization", "Bearer "+tt.token)), tt.code
				for _, reached := range tt.reached {
					if reached == name {
						want = 0
					}
				}
				if got.code() != want || (got.status == 200) != (want == 0) {
					t.Errorf("%s: %d %s", name, got.status, got.text)
				}
				if want == 100 && (got.num("error_subcode") != 33 || !strings.Contains(got.str("message"), "missing permissions")) {
					t.Errorf("%s: %s", name, got.text)
				}
				if r := s.Requests()[0]; r.Business != tt.of || r.Header.Get("Authorization") != graphmock.Redacted {
					t.Errorf("%s is recorded as a call of %q with %q", name, r.Business, r.Header.Get("Authorization"))
				}
			}
			do(t, s, http.MethodPost, paths["other number"], form(keyA()), header("Authorization", "Bearer "+tt.token))
			if key, _ := s.Key(otherNumber); (key != "") != (tt.of == "two" || tt.code == 0) {
				t.Errorf("the number of another business holds %q", key)
			}
		})
	}
}
