// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"time"

	"pgregory.net/rapid"
)

// heldUp is Terraform between the last plan of a resource and its apply, for longer
// than usual: the machine sleeps, or is busy. Others may set a key meanwhile.
type heldUp struct {
	lasts time.Duration
	event *step // of the world
}

// holdUp delays the first resource that is applied.
func (s *simulation) holdUp() {
	s.mu.Lock()
	held := s.held
	s.held = nil
	s.mu.Unlock()
	if held == nil {
		return
	}
	time.Sleep(held.lasts)
	if held.event != nil {
		held.event.do(s)
	}
}

func drawHoldUp(t *rapid.T) trouble {
	tr := trouble{name: "Terraform is held up for a minute before it applies", holdUp: time.Minute}
	if drawBool.Draw(t, "and meanwhile") {
		event := drawWorldStep(t)
		tr.name, tr.event = tr.name+", and meanwhile "+event.text, &event
	}
	return tr
}
