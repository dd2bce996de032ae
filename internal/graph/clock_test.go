// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := graph.SystemClock{}
		start := time.Now()
		if !clock.Now().Equal(start) {
			t.Errorf("the clock is at %s, not %s", clock.Now(), start)
		}
		if err := clock.Sleep(t.Context(), time.Hour); err != nil {
			t.Error(err)
		}
		if slept := time.Since(start); slept != time.Hour {
			t.Errorf("slept for %s", slept)
		}
	})
}

func TestSystemClockSleepsNoLongerThanTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := errors.New("stopped")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, stopped)
		defer cancel()
		start := time.Now()
		if err := (graph.SystemClock{}).Sleep(ctx, time.Hour); !errors.Is(err, stopped) {
			t.Error(err)
		}
		if slept := time.Since(start); slept != time.Minute {
			t.Errorf("slept for %s", slept)
		}
	})
}
