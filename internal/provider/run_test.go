// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestRunNumberIsTheSameForAnID(t *testing.T) {
	t.Parallel()
	var r run
	first := r.number("1")
	if r.number("1") != first || r.number("2") == first {
		t.Error("a number is not one record")
	}
}

// Terraform calls for several resources at the same time, also on one number.
// Only the race detector, which make test has, can fail this. Each pair has a
// number of its own, because a later call would put the two into an order.
func TestRunIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	see := func(n *runNumber) { n.see(graph.Slot{}, time.Time{}) }
	seen := func(n *runNumber) { n.seen(time.Time{}) }
	uploads := func(n *runNumber) { n.uploads() }
	wasUploaded := func(n *runNumber) { n.wasUploaded() }
	setInState := func(n *runNumber) { n.setInState(true) }
	isInState := func(n *runNumber) { n.isInState() }
	for _, pair := range [][2]func(*runNumber){
		{see, see},
		{see, seen},
		{seen, seen},
		{uploads, uploads},
		{uploads, seen},
		{uploads, wasUploaded},
		{setInState, setInState},
		{setInState, isInState},
	} {
		var n runNumber
		var wg sync.WaitGroup
		for _, call := range pair {
			wg.Go(func() { call(&n) })
		}
		wg.Wait()
	}

	var r run
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { r.number("1") })
	}
	wg.Wait()
}

func TestWhatAPlanSawIsUsedOnceAndWhileItIsFresh(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		before func(*runNumber)
		after  time.Duration
		fresh  bool
	}{
		"never seen":            {func(*runNumber) {}, 0, false},
		"at once":               {func(n *runNumber) { n.see(graph.Slot{Text: "x"}, now) }, 0, true},
		"after 9 seconds":       {func(n *runNumber) { n.see(graph.Slot{Text: "x"}, now) }, 9 * time.Second, true},
		"after 10 seconds":      {func(n *runNumber) { n.see(graph.Slot{Text: "x"}, now) }, 10 * time.Second, false},
		"used":                  {func(n *runNumber) { n.see(graph.Slot{Text: "x"}, now); n.seen(now) }, 0, false},
		"uploaded in between":   {func(n *runNumber) { n.see(graph.Slot{Text: "x"}, now); n.uploads() }, 0, false},
		"seen beside an upload": {func(n *runNumber) { n.uploads(); n.see(graph.Slot{Text: "x"}, now) }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n runNumber
			test.before(&n)
			slot, fresh := n.seen(now.Add(test.after))
			if fresh != test.fresh || fresh && slot.Text != "x" {
				t.Errorf("fresh: %t, %+v", fresh, slot)
			}
		})
	}
}
