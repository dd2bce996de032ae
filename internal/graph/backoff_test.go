// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"testing"
	"time"
)

// draws is how often a random wait is drawn. That none of as many draws is in
// one half of the range does not happen.
const draws = 200

// Each wait is anywhere from the least to the ceiling of its turn.
func TestWaitsAreDrawnBelowACeilingThatDoubles(t *testing.T) {
	for name, test := range map[string]struct {
		class    Class
		longest  time.Duration
		least    time.Duration
		ceilings []time.Duration
	}{
		"temporary":           {ClassTransient, 2 * time.Minute, 0, seconds(1, 2, 4, 8, 16, 30, 30)},
		"temporary, bounded":  {ClassTransient, 3 * time.Second, 0, seconds(1, 2, 3, 3)},
		"temporary, short":    {ClassTransient, time.Second / 2, 0, []time.Duration{time.Second / 2, time.Second / 2}},
		"rate limit":          {ClassRateLimit, 5 * time.Minute, 5 * time.Second, seconds(60, 120, 240, 300, 300)},
		"rate limit, bounded": {ClassRateLimit, 20 * time.Second, 5 * time.Second, seconds(20, 20)},
		"rate limit, short":   {ClassRateLimit, 2 * time.Second, 2 * time.Second, seconds(2, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			shortest, longest := make([]time.Duration, len(test.ceilings)), make([]time.Duration, len(test.ceilings))
			for n := range draws {
				d := newDelays(test.longest)
				for i := range test.ceilings {
					wait := d.next(test.class)
					longest[i] = max(longest[i], wait)
					if n == 0 || wait < shortest[i] {
						shortest[i] = wait
					}
				}
			}
			for i, ceiling := range test.ceilings {
				if shortest[i] < test.least || longest[i] > ceiling {
					t.Errorf("wait %d is from %s to %s, not from %s to %s", i+1, shortest[i], longest[i], test.least, ceiling)
				}
				// A quarter of the draws is raised to the least wait, or more.
				if 4*test.least >= ceiling && shortest[i] != test.least {
					t.Errorf("wait %d is never %s", i+1, test.least)
				}
				// Both halves of the range are used.
				if half := ceiling / 2; longest[i] <= half || shortest[i] > max(half, test.least) {
					t.Errorf("wait %d is only from %s to %s", i+1, shortest[i], longest[i])
				}
			}
		})
	}
}

// A temporary failure does not make the wait after a rate limit longer, nor the
// other way round.
func TestWaitsOfTheTwoClassesGrowIndependently(t *testing.T) {
	for range draws {
		d := newDelays(time.Hour)
		for range 10 {
			d.next(ClassTransient)
		}
		if wait := d.next(ClassRateLimit); wait > time.Minute {
			t.Fatalf("the first wait after a rate limit is %s", wait)
		}

		d = newDelays(time.Hour)
		for range 10 {
			d.next(ClassRateLimit)
		}
		if wait := d.next(ClassTransient); wait > time.Second {
			t.Fatalf("the first wait after a temporary failure is %s", wait)
		}
	}
}

func seconds(n ...int) []time.Duration {
	var all []time.Duration
	for _, n := range n {
		all = append(all, time.Duration(n)*time.Second)
	}
	return all
}
