// SPDX-License-Identifier: MPL-2.0

// Package fakeclock is a clock for tests of code that waits. Its time stands
// still until somebody sleeps; to sleep takes no time, moves the clock on, and
// is remembered.
package fakeclock

import (
	"context"
	"sync"
	"time"
)

// Clock is made by New. It is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex // guards the fields below
	now   time.Time
	waits []time.Duration
	err   error
}

// New returns a clock that starts at the present, because the deadline of a
// context is in real time.
func New() *Clock { return &Clock{now: time.Now().Round(0)} }

// Now is the start and all waits since.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep moves the clock on by d. When the context has ended, it returns the
// cause instead.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.now = c.now.Add(d)
	c.waits = append(c.waits, d)
	return nil
}

// Waits returns how long each Sleep since the last call of Waits was.
func (c *Clock) Waits() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	waits := c.waits
	c.waits = nil
	return waits
}

// Advance moves the clock on without a wait.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Interrupt makes every later Sleep return err at once, as if its context had
// ended.
func (c *Clock) Interrupt(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}
