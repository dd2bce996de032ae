// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"sync"
	"time"
)

// brake holds back every request of a client after one of them met a rate
// limit. The limits count calls of an app or a business account, not of a
// number, so the other parallel operations would run into the same limit, and
// each call makes the wait longer.
//
// When the wait is over, one request goes first. Only its success lets the
// others go.
type brake struct {
	mu      sync.Mutex
	holding bool
	until   time.Time
	cause   *Error        // the answer that holds the others back
	probing bool          // one request is under way to see whether the limit is gone
	changed chan struct{} // closed when the probe is back
}

// passage is the right to send one request.
type passage struct {
	b     *brake
	probe bool
}

// enter waits until a request may be sent. The function wait is asked to wait
// for a time that is known; it returns an error when that is too long.
func (b *brake) enter(ctx context.Context, now func() time.Time, wait func(d time.Duration, cause *Error) error) (passage, error) {
	for {
		b.mu.Lock()
		if !b.holding {
			b.mu.Unlock()
			return passage{b: b}, nil
		}
		left, cause, changed := b.until.Sub(now()), b.cause, b.changed
		if left <= 0 && !b.probing {
			b.probing = true
			b.mu.Unlock()
			return passage{b: b, probe: true}, nil
		}
		b.mu.Unlock()

		if left > 0 {
			if err := wait(left, cause); err != nil {
				return passage{}, err
			}
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return passage{}, context.Cause(ctx)
		}
	}
}

// limited reports that the request met a rate limit.
func (p passage) limited(until time.Time, cause *Error) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	if !p.b.holding {
		p.b.holding, p.b.changed = true, make(chan struct{})
	}
	if until.After(p.b.until) {
		p.b.until, p.b.cause = until, cause
	}
	p.endProbe(false)
}

// done reports that the request was answered otherwise. An answer that is no
// rate limit lets all go; none at all leaves it to the next to find out.
func (p passage) done(answered bool) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.endProbe(answered)
}

func (p passage) endProbe(free bool) {
	if !p.probe {
		return
	}
	p.b.probing = false
	close(p.b.changed)
	p.b.changed = make(chan struct{})
	if free {
		p.b.holding, p.b.until = false, time.Time{}
	}
}
