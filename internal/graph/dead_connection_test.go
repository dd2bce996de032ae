// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// dropping forwards what goes over a connection, until it is told to drop it
// silently, as a NAT does that has forgotten the connection.
type dropping struct {
	net.Conn             // the client's end
	up, down atomic.Bool // drops what goes to the server, and what comes from it
}

// pipes is a network in memory, for a bubble of synctest. A net.Pipe has no
// buffer, so each direction has a goroutine that always reads.
type pipes struct {
	serve   func(net.Conn)
	streams int // MAX_CONCURRENT_STREAMS of HTTP/2; 0 = Go's default
	mu      sync.Mutex
	all     []*dropping
}

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, nearEnd := net.Pipe()
	farEnd, server := net.Pipe()
	d := &dropping{Conn: client}
	go forward(farEnd, nearEnd, &d.up)
	go forward(nearEnd, farEnd, &d.down)
	go p.serve(server)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, d)
	return d, nil
}

// forward copies until one end is closed. A NAT that drops does not pass that on,
// either, but a bubble waits for its goroutines.
func forward(to, from net.Conn, drops *atomic.Bool) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if drops.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *pipes) each(f func(*dropping)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.all {
		f(d)
	}
}

func (p *pipes) dials() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all)
}

// graphOver starts a server over pipes that speaks one protocol, and answers as
// the Graph API does for a number that gets its first key.
func graphOver(cert tls.Certificate, protocol string, received func(method string)) *pipes {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		received(r.Method)
		if r.Method == http.MethodPost {
			_, _ = io.WriteString(w, `{"success":true}`)
			return
		}
		_, _ = io.WriteString(w, `{"data":[]}`)
	})
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{protocol}}
	p := &pipes{}
	p.serve = func(conn net.Conn) {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: p.streams}}
		_ = server.Serve(&oneConn{conn: tls.Server(conn, config)})
	}
	return p
}

// oneConn is a listener for one connection.
type oneConn struct {
	conn net.Conn
	once sync.Once
}

func (l *oneConn) Accept() (conn net.Conn, err error) {
	l.once.Do(func() { conn = l.conn })
	if conn == nil {
		return nil, io.EOF
	}
	return conn, nil
}
func (*oneConn) Close() error     { return nil }
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }

// clientOver is a client over pipes, with the transport and the times of New.
func clientOver(t *testing.T, p *pipes, trust *x509.CertPool) (*Client, *connections) {
	t.Helper()
	c := newConnections()
	c.open = func() *http.Transport {
		tr := newTransport()
		tr.Proxy, tr.DialContext = nil, p.dial
		tr.TLSClientConfig = &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}
		return tr
	}
	client, err := New(Config{AccessToken: "EAATestToken", BaseURL: "https://" + wireHost, MaxRetries: 1, RetryMaxWait: time.Nanosecond, Transport: c})
	if err != nil {
		t.Fatal(err)
	}
	return client, c
}

var deadConnections = map[string]func(*dropping){
	"both directions": func(d *dropping) { d.up.Store(true); d.down.Store(true) },
	"to the server":   func(d *dropping) { d.up.Store(true) },
	"to the client":   func(d *dropping) { d.down.Store(true) },
}

// A connection that drops everything costs one try and at most 20 seconds; the
// next try uses a new connection, and an upload is preceded by a read.
func TestADeadConnection(t *testing.T) {
	t.Parallel()
	cert, trust := identity(t, nil)
	for _, protocol := range []string{"h2", "http/1.1"} {
		for direction, drop := range deadConnections {
			for _, idle := range []time.Duration{0, 4 * time.Second, 9990 * time.Millisecond, time.Minute} {
				t.Run(fmt.Sprintf("%s/%s/after %s", protocol, direction, idle), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						var mu sync.Mutex
						var methods []string
						p := graphOver(cert, protocol, func(method string) {
							mu.Lock()
							defer mu.Unlock()
							methods = append(methods, method)
						})
						client, transport := clientOver(t, p, trust)
						if _, err := client.BusinessEncryption(t.Context(), "1"); err != nil {
							t.Fatal(err)
						}
						p.each(drop)
						time.Sleep(idle)

						began := time.Now()
						if err := client.SetBusinessPublicKey(t.Context(), "1", wireKey(t)); err != nil {
							t.Error(err)
						}
						if took := time.Since(began); took > 20*time.Second+time.Millisecond {
							t.Errorf("the upload took %s", took)
						}
						mu.Lock()
						// The first read, perhaps an upload whose answer was lost, the
						// read before the next one, and that one. With HTTP/2, pings
						// find a connection dead that was idle long enough.
						want := []string{"GET", "GET", "POST"}
						if direction == "to the client" {
							want = []string{"GET", "POST", "GET", "POST"}
						}
						if protocol == "h2" && idle == time.Minute {
							want = []string{"GET", "POST"}
						}
						if !slices.Equal(methods, want) {
							t.Errorf("the server got %q, not %q", methods, want)
						}
						mu.Unlock()
						if n := p.dials(); n != 2 {
							t.Errorf("%d connections", n)
						}
						transport.CloseIdleConnections()
						p.each(func(d *dropping) { _ = d.Close() })
					})
				})
			}
		}
	}
}

// Ten requests at a time lose one try each, and not one for each connection that
// has died.
func TestManyDeadConnections(t *testing.T) {
	t.Parallel()
	cert, trust := identity(t, nil)
	for protocol, most := range map[string]int{"h2": 3, "http/1.1": 30} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := graphOver(cert, protocol, func(string) { time.Sleep(80 * time.Millisecond) })
				client, transport := clientOver(t, p, trust)
				all := func(what func() error) {
					var wg sync.WaitGroup
					for range 10 {
						wg.Go(func() {
							if err := what(); err != nil {
								t.Error(err)
							}
						})
					}
					wg.Wait()
				}
				read := func() error { _, err := client.BusinessEncryption(t.Context(), "1"); return err }
				all(read)
				p.each(deadConnections["both directions"])
				began := time.Now()
				all(read)
				// With MaxRetries 1, a second lost try would be an error.
				if took := time.Since(began); took > 21*time.Second {
					t.Errorf("the reads took %s", took)
				}
				// Those that were idle meanwhile are not used.
				p.each(deadConnections["both directions"])
				if err := read(); err != nil {
					t.Error(err)
				}
				began = time.Now()
				all(read)
				if took := time.Since(began); took > time.Second {
					t.Errorf("the reads after a dead connection took %s", took)
				}
				if n := p.dials(); n > most {
					t.Errorf("%d connections", n)
				}
				transport.CloseIdleConnections()
				p.each(func(d *dropping) { _ = d.Close() })
			})
		})
	}
}

// A server that is slow, and not dead, is waited for over HTTP/2.
func TestASlowServerIsNotDead(t *testing.T) {
	t.Parallel()
	cert, trust := identity(t, nil)
	synctest.Test(t, func(t *testing.T) {
		p := graphOver(cert, "h2", func(string) { time.Sleep(50 * time.Second) })
		client, transport := clientOver(t, p, trust)
		if _, err := client.BusinessEncryption(t.Context(), "1"); err != nil {
			t.Error(err)
		}
		if n := p.dials(); n != 1 {
			t.Errorf("%d connections", n)
		}
		transport.CloseIdleConnections()
		p.each(func(d *dropping) { _ = d.Close() })
	})
}

// The same with real connections, once, at the length that it has: a forwarder
// that stops to answer in the middle of a run.
func TestADeadConnection_realTime(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 20 seconds")
	}
	cert, trust := identity(t, nil)
	for _, protocol := range []string{"h2", "http/1.1"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			var drops atomic.Bool
			server := accepting(t, func(_ int, conn net.Conn) {
				_ = conn.SetDeadline(time.Now().Add(time.Minute))
				p := graphOver(cert, protocol, func(string) {})
				p.serve(conn)
				<-t.Context().Done()
			})
			forwarder := accepting(t, func(n int, conn net.Conn) {
				_ = conn.SetDeadline(time.Now().Add(time.Minute))
				far, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				var never atomic.Bool
				drop := &never
				if n == 1 {
					drop = &drops
				}
				go forward(conn, far, drop)
				forward(far, conn, drop)
			})
			w := newWire(t, forwarder, trust, nil, 1)
			if _, err := w.BusinessEncryption(t.Context(), "1"); err != nil {
				t.Fatal(err)
			}
			drops.Store(true)
			began := time.Now()
			if e := w.upload(t); e != nil {
				t.Error(e)
			}
			// TestADeadConnection has the exact bound. Here, the machine may be busy.
			if took := time.Since(began); took > 40*time.Second {
				t.Errorf("the upload took %s", took)
			}
			if n := w.dials.Load(); n != 2 {
				t.Errorf("%d connections", n)
			}
		})
	}
}
