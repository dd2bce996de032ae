// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	// DefaultMaxRetries is what the provider takes when nothing is configured.
	DefaultMaxRetries = 5

	// DefaultRetryMaxWait is the longest wait when nothing is configured.
	DefaultRetryMaxWait = 2 * time.Minute

	// oneTry bounds a single request, so that a server that does not answer
	// uses up one try and not the whole timeout of the operation.
	oneTry = time.Minute
)

// Wait tells a listener why a request is held back, and for how long.
type Wait struct {
	Object string // whose request waits, such as a phone number ID
	Reason string // the class of the error, and its code where there is one
	For    time.Duration
}

// attempts sends a request until it succeeds, fails for good, or has used up
// its tries or its time. Between two tries it asks recheck, if there is one,
// whether a try with an uncertain outcome did its work after all.
func (c *Client) attempts(ctx context.Context, call Error, send func(context.Context) *Error, recheck func(context.Context) (done bool, err error)) error {
	delays := newDelays(c.retryMaxWait)
	for tries := 1; ; tries++ {
		pass, err := c.brake.enter(ctx, c.clock.Now, func(d time.Duration, cause *Error) error {
			return c.hold(ctx, call, d, cause)
		})
		if err != nil {
			return call.notSent(err)
		}
		failed := send(ctx)
		switch {
		case failed == nil:
			pass.done(true)
			return nil
		case failed.Class == ClassRateLimit:
		default:
			pass.done(failed.HTTPStatus != 0)
		}
		failed.Tries = tries

		wait := failed.AskedWait
		if wait == 0 {
			wait = delays.next(failed.Class)
		}
		if failed.Class == ClassRateLimit {
			pass.limited(c.clock.Now().Add(wait), failed)
		}
		if !failed.retryable() || tries > c.maxRetries {
			return failed
		}
		if failed.GaveUp = c.tooLong(ctx, wait, failed.AskedWait > 0); failed.GaveUp != "" {
			return failed
		}
		if failed.Class == ClassRateLimit {
			continue // it is waited for at the brake, like everybody else's
		}
		c.announce(ctx, Wait{Object: call.Object, Reason: failed.brief(), For: wait})
		if c.clock.Sleep(ctx, wait) != nil {
			failed.GaveUp = "The wait before the next try was interrupted."
			return failed
		}
		if recheck != nil && failed.Uncertain() {
			done, err := recheck(ctx)
			if done {
				return nil
			}
			if err != nil {
				failed.GaveUp = "Whether the request had its effect could not be read, so it was not sent again."
				return failed
			}
		}
	}
}

// hold waits at the brake, for a rate limit that some request has met.
func (c *Client) hold(ctx context.Context, call Error, d time.Duration, cause *Error) error {
	if why := c.tooLong(ctx, d, cause.AskedWait > 0); why != "" {
		held := *cause
		held.Method, held.Object, held.Edge = call.Method, call.Object, call.Edge
		held.NotSent, held.Tries, held.GaveUp = true, 0, why
		if cause.Object != call.Object {
			held.GaveUp = fmt.Sprintf("The limit was met by the request for %s, and this request was not sent. %s", cause.Object, why)
		}
		return &held
	}
	c.announce(ctx, Wait{Object: call.Object, Reason: cause.brief(), For: d})
	return c.clock.Sleep(ctx, d)
}

// tooLong says why a wait cannot be made, or nothing when it can.
func (c *Client) tooLong(ctx context.Context, d time.Duration, serverAsks bool) string {
	whose := "The next try would be in"
	if serverAsks {
		whose = "The server asks to wait"
	}
	if serverAsks && d > c.retryMaxWait {
		return fmt.Sprintf("%s %s, and the longest wait that is configured (retry_max_wait) is %s.", whose, inWords(d), inWords(c.retryMaxWait))
	}
	if deadline, ok := ctx.Deadline(); ok && c.clock.Now().Add(d).After(deadline) {
		return fmt.Sprintf("%s %s, and the timeout of the operation ends before.", whose, inWords(d))
	}
	return ""
}

func (c *Client) announce(ctx context.Context, w Wait) {
	if c.onWait != nil && w.For > 0 {
		c.onWait(ctx, w)
	}
}

// inWords rounds up: to wait shorter than asked would be in vain.
func inWords(d time.Duration) string {
	if d > 90*time.Second {
		return fmt.Sprintf("%d minutes", int(math.Ceil(d.Minutes())))
	}
	if seconds := int(math.Ceil(d.Seconds())); seconds != 1 {
		return fmt.Sprintf("%d seconds", seconds)
	}
	return "1 second"
}
