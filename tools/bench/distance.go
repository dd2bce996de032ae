// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// distance stands between the provider and the server, and delays what goes over
// it as a network of that round-trip time would, handshakes included.
type distance struct {
	listener  net.Listener
	server    string // address
	roundTrip time.Duration
	bytes     atomic.Int64 // in both directions
	wg        sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

func newDistance(server string, roundTrip time.Duration) (*distance, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // ends with close
	if err != nil {
		return nil, err
	}
	d := &distance{listener: l, server: server, roundTrip: roundTrip, conns: map[net.Conn]bool{}}
	d.wg.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			d.wg.Go(func() { d.carry(near) })
		}
	})
	return d, nil
}

func (d *distance) address() string { return d.listener.Addr().String() }

// keep remembers a connection until the end, or closes it when that has come.
func (d *distance) keep(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		_ = conn.Close()
	}
	d.conns[conn] = true
}

func (d *distance) close() {
	_ = d.listener.Close()
	d.mu.Lock()
	d.closed = true
	for conn := range d.conns {
		_ = conn.Close()
	}
	d.mu.Unlock()
	d.wg.Wait()
}

func (d *distance) carry(near net.Conn) {
	d.keep(near)
	far, err := net.Dial("tcp", d.server) //nolint:noctx // on this machine
	if err != nil {
		_ = near.Close()
		return
	}
	d.keep(far)
	// The kernel has accepted the connection at once, and over a network that
	// takes a round trip.
	opened := time.Now().Add(d.roundTrip)
	d.wg.Go(func() { d.forward(near, far, time.Time{}) })
	d.forward(far, near, opened)
}

// forward copies with half of a round trip between the two ends, and nothing
// before the connection is open.
func (d *distance) forward(to, from net.Conn, opened time.Time) {
	type chunk struct {
		data []byte
		due  time.Time
	}
	chunks := make(chan chunk, 1000)
	d.wg.Go(func() {
		for c := range chunks {
			time.Sleep(time.Until(c.due))
			if _, err := to.Write(c.data); err != nil {
				_ = from.Close()
			}
		}
		_ = to.Close()
	})
	defer close(chunks)
	for {
		data := make([]byte, 32<<10)
		n, err := from.Read(data)
		if n > 0 {
			d.bytes.Add(int64(n))
			began := time.Now()
			if began.Before(opened) {
				began = opened
			}
			chunks <- chunk{data[:n], began.Add(d.roundTrip / 2)}
		}
		if err != nil {
			return
		}
	}
}
