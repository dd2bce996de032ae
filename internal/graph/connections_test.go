// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// get sends one request. What it returns reads the answer to its end and closes
// it.
func get(t *testing.T, c *connections, url string) (finish func()) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.RoundTrip(req) //nolint:bodyclose // closed by what get returns
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Error(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

// counting starts a server that counts its connections.
func counting(t *testing.T) (url string, opened *atomic.Int32) {
	t.Helper()
	opened = new(atomic.Int32)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, opened
}

// As many connections as there are requests at a time, and each is used again.
func TestOneConnectionForEachRequestAtATime(t *testing.T) {
	url, opened := counting(t)
	c := newConnections()
	for range 5 {
		get(t, c, url)()
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for one request at a time", n)
	}
	for range 3 {
		first, second := get(t, c, url), get(t, c, url)
		first()
		second()
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("%d connections for two requests at a time", n)
	}
}

// However many requests there are at a time, HTTP/2 takes one connection and no
// more time than HTTP/1.1, which takes one for each, give or take one that is
// opened while another is returned. A server that allows fewer
// streams than there are requests gets more connections.
func TestConnectionsOfManyRequests(t *testing.T) {
	t.Parallel()
	cert, trust := identity(t, nil)
	const slots, each, answer = 50, 20, 80 * time.Millisecond
	for name, test := range map[string]struct {
		protocol string
		streams  int
		most     int
	}{
		"HTTP/2":              {"h2", 0, 1},
		"HTTP/2, 100 streams": {"h2", 100, 1},
		"HTTP/2, 1 stream":    {"h2", 1, slots + 2},
		"HTTP/1.1":            {"http/1.1", 0, slots + 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := graphOver(cert, test.protocol, func(string) { time.Sleep(answer) })
				p.streams = test.streams
				client, transport := clientOver(t, p, trust)
				began := time.Now()
				var wg sync.WaitGroup
				for range slots {
					wg.Go(func() {
						for range each {
							if _, err := client.BusinessEncryption(t.Context(), "1"); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				if n := p.dials(); n > test.most {
					t.Errorf("%d connections", n)
				}
				if took := time.Since(began); took > each*answer+time.Millisecond && test.streams != 1 {
					t.Errorf("the requests took %s", took)
				} else {
					t.Logf("%d connections, %s", p.dials(), took)
				}
				transport.CloseIdleConnections()
				p.each(func(d *dropping) { _ = d.Close() })
			})
		})
	}
}

// A transport that was returned twice would be shared by two requests.
func TestABodyThatIsClosedTwice(t *testing.T) {
	url, _ := counting(t)
	c := newConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	_ = resp.Body.Close()
	if n := len(c.free); n != 1 {
		t.Errorf("%d transports are free after one request", n)
	}
}

func TestAFailedRequestReturnsItsTransport(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := newConnections()
	for range 3 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := c.RoundTrip(req); err == nil {
			_ = resp.Body.Close()
			t.Error("a server that is closed answered")
		}
	}
	if n := len(c.free); n != 1 {
		t.Errorf("%d transports are free after one request at a time", n)
	}
}
