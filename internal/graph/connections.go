// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// What bounds the time until a connection is known to be dead. A NAT or a proxy
// that has forgotten a connection drops what is sent over it, and answers nothing.
const (
	// pingAfter and pingTimeout apply to HTTP/2: a connection that has been
	// silent for the one has to answer a ping within the other.
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second

	// longestSilence applies to HTTP/1.1, which has no pings: nothing but the
	// answer shows that the connection works.
	longestSilence = 20 * time.Second

	dialTimeout      = 15 * time.Second
	handshakeTimeout = 10 * time.Second
)

// errSilent is why a request over HTTP/1.1 ends without an answer.
var errSilent = fmt.Errorf("the connection was silent for %.0f seconds", longestSilence.Seconds())

// unsentError is for a request of which nothing was written to a connection.
type unsentError struct{ error }

func (e *unsentError) Unwrap() error { return e.error }

// connections is a transport that opens as few connections as it can: one for all
// requests over HTTP/2, and over HTTP/1.1 one for each request at a time.
//
// A single http.Transport opens more: each request that finds no free connection
// starts to dial, and does not stop when another request returns its connection,
// or has just opened one that both can use. So each request takes a transport of
// its own, which has one connection. It returns the transport when the answer was
// read, or over HTTP/2 as soon as it is connected, so that the next request takes
// the same one. Until it is known that the server speaks HTTP/1.1, one request at a
// time gets a connection, and the others wait for the outcome.
type connections struct {
	open  func() *http.Transport // newTransport, except in tests
	turn  chan struct{}          // held by the request that gets a connection
	http1 atomic.Bool            // the last connection is not shared

	mu       sync.Mutex // guards the fields below
	free     []*http.Transport
	failures int   // how often no connection could be opened
	failure  error // the last one
	barred   error // why no connection will be opened again
}

func newConnections() *connections {
	return &connections{open: newTransport, turn: make(chan struct{}, 1)}
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  proxyFor,
		OnProxyConnectResponse: checkTunnel,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		MaxConnsPerHost:        1,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    handshakeTimeout,
	}
}

func (c *connections) RoundTrip(req *http.Request) (*http.Response, error) {
	connected, err := c.queue(req.Context())
	if err != nil {
		return nil, &unsentError{err}
	}
	t := c.take()
	giveBack := sync.OnceFunc(func() { c.giveBack(t) })
	ctx, cancel := context.WithCancelCause(req.Context())
	silence := time.AfterFunc(longestSilence, func() { cancel(errSilent) })
	silence.Stop() // begins with the connection
	finish := func() {
		silence.Stop()
		if context.Cause(ctx) == errSilent { //nolint:errorlint // not an error that wraps it
			// What has killed this connection may have killed the others.
			c.CloseIdleConnections()
		}
		cancel(nil)
		giveBack()
	}

	var written atomic.Bool
	sent := req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if c.http1.Store(!isShared(info.Conn)); c.http1.Load() {
				silence.Reset(longestSilence)
			} else {
				giveBack()
			}
			connected(nil)
		},
		WroteHeaders: func() { written.Store(true) },
	}))
	// Without it, http.Transport does not write a body a second time.
	sent.GetBody = nil
	resp, err := t.RoundTrip(sent)
	if err != nil {
		if req.Context().Err() == nil {
			connected(err)
		}
		connected(nil)
		finish()
		if !written.Load() {
			err = &unsentError{err}
		}
		return nil, err
	}
	resp.Body = &finishingBody{ReadCloser: resp.Body, ctx: ctx, finish: sync.OnceFunc(finish)}
	return resp, nil
}

func isShared(conn net.Conn) bool {
	c, ok := conn.(*tls.Conn)
	return ok && c.ConnectionState().NegotiatedProtocol == "h2"
}

// queue waits until the request may get a connection. The request then calls
// connected, whose first call counts. A request that waited while another one
// failed to connect fails with it, so that they do not fail one after the other.
func (c *connections) queue(ctx context.Context) (connected func(error), err error) {
	before, barred := c.state()
	if barred != nil {
		return nil, barred
	}
	if c.http1.Load() {
		return c.note, nil
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	var once sync.Once
	connected = func(err error) {
		once.Do(func() {
			c.note(err)
			<-c.turn
		})
	}
	if after, barred := c.state(); after != before {
		connected(nil)
		c.mu.Lock()
		defer c.mu.Unlock()
		if barred != nil {
			return nil, barred
		}
		return nil, c.failure
	}
	return connected, nil
}

func (c *connections) state() (failures int, barred error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failures, c.barred
}

// note remembers why no connection could be opened. A password that a proxy has
// refused is not given to it again, because that locks accounts.
func (c *connections) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		return
	}
	c.failures++
	c.failure = err
	if wrongProxyPassword(err) {
		c.barred = err
	}
}

// take prefers the transport that was used last, so that the connections of the
// others become idle and are closed.
func (c *connections) take() *http.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := len(c.free) - 1; last >= 0 {
		t := c.free[last]
		c.free = c.free[:last]
		return t
	}
	return c.open()
}

func (c *connections) giveBack(t *http.Transport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, t)
}

// CloseIdleConnections closes the connections that no request uses.
func (c *connections) CloseIdleConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.free {
		t.CloseIdleConnections()
	}
}

// finishingBody ends what belongs to a request with the body of the answer.
type finishingBody struct {
	io.ReadCloser
	ctx    context.Context
	finish func()
}

func (b *finishingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && b.ctx.Err() != nil { //nolint:errorlint // io.EOF is never wrapped
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *finishingBody) Close() error {
	err := b.ReadCloser.Close()
	b.finish()
	return err
}
