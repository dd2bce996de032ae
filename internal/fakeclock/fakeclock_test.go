// SPDX-License-Identifier: MPL-2.0

package fakeclock_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
)

func TestTimeStandsStillUntilSomebodySleeps(t *testing.T) {
	clock := fakeclock.New()
	start := clock.Now()
	if d := time.Since(start); d < 0 || d > time.Minute {
		t.Errorf("the clock starts %s ago", d)
	}
	time.Sleep(time.Millisecond)
	if !clock.Now().Equal(start) {
		t.Error("the clock went on by itself")
	}
	for _, d := range []time.Duration{time.Hour, time.Second} {
		if err := clock.Sleep(t.Context(), d); err != nil {
			t.Error(err)
		}
	}
	clock.Advance(time.Minute)
	if got := clock.Now().Sub(start); got != time.Hour+time.Minute+time.Second {
		t.Errorf("the clock went on by %s", got)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("to sleep took %s", took)
	}
	if got := clock.Waits(); !slices.Equal(got, []time.Duration{time.Hour, time.Second}) {
		t.Errorf("the waits are %v", got)
	}
	if got := clock.Waits(); len(got) != 0 {
		t.Errorf("the waits are still %v", got)
	}
}

func TestSleepEndsWithTheContextOrAnInterrupt(t *testing.T) {
	stopped := errors.New("stopped")
	clock := fakeclock.New()
	start := clock.Now()

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	if err := clock.Sleep(ctx, time.Second); !errors.Is(err, stopped) {
		t.Errorf("the context gave %v", err)
	}
	clock.Interrupt(stopped)
	if err := clock.Sleep(t.Context(), time.Second); !errors.Is(err, stopped) {
		t.Errorf("the interrupt gave %v", err)
	}
	if !clock.Now().Equal(start) || len(clock.Waits()) != 0 {
		t.Error("a wait that was not made moved the clock on")
	}
}
