// SPDX-License-Identifier: MPL-2.0

package graph

import "time"

// GaveUp says why a request was not sent again although it might have succeeded
// later. It is zero when sending it again is of no use, and when it was sent as
// often as is allowed.
type GaveUp struct {
	Why GaveUpReason

	Wait    time.Duration // the wait before the next try
	Asked   bool          // it is the server that asks for this wait
	Allowed time.Duration // the longest wait that is configured

	// MetBy is the object of the request that met the rate limit, when it was
	// another one and this request was held back.
	MetBy string
}

// GaveUpReason is why no other try was made.
type GaveUpReason string

// The reasons.
const (
	// WaitTooLong: the server asks for a longer wait than Config.RetryMaxWait.
	WaitTooLong GaveUpReason = "the wait is longer than allowed"
	// WaitPastDeadline: the context ends before the wait does.
	WaitPastDeadline GaveUpReason = "the wait ends after the deadline"
	// WaitInterrupted: the context ended during the wait.
	WaitInterrupted GaveUpReason = "the wait was interrupted"
	// OutcomeUnknown: the read failed that finds out whether a POST took
	// effect.
	OutcomeUnknown GaveUpReason = "the outcome could not be read"
)
