// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody is generous for one percent-encoded RSA-2048 key of about 600 bytes.
const maxBody = 64 << 10

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
	if !s.reaches(token, c.object) {
		return noObject(c.Method, c.object)
	}
	switch c.edge {
	case edgeEncryption:
		return s.encryption(c)
	case edgePhoneNumbers:
		return s.phoneNumbers(c)
	case "":
		return s.node(c)
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
