// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// With create_before_destroy, Terraform sets the resource aside ("deposes" it),
// creates the other one at the same address, and then destroys the one that was
// deposed (managedResourceExecute in node_resource_apply_instance.go, and
// node_resource_destroy_deposed.go). A deposed object has an entry of its own in the
// state here, with a name that no resource can have. It is planned like a resource
// that is in no configuration: read, and destroyed.

const deposedMark = " (deposed "

// addressOf is the address of a resource, deposed or not.
func addressOf(name string) string {
	address, _, _ := strings.Cut(name, deposedMark)
	return address
}

// deposedOf are the deposed objects of an address.
func deposedOf[T any](state map[string]T, address string) []string {
	var all []string
	for name := range state {
		if name != address && addressOf(name) == address {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// hasObject reports whether a state has an address, be it with deposed objects only.
func hasObject[T any](state map[string]T, address string) bool {
	_, ok := state[address]
	return ok || len(deposedOf(state, address)) > 0
}

// applyDeposing does a replacement that creates first.
func (r *coreRun) applyDeposing(ch change, b *block) (ok bool) {
	name := r.depose(ch.address)
	if !r.applyConfigured(ch, b, name) {
		return false
	}
	if r.stopped.Load() || r.killed.Load() {
		return false
	}
	return r.destroyDeposed(name)
}

// depose sets a resource aside. Terraform writes that down together with the next
// change of the state, whichever that is.
func (r *coreRun) depose(address string) (name string) {
	p := r.project
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := 1; ; n++ {
		name = fmt.Sprintf("%s%s%d)", address, deposedMark, n)
		if _, taken := p.state[name]; !taken {
			break
		}
	}
	if r.deposing == nil {
		r.deposing = map[string]string{}
	}
	r.deposing[address] = name
	if r.wrote.Equal(time.Now()) {
		r.writeDeposed() // what happens at the same moment has no order that a history could repeat
	}
	return name
}

// writeDeposed needs the lock of the project.
func (r *coreRun) writeDeposed() {
	for address, name := range r.deposing {
		if rec, ok := r.project.state[address]; ok {
			r.project.state[name] = rec
			delete(r.project.state, address)
		}
	}
	clear(r.deposing)
}

// restore puts a deposed object back after a create that has left nothing. What it
// remembers is in its private data, and so it remembers what it did before.
func (r *coreRun) restore(address, name string, remembered keyID, has bool) {
	if r.killed.Load() {
		return
	}
	p := r.project
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, taken := p.state[address]; taken {
		return
	}
	p.state[address] = p.state[name]
	delete(p.state, name)
	delete(p.remembered, address)
	if has {
		p.remembered[address] = remembered
	}
}

// destroyDeposed plans the destroy once more, unlike that of a resource.
func (r *coreRun) destroyDeposed(name string) (ok bool) {
	o, ok := r.current(name)
	if !ok || !o.exists() {
		return ok
	}
	ch, ok := r.planDestroy(name, o)
	if !ok {
		return false
	}
	left, ok := r.applyChange(ch, o, nil, ch.after, nil)
	r.store(name, left)
	return ok
}

// applyAddress does all that is planned at one address. Deposed objects are
// destroyed last, and not at all when something has failed before.
func (r *coreRun) applyAddress(plan *plannedRun, address string) {
	if ch, planned := plan.changes[address]; planned {
		var named *block
		if b, ok := plan.blocks[address]; ok {
			named = &b
		}
		if !r.applyPlanned(ch, named) && ch.verb != verbDelete {
			return
		}
	}
	for _, name := range deposedOf(plan.changes, address) {
		if r.stopped.Load() || r.killed.Load() {
			return
		}
		r.destroyDeposed(name)
	}
}

// finishState writes what was deposed and not written yet.
func (r *coreRun) finishState() {
	if r.killed.Load() {
		return
	}
	r.project.mu.Lock()
	defer r.project.mu.Unlock()
	r.writeDeposed()
}

// addressesOf are those of a plan, with each deposed object at its address.
func addressesOf(changes map[string]change) []string {
	all := map[string]bool{}
	for name := range changes {
		all[addressOf(name)] = true
	}
	return slices.Collect(maps.Keys(all))
}

// A run that ends in the middle of a replacement leaves what Terraform wrote last,
// and what is deposed there is destroyed by the next run.
func TestDeposedObjectsOfARunThatWasKilled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kill string
		also bool // another resource is destroyed meanwhile, so that the state is written
		want []string
	}{
		"Terraform":                              {"cli", false, []string{"a"}},
		"the plugin":                             {"provider", false, []string{"a"}},
		"Terraform, after the state was written": {"cli", true, []string{"a (deposed 1)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wait := graphmock.Fault{Method: http.MethodPost, Delay: time.Minute}
			steps := []step{
				write(0, "a", block{number: 0, key: keyAlpha, createFirst: true}),
				write(0, "b", block{number: 2, key: keyBravo}),
				runs(0, command{mode: "apply"}),
				write(0, "a", block{number: 1, key: keyAlpha, createFirst: true}),
			}
			if test.also {
				steps = append(steps, remove(0, "b"))
			} else {
				test.want = append(test.want, "b")
			}
			steps = append(steps, runs(0, command{mode: "apply", parallel: 2, trouble: &trouble{name: name + " is killed during the upload", fault: wait, kill: test.kill}}))
			follow(t, history{steps: steps}, func(s *simulation) {
				p := s.projects[0]
				if got := slices.Sorted(maps.Keys(p.state)); !slices.Equal(got, test.want) {
					t.Errorf("the state has %q, not %q", got, test.want)
				}
				s.execute(p, command{mode: "apply"})
				if left := deposedOf(p.state, "a"); len(left) > 0 {
					t.Errorf("the next run leaves %q", left)
				}
			})
		})
	}
}

// What becomes of deposed objects is the same with the real CLI.
func TestCLI_deposedObjects(t *testing.T) {
	t.Parallel()
	apply := runs(0, command{mode: "apply"})
	plan := runs(0, command{mode: "plan"})
	first := func(number int) step {
		return write(0, "a", block{number: number, key: keyAlpha, createFirst: true})
	}
	refused := func(method string, after int) step {
		f := says(http.StatusForbidden, 10, 0)
		f.Method, f.Times = method, -1
		return runs(0, command{mode: "apply", after: after, trouble: &trouble{name: "no permission", fault: f}})
	}
	// The number changes, and the key is uploaded. When it is to be confirmed, the
	// permission is gone.
	halfway := []step{first(0), apply, first(1), refused(http.MethodGet, 3)}
	compareWithCLI(t, nil, map[string][]step{
		"the number changes":                             {first(0), apply, first(1), plan, apply, plan},
		"it is replaced on its number":                   {first(0), apply, runs(0, command{mode: "apply", replace: "a"}), plan},
		"it is tainted":                                  {first(0), apply, runs(0, command{mode: "taint", address: "a"}), apply, plan},
		"the create fails":                               {first(0), apply, first(1), refused(http.MethodPost, 0), plan, apply, plan},
		"the create of what replaces it, tainted, fails": {first(0), apply, runs(0, command{mode: "taint", address: "a"}), first(1), refused(http.MethodPost, 0), plan, apply, plan},
		"the plan fails during the apply": {
			first(0), apply, first(1), runs(0, command{mode: "save"}), putKey(1, keyForeign, 0, graphmock.StatusValid), runs(0, command{mode: "applySaved"}),
			plan, blank(1), plan, apply, plan,
		},
		"the plan fails during the apply, and the resource is imported": {
			first(0), apply, first(1), runs(0, command{mode: "save"}), putKey(1, keyForeign, 0, graphmock.StatusValid), runs(0, command{mode: "applySaved"}),
			importBlock(0, "a", false), plan, blank(1), apply, plan,
		},
		"the new one stays tainted":            slices.Concat(halfway, []step{plan, apply, plan}),
		"the new one is untainted":             slices.Concat(halfway, []step{runs(0, command{mode: "untaint", address: "a"}), plan, apply, plan}),
		"the old one is gone by the next run":  slices.Concat(halfway, []step{blank(0), plan, apply, plan}),
		"the next run only refreshes":          slices.Concat(halfway, []step{runs(0, command{mode: "refresh"}), blank(0), runs(0, command{mode: "refresh"}), apply, plan}),
		"the next run does not refresh":        slices.Concat(halfway, []step{runs(0, command{mode: "apply", noRefresh: true}), plan}),
		"the next run fails as well":           slices.Concat(halfway, []step{refused(http.MethodGet, 4), plan, apply, plan}),
		"the next run destroys":                slices.Concat(halfway, []step{runs(0, command{mode: "destroy"}), plan}),
		"it is removed from the state":         slices.Concat(halfway, []step{runs(0, command{mode: "forget", address: "a"}), plan}),
		"it is removed from the configuration": slices.Concat(halfway, []step{remove(0, "a"), plan, apply, plan}),
		"it is moved":                          slices.Concat(halfway, []step{rename(0, "a", "b", true), plan, apply, plan}),
		"another resource takes its place":     slices.Concat(halfway, []step{remove(0, "a"), write(0, "b", block{number: 2, key: keyBravo}), plan, apply, plan}),
		"it is no longer to be created first":  slices.Concat(halfway, []step{write(0, "a", block{number: 1, key: keyAlpha}), plan, apply, plan}),
		"another resource cannot be moved to its place": {
			first(0), write(0, "b", block{number: 2, key: keyBravo}), apply, first(1), runs(0, command{mode: "save"}), putKey(1, keyForeign, 0, graphmock.StatusValid), runs(0, command{mode: "applySaved"}),
			remove(0, "a"), rename(0, "b", "a", true), write(0, "a", block{number: 1, key: keyForeign}), plan,
		},
	})
}
