// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Wait tells a listener why a request is held back, and for how long.
type Wait struct {
	Object string // whose request waits, such as a phone number ID
	Reason string // the class of the error, and its code where there is one
	For    time.Duration
}

// do sends the request until it succeeds, fails for good, or has used up its
// tries or its time. Between two tries it asks recheck, if there is one,
// whether a try with an uncertain outcome did its work after all. Every failure
// is an *Error.
func (c *Client) do(ctx context.Context, r request) error {
	delays := newDelays(c.config.RetryMaxWait)
	for tries := 1; ; tries++ {
		pass, held := c.enter(ctx, r.call())
		if held != nil {
			return held
		}
		failed := c.once(ctx, r)
		if failed == nil {
			pass.answered()
			return nil
		}
		failed.Tries = tries
		wait := failed.AskedWait
		if wait == 0 {
			wait = delays.next(failed.Class)
		}
		switch {
		case failed.Class == ClassRateLimit:
			pass.limited(c.config.Clock.Now().Add(wait), failed)
		case failed.HTTPStatus != 0:
			pass.answered()
		default:
			pass.unanswered()
		}

		if !failed.retryable() || tries > c.config.MaxRetries {
			return failed
		}
		if failed.GaveUp = c.tooLong(ctx, wait, failed.AskedWait > 0); failed.GaveUp != "" {
			return failed
		}
		if failed.Class == ClassRateLimit {
			continue // the brake holds this request like every other one
		}
		if c.wait(ctx, r.object, failed, wait) != nil {
			failed.GaveUp = "The wait before the next try was interrupted."
			return failed
		}
		if r.recheck == nil || !failed.Uncertain() {
			continue
		}
		done, err := r.recheck(ctx)
		if done {
			return nil
		}
		if err != nil {
			failed.GaveUp = "Whether the request had its effect could not be read, so it was not sent again."
			return failed
		}
	}
}

// enter waits until the brake lets the call pass. The error is for a call that
// was never sent.
func (c *Client) enter(ctx context.Context, call Call) (passage, *Error) {
	for {
		pass, held := c.brake.ask(c.config.Clock.Now())
		if held == nil {
			return pass, nil
		}
		if held.left <= 0 {
			select {
			case <-held.probed:
				continue
			case <-ctx.Done():
				return passage{}, (&Error{Call: call}).notSent(ClassInterrupted, context.Cause(ctx))
			}
		}
		if why := c.tooLong(ctx, held.left, held.cause.AskedWait > 0); why != "" {
			return passage{}, held.cause.holdsBack(call, why)
		}
		if err := c.wait(ctx, call.Object, &held.cause, held.left); err != nil {
			return passage{}, (&Error{Call: call}).notSent(ClassInterrupted, err)
		}
	}
}

// holdsBack is the error of a call that was not sent because of a rate limit
// that e met.
func (e *Error) holdsBack(call Call, why string) *Error {
	held := *e
	held.Call, held.NotSent, held.Tries, held.GaveUp = call, true, 0, why
	if e.Object != call.Object {
		held.GaveUp = fmt.Sprintf("The limit was met by the request for %s, and this request was not sent. %s", e.Object, why)
	}
	return &held
}

// tooLong says why a wait cannot be made, or nothing when it can.
func (c *Client) tooLong(ctx context.Context, d time.Duration, serverAsks bool) string {
	whose := "The next try would be in"
	if serverAsks {
		whose = "The server asks to wait"
	}
	if serverAsks && d > c.config.RetryMaxWait {
		return fmt.Sprintf("%s %s, and the longest wait that is configured (retry_max_wait) is %s.", whose, inWords(d), inWords(c.config.RetryMaxWait))
	}
	if deadline, ok := ctx.Deadline(); ok && c.config.Clock.Now().Add(d).After(deadline) {
		return fmt.Sprintf("%s %s, and the timeout of the operation ends before.", whose, inWords(d))
	}
	return ""
}

// wait tells the listener of the wait, and waits.
func (c *Client) wait(ctx context.Context, object string, cause *Error, d time.Duration) error {
	if c.config.OnWait != nil && d > 0 {
		c.config.OnWait(ctx, Wait{Object: object, Reason: cause.brief(), For: d})
	}
	return c.config.Clock.Sleep(ctx, d)
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
