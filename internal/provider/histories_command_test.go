// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// command is one run of the CLI.
type command struct {
	mode      string // apply, plan, save, applySaved, refresh, destroy, taint, untaint, forget
	address   string // of a resource that is tainted or forgotten
	noRefresh bool
	replace   string // an address
	order     uint64 // of the resources
	parallel  int
	trouble   *trouble
	after     int    // how many requests are answered before the trouble begins
	lose      bool   // a killed run leaves the state as it was before
	again     uint64 // another order, in which the plan has to be the same
}

func (c command) String() string {
	text := strings.TrimSpace("terraform " + c.mode + " " + c.address)
	if c.noRefresh {
		text += " -refresh=false"
	}
	if c.replace != "" {
		text += " -replace=" + c.replace
	}
	if c.parallel > 1 {
		text += fmt.Sprintf(" -parallelism=%d", c.parallel)
	}
	if c.order > 0 {
		text += fmt.Sprintf(" (order %d)", c.order)
	}
	if c.trouble != nil {
		text += fmt.Sprintf(", and after %d requests: %s", c.after, c.trouble.name)
	}
	return text
}

// result is what came of a command.
type result struct {
	failed bool
	verbs  map[string]verb // that were planned, without those that change nothing
	said   []said
}

func (res *result) String() string {
	if res == nil {
		return "not possible"
	}
	outcome := "succeeds"
	if res.failed {
		outcome = "fails"
	}
	var lines []string
	for _, address := range slices.Sorted(maps.Keys(res.verbs)) {
		lines = append(lines, fmt.Sprintf("%s %s", res.verbs[address], address))
	}
	for _, d := range res.said {
		severity := "error"
		if d.warning {
			severity = "warning"
		}
		lines = append(lines, fmt.Sprintf("%s of %s: %s", severity, d.address, d.summary))
	}
	return outcome + ": " + strings.Join(lines, "; ")
}

// trouble is what disturbs the requests of one run.
type trouble struct {
	name    string
	fault   graphmock.Fault
	refused int // connections that are refused, instead of a fault
	silence *silence
	holdUp  time.Duration
	kill    string // interrupt, cli or provider
	event   *step  // of the world, which happens before the request is answered
}

// written is what a killed run may leave as it was before.
type written struct {
	state map[string]record
	made  map[string]string
}

// execute runs the CLI in a project.
func (s *simulation) execute(p *project, c command) *result {
	active := new(*coreRun)
	s.arm(c, func(whom string) {
		if *active != nil {
			(*active).end(whom)
		}
	})
	defer s.disarm()
	began, earlier := time.Now(), len(s.log)
	res := s.executeArmed(p, c, active)
	s.judgeSilence(p, began, s.log[earlier:])
	s.judgeStates()
	return res
}

func (s *simulation) executeArmed(p *project, c command, active **coreRun) *result {
	if c.address != "" {
		return p.edit(c)
	}
	before := written{maps.Clone(p.state), p.made}
	if c.mode == "applySaved" {
		if p.saved == nil {
			return nil
		}
		plan := p.saved
		p.saved = nil
		if plan.serial != p.serial {
			return &result{failed: true, said: []said{{summary: "Saved plan is stale"}}}
		}
		return s.apply(p, c, plan, before, active)
	}

	r := s.newRun(p, c.order, c.parallel)
	*active = r
	plan := r.planAll(c)
	r.judgeWords(r.project.blocks)
	res := &result{failed: hasError(r.said) || r.stopped.Load() || r.killed.Load(), verbs: verbsOf(plan), said: r.said}
	if c.again > 0 && s.calm() && !s.together {
		s.compare(p, c, plan, res)
	}
	switch {
	case res.failed || c.mode == "plan":
		return res
	case c.mode == "save":
		p.saved = plan
		return res
	}
	applied := s.apply(p, c, plan, before, active)
	applied.verbs = res.verbs
	applied.said = append(slices.Clone(res.said), applied.said...)
	return applied
}

// edit changes the state without the provider.
func (p *project) edit(c command) *result {
	if !p.canEdit(c) {
		return nil
	}
	rec := p.state[c.address]
	rec.tainted = c.mode == "taint"
	p.state[c.address] = rec
	if c.mode == "forget" {
		maps.DeleteFunc(p.state, func(name string, _ record) bool { return addressOf(name) == c.address })
	}
	p.serial++
	return &result{}
}

// canEdit reports whether Terraform has something to edit.
func (p *project) canEdit(c command) bool {
	rec, ok := p.state[c.address]
	return ok && (c.mode != "untaint" || rec.tainted)
}

// planAll plans everything.
func (r *coreRun) planAll(c command) *plannedRun {
	p := r.project
	plan := &plannedRun{changes: map[string]change{}, late: map[string]bool{}, prior: map[string]*object{}, blocks: maps.Clone(p.blocks), sources: p.allSources(), serial: p.serial, seen: r.changed}
	records := p.move(p.state)
	blocked := isBlocked(p.moves, p.state)
	if c.mode == "destroy" && (c.noRefresh || len(records)+len(p.made) == 0) {
		r.walk(slices.Collect(maps.Keys(records)), func(address string) {
			if o, ok := r.load(address, records[address]); ok {
				r.keep(plan, address, o, nil)
			}
		})
	} else {
		r.walk(r.allAddresses(records), func(address string) { r.planOne(c, plan, records, address) })
	}
	if c.mode == "destroy" && !hasError(r.said) && !r.stopped.Load() && !r.killed.Load() {
		// Terraform refreshes with a plan like any other, and then plans the destroy
		// in a new process of the provider.
		r.plugin = r.newPlugin()
		r.said = nil
		plan.changes = map[string]change{}
		prior := maps.Clone(plan.prior)
		maps.DeleteFunc(prior, func(_ string, o *object) bool { return !o.exists() })
		blocked = isBlocked(p.moves, prior)
		r.walk(slices.Collect(maps.Keys(prior)), func(address string) {
			if ch, ok := r.planDestroy(address, prior[address]); ok {
				r.keep(plan, address, prior[address], &ch)
			}
		})
	}
	if blocked && !hasError(r.said) {
		r.said = append(r.said, said{summary: "Unresolved resource instance address changes", warning: true})
	}
	for address, b := range plan.blocks {
		number, key := p.isLate(b)
		plan.late[address] = number || key
	}
	plan.said = slices.Concat(r.said, r.hidden)
	return plan
}

func (r *coreRun) allAddresses(records map[string]record) []string {
	all := slices.Collect(maps.Keys(r.project.blocks))
	for address := range records {
		if _, ok := r.project.blocks[address]; !ok {
			all = append(all, address)
		}
	}
	return all
}

func (r *coreRun) keep(plan *plannedRun, address string, o *object, ch *change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	plan.prior[address] = o
	if ch != nil {
		plan.changes[address] = *ch
	}
}

func (r *coreRun) planOne(c command, plan *plannedRun, records map[string]record, address string) {
	b, configured := r.project.blocks[address]
	rec, inState := records[address]
	imp, imported := r.project.imports[address]
	var current *object
	var destroy change // of a resource that is not configured
	planDestroy := func() (ok bool) {
		destroy, ok = r.planDestroy(address, current)
		return ok
	}
	order := r.orphans
	if address != addressOf(address) {
		order = planAfterRead // of a deposed object
	}
	var ok bool
	switch {
	case !hasObject(records, address) && configured && imported && c.mode != "destroy" && c.mode != "refresh":
		if current, ok = r.importInto(address, imp, &b); !ok {
			return
		}
	case inState:
		if current, ok = r.load(address, rec); !ok {
			return
		}
		if !configured && order == alwaysPlanBeforeRead && !planDestroy() {
			return
		}
		if !c.noRefresh {
			var named *block
			if configured {
				named = &b
			}
			if current, ok = r.refresh(address, current, named); !ok {
				return
			}
		}
	}
	r.keep(plan, address, current, nil)
	refreshOnly := c.mode == "refresh"
	switch {
	case configured && !refreshOnly:
		if ch, ok := r.plan(address, b, current, c.replace == address, nil); ok {
			r.keep(plan, address, current, &ch)
		}
	case !configured && current.exists():
		late := order == alwaysPlanAfterRead || order == planAfterRead && !refreshOnly
		if late && !planDestroy() {
			return
		}
		if !refreshOnly {
			r.keep(plan, address, current, &destroy)
		}
	}
}

// apply does what was planned, in a new process of the provider.
func (s *simulation) apply(p *project, c command, plan *plannedRun, before written, active **coreRun) *result {
	r := s.newRun(p, c.order, c.parallel)
	*active = r
	p.commitMoves()
	p.state = map[string]record{}
	for address, o := range plan.prior {
		if o.exists() {
			p.state[address] = s.recordOf(o)
		}
	}
	p.serial++
	expected := s.mustSucceed(p, c, plan)
	if c.mode != "refresh" {
		p.makeSources(plan.sources)
		r.walk(addressesOf(plan.changes), func(address string) { r.applyAddress(plan, address) })
		r.finishState()
	}
	r.judgeWords(plan.blocks)
	res := &result{failed: hasError(r.said) || r.stopped.Load() || r.killed.Load(), said: r.said}
	if expected && res.failed {
		r.violated("the plan succeeds, nothing changes, and the apply fails: %v", r.said)
	}
	if r.killed.Load() && c.lose {
		p.state, p.made = before.state, before.made
	}
	if c.mode == "destroy" && !res.failed {
		p.made = map[string]string{}
	}
	if !res.failed {
		p.imports, p.moves = map[string]importing{}, nil
	}
	return res
}

// mustSucceed reports whether nothing is left that an apply of the plan could fail
// with.
func (s *simulation) mustSucceed(p *project, c command, plan *plannedRun) bool {
	if !s.calm() && !s.survivable() || c.mode == "refresh" || plan.seen != s.changed || s.together {
		return false
	}
	if slices.ContainsFunc(plan.said, func(d said) bool { return d.warning && strings.HasPrefix(d.summary, "Could not check") }) {
		return false
	}
	numbers := map[string]bool{}
	for address, b := range plan.blocks {
		if plan.late[address] {
			return false
		}
		if numbers[numberOf(b)] || b.unstable() || b.generating || b.pasted || b.check != nil && !s.proves(b) {
			return false
		}
		numbers[numberOf(b)] = true
	}
	return true
}

// proves reports whether all endpoints of a check are as they should be.
func (s *simulation) proves(b block) bool {
	return !slices.ContainsFunc(b.check.endpoints, func(i int) bool { return !s.healthy[i] })
}

// compare plans once more, in another order and with other slots, and expects the
// same.
func (s *simulation) compare(p *project, c command, plan *plannedRun, res *result) {
	c.order, c.parallel = c.again, 1+int(c.again%10)
	r := s.newRun(p, c.order, c.parallel)
	other := r.planAll(c)
	r.judgeWords(r.project.blocks)
	if hasError(r.said) != res.failed {
		r.violated("the plan fails in one order, and not in the other: %v; %v", res.said, r.said)
	}
	for _, address := range p.addresses() {
		a, planned := plan.changes[address]
		b, ok := other.changes[address]
		if planned != ok || a.verb != b.verb || planned && !p.blocks[address].unstable() && !a.after.Equal(b.after) {
			r.violated("%s is planned as %s %v in one order, and as %s %v in the other", address, a.verb, a.after, b.verb, b.after)
		}
	}
}

func verbsOf(plan *plannedRun) map[string]verb {
	verbs := map[string]verb{}
	for address, ch := range plan.changes {
		if ch.verb != verbNothing {
			verbs[address] = ch.verb
		}
	}
	return verbs
}

// end is Ctrl-C, or the end of Terraform or of its plugin.
func (r *coreRun) end(whom string) {
	switch whom {
	case "interrupt":
		r.stopped.Store(true)
	case "cli":
		r.killed.Store(true)
		r.plugin.dead.Store(true)
	case "provider":
		r.plugin.dead.Store(true)
	}
	_, _ = r.plugin.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
}

// arm scripts what is wrong with the world, and the trouble of one run.
func (s *simulation) arm(c command, end func(whom string)) {
	s.server.ClearFaults()
	s.refuse, s.silence, s.held = nil, nil, nil
	if c.trouble != nil {
		s.disturbed = c.trouble.name
		f := c.trouble.fault
		f.After = c.after
		if kill := c.trouble.kill; kill != "" {
			f.Hook = func() { end(kill) }
		}
		if event := c.trouble.event; event != nil {
			f.Hook = func() { event.do(s) }
		}
		switch tr := c.trouble; {
		case tr.refused > 0:
			s.refuse = &refusedConnections{after: c.after, times: tr.refused}
		case tr.holdUp > 0:
			s.held = &heldUp{tr.holdUp, tr.event}
		case tr.silence != nil:
			s.silence = &activeSilence{silence: *tr.silence, after: c.after}
		default:
			s.server.Script(f)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(s.lost)) {
		s.scriptLost(number)
	}
}

func (s *simulation) scriptLost(number string) {
	s.server.Script(graphmock.Fault{Object: number, Times: -1, Status: http.StatusForbidden, Body: s.lost[number]})
}

func (s *simulation) disarm() {
	s.server.ClearFaults()
	s.refuse, s.silence, s.held = nil, nil, nil
	s.disturbed = ""
}
