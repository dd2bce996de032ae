// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Redacted stands in a [Request] where a token or a proof was.
const Redacted = "REDACTED"

// Request is a call that arrived, answered or not.
type Request struct {
	Time    time.Time   `json:"time"`
	Method  string      `json:"method"`
	Path    string      `json:"path"` // still escaped
	Version string      `json:"version"`
	Object  string      `json:"object"`
	Edge    string      `json:"edge"`
	Query   url.Values  `json:"query"`  // appsecret_proof and access_token are [Redacted]
	Header  http.Header `json:"header"` // Authorization is [Redacted] where it was present
	Form    url.Values  `json:"form"`   // of a form body only; redacted like Query
	Status  int         `json:"status"` // answered; 0 while under way, when dropped, or when the client left
	Proto   string      `json:"proto"`  // such as HTTP/2.0
	Conn    string      `json:"conn"`   // the client's address: equal for requests over one connection

	// Business is the name of the one in [Options.Businesses] whose token the call
	// had; "" for any other token.
	Business string `json:"business,omitempty"`
}

// Requests returns copies of the calls since the start or [Server.ResetRequests],
// in the order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, 0, len(s.requests))
	for _, r := range s.requests {
		c := *r
		c.Query, c.Header, c.Form = cloneValues(r.Query), r.Header.Clone(), cloneValues(r.Form)
		out = append(out, c)
	}
	return out
}

// ResetRequests forgets the calls and sets [Server.Connections] and
// [Server.MaxInFlight] back. A connection that stays open is not counted again.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetRequestsLocked()
}

func (s *Server) resetRequestsLocked() {
	s.requests, s.connections, s.handshakes, s.maxInFlight = nil, 0, 0, s.inFlight
}

// Count is the number of calls with that method on that object; "" matches any.
func (s *Server) Count(method, objectID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if (method == "" || r.Method == method) && (objectID == "" || r.Object == objectID) {
			n++
		}
	}
	return n
}

// Connections is the number of TCP connections accepted by [Server.Start]'s listener.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// MaxInFlight is the highest number of requests that were handled at once, those
// that a fault delays included.
func (s *Server) MaxInFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maxInFlight
}

func (s *Server) arrive(r *http.Request, rt route) *Request {
	entry := &Request{
		Time: time.Now(), Method: r.Method, Path: rt.path,
		Version: rt.version, Object: rt.object, Edge: rt.edge,
		Query: redacted(r.URL.Query()), Header: r.Header.Clone(), Proto: r.Proto, Conn: r.RemoteAddr,
	}
	if _, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); token != "" {
		if b := s.business(token); b != nil {
			entry.Business = b.Name
		}
	}
	if _, ok := entry.Header["Authorization"]; ok {
		entry.Header.Set("Authorization", Redacted)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, entry)
	s.inFlight++
	s.maxInFlight = max(s.maxInFlight, s.inFlight)
	return entry
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

func (s *Server) recordForm(entry *Request, form url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.Form = redacted(form)
}

func (s *Server) recordStatus(entry *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.Status = status
}

func redacted(v url.Values) url.Values {
	v = cloneValues(v)
	for _, secret := range []string{paramToken, paramProof} {
		for i := range v[secret] {
			v[secret][i] = Redacted
		}
	}
	return v
}

func cloneValues(v url.Values) url.Values {
	v = maps.Clone(v)
	for k := range v {
		v[k] = slices.Clone(v[k])
	}
	return v
}
