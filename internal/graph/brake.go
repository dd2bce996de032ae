// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"sync"
	"time"
)

// brake holds back every request of a client after one of them met a rate
// limit. The limits count calls of an app or a business account, not of a
// number, so the other parallel operations would run into the same limit, and
// each call makes the wait longer.
//
// When the wait is over, one request is sent as a probe. An answer that is no
// rate limit releases the others.
type brake struct {
	mu      sync.Mutex // guards the fields below
	holding bool
	until   time.Time
	cause   Error         // the answer that the others are held back for
	probing bool          // the probe is under way
	probed  chan struct{} // closed when the probe has ended
}

// passage is the right to send one request. It ends with one of its methods.
type passage struct {
	brake *brake
	probe bool
}

// hold is what a request has to wait for: for some time, or, when none is left,
// for the probe to end.
type hold struct {
	left   time.Duration
	probed <-chan struct{}
	cause  Error
}

// ask returns either the right to send a request, or what it has to wait for
// before it asks again.
func (b *brake) ask(now time.Time) (passage, *hold) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.holding {
		return passage{brake: b}, nil
	}
	left := b.until.Sub(now)
	if left > 0 || b.probing {
		return passage{}, &hold{left: left, probed: b.probed, cause: b.cause}
	}
	b.probing = true
	return passage{brake: b, probe: true}, nil
}

// limited reports that the request met a rate limit, and until when the others
// have to wait. The longest wait holds.
func (p passage) limited(until time.Time, cause *Error) {
	p.brake.mu.Lock()
	defer p.brake.mu.Unlock()
	if !p.brake.holding {
		p.brake.holding, p.brake.probed = true, make(chan struct{})
	}
	if until.After(p.brake.until) {
		p.brake.until, p.brake.cause = until, *cause
	}
	p.end()
}

// answered reports an answer that is no rate limit. The answer to the probe
// releases the others. Any other request was sent before the limit was met, and
// its answer says nothing about the limit.
func (p passage) answered() {
	p.brake.mu.Lock()
	defer p.brake.mu.Unlock()
	if p.probe {
		p.brake.holding = false
	}
	p.end()
}

// unanswered reports that there was no answer. After a probe without an answer
// the next request probes.
func (p passage) unanswered() {
	p.brake.mu.Lock()
	defer p.brake.mu.Unlock()
	p.end()
}

// end lets the requests that wait for the probe ask again.
func (p passage) end() {
	if p.probe {
		p.brake.probing = false
		close(p.brake.probed)
		p.brake.probed = make(chan struct{})
	}
}
