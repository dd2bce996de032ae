// SPDX-License-Identifier: MPL-2.0

// Package graphmock is a stateful, strict stand-in for the part of Meta's Graph
// API that handles WhatsApp Flows encryption keys. Nothing in it was compared
// with the live service: what Meta documents is followed to the letter, and what
// is uncertain can be switched, so that a client can be tried against each
// possibility.
package graphmock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody is generous for one percent-encoded RSA-2048 key of about 600 bytes.
const maxBody = 64 << 10

// Options says what the server demands of every call. The zero value accepts any
// well-formed token and any version.
type Options struct {
	// Token is the one bearer token that is accepted; "" accepts any that is
	// visible ASCII without blanks.
	Token string
	// AppSecret, when set, makes a right appsecret_proof compulsory, as a query
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
	// Control serves, below /_mock/, an interface for a person at a shell:
	//
	//	GET    /_mock/requests
	//	GET    /_mock/numbers
	//	POST   /_mock/numbers/{id}/reregister
	//	POST   /_mock/numbers/{id}/deregister
	//	POST   /_mock/numbers/{id}/key   form: business_public_key, status (default VALID)
	//	DELETE /_mock/numbers/{id}/key
	//	POST   /_mock/reset              see [Server.Reset]
	//
	// It answers JSON, errors as {"error":"…"}, and serves loopback callers only.
	// Its requests are neither recorded nor subject to faults.
	Control bool
}

// Server is the mock, an http.Handler. Make it with [NewServer]; all of its methods
// are safe for concurrent use.
type Server struct {
	opts           Options
	oldest, newest version
	control        http.Handler // nil without [Options.Control]

	// mu is never held while a fault delays, hooks or hangs up.
	mu       sync.Mutex
	listener net.Listener
	http     *http.Server
	served   chan struct{}
	done     chan struct{}
	closed   bool

	numbers []*slot
	wabas   []string
	knobs   knobs
	faults  []*scripted
	budget  budget

	requests    []*Request
	connections int
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
	if !loopback(host) {
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
	go func() {
		defer close(s.served)
		_ = srv.Serve(ln)
	}()
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// URL is the base address, http://127.0.0.1:PORT without a trailing slash; "" before [Server.Start].
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.urlLocked()
}

func (s *Server) urlLocked() string {
	if s.listener == nil {
		return ""
	}
	return "http://" + s.listener.Addr().String()
}

// Close stops listening, cuts every connection and ends every delay. It does not
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
// with a Set method. Numbers stay, registered as they were added.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knobs, s.faults, s.budget = knobs{}, nil, budget{}
	for i, n := range s.numbers {
		s.numbers[i] = newSlot(n.Number)
	}
	s.resetRequestsLocked()
}

// route is a path taken apart: /{version}/{object}/{edge}.
type route struct {
	version, object, edge string
	path                  string
	ok                    bool
}

var versionForm = regexp.MustCompile(`^v(\d{1,4})\.(\d{1,4})$`)

type version [2]int

func parseVersion(s string) (v version, ok bool) {
	m := versionForm.FindStringSubmatch(s)
	if m == nil {
		return v, false
	}
	v[0], _ = strconv.Atoi(m[1])
	v[1], _ = strconv.Atoi(m[2])
	return v, true
}

// ValidVersion reports whether v looks like an API version, "v25.0".
func ValidVersion(v string) bool {
	_, ok := parseVersion(v)
	return ok
}

// parseRoute takes the escaped path, so that an escaped slash in an ID stays part
// of the ID instead of making another path.
func parseRoute(escaped string) route {
	rt := route{path: escaped}
	seg := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i := range seg {
		if u, err := url.PathUnescape(seg[i]); err == nil {
			seg[i] = u
		}
	}
	if _, ok := parseVersion(seg[0]); !ok {
		return rt
	}
	rt.version = seg[0]
	if len(seg) > 1 {
		rt.object = seg[1]
	}
	if len(seg) > 2 {
		rt.edge = strings.Join(seg[2:], "/")
	}
	rt.ok = len(seg) == 3 && rt.object != "" && rt.edge != ""
	return rt
}

// call is one request, read to its end.
type call struct {
	*http.Request
	route
	token   string
	form    url.Values
	formErr error
}

// answer is what goes back; header holds only what differs from the usual.
type answer struct {
	status int
	header http.Header
	body   string
}

// ServeHTTP answers one Graph API call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.control != nil && strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.control.ServeHTTP(w, r)
		return
	}
	rt := parseRoute(r.URL.EscapedPath())
	entry := s.arrive(r, rt)
	// Leaving happens before the answer is written: a client that calls again
	// at once must not look like two requests in parallel.
	leave := sync.OnceFunc(s.leave)
	defer leave()

	f := s.nextFault(r.Method, rt.object)
	if f.Drop == DropOnRequest {
		f.hook()
		s.wait(r.Context(), f.Delay)
		leave()
		hangUp(w, false)
		return
	}

	c := call{Request: r, route: rt}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		panic(http.ErrAbortHandler)
	}
	if isForm(r.Header) {
		c.form, c.formErr = url.ParseQuery(string(body))
		s.recordForm(entry, c.form)
	}
	carryOut := func() answer {
		if tooLarge != nil {
			return graphError(http.StatusRequestEntityTooLarge, 100, 0, typeOAuth,
				fmt.Sprintf("(#100) The request body is longer than %d bytes", maxBody), nil)
		}
		return s.carryOut(c)
	}

	var a answer
	if f.Apply {
		a = carryOut()
	}
	f.hook()
	if !s.wait(r.Context(), f.Delay) {
		panic(http.ErrAbortHandler)
	}
	if f.Drop == DropAfterRequest {
		leave()
		hangUp(w, true)
		return
	}
	if !f.Apply && !f.answers() {
		a = carryOut()
	}
	if f.answers() {
		a = answer{status: f.Status, body: f.Body}
		if a.status == 0 {
			a.status = http.StatusOK
		}
	}
	a.header = s.headers(rt, a.header, f.Header)
	leave()
	if f.Drop == DropMidBody {
		writeHalf(w, a)
		return
	}
	s.recordStatus(entry, a.status)
	a.write(w)
}

// carryOut checks a call in the order in which Meta does, as far as its errors
// let one tell: path, token, proof, limits, object, edge.
func (s *Server) carryOut(c call) answer {
	v, _ := parseVersion(c.version)
	if !c.ok || (s.newest != version{} && slices.Compare(v[:], s.newest[:]) > 0) {
		return unknownPath(c.path)
	}
	token, refusal := s.authenticate(c)
	if refusal != nil {
		return *refusal
	}
	c.token = token
	if refusal := s.spend(c.object); refusal != nil {
		return *refusal
	}
	switch c.edge {
	case edgeEncryption:
		return s.encryption(c)
	case edgePhoneNumbers:
		return s.phoneNumbers(c)
	}
	if !s.knows(c.object) {
		return noObject(c.Method, c.object)
	}
	return unknownPath("/" + c.edge)
}

// headers puts the usual headers under those of the answer and of the fault; a
// fault takes one away by naming it without a value.
func (s *Server) headers(rt route, over ...http.Header) http.Header {
	h := http.Header{}
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "private, no-cache, no-store, must-revalidate")
	if v, ok := parseVersion(rt.version); ok {
		h.Set("Facebook-Api-Version", rt.version)
		if slices.Compare(v[:], s.oldest[:]) < 0 {
			h.Set("Facebook-Api-Version", s.opts.OldestVersion)
		}
	}
	s.addUsage(h)
	for _, o := range over {
		for k, v := range o {
			k = http.CanonicalHeaderKey(k)
			if len(v) == 0 {
				h.Del(k)
				continue
			}
			h[k] = slices.Clone(v)
		}
	}
	return h
}

func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	maps.Copy(h, a.header)
	if a.body != "" {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// wait reports whether the caller is still there after d.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}
