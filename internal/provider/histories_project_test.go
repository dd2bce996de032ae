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
	pasted     bool // the private key, by mistake
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
	known      map[string]bool    // late keys that an apply has made known

	mu     sync.Mutex // guards state and serial
	state  map[string]record
	serial int
}

func newProject(name string) *project {
	return &project{
		name: name, blocks: map[string]block{}, imports: map[string]importing{}, remembered: map[string]keyID{},
		generated: map[string][]keyID{}, known: map[string]bool{}, orphaned: map[string]bool{}, state: map[string]record{},
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
	if r.project.isLate(address, b, applying) {
		written = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	}
	values[attrPhoneNumberID] = text(numberOf(b))
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

// isLate reports whether the key of a block is not known yet. An apply makes it
// known.
func (p *project) isLate(address string, b block, applying bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if applying {
		p.known[address] = true
	}
	return b.late && !p.known[address]
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
