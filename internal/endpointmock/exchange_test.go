// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

func TestPayloadsAreAnswered(t *testing.T) {
	s := start(t, endpointmock.Options{}, keyA())
	for _, tt := range []struct {
		payload string
		status  int
		answer  string
	}{
		{ping, 200, active},
		{`{"version":"3.0","action":"INIT","flow_token":"t"}`, 200, `{"screen":"WELCOME","data":{"greeting":"Hello"}}`},
		{`{"version":"3.0","action":"BACK","screen":"X","data":{}}`, 200, `{"screen":"WELCOME","data":{"greeting":"Hello"}}`},
		{`{"version":"3.0","action":"data_exchange","screen":"X","data":{"name":"N"}}`, 200, `{"screen":"WELCOME","data":{"greeting":"Hello"}}`},
		{`{"version":"3.0","action":"data_exchange","data":{"error":"invalid-screen-transition","error_message":"m"}}`, 200, `{"data":{"acknowledged":true}}`},
		{`{"action":"dance"}`, 400, ""},
		{`{"data":{}}`, 400, ""},
		{`no JSON`, 400, ""},
		{``, 400, ""},
	} {
		status, answer := ask(t, s, keyA(), tt.payload)
		if status != tt.status || answer != tt.answer {
			t.Errorf("%s: %d %s", tt.payload, status, answer)
		}
		if got := last(t, s); !got.Decrypted || string(got.Payload) != tt.payload || got.Status != tt.status {
			t.Errorf("%s is recorded as %+v", tt.payload, got)
		}
	}
	res := post(t, s, encrypt(&keyA().PublicKey, ping).body)
	if got := res.header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("the media type is %q", got)
	}
}

func TestRequestsThatNoClientSendsAreRefused(t *testing.T) {
	s := start(t, endpointmock.Options{}, keyA())
	m := encrypt(&keyA().PublicKey, ping)
	damaged := encrypt(&keyA().PublicKey, ping)
	damaged.body = strings.Replace(damaged.body, `"initial_vector":"`, `"initial_vector":"`+base64.StdEncoding.EncodeToString([]byte("abc")), 1)
	for _, tt := range []struct {
		name   string
		body   string
		edit   edit
		status int
	}{
		{"GET", "", method(http.MethodGet), 405},
		{"PUT", m.body, method(http.MethodPut), 405},
		{"form", m.body, header("Content-Type", "application/x-www-form-urlencoded"), 415},
		{"no type", m.body, header("Content-Type", ""), 415},
		{"type with charset", m.body, header("Content-Type", "application/json; charset=utf-8"), 200},
		{"no JSON", "{", nil, 400},
		{"JSON array", "[]", nil, 400},
		{"nonce too long", damaged.body, nil, 400},
		{"no fields", "{}", nil, 400},
		{"2 MiB", `{"x":"` + strings.Repeat("x", 2<<20) + `"}`, nil, 413},
	} {
		edits := []edit{}
		if tt.edit != nil {
			edits = append(edits, tt.edit)
		}
		if got := post(t, s, tt.body, edits...); got.status != tt.status {
			t.Errorf("%s: %d %q", tt.name, got.status, got.body)
		}
	}
	if got := post(t, s, "", method(http.MethodGet)).header.Get("Allow"); got != "POST" {
		t.Errorf("Allow is %q", got)
	}
}

func TestAnyKeyOfTheInstanceFits(t *testing.T) {
	s := start(t, endpointmock.Options{}, keyA(), keyB())
	wantPing(t, s, keyA(), 200)
	if got, want := last(t, s).Key, endpointmock.Fingerprint(&keyA().PublicKey); got != want {
		t.Errorf("%s fitted, not %s", got, want)
	}
	wantPing(t, s, keyB(), 200)
	if got, want := last(t, s).Key, endpointmock.Fingerprint(&keyB().PublicKey); got != want {
		t.Errorf("%s fitted, not %s", got, want)
	}
	wantPing(t, s, keyC(), 421)
	if got := last(t, s); got.Decrypted || got.Key != "" || got.Action != "" {
		t.Errorf("recorded as %+v", got)
	}
	wantPing(t, start(t, endpointmock.Options{}), keyA(), 421)
}
