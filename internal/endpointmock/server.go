// SPDX-License-Identifier: MPL-2.0

// Package endpointmock is a WhatsApp Flows endpoint for tests: the server that a
// business runs, and that decrypts what WhatsApp clients encrypt with the public key
// of a phone number.
//
// By default it does what Meta documents: it accepts POST only, checks the signature
// if it has an app secret, decrypts with any of its private keys, and encrypts its
// answer. It answers 421 if no key fits and 432 if the signature is wrong.
//
//	endpoint := endpointmock.NewServer(endpointmock.Options{Instances: 3, Lacking: 1}, key)
//	defer endpoint.Close()
//	probe(endpoint.URL())
//	for _, request := range endpoint.Requests() {
//		t.Log(request.Connection, request.Instance, request.Decrypted, request.Status)
//	}
//
// Keys come and go while it runs, see [Server.AddKey] and [Server.KeyAfter], and each
// [Behaviour] is a way in which a real endpoint, or something else at its address,
// can fail. A test that has to act between two requests uses [Server.SetHook].
package endpointmock

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
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

// The defaults of [Options].
const (
	DefaultDelay    = 12 * time.Second // WhatsApp waits for 10 seconds
	DefaultInterval = time.Second
)

// Options are what cannot be changed while the server runs, and what it starts with.
// The zero value is one well-behaved instance over plain HTTP that checks no signature.
type Options struct {
	// AppSecret makes a valid X-Hub-Signature-256 compulsory.
	AppSecret string
	// Instances is the size of the fleet; 0 means 1. Connections are assigned to the
	// instances in turn, as a load balancer does.
	Instances int
	// Lacking is how many instances, counted from the last, start without the last of
	// the keys: a deployment that is not finished.
	Lacking int
	// Behaviour is what every instance starts with; "" means [Normal].
	Behaviour Behaviour
	// Certificate makes the server speak TLS.
	Certificate Certificate
	// Delay is how long [Slow] takes; 0 means [DefaultDelay].
	Delay time.Duration
	// Interval is the time between two bytes of [Drip]; 0 means [DefaultInterval].
	Interval time.Duration
	// Now is the clock of [Server.KeyAfter]; nil means [time.Now].
	Now func() time.Time
	// Control serves an interface for a person at a shell below /_control/; see
	// [Server.ControlCommands]. Its requests are not recorded, and its connections are
	// not assigned to an instance.
	Control bool
}

// Server is made by [NewServer]. All of its methods are safe for concurrent use.
type Server struct {
	opts    Options
	control http.Handler // nil without [Options.Control]
	ca      *authority   // nil without [Options.Certificate]

	done     chan struct{} // closed when the server goes away
	shutOnce sync.Once

	mu sync.Mutex // guards all below; not held while a request is answered

	listener net.Listener
	http     *http.Server
	served   chan struct{} // closed when http no longer serves

	appSecret string
	instances []*instance
	turn      int
	script    []Behaviour

	requests    []*Request
	hook        func(request int)
	arrived     int
	connections int
	inFlight    int
}

// NewServer starts a server on a free loopback port, with the keys on each instance
// that does not lack the last. The caller should call [Server.Close] when finished.
// It panics where it cannot listen and on options that contradict each other, because
// a test with such a mistake would prove nothing.
func NewServer(o Options, keys ...*rsa.PrivateKey) *Server {
	s := NewUnstartedServer(o, keys...)
	if err := s.Start(""); err != nil {
		panic(err)
	}
	return s
}

// NewUnstartedServer is [NewServer] without the listening, for [Server.Start] with an
// address.
func NewUnstartedServer(o Options, keys ...*rsa.PrivateKey) *Server {
	o.Instances = max(o.Instances, 1)
	if o.Lacking < 0 || o.Lacking > o.Instances || o.Lacking > 0 && len(keys) == 0 {
		panic(fmt.Sprintf("endpointmock: %d of %d instances cannot lack one of %d keys", o.Lacking, o.Instances, len(keys)))
	}
	if o.Behaviour == "" {
		o.Behaviour = Normal
	}
	o.Behaviour.mustExist()
	o.Certificate.mustExist()
	if o.Delay == 0 {
		o.Delay = DefaultDelay
	}
	if o.Interval == 0 {
		o.Interval = DefaultInterval
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{opts: o, done: make(chan struct{}), appSecret: o.AppSecret, instances: newFleet(o, keys)}
	if o.Control {
		s.control = s.controlHandler()
	}
	if o.Certificate != NoTLS {
		s.ca = newAuthority()
	}
	return s
}

// Start listens on addr, "host:port"; "" takes a free loopback port. It refuses any
// host that is not loopback: a program with private keys and no access control must
// not be reachable from a network.
func (s *Server) Start(addr string) error {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("endpointmock: %w", err)
	}
	if !loopback.IsHost(host) {
		return fmt.Errorf("endpointmock: refusing to listen on %q: only loopback addresses are allowed", addr)
	}
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return fmt.Errorf("endpointmock: %w", err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.done:
		return errors.New("endpointmock: the server was closed")
	default:
	}
	if s.listener != nil {
		return errors.New("endpointmock: a server starts once")
	}
	listener, err := net.ListenTCP("tcp", at)
	if err != nil {
		return fmt.Errorf("endpointmock: %w", err)
	}
	srv := &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ConnContext:       withConnection,
		ReadHeaderTimeout: 10 * time.Second,
		// A failed handshake is what some tests are about.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.listener, s.http, s.served = listener, srv, make(chan struct{})
	go func() {
		defer close(s.served)
		if s.ca == nil {
			_ = srv.Serve(listener)
			return
		}
		_ = srv.Serve(tls.NewListener(listener, s.ca.config(s.opts.Certificate)))
	}()
	return nil
}

// URL is the address of the endpoint, without a path; "" before [Server.Start]. Every
// path is served.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.listener == nil:
		return ""
	case s.ca != nil:
		return "https://" + s.listener.Addr().String()
	default:
		return "http://" + s.listener.Addr().String()
	}
}

// CertPool has the certificate authority that signed the server's certificate; nil
// without TLS.
func (s *Server) CertPool() *x509.CertPool {
	if s.ca == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.ca.certificate)
	return pool
}

// CA is the certificate of [Server.CertPool] as PEM; "" without TLS.
func (s *Server) CA() string {
	if s.ca == nil {
		return ""
	}
	return s.ca.pem()
}

// Close stops listening, closes every connection and ends every behaviour that is
// under way. It does not wait for the handlers, so a hook may call it.
func (s *Server) Close() { s.shut() }

// Done is closed when the server has gone away: after [Server.Close], or because its
// last instance ended, as that of [MetaNode] does.
func (s *Server) Done() <-chan struct{} { return s.done }

func (s *Server) shut() {
	s.shutOnce.Do(func() {
		s.mu.Lock()
		srv, served := s.http, s.served
		close(s.done)
		s.mu.Unlock()
		if srv != nil {
			_ = srv.Close()
			<-served
		}
	})
}
