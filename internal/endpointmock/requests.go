// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Redacted stands in a [Request] where credentials were.
const Redacted = "REDACTED"

// Request is what arrived, answered or not.
type Request struct {
	Time       time.Time   `json:"time"`
	Method     string      `json:"method"`
	Path       string      `json:"path"` // still escaped
	Host       string      `json:"host"`
	Header     http.Header `json:"header"`     // Authorization and Cookie are [Redacted] where they were present
	Body       []byte      `json:"-"`          // as received; nil if it was not read
	Connection int         `json:"connection"` // counted from 1; equal for requests over one connection
	Instance   int         `json:"instance"`
	Behaviour  Behaviour   `json:"behaviour"`
	Signature  Signature   `json:"signature"`
	Decrypted  bool        `json:"decrypted"` // never true for a behaviour that does not try
	Key        string      `json:"key"`       // the [Fingerprint] of the key that fitted
	Action     string      `json:"action"`    // of the payload, such as "ping"
	Payload    []byte      `json:"-"`         // decrypted
	Status     int         `json:"status"`    // answered; 0 while under way, or without an answer in HTTP
}

// Requests returns copies of the requests since the start or [Server.ResetRequests],
// in the order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, 0, len(s.requests))
	for _, r := range s.requests {
		c := *r
		c.Header = r.Header.Clone()
		out = append(out, c)
	}
	return out
}

// ResetRequests forgets the requests. Connections and the calls of the hook are
// counted on.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// InFlight is the number of requests that are being answered.
func (s *Server) InFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inFlight
}

// connection is what the server knows of a TCP connection. It is assigned to an
// instance with its first request, so that those of the control interface take no turn.
type connection struct {
	net.Conn
	number   int       // guarded by Server.mu
	instance *instance // guarded by Server.mu
}

type connectionKey struct{}

func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{Conn: c})
}

// arrive counts a request, calls the hook, and records the request with the instance
// and the behaviour that it gets.
func (s *Server) arrive(w http.ResponseWriter, r *http.Request) *exchange {
	s.mu.Lock()
	s.inFlight++
	s.arrived++
	n, hook := s.arrived, s.hook
	s.mu.Unlock()
	if hook != nil {
		hook(n)
	}

	// ConnContext has put one into every request of this server.
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	header := r.Header.Clone()
	for _, secret := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		if header.Get(secret) != "" {
			header.Set(secret, Redacted)
		}
	}
	entry := &Request{Time: s.opts.Now(), Method: r.Method, Path: r.URL.EscapedPath(), Host: r.Host, Header: header}
	x := &exchange{Server: s, w: w, r: r, connection: c, entry: entry}

	s.mu.Lock()
	defer s.mu.Unlock()
	if c.number == 0 {
		s.connections++
		c.number, c.instance = s.connections, s.nextInstanceLocked()
	}
	if c.instance == nil || c.instance.down {
		return nil
	}
	x.secret, x.instance, x.behaviour = s.appSecret, c.instance, c.instance.behaviour
	if len(s.script) > 0 {
		x.behaviour, s.script = s.script[0], s.script[1:]
	}
	entry.Connection, entry.Instance, entry.Behaviour = c.number, c.instance.number, x.behaviour
	s.requests = append(s.requests, entry)
	return x
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

func (x *exchange) record(f func(*Request)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f(x.entry)
}
