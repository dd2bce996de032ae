// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestTheTokenIsChecked(t *testing.T) {
	for _, tt := range []struct {
		name, accepted string
		auth           []string
		status, code   int
		message        string
	}{
		{"right", token, []string{"Bearer " + token}, 200, 0, ""},
		{"scheme in lower case", token, []string{"bearer " + token}, 200, 0, ""},
		{"any", "", []string{"Bearer anything"}, 200, 0, ""},
		{"none", token, nil, 401, 104, "An access token is required to request this resource."},
		{"wrong", token, []string{"Bearer other"}, 401, 190, "Invalid OAuth access token"},
		{"basic", "", []string{"Basic abc"}, 400, 190, "Malformed access token"},
		{"no scheme", "", []string{token}, 400, 190, "Malformed access token"},
		{"empty", "", []string{"Bearer "}, 400, 190, "Malformed access token"},
		{"blank inside", "", []string{"Bearer a b"}, 400, 190, "Malformed access token"},
		{"two blanks", "", []string{"Bearer  a"}, 400, 190, "Malformed access token"},
		{"not ASCII", "", []string{"Bearer tökén"}, 400, 190, "Malformed access token"},
		{"twice", "", []string{"Bearer a", "Bearer a"}, 400, 190, "Malformed access token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{Token: tt.accepted})
			got := get(t, s, edge, func(r *http.Request) { r.Header["Authorization"] = tt.auth })
			if got.status != tt.status || got.code() != tt.code || !strings.HasPrefix(got.str("message"), tt.message) {
				t.Errorf("%d %s", got.status, got.text)
			}
			if tt.code != 0 && got.str("type") != "OAuthException" {
				t.Errorf("type %q", got.str("type"))
			}
		})
	}
}

func TestTokenOutsideTheHeaderIsRefused(t *testing.T) {
	s := start(t, graphmock.Options{})
	for _, edits := range [][]edit{nil, {header("Authorization", "")}} {
		got := get(t, s, edge+"?access_token="+url.QueryEscape(token), edits...)
		if got.status != 400 || got.code() != 190 || !strings.Contains(got.str("message"), "Authorization header only") {
			t.Errorf("query: %d %s", got.status, got.text)
		}
		got = do(t, s, http.MethodPost, edge, form(keyA())+"&access_token=x", edits...)
		if got.status != 400 || got.code() != 190 {
			t.Errorf("form: %d %s", got.status, got.text)
		}
	}
	wantKey(t, s, "", "MISMATCH")
}

func TestTheAppSecretProofIsChecked(t *testing.T) {
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write([]byte(token))
	right := hex.EncodeToString(mac.Sum(nil))
	const missing, invalid = "API calls from the server require an appsecret_proof argument", "Invalid appsecret_proof provided in the API argument"

	for _, tt := range []struct{ name, secret, query, form, message string }{
		{"in the query", "s3cret", right, "", ""},
		{"in the form", "s3cret", "", right, ""},
		{"in both", "s3cret", right, right, ""},
		{"missing", "s3cret", "", "", missing},
		{"wrong", "s3cret", strings.Repeat("0", 64), "", invalid},
		{"one of two wrong", "s3cret", right, "x", invalid},
		{"upper case", "s3cret", strings.ToUpper(right), "", invalid},
		{"not demanded", "", "nonsense", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{AppSecret: tt.secret})
			path, body := edge, form(keyA())
			if tt.query != "" {
				path += "?appsecret_proof=" + tt.query
			}
			if tt.form != "" {
				body += "&appsecret_proof=" + tt.form
			}
			got := do(t, s, http.MethodPost, path, body)
			if tt.message == "" {
				if got.status != 200 {
					t.Errorf("%d %s", got.status, got.text)
				}
				return
			}
			if got.status != 400 || got.code() != 100 || got.str("type") != "GraphMethodException" || got.str("message") != tt.message {
				t.Errorf("%d %s", got.status, got.text)
			}
			wantKey(t, s, "", "MISMATCH")
		})
	}
}
