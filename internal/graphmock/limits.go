// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"cmp"
	"fmt"
	"net/http"
	"time"
)

const (
	headerAppUsage = "X-App-Usage"
	headerBUCUsage = "X-Business-Use-Case-Usage"
)

// SetUsage puts X-App-Usage and X-Business-Use-Case-Usage on every answer; "" = none.
func (s *Server) SetUsage(appUsage, bucUsage string) {
	s.set(func(k *knobs) { k.appUsage, k.bucUsage = appUsage, bucUsage })
}

func (s *Server) addUsage(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.knobs.appUsage; v != "" {
		h.Set(headerAppUsage, v)
	}
	if v := s.knobs.bucUsage; v != "" {
		h.Set(headerBUCUsage, v)
	}
}

// RateLimit is a fault that refuses one request with a rate-limit code (4, 17, 32,
// 341, 613, 80007, 80008, 130429, …) and names, in X-Business-Use-Case-Usage, the
// minutes until calls are accepted again. Meta documents header and codes; the
// HTTP status, 400 here, differs between its documents.
func RateLimit(code int, minutes int) Fault {
	return Fault{
		Status: http.StatusBadRequest,
		Header: http.Header{headerBUCUsage: {bucUsage("102290129340398", minutes)}},
		Body:   ErrorBody(code, 0, typeOAuth, rateLimitMessage(code), nil),
	}
}

func rateLimitMessage(code int) string {
	text := map[int]string{
		4:      "Application request limit reached",
		17:     "User request limit reached",
		32:     "Page request limit reached",
		341:    "Application limit reached",
		613:    "Calls to this api have exceeded the rate limit.",
		80007:  "There have been too many calls to this WhatsApp Business account. Wait a bit and try again.",
		80008:  "There have been too many calls to this WhatsApp Business account. Wait a bit and try again.",
		130429: "Rate limit hit",
		133016: "Account register deregister rate limit exceeded",
	}[code]
	return fmt.Sprintf("(#%d) %s", code, cmp.Or(text, "Rate limit hit"))
}

func bucUsage(id string, minutes int) string {
	return encode(map[string]any{id: []any{map[string]any{
		"type": "whatsapp", "call_count": 100, "total_cputime": 25, "total_time": 25,
		"estimated_time_to_regain_access": minutes,
	}}})
}

// budget remembers the last n calls, refused ones included.
type budget struct {
	n      int
	window time.Duration
	now    func() time.Time
	calls  []time.Time
}

// SetCallBudget answers calls beyond n per window with 80008 and the minutes, at
// least 1, until they are accepted again. Refused calls count, too: Meta warns that
// further calls make the wait longer. Answers from a [Fault] and calls without a
// valid token do not count. n < 1 removes the limit; a nil now is time.Now.
func (s *Server) SetCallBudget(n int, window time.Duration, now func() time.Time) {
	if now == nil {
		now = time.Now
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.budget = budget{n: n, window: window, now: now}
}

func (s *Server) spend(object string) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.budget
	if b.n < 1 {
		return nil
	}
	now := b.now()
	over := len(b.calls) == b.n && now.Sub(b.calls[0]) < b.window
	b.calls = append(b.calls, now)
	b.calls = b.calls[max(0, len(b.calls)-b.n):]
	if !over {
		return nil
	}
	wait := b.calls[0].Add(b.window).Sub(now)
	minutes := max(1, int((wait+time.Minute-1)/time.Minute))
	account := object
	if n := s.findLocked(object); n != nil {
		account = n.WABAID
	}
	a := graphError(http.StatusBadRequest, 80008, 0, typeOAuth, rateLimitMessage(80008), nil)
	a.header = http.Header{headerBUCUsage: {bucUsage(account, minutes)}}
	return &a
}
