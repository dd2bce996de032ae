// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"errors"
	"time"
)

// Wait tells a listener why a request is held back, and for how long.
type Wait struct {
	Call          // that waits
	Reason string // the class of the error, and its code where there is one
	For    time.Duration
}

// looksAgainAfter is how long a request may be held back by the brake before
// looksFirst applies to its first try, too.
const looksAgainAfter = 5 * time.Second

// do sends the request until it succeeds, fails for good, or has used up its
// tries or its time. Between two tries it asks recheck, if there is one,
// whether one with an uncertain outcome took effect. Every failure is an *Error,
// or the *OccupiedError of recheck.
func (c *Client) do(ctx context.Context, r request) error {
	delays := newDelays(c.config.RetryMaxWait)
	doubt := false
	var failed *Error // the last try
	for tries := 1; ; tries++ {
		before := c.config.Clock.Now()
		pass, held := c.enter(ctx, r.call())
		if held != nil {
			held.doubt = doubt
			return held
		}
		if r.looksFirst && c.config.Clock.Now().Sub(before) >= looksAgainAfter {
			// What the caller has read is old by now. The read goes through the brake,
			// too, and the tries are not used up: nothing was sent.
			pass.unanswered()
			if done, err := c.look(ctx, r, failed); done || err != nil {
				return err
			}
			tries--
			continue
		}
		failed = c.once(ctx, r)
		c.refusal.note(r.call(), failed)
		if failed == nil {
			pass.answered()
			return nil
		}
		failed.Tries, failed.doubt = tries, doubt
		doubt = failed.Uncertain()
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

		if !failed.retryable() || tries > c.config.MaxRetries || failed.wantsLess && r.smaller {
			return failed
		}
		if why := c.tooLong(ctx, wait, failed.AskedWait > 0); why != "" {
			return failed.gaveUp(why, wait, c.config.RetryMaxWait)
		}
		// After a rate limit, the brake holds back whatever is sent next.
		limited := failed.Class == ClassRateLimit
		if !limited && c.wait(ctx, r.call(), failed, wait) != nil {
			return failed.gaveUp(WaitInterrupted, wait, c.config.RetryMaxWait)
		}
		if r.recheck == nil || !r.looksFirst && (limited || !doubt) {
			continue
		}
		if done, err := c.look(ctx, r, failed); done || err != nil {
			return err
		}
	}
}

// look asks recheck after a try that failed, or before the first one. What it finds
// is the work of an earlier try only when there was one whose outcome is uncertain.
// The error says why the request is not sent again.
func (c *Client) look(ctx context.Context, r request, failed *Error) (done bool, err error) {
	doubt := failed != nil && failed.Uncertain()
	done, err = r.recheck(ctx)
	if occupied, ok := errors.AsType[*OccupiedError](err); ok {
		occupied.Uncertain = doubt
	} else if err != nil && doubt {
		return false, failed.gaveUp(OutcomeUnknown, 0, c.config.RetryMaxWait)
	}
	return done && doubt, err
}

// enter waits until the brake lets the call pass. The error is for a call that
// was never sent.
func (c *Client) enter(ctx context.Context, call Call) (passage, *Error) {
	for {
		if earlier := c.refusal.of(call); earlier != nil {
			return passage{}, earlier.repeats(call)
		}
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
			return passage{}, held.cause.holdsBack(call).gaveUp(why, held.left, c.config.RetryMaxWait)
		}
		if err := c.wait(ctx, call, &held.cause, held.left); err != nil {
			return passage{}, (&Error{Call: call}).notSent(ClassInterrupted, err)
		}
	}
}

// holdsBack is the error of a call that was not sent because of a rate limit
// that e met.
func (e *Error) holdsBack(call Call) *Error {
	held := *e
	if e.Object != call.Object {
		held.GaveUp.MetBy = e.Object
	}
	held.Call, held.NotSent, held.Tries = call, true, 0
	return &held
}

func (e *Error) gaveUp(why GaveUpReason, wait, allowed time.Duration) *Error {
	e.GaveUp.Why, e.GaveUp.Wait, e.GaveUp.Asked, e.GaveUp.Allowed = why, wait, e.AskedWait > 0, allowed
	return e
}

// tooLong says why a wait cannot be made, or nothing when it can. A wait that
// the server does not ask for is never longer than allowed.
func (c *Client) tooLong(ctx context.Context, wait time.Duration, asked bool) GaveUpReason {
	if asked && wait > c.config.RetryMaxWait {
		return WaitTooLong
	}
	if deadline, ok := ctx.Deadline(); ok && c.config.Clock.Now().Add(wait).After(deadline) {
		return WaitPastDeadline
	}
	return ""
}

// wait tells the listener of the wait, and waits.
func (c *Client) wait(ctx context.Context, call Call, cause *Error, d time.Duration) error {
	if c.config.OnWait != nil {
		c.config.OnWait(ctx, Wait{Call: call, Reason: cause.brief(), For: d})
	}
	return c.config.Clock.Sleep(ctx, d)
}
