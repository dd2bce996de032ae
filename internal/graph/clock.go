// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"time"
)

// Clock is the source of time for a Client, so that tests of waiting do not wait.
type Clock interface {
	Now() time.Time

	// Sleep waits for d, or until the context ends and then returns its cause.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the real time.
type SystemClock struct{}

// Now returns time.Now.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep waits with a timer.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
