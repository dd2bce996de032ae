// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A slot is read from an answer only when the answer is understood, and never
// has a key that is blank.
func FuzzDecodeBusinessEncryption(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"business_public_key":"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----","business_public_key_signature_status":"VALID"}]}`,
		`{"business_public_key":"x","business_public_key_signature_status":"MISMATCH"}`,
		`{"data":{"business_public_key":"x"}}`, `{"data":[]}`, `{"data":null}`, `{"data":[{}]}`, `{"data":[null]}`, `{}`, `[]`, `null`, ``, `{"data":"x"}`,
		`{"data":[{"business_public_key":7}]}`, `{"data":[{"business_public_key":" "}]}`, `<html>`, "\xff", `{"DATA":[{"Business_Public_Key":"x"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		slot, err := decodeBusinessEncryption(data)
		if err != nil && (slot.HasKey() || slot.SignatureStatus != "") {
			t.Errorf("an answer that is not understood gave %+v", slot)
		}
		if slot.Text != strings.TrimSpace(slot.Text) {
			t.Errorf("the key is not trimmed: %q", slot.Text)
		}
		if err != nil && len(data) > 40 && strings.Contains(err.Error(), string(data)) {
			t.Errorf("the error repeats the answer: %v", err)
		}
	})
}

// Success is said by one word only, and never beside an error.
func FuzzDecodeSuccess(f *testing.F) {
	for _, seed := range []string{`{"success":true}`, `{"success":"true"}`, `{"success":1}`, `{"success":false}`, `{"success":{}}`, `{}`, `true`, ``, `{"success":true,"success":false}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := decodeSuccess(data); err == nil && !strings.Contains(strings.ToLower(string(data)), "success") && !strings.Contains(string(data), `\u`) {
			t.Errorf("%q is a success", data)
		}
	})
}

// Whatever an error answer holds: it has a class and a wording, nothing secret
// is in it, and it never becomes a reason to drop a resource unless it says so.
func FuzzDecodeError(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"message":"m","type":"OAuthException","code":100,"error_subcode":33,"error_data":{"details":"d"},"error_user_title":"t","error_user_msg":"u","is_transient":false,"fbtrace_id":"f"}}`,
		`{"error":{"code":"190","error_data":"text","is_transient":"true"}}`, `{"error":"text"}`, `{"error":{}}`, `{"error":null}`, `{"error":[]}`, `{"error":33}`,
		`{"error":{"code":33}}`, `{"error":{"code":1e2}}`, `{"error":{"code":99999999999999999999}}`, `{"error":{"message":"Malformed access token SECRET-TOKEN"}}`, ``, `<html>`,
	} {
		f.Add([]byte(seed), 400, true)
		f.Add([]byte(seed), 500, false)
	}
	c, err := New(Config{AccessToken: "SECRET-TOKEN"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, status int, post bool) {
		e := &Error{Call: Call{http.MethodGet, "1", "edge"}, HTTPStatus: status}
		if post {
			e.Method = http.MethodPost
		}
		if !e.readBody(data, c.redact) {
			_ = e.notGraph("text/html", len(data))
		}
		if e.Class == "" || e.Reason() == "" {
			t.Errorf("no class or no reason: %+v", e)
		}
		if e.Class == ClassNumberDeleted && (!e.HasCode || e.Code != 33) {
			t.Errorf("deleted without code 33: %+v", e)
		}
		for _, s := range []string{e.Error(), e.Reason(), e.Codes(), e.brief()} {
			if strings.Contains(s, "SECRET-TOKEN") {
				t.Errorf("the token is in %q", s)
			}
			if utf8.Valid(data) && !utf8.ValidString(s) {
				t.Errorf("not UTF-8: %q", s)
			}
		}
	})
}

// No header asks for a wait that is negative or endless.
func FuzzAskedWait(f *testing.F) {
	for _, seed := range [][2]string{
		{"120", ""},
		{"-1", ""},
		{"1e300", ""},
		{"NaN", ""},
		{"Wed, 21 Oct 2026 07:28:00 GMT", ""},
		{"soon", ""},
		{"", `{"1":[{"type":"whatsapp","call_count":100,"estimated_time_to_regain_access":37}]}`},
		{"", `{"1":[{"estimated_time_to_regain_access":"37"}],"2":"x"}`},
		{"", `{"1":{}}`},
		{"", `[]`},
		{"", `{"1":[{"estimated_time_to_regain_access":1e308}]}`},
	} {
		f.Add(seed[0], seed[1])
	}
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, usage string) {
		h := http.Header{"Retry-After": {after}, "X-Business-Use-Case-Usage": {usage}}
		if d := (&Error{Class: ClassRateLimit}).askedWait(h, now); d < 0 || d > longestAskedWait {
			t.Errorf("asked to wait %s", d)
		}
	})
}
