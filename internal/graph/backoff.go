// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"math/rand/v2"
	"time"
)

// Each wait is drawn from between zero and a ceiling that doubles. These are
// the first ceilings, and the highest one for temporary failures.
const (
	firstTransientWait   = time.Second
	longestTransientWait = 30 * time.Second
	firstRateLimitWait   = time.Minute
)

// shortestRateLimitWait is the minimum wait after a rate limit: to call again
// at once makes the wait longer.
const shortestRateLimitWait = 5 * time.Second

// delays are the waits of one call, where the server does not ask for one. The
// waits after a rate limit and after other failures grow independently.
type delays struct {
	transient, rateLimit ceiling
	longest              time.Duration
}

func newDelays(longest time.Duration) delays {
	return delays{
		transient: ceiling{next: min(firstTransientWait, longest), highest: min(longestTransientWait, longest)},
		rateLimit: ceiling{next: min(firstRateLimitWait, longest), highest: longest},
		longest:   longest,
	}
}

// next draws the wait after a failure of this class.
func (d *delays) next(class Class) time.Duration {
	if class == ClassRateLimit {
		return min(max(d.rateLimit.draw(), shortestRateLimitWait), d.longest)
	}
	return d.transient.draw()
}

// ceiling bounds random waits. It doubles with each of them, up to the highest.
type ceiling struct{ next, highest time.Duration }

// draw returns any wait from zero to the ceiling, so that calls that failed
// together do not come back together.
func (c *ceiling) draw() time.Duration {
	wait := rand.N(c.next + 1) //nolint:gosec // spreads load, and protects nothing
	c.next = min(2*c.next, c.highest)
	return wait
}
