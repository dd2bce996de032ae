// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// regain reads the minutes from X-Business-Use-Case-Usage; -1 when they are not there.
func regain(t *testing.T, h http.Header) (account string, minutes float64) {
	t.Helper()
	var usage map[string][]map[string]any
	if v := h.Get("X-Business-Use-Case-Usage"); v != "" {
		if err := json.Unmarshal([]byte(v), &usage); err != nil {
			t.Fatal(err)
		}
	}
	for id, list := range usage {
		m, ok := list[0]["estimated_time_to_regain_access"].(float64)
		if !ok || list[0]["type"] == nil || list[0]["call_count"] == nil {
			t.Errorf("incomplete: %v", list)
		}
		return id, m
	}
	return "", -1
}

func TestUsageHeaders(t *testing.T) {
	const app, buc = `{"call_count":28}`, `{"1":[{"call_count":5}]}`
	s := start(t, graphmock.Options{})
	s.SetUsage(app, buc)
	s.Script(graphmock.Fault{Status: 500})
	for _, got := range []result{get(t, s, edge), get(t, s, edge), get(t, s, "/nowhere")} {
		if got.header.Get("X-App-Usage") != app || got.header.Get("X-Business-Use-Case-Usage") != buc {
			t.Errorf("%d: %v", got.status, got.header)
		}
	}
	s.SetUsage("", "")
	if h := get(t, s, edge).header; h["X-App-Usage"] != nil || h["X-Business-Use-Case-Usage"] != nil {
		t.Errorf("%v", h)
	}
}

func TestRateLimit(t *testing.T) {
	for _, code := range []int{4, 17, 32, 341, 613, 80007, 80008, 130429, 133016, 99} {
		s := start(t, graphmock.Options{})
		s.SetUsage("", "overridden")
		s.Script(graphmock.RateLimit(code, 7))
		got := get(t, s, edge)
		if _, minutes := regain(t, got.header); got.status != 400 || got.code() != code || got.str("message") == "" || minutes != 7 {
			t.Errorf("%d: %d %s, %v minutes", code, got.status, got.text, minutes)
		}
		if got := get(t, s, edge); got.status != 200 {
			t.Errorf("%d: fired twice", code)
		}
	}
}

func TestCallBudget(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	s := start(t, graphmock.Options{})
	s.SetCallBudget(2, time.Hour, func() time.Time { return now })

	step := func(advance time.Duration, wantCode int, wantMinutes float64) {
		t.Helper()
		now = now.Add(advance)
		got := post(t, s, keyA())
		account, minutes := regain(t, got.header)
		if got.code() != wantCode || minutes != wantMinutes {
			t.Errorf("at %v: %s, %v minutes; want code %d, %v minutes", now.Format("15:04"), got.text, minutes, wantCode, wantMinutes)
		}
		if wantCode != 0 && (account != waba || got.status != 400) {
			t.Errorf("%d, account %q", got.status, account)
		}
	}
	step(0, 0, -1)
	step(10*time.Minute, 0, -1)
	step(10*time.Minute, 80008, 50) // of the last two calls, 12:10 leaves the window first
	step(49*time.Minute, 80008, 11) // 13:09; the refused call of 12:20 holds till 13:20
	step(10*time.Minute+30*time.Second, 80008, 50)
	step(2*time.Hour, 0, -1)

	s.SetCallBudget(0, time.Hour, nil)
	for range 5 {
		step(0, 0, -1)
	}
}

func TestCallBudgetCountsOnlyCallsThatCount(t *testing.T) {
	s := start(t, graphmock.Options{Token: token})
	s.SetCallBudget(1, time.Hour, nil)
	s.Script(graphmock.Fault{Status: 500})
	get(t, s, edge)
	get(t, s, edge, header("Authorization", "Bearer wrong"))
	get(t, s, "/nowhere")
	if got := get(t, s, edge); got.status != 200 {
		t.Errorf("%d %s", got.status, got.text)
	}
	got := get(t, s, "/v25.0/"+waba+"/phone_numbers")
	if account, minutes := regain(t, got.header); got.code() != 80008 || account != waba || minutes != 60 {
		t.Errorf("%s, account %s, %v minutes", got.text, account, minutes)
	}
}
