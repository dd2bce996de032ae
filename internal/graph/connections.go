// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// connections is a transport that opens at most as many connections as there
// are requests at a time.
//
// A single http.Transport opens more: a request that finds no idle connection
// starts to dial, and does not stop when another request returns its connection
// first. So each request takes a transport of its own, with one connection, and
// returns it when its answer was read.
type connections struct {
	mu   sync.Mutex
	free []*http.Transport
}

func (c *connections) RoundTrip(req *http.Request) (*http.Response, error) {
	t := c.take()
	resp, err := t.RoundTrip(req)
	if err != nil {
		c.giveBack(t)
		return nil, err
	}
	resp.Body = &returningBody{ReadCloser: resp.Body, giveBack: sync.OnceFunc(func() { c.giveBack(t) })}
	return resp, nil
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
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxConnsPerHost:     1,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 15 * time.Second,
	}
}

func (c *connections) giveBack(t *http.Transport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, t)
}

type returningBody struct {
	io.ReadCloser
	giveBack func()
}

func (b *returningBody) Close() error {
	err := b.ReadCloser.Close()
	b.giveBack()
	return err
}
