// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"crypto/rsa"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

// wire is a test and the server that it asks.
type wire struct {
	*testing.T
	s *endpointmock.Server
}

func (w wire) request(body string, edits ...edit) *http.Request {
	w.Helper()
	return request(w.T, w.s, body, edits...)
}

func (w wire) post(body string, edits ...edit) result {
	w.Helper()
	return post(w.T, w.s, body, edits...)
}

func (w wire) ask(key *rsa.PrivateKey, payload string) (status int, answer string) {
	w.Helper()
	return ask(w.T, w.s, key, payload)
}

func (w wire) wantPing(key *rsa.PrivateKey, want int) {
	w.Helper()
	wantPing(w.T, w.s, key, want)
}

func (w wire) last() endpointmock.Request {
	w.Helper()
	return last(w.T, w.s)
}

// shows has, for each behaviour, what a client sees of it.
var shows = map[endpointmock.Behaviour]func(wire){
	endpointmock.Normal: func(w wire) {
		w.wantPing(keyA(), 200)
		w.wantPing(keyB(), 421)
	},

	endpointmock.Status400: refused(400),
	endpointmock.Status401: refused(401),
	endpointmock.Status403: refused(403),
	endpointmock.Status404: refused(404),
	endpointmock.Status405: refused(405),
	endpointmock.Status421: refused(421),
	endpointmock.Status422: refused(422),
	endpointmock.Status427: refused(427),
	endpointmock.Status429: refused(429),
	endpointmock.Status432: refused(432),
	endpointmock.Status500: refused(500),
	endpointmock.Status502: refused(502),
	endpointmock.Status503: refused(503),
	endpointmock.Empty:     refused(200),

	endpointmock.Screen: encrypted(`{"screen":"WELCOME","data":{"greeting":"Hello"}}`),
	endpointmock.Pong:   encrypted("pong"),
	endpointmock.OldIV: func(w wire) {
		m := encrypt(&keyA().PublicKey, ping)
		res := w.post(m.body)
		if text, err := m.openWith(m.nonce, res.body); err != nil || text != active {
			w.Errorf("%q, %v", text, err)
		}
		if _, err := m.open(res.body); err == nil {
			w.Error("it opens with the inverted nonce")
		}
	},
	endpointmock.OtherSession: func(w wire) {
		m := encrypt(&keyA().PublicKey, ping)
		res := w.post(m.body)
		if _, err := m.open(res.body); res.status != 200 || len(res.body) < 40 || err == nil {
			w.Errorf("%d %q, %v", res.status, res.body, err)
		}
	},
	endpointmock.PlainJSON: func(w wire) {
		res := w.post(encrypt(&keyA().PublicKey, ping).body)
		if res.status != 200 || res.body != active || res.header.Get("Content-Type") != "application/json" || !w.last().Decrypted {
			w.Errorf("%+v", res)
		}
		if res := w.post(encrypt(&keyB().PublicKey, ping).body); res.status != 421 {
			w.Errorf("without the key: %d", res.status)
		}
	},
	endpointmock.HTML: func(w wire) {
		res := w.post(encrypt(&keyB().PublicKey, ping).body)
		if res.status != 200 || !strings.HasPrefix(res.body, "<!DOCTYPE html>") || res.header.Get("Content-Type") != "text/html; charset=utf-8" {
			w.Errorf("%+v", res)
		}
	},
	endpointmock.Quoted:           around(`"`, `"`, "application/json"),
	endpointmock.Newline:          around("", "\n", "text/plain; charset=utf-8"),
	endpointmock.WrongContentType: around("", "", "image/png"),

	endpointmock.Redirect:     redirected(1),
	endpointmock.RedirectLoop: redirected(1000),

	endpointmock.Slow: takes(200*time.Millisecond, 200*time.Millisecond),
	endpointmock.Drip: takes(40*10*time.Millisecond, 0), // an answer has more than 40 bytes
	endpointmock.Hang: func(w wire) {
		c := fresh(w.s)
		c.Timeout = time.Second
		_, err := try(c, w.request(encrypt(&keyA().PublicKey, ping).body))
		if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() || w.last().Body == nil {
			w.Errorf("%v", err)
		}
	},
	endpointmock.Stall: func(w wire) {
		c := fresh(w.s)
		c.Timeout = time.Second
		res, err := try(c, w.request(encrypt(&keyA().PublicKey, ping).body))
		if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() || res.status != 200 || len(res.body) < 20 {
			w.Errorf("%+v, %v", res, err)
		}
	},

	endpointmock.CloseBefore: func(w wire) {
		_, err := try(fresh(w.s), w.request(encrypt(&keyA().PublicKey, ping).body))
		if !closed(err) || w.last().Body != nil || w.last().Status != 0 {
			w.Errorf("%v, %+v", err, w.last())
		}
	},
	endpointmock.CloseAfter: func(w wire) {
		m := encrypt(&keyA().PublicKey, ping)
		_, err := try(fresh(w.s), w.request(m.body))
		if !errors.Is(err, io.EOF) || string(w.last().Body) != m.body || w.last().Status != 0 {
			w.Errorf("%v, %+v", err, w.last())
		}
	},
	endpointmock.Reset: func(w wire) {
		m := encrypt(&keyA().PublicKey, ping)
		_, err := try(fresh(w.s), w.request(m.body))
		if !errors.Is(err, syscall.ECONNRESET) || string(w.last().Body) != m.body {
			w.Errorf("%v", err)
		}
	},
	endpointmock.Half: func(w wire) {
		m := encrypt(&keyA().PublicKey, ping)
		res, err := try(fresh(w.s), w.request(m.body))
		if !errors.Is(err, io.ErrUnexpectedEOF) || res.status != 200 || len(res.body) < 20 {
			w.Errorf("%+v, %v", res, err)
		}
	},
	endpointmock.Garbage: func(w wire) {
		_, err := try(fresh(w.s), w.request(encrypt(&keyA().PublicKey, ping).body))
		if err == nil || !strings.Contains(err.Error(), `malformed HTTP response "SSH-2.0-`) {
			w.Errorf("%v", err)
		}
	},

	endpointmock.HugeBody:             hugeBody,
	endpointmock.EndlessBody:          endlessBody,
	endpointmock.HugeHeader:           hugeHeader,
	endpointmock.EndlessHeader:        endlessHeader,
	endpointmock.EndlessInformational: endlessInformational,
	endpointmock.GzipBomb:             gzipBomb,

	endpointmock.MetaNode:     metaNode,
	endpointmock.MetaNodeOld:  metaNodeOld,
	endpointmock.MetaGo:       metaGo,
	endpointmock.WrongKey422:  wrongKey(422),
	endpointmock.WrongKey500:  wrongKey(500),
	endpointmock.Reserialised: reserialised,
}

func TestEachBehaviourShowsOnTheWire(t *testing.T) {
	for _, b := range endpointmock.Behaviours() {
		t.Run(string(b), func(t *testing.T) {
			if shows[b] == nil {
				t.Fatal("there is no test")
			}
			shows[b](wire{t, start(t, endpointmock.Options{
				Behaviour: b, Delay: 200 * time.Millisecond, Interval: 10 * time.Millisecond,
			}, keyA())})
		})
	}
	if got := len(endpointmock.Behaviours()); got != len(shows) {
		t.Errorf("%d behaviours and %d tests", got, len(shows))
	}
}

func TestEachBehaviourIsDescribed(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, b := range endpointmock.Behaviours() {
		d := b.Description()
		if !name.MatchString(string(b)) || len(d) < 15 || strings.ContainsAny(d, "\n") || strings.HasSuffix(d, ".") || seen[d] {
			t.Errorf("%q is described as %q", b, d)
		}
		seen[d] = true
		if got, err := endpointmock.ParseBehaviour(string(b)); err != nil || got != b {
			t.Errorf("%s is read as %q, %v", b, got, err)
		}
	}
	if got, err := endpointmock.ParseBehaviour("4321"); err == nil || got != "" || !strings.Contains(err.Error(), `"4321"`) {
		t.Errorf("%q, %v", got, err)
	}
	if got := endpointmock.Behaviour("4321").Description(); got != "" {
		t.Errorf("an unknown behaviour is described as %q", got)
	}
}

// closed reports whether the server hung up, in one of the ways in which that arrives
// while the client writes.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func refused(status int) func(wire) {
	return func(w wire) {
		for _, m := range []string{http.MethodPost, http.MethodGet} {
			res := w.post(encrypt(&keyA().PublicKey, ping).body, method(m))
			if retry := res.header.Get("Retry-After") != ""; res.status != status || res.body != "" || retry != (status == 429 || status == 503) {
				w.Errorf("%s: %+v", m, res)
			}
			if got := w.last(); got.Decrypted || got.Status != status {
				w.Errorf("recorded as %+v", got)
			}
		}
	}
}

func encrypted(want string) func(wire) {
	return func(w wire) {
		if status, text := w.ask(keyA(), ping); status != 200 || text != want {
			w.Errorf("%d %q", status, text)
		}
		if status, _ := w.ask(keyB(), ping); status != 421 {
			w.Errorf("without the key: %d", status)
		}
	}
}

func around(before, after, contentType string) func(wire) {
	return func(w wire) {
		m := encrypt(&keyA().PublicKey, ping)
		res := w.post(m.body)
		text, err := m.open(strings.TrimSuffix(strings.TrimPrefix(res.body, before), after))
		if err != nil || text != active || !strings.HasPrefix(res.body, before) || !strings.HasSuffix(res.body, after) || res.header.Get("Content-Type") != contentType {
			w.Errorf("%+v, %v", res, err)
		}
	}
}

func redirected(n int) func(wire) {
	return func(w wire) {
		m := encrypt(&keyA().PublicKey, ping)
		if res := w.post(m.body); res.status != 307 || res.header.Get("Location") != "/redirected/1" {
			w.Errorf("%+v", res)
		}
		followed := 0
		c := fresh(w.s)
		c.Transport = &http.Transport{}
		defer c.CloseIdleConnections()
		c.CheckRedirect = func(*http.Request, []*http.Request) error { followed++; return nil }
		res, err := try(c, w.request(m.body))
		if err != nil {
			w.Fatal(err)
		}
		if text, err := m.open(res.body); err != nil || text != active || followed != n {
			w.Errorf("%q, %v after %d redirects", text, err, followed)
		}
	}
}

// takes wants the right answer, not before a time, and not its head before another.
func takes(whole, head time.Duration) func(wire) {
	return func(w wire) {
		m := encrypt(&keyA().PublicKey, ping)
		began := time.Now()
		resp, err := fresh(w.s).Do(w.request(m.body))
		if err != nil {
			w.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if took := time.Since(began); took < head {
			w.Errorf("the head was there after %s", took)
		}
		body, err := io.ReadAll(resp.Body)
		if took := time.Since(began); took < whole {
			w.Errorf("the answer was there after %s", took)
		}
		if text, err2 := m.open(string(body)); err != nil || err2 != nil || text != active {
			w.Errorf("%q, %v, %v", text, err, err2)
		}
	}
}
