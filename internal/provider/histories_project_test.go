// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// block is a resource in a configuration.
type block struct {
	number     int
	key        keyID
	form       int // how the key is written
	writeOnly  bool
	version    int  // of a write-only key; 0 for none
	generating bool // a write-only key whose source returns another key in each run
	late       bool // the key is known only during the apply, because another resource makes it
	lateNumber bool // the number, too
	source     int  // the number of those resources, which is a new one each time that the block is written
	pasted     bool // the private key is in the place of the public one, by mistake
	overwrite  overwrite
	timeouts   bool
	check      *checkSpec

	createFirst bool // lifecycle { create_before_destroy = true }
}

type overwrite int

const (
	overwriteUnset overwrite = iota
	overwriteFalse
	overwriteTrue
)

// checkSpec is an endpoint_check.
type checkSpec struct {
	endpoints  []int
	answers    int
	wait       string
	mayBeVague bool // inconclusive = "warning"
}

func (b block) String() string {
	key := b.key.String()
	if b.form > 0 {
		key += fmt.Sprintf(" in form %d", b.form)
	}
	if b.generating {
		key = "a generated key"
	}
	if b.pasted {
		key = "the private " + key
	}
	if b.writeOnly {
		key = "write-only " + key
	}
	if b.version > 0 {
		key += fmt.Sprintf(" version %d", b.version)
	}
	more := ""
	if b.late {
		more += ", known only during the apply"
	}
	if b.lateNumber {
		more += ", the number known only during the apply"
	}
	if b.overwrite != overwriteUnset {
		more += fmt.Sprintf(", allow_overwrite = %t", b.overwrite == overwriteTrue)
	}
	if b.timeouts {
		more += ", timeouts"
	}
	if b.check != nil {
		more += fmt.Sprintf(", endpoint_check %+v", *b.check)
	}
	if b.createFirst {
		more += ", create_before_destroy"
	}
	return fmt.Sprintf("number %d with %s%s", b.number, key, more)
}

// unstable reports whether no plan of an update can be applied: the source returns
// another key for the apply than for the plan, and nothing says to keep the old one.
func (b block) unstable() bool { return b.generating && b.version == 0 }

// importing is an import block.
type importing struct {
	number     string
	byIdentity bool
}

// project is a folder with a configuration and a state.
type project struct {
	name    string
	blocks  map[string]block
	moves   [][2]string // from, to
	imports map[string]importing
	saved   *plannedRun

	// remembered is the key that the last upload of a resource left on its number:
	// what a write-only key is repaired with.
	remembered map[string]keyID
	generated  map[string][]keyID // by a source, so far
	orphaned   map[string]bool    // resources that have lost their private data

	mu      sync.Mutex // guards the fields below
	state   map[string]record
	serial  int
	sources map[string]string // the resources that make late keys and numbers, and what they are to make
	made    map[string]string // what they have made
	written int               // how many blocks
}

func newProject(name string) *project {
	return &project{
		name: name, blocks: map[string]block{}, imports: map[string]importing{}, remembered: map[string]keyID{},
		generated: map[string][]keyID{}, made: map[string]string{}, sources: map[string]string{}, orphaned: map[string]bool{}, state: map[string]record{},
	}
}

func (p *project) addresses() []string {
	all := slices.Collect(maps.Keys(p.blocks))
	for address := range p.state {
		if _, ok := p.blocks[address]; !ok {
			all = append(all, address)
		}
	}
	slices.Sort(all)
	return all
}

// move renames what is in a state, as core does before it calls the provider.
func (p *project) move(state map[string]record) map[string]record {
	moved := maps.Clone(state)
	for _, m := range p.moves {
		if hasObject(moved, m[1]) {
			continue
		}
		for name, rec := range maps.Clone(moved) {
			if addressOf(name) == m[0] {
				moved[m[1]+strings.TrimPrefix(name, m[0])] = rec
				delete(moved, name)
			}
		}
	}
	return moved
}

// isBlocked reports whether a resource cannot be moved because another one is there.
func isBlocked[T any](moves [][2]string, state map[string]T) bool {
	return slices.ContainsFunc(moves, func(m [2]string) bool { return hasObject(state, m[0]) && hasObject(state, m[1]) })
}

// beforeMove is the address that a resource has in the state until the next apply
// has moved it to the given one.
func (p *project) beforeMove(address string) string {
	for _, m := range p.moves {
		if m[1] == address && hasObject(p.state, m[0]) && !hasObject(p.state, m[1]) {
			return m[0]
		}
	}
	return address
}

// commitMoves renames what the model knows of the resources.
func (p *project) commitMoves() {
	for _, m := range p.moves {
		if hasObject(p.state, m[0]) && !hasObject(p.state, m[1]) {
			p.remembered[m[1]] = p.remembered[m[0]]
			delete(p.remembered, m[0])
			p.orphaned[m[1]] = p.orphaned[m[0]]
		}
	}
}

// evaluate is the configuration of a resource, and the keys that it gives. An
// ephemeral source is opened once in a run.
func (r *coreRun) evaluate(address string, b block, applying bool) (tftypes.Value, []keyID) {
	values := map[string]tftypes.Value{}
	for name, typ := range r.typ.AttributeTypes {
		values[name] = tftypes.NewValue(typ, nil)
	}
	key := b.key
	if b.generating {
		key = r.open(address)
	}
	written := text(forms[b.form](keys.text(key)))
	if b.pasted {
		written = text(keys.privateText(key))
	}
	values[attrPhoneNumberID] = text(numberOf(b))
	if !applying {
		number, key := r.project.isLate(b)
		if key {
			written = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
		}
		if number {
			values[attrPhoneNumberID] = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
		}
	}
	if b.writeOnly {
		values[attrPublicKeyWO] = written
	} else {
		values[attrPublicKey] = written
	}
	if b.version > 0 {
		values[attrPublicKeyWOVer] = tftypes.NewValue(tftypes.Number, big.NewFloat(float64(b.version)))
	}
	if b.overwrite != overwriteUnset {
		values[attrAllowOverwrite] = tftypes.NewValue(tftypes.Bool, b.overwrite == overwriteTrue)
	}
	if b.timeouts {
		values[attrTimeouts] = *timeoutsWith("read", "100s")
	}
	if b.check != nil {
		values[attrEndpointCheck] = b.check.value(r.typ.AttributeTypes[attrEndpointCheck].(tftypes.Object), r.simulation)
	}
	return tftypes.NewValue(r.typ, values), []keyID{key}
}

// sources are the resources that make what is late in a block, and what they make.
// With the real CLI, they are terraform_data.
func (b block) sources() map[string]string {
	all := map[string]string{}
	if b.lateNumber {
		all[fmt.Sprintf("number_%d", b.source)] = numberOf(b)
	}
	if b.late {
		all[fmt.Sprintf("key_%d", b.source)] = forms[b.form](keys.text(b.key))
	}
	return all
}

// isLate reports whether the number and the key of a block are not known in a plan,
// because no apply has made them.
func (p *project) isLate(b block) (number, key bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, value := range b.sources() {
		late := p.made[name] != value
		number = number || late && strings.HasPrefix(name, "number_")
		key = key || late && strings.HasPrefix(name, "key_")
	}
	return number, key
}

// allSources are those of all blocks so far. They stay in the configuration, because
// OpenTofu finds a cycle when one of them is removed and the resource that depended
// on it gets create_before_destroy.
func (p *project) allSources() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.blocks {
		maps.Copy(p.sources, b.sources())
	}
	return maps.Clone(p.sources)
}

// makeSources is the part of an apply that comes before the numbers.
func (p *project) makeSources(sources map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made = maps.Clone(p.made)
	maps.Copy(p.made, sources)
}

func (c *checkSpec) value(typ tftypes.Object, s *simulation) tftypes.Value {
	var uris []tftypes.Value
	for _, i := range c.endpoints {
		uris = append(uris, text(s.uri(i)))
	}
	values := map[string]tftypes.Value{
		attrEndpointURIs: tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, uris),
		attrWait:         tftypes.NewValue(tftypes.String, nil),
		attrAnswers:      tftypes.NewValue(tftypes.Number, big.NewFloat(float64(c.answers))),
		attrInconclusive: tftypes.NewValue(tftypes.String, nil),
	}
	if c.wait != "" {
		values[attrWait] = text(c.wait)
	}
	if c.mayBeVague {
		values[attrInconclusive] = text(inconclusiveWarning)
	}
	return tftypes.NewValue(typ, values)
}

func (s *simulation) uri(endpoint int) string {
	return s.endpoints[endpoint].URL() + "/flow?secret=" + storySecretURI
}

func (r *coreRun) open(address string) keyID {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key, ok := r.opened[address]; ok {
		return key
	}
	if r.opened == nil {
		r.opened = map[string]keyID{}
	}
	key := r.nextKey()
	r.opened[address] = key
	r.project.mu.Lock()
	defer r.project.mu.Unlock()
	r.project.generated[address] = append(r.project.generated[address], key)
	return key
}

// nextKey is a key that nothing had before.
func (s *simulation) nextKey() keyID {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts["keys"]++
	return firstNewKey + keyID(s.counts["keys"])
}

func (p *project) forgetPrivate(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.orphaned[address] = true
}

func (p *project) String() string {
	var all []string
	for _, address := range slices.Sorted(maps.Keys(p.blocks)) {
		all = append(all, address+" = "+p.blocks[address].String())
	}
	return strings.Join(all, "; ")
}
