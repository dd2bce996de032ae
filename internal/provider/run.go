// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// run is what the provider remembers of the phone numbers for as long as it is
// configured, which is one plan or one apply. (Two runs at the same time that share a
// process, with TF_REATTACH_PROVIDERS, share that, too.) Nothing that it remembers decides
// whether a key may be replaced: Terraform visits the resources in any order.
type run struct {
	failed  atomic.Bool // the plan of a resource has failed, so the run fails
	applies atomic.Bool // the create or update of a resource has begun, so this is an apply
	proofs  proofs

	mu   sync.Mutex // guards byID
	byID map[string]*runNumber
}

// fail is called when the plan of a resource fails, and reports whether one has
// failed before. Terraform prints each error and folds warnings: where the run
// fails anyway, what only repeats the reason can be a warning.
func (r *run) fail() (already bool) { return r.failed.Swap(true) }

func (r *run) number(id string) *runNumber {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID == nil {
		r.byID = map[string]*runNumber{}
	}
	n, ok := r.byID[id]
	if !ok {
		n = &runNumber{writing: make(chan struct{}, 1)}
		r.byID[id] = n
	}
	return n
}

// runNumber is one phone number in a run.
type runNumber struct {
	// writing makes check, upload and confirmation one step. Two resources with
	// the same number would otherwise both find it without a key. It is a channel,
	// and not a mutex, because testing/synctest does not advance the time of a bubble
	// while a goroutine waits for a mutex, and the upload that is waited for sleeps.
	writing chan struct{}

	mu       sync.Mutex // guards the fields below
	slot     graph.Slot // what the plan of a create saw
	seenAt   time.Time  // zero, which is never fresh, when slot was not seen, or was used
	uploaded bool       // an upload of this run has begun
	inState  bool       // a resource in the state has the number
	replaces bool       // the plan has said that the key is replaced
}

// lock returns the function that unlocks.
func (n *runNumber) lock() func() {
	n.writing <- struct{}{}
	return func() { <-n.writing }
}

// freshFor is how long the provider trusts what the plan of a create saw.
const freshFor = 10 * time.Second

// see remembers what the plan of a create saw. Terraform plans each resource
// once more while it applies, just before the create, and a second read at the
// same moment would use up one more of the calls that Meta counts by the hour.
func (n *runNumber) see(slot graph.Slot, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.slot, n.seenAt = slot, now
}

// seen returns what the plan saw, once, and only while it is fresh and nothing
// was uploaded in between.
func (n *runNumber) seen(now time.Time) (graph.Slot, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fresh := now.Sub(n.seenAt) < freshFor && !n.uploaded
	n.seenAt = time.Time{}
	return n.slot, fresh
}

// uploads is called before an upload: another resource with the same number may
// be reading it at this very moment.
func (n *runNumber) uploads() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.uploaded = true
}

func (n *runNumber) wasUploaded() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.uploaded
}

func (n *runNumber) setInState(is bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.inState = is
}

func (n *runNumber) isInState() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.inState
}

// firstReplacement reports whether it is called for the first time.
func (n *runNumber) firstReplacement() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	first := !n.replaces
	n.replaces = true
	return first
}
