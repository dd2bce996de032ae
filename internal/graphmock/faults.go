// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"crypto/tls"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Drop is the way in which a fault ends the connection. Go's client sends a GET
// again by itself when a connection that it reused is dropped before
// the answer, so that one call may be recorded twice.
type Drop int

// The ways to end a connection.
const (
	DropNone         Drop = iota
	DropOnRequest         // close before the body is read; nothing is carried out
	DropAfterRequest      // read the request, carry it out if Apply, then reset the connection
	DropMidBody           // send the head and half of the body of the answer, then close
)

// Fault is a scripted disturbance of one or more requests. With neither Status
// nor Body it answers as usual, after its Hook and Delay and with its Header added.
type Fault struct {
	Method string // "GET", "POST"; "" = any
	Object string // ID in the path; "" = any
	After  int    // how many matching requests are answered as usual first
	Times  int    // how often it fires; 0 = once; -1 = always

	Status int         // 0 with a Body = 200
	Header http.Header // replaces the usual ones; a name without values takes one away
	Body   string

	// Apply carries the request out before the hook and the delay, so that its
	// outcome is uncertain to the client.
	Apply bool
	// Delay comes before the answer and stops when the client goes away, in which
	// case a request without Apply is not carried out at all.
	Delay time.Duration
	Drop  Drop
	// Hook is called when the fault fires, before anything is answered, without
	// any lock held: it may change the server's state.
	Hook func()
}

type scripted struct {
	Fault
	after, left int
	played      *played // nil when it was not played by name
}

// Script adds faults. Each request is matched with them in order and consumes at
// most one; a fault does not count the requests that an earlier one consumed.
func (s *Server) Script(f ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range f {
		s.scriptLocked(x, nil)
	}
}

func (s *Server) scriptLocked(f Fault, p *played) {
	s.faults = append(s.faults, &scripted{Fault: f, after: f.After, left: max(f.Times, 1), played: p})
}

// ClearFaults forgets every scripted fault.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// PendingFaults is the number of scripted faults that may still fire.
func (s *Server) PendingFaults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

func (s *Server) nextFault(method, object string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Method != "" && f.Method != method || f.Object != "" && f.Object != object {
			continue
		}
		if f.after > 0 {
			f.after--
			continue
		}
		if f.Times >= 0 {
			if f.left--; f.left == 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
		}
		return f.Fault
	}
	return Fault{}
}

func (f Fault) answers() bool { return f.Status != 0 || f.Body != "" }

func (f Fault) hook() {
	if f.Hook != nil {
		f.Hook()
	}
}

// hangUp ends the connection without an answer, or over HTTP/2 the stream. A reset
// also destroys what the client has not read yet, as a crashed server's kernel does.
func hangUp(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // resets the stream
	}
	under := conn
	if c, ok := conn.(*tls.Conn); ok {
		under = c.NetConn()
	}
	if tcp, ok := under.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = under.Close()
}

// writeHalf promises at least one byte more than it sends.
func writeHalf(w http.ResponseWriter, a answer) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(max(1, len(a.body))))
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
