// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"fmt"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// confirmDelays are the waits between the reads that follow an upload: two
// minutes in all. Reads look consistent at once; one report speaks of minutes.
var confirmDelays = []time.Duration{
	time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
	15 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second,
}

// UnconfirmedError says that a number did not show an uploaded key with a valid
// signature, although it could be read.
type UnconfirmedError struct {
	Slot  Slot // what the last read saw that succeeded
	Reads int  // how often the number was read

	// Err is why the reads ended early: the cause of the context's end, or the
	// *Error of a read that failed. It is nil when the number was read for as long
	// as Confirm ever does.
	Err error
}

// Error says how often the number was read, and why no longer.
func (e *UnconfirmedError) Error() string {
	text := fmt.Sprintf("the key is not confirmed after %d reads", e.Reads)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause, so that errors.Is finds context.DeadlineExceeded, and
// ClassOf the class of a read that failed.
func (e *UnconfirmedError) Unwrap() error { return e.Err }

// Confirm is called after an upload. It reads the number until it holds key
// with a valid signature, at once and then with growing waits, for up to two
// minutes.
//
// The error is an *UnconfirmedError when the number was read and does not show
// that, and an *Error when it could not even be read once.
func (c *Client) Confirm(ctx context.Context, phoneNumberID string, key pemkey.PublicKey) error {
	var slot Slot
	for reads := 1; ; reads++ {
		seen, err := c.BusinessEncryption(ctx, phoneNumberID)
		if err == nil {
			slot = seen
		}
		switch {
		case err != nil && reads == 1:
			return err
		case err != nil:
			return &UnconfirmedError{Slot: slot, Reads: reads - 1, Err: err}
		case slot.Confirms(key):
			return nil
		case reads > len(confirmDelays):
			return &UnconfirmedError{Slot: slot, Reads: reads}
		}
		if err := c.config.Clock.Sleep(ctx, confirmDelays[reads-1]); err != nil {
			return &UnconfirmedError{Slot: slot, Reads: reads, Err: err}
		}
	}
}
