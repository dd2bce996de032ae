// SPDX-License-Identifier: MPL-2.0

// Package graphmock is a stateful, strict stand-in for the part of Meta's Graph
// API that handles WhatsApp Flows encryption keys, and says whether a Flow can be
// sent.
//
// [NewServer] starts a server that knows the given phone numbers. The client under
// test is pointed at its URL, and afterwards the test asserts what a number holds
// and which requests arrived, or did not:
//
//	server := graphmock.NewServer(graphmock.Options{Token: token}, id)
//	defer server.Close()
//	upload(server.URL(), token, id, key)
//	if stored, _ := server.Key(id); stored != key {
//		t.Error("the key was not stored")
//	}
//	if n := server.Count("POST", id); n != 1 {
//		t.Errorf("%d uploads", n)
//	}
//
// Methods such as [Server.Reregister] and [Server.SetKey] change a number without a
// request, as other people and WhatsApp do. [Server.Script] disturbs requests: an
// error, a delay, a connection that breaks before or after the request took effect.
// [Server.Play] does the same for faults that have a name, and [Options.Control] makes
// all of this available to a program that is not written in Go.
//
// Nothing in it was compared with the live service: what Meta documents is followed
// to the letter, and what is uncertain can be switched with a Set method, so that a
// client can be tried against each possibility.
package graphmock

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/loopback"
)

// Options are what the server demands of every call. The zero value accepts any
// well-formed token and any version.
type Options struct {
	// Token is the one bearer token that is accepted; "" accepts any that is
	// visible ASCII without blanks.
	Token string
	// Businesses are tokens that are accepted besides Token, each for the accounts
	// of one business only: for other objects, a call is answered as if there were
	// none. With Businesses, an empty Token accepts no other token.
	Businesses []Business
	// AppSecret, when set, makes a valid appsecret_proof compulsory, as a query
	// or a form parameter. Without it a proof is ignored, which is what Meta's
	// guides call harmless.
	AppSecret string
	// OldestVersion, such as "v21.0", serves calls for an older version and is
	// then named in the facebook-api-version header: Meta documents that an
	// expired version does not fail.
	OldestVersion string
	// NewestVersion, such as "v26.0", refuses anything newer as an unknown path.
	// How Meta refuses a version from the future is a guess.
	NewestVersion string
	// Control serves, below /_mock/, an interface for a person at a shell, or for a
	// test in another language: see [Commands]. It answers JSON, errors as
	// {"error":"…"}, and serves loopback callers only. Its requests are neither
	// recorded nor subject to faults.
	Control bool
	// TLS serves https, with HTTP/2 for clients that speak it, as Meta does, and
	// with a certificate of [CertificateAuthority].
	TLS bool
	// HTTP1 leaves out HTTP/2, as many proxies do that intercept TLS.
	HTTP1 bool
}

// Server is the mock, an http.Handler. Make it with [NewServer]; all of its methods
// are safe for concurrent use.
type Server struct {
	opts           Options
	oldest, newest version
	control        http.Handler // nil without [Options.Control]

	done chan struct{} // closed by Close

	mu sync.Mutex // guards all below; not held while a fault delays, hooks or hangs up

	listener net.Listener
	http     *http.Server
	served   chan struct{} // closed when http no longer serves
	closed   bool

	numbers []*slot
	wabas   []string
	flows   map[string]Flow
	knobs   knobs
	faults  []*scripted
	lasting []*played
	budget  budget

	requests    []*Request
	connections int
	handshakes  int
	inFlight    int
	maxInFlight int
}

// knobs are the settings that Reset puts back.
type knobs struct {
	shape        Shape
	unset        Unset
	store        func(string) string
	success      string
	signatureLag int
	keyLag       int
	pages        Pages
	appUsage     string
	bucUsage     string
}

// NewServer starts a server with numbers of the given IDs on a free loopback port.
// The caller should call [Server.Close] when finished. It panics where it cannot
// listen, and on a version in o that does not look like "v25.0": a test with such
// a typo would prove nothing.
func NewServer(o Options, ids ...string) *Server {
	s := NewUnstartedServer(o, ids...)
	if err := s.Start(""); err != nil {
		panic(err)
	}
	return s
}

// NewUnstartedServer is [NewServer] without the listening: for [Server.Start] with
// an address, and for use as a handler.
func NewUnstartedServer(o Options, ids ...string) *Server {
	s := &Server{opts: o, done: make(chan struct{})}
	for _, v := range []struct {
		text string
		to   *version
	}{{o.OldestVersion, &s.oldest}, {o.NewestVersion, &s.newest}} {
		if v.text == "" {
			continue
		}
		var ok bool
		if *v.to, ok = parseVersion(v.text); !ok {
			panic(fmt.Sprintf("graphmock: version %q does not look like v25.0", v.text))
		}
	}
	if o.Control {
		s.control = s.controlHandler()
	}
	for _, id := range ids {
		s.AddNumber(Number{ID: id})
	}
	return s
}

// Start listens on addr, "host:port"; "" takes a free loopback port. It refuses
// any host that is not loopback, since the server checks no caller's rights.
func (s *Server) Start(addr string) error {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("graphmock: %w", err)
	}
	if !loopback.IsHost(host) {
		return fmt.Errorf("graphmock: refusing to listen on %q: only loopback addresses are allowed", addr)
	}
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return fmt.Errorf("graphmock: %w", err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil || s.closed {
		return errors.New("graphmock: a server starts once")
	}
	ln, err := net.ListenTCP("tcp", at)
	if err != nil {
		return fmt.Errorf("graphmock: %w", err)
	}
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ConnState: func(_ net.Conn, st http.ConnState) {
			if st == http.StateNew {
				s.mu.Lock()
				s.connections++
				s.mu.Unlock()
			}
		},
	}
	s.listener, s.http, s.served = ln, srv, make(chan struct{})
	serve := func() error { return srv.Serve(ln) }
	if s.opts.TLS {
		srv.TLSConfig = s.tlsConfig()
		srv.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust the certificate
		if s.opts.HTTP1 {
			srv.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		}
		serve = func() error { return srv.ServeTLS(ln, "", "") }
	}
	go func() {
		defer close(s.served)
		_ = serve()
	}()
	return nil
}

// URL is the base address, http://127.0.0.1:PORT or https://127.0.0.1:PORT without a
// trailing slash; "" before [Server.Start].
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.urlLocked()
}

func (s *Server) urlLocked() string {
	if s.listener == nil {
		return ""
	}
	if s.opts.TLS {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// Close stops listening, closes every connection and ends every delay. It does not
// wait for handlers, so a [Fault.Hook] may call it.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	close(s.done)
	srv, served := s.http, s.served
	s.mu.Unlock()
	if srv != nil {
		_ = srv.Close()
		<-served
	}
}

// Reset forgets requests, faults, keys, the call budget and every setting made
// with a Set method. Numbers stay, registered as they were added,
// and so do Flows.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knobs, s.faults, s.lasting, s.budget = knobs{}, nil, nil, budget{}
	for i, n := range s.numbers {
		s.numbers[i] = newSlot(n.Number)
	}
	s.resetRequestsLocked()
}
