// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// This is a Terraform core in small: it calls the provider in the order, and
// with the values, with which internal/terraform of Terraform does
// (NodeAbstractResourceInstance in node_resource_abstract_instance.go), and
// checks the answers as it does (objchange.AssertPlanValid and
// AssertObjectCompatible). It knows one resource type, without nested blocks.
// What create_before_destroy adds is in histories_deposed_test.go.

// verb is what a plan does with a resource.
type verb string

const (
	verbNothing verb = "no-op"
	verbCreate  verb = "create"
	verbUpdate  verb = "update"
	verbReplace verb = "replace"
	verbDelete  verb = "delete"

	verbCreateFirst verb = "create the replacement and then destroy"
)

func (v verb) replaces() bool { return v == verbReplace || v == verbCreateFirst }

// record is a resource as the state file has it.
type record struct {
	version  int64
	json     []byte
	private  []byte
	identity *tfprotov6.ResourceIdentityData // nil in the state of an earlier version
	tainted  bool
}

// object is a resource in memory, between two calls of the provider.
type object struct {
	value    tftypes.Value // null when the refresh has removed it
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	tainted  bool
}

func (o *object) exists() bool { return o != nil && !o.value.IsNull() }

// change is what is planned for one resource.
type change struct {
	address         string
	verb            verb
	before, after   tftypes.Value
	private         []byte
	identityBefore  *tfprotov6.ResourceIdentityData
	identityPlanned *tfprotov6.ResourceIdentityData
}

// plannedRun is a plan: the changes, and the state that they start from.
type plannedRun struct {
	changes map[string]change
	prior   map[string]*object
	blocks  map[string]block // the configuration that was planned
	late    map[string]bool  // whose key or number was not known
	sources map[string]string
	serial  int // of the state
	seen    int // how often the world had changed
	said    []said
}

// said is a diagnostic.
type said struct {
	address, summary, detail string
	warning                  bool
}

func (s said) String() string {
	severity := "error"
	if s.warning {
		severity = "warning"
	}
	return fmt.Sprintf("%s: %s: %s: %s", s.address, severity, s.summary, s.detail)
}

func hasError(all []said) bool {
	return slices.ContainsFunc(all, func(s said) bool { return !s.warning })
}

// plugin is one process of the provider. What the provider remembers ends with
// it.
type plugin struct {
	tfprotov6.ProviderServer
	simulation *simulation
	dead       atomic.Bool
	asked      []int // how many messages each endpoint had received before
}

// errPluginDied is what Terraform gets from a plugin that is no more.
var errPluginDied = errors.New("the plugin did not respond")

// rpc is one call of the provider. It is in the context of the call, so that
// each request to the mock server can be traced to the resource it is for.
type rpc struct {
	project *project
	plugin  *plugin
	address string
	op      string // read, plan, apply or import
	number  string // whose number may be asked
	block   *block // nil where there is no configuration
	given   []keyID

	creating bool

	mu        sync.Mutex // guards exchanges
	exchanges []*exchange
}

type callKey struct{}

func (c *rpc) context() context.Context {
	return context.WithValue(c.plugin.simulation.logs, callKey{}, c)
}

// run is one run of Terraform: a plan, or an apply.
type coreRun struct {
	*simulation
	project  *project
	plugin   *plugin
	order    uint64
	parallel int

	stopped atomic.Bool // Ctrl-C: what is under way ends, and nothing new begins
	killed  atomic.Bool // Terraform itself is no more: nothing is written

	mu     sync.Mutex // guards the fields below
	said   []said
	hidden []said           // that Terraform does not show
	opened map[string]keyID // what an ephemeral source has returned in this run

	// guarded by the project
	deposing map[string]string // what was deposed since the state was last written
	wrote    time.Time         // when that was
}

func (s *simulation) newRun(p *project, order uint64, parallel int) *coreRun {
	return &coreRun{simulation: s, project: p, plugin: s.newPlugin(), order: order, parallel: max(1, parallel)}
}

func (r *coreRun) say(address string, diags []*tfprotov6.Diagnostic, err error) (failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range diags {
		warning := d.Severity == tfprotov6.DiagnosticSeverityWarning
		failed = failed || !warning
		r.said = append(r.said, said{address, d.Summary, d.Detail, warning})
	}
	if err != nil {
		failed = true
		r.said = append(r.said, said{address: address, summary: "Plugin error", detail: err.Error()})
	}
	return failed
}

// hide is for the warnings of the second plan of a replacement. Terraform does not
// show them, because most repeat those of the first.
func (r *coreRun) hide(address string, diags []*tfprotov6.Diagnostic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range diags {
		r.hidden = append(r.hidden, said{address, d.Summary, d.Detail, true})
	}
}

// blame is a diagnostic of core itself: the provider has broken the protocol.
func (r *coreRun) blame(address, summary, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, said{address: address, summary: summary, detail: fmt.Sprintf(format, args...)})
}

// walk visits the addresses in a random order, some at a time.
func (r *coreRun) walk(addresses []string, visit func(address string)) {
	slices.Sort(addresses)
	if r.order > 0 {
		rand.New(rand.NewPCG(r.order, 0)).Shuffle(len(addresses), func(i, j int) {
			addresses[i], addresses[j] = addresses[j], addresses[i]
		})
	}
	slots := make(chan struct{}, r.parallel)
	var all sync.WaitGroup
	for _, address := range addresses {
		slots <- struct{}{}
		if r.stopped.Load() || r.killed.Load() {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			visit(address)
		})
	}
	all.Wait()
}

// died reports whether the plugin has ended during the call, so that its answer
// never arrived.
func (r *coreRun) died() error {
	if r.plugin.dead.Load() {
		return errPluginDied
	}
	return nil
}

func (r *coreRun) newCall(address, op string, b *block) *rpc {
	return &rpc{project: r.project, plugin: r.plugin, address: address, op: op, block: b}
}

// load reads a resource from the state, which the provider upgrades.
func (r *coreRun) load(address string, rec record) (*object, bool) {
	c := r.newCall(address, "upgrade", nil)
	up, err := r.plugin.UpgradeResourceState(c.context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: resourceType, Version: rec.version, RawState: &tfprotov6.RawState{JSON: rec.json},
	})
	if err == nil {
		err = r.died()
	}
	if err != nil {
		r.say(address, nil, err)
		return nil, false
	}
	if r.say(address, up.Diagnostics, nil) {
		return nil, false
	}
	// The identity has had one version only, so that Terraform does not ask for its
	// upgrade.
	o := &object{value: r.decode(up.UpgradedState), private: rec.private, identity: rec.identity, tainted: rec.tainted}
	r.noWriteOnly(address, "upgrade", o.value)
	r.judgeUpgrade(address, o.value)
	return o, true
}

// refresh reads a resource from the API.
func (r *coreRun) refresh(address string, o *object, b *block) (*object, bool) {
	c := r.newCall(address, "read", b)
	c.number = textOf(o.value, attrPhoneNumberID)
	began := time.Now()
	resp, err := r.plugin.ReadResource(c.context(), &tfprotov6.ReadResourceRequest{
		TypeName: resourceType, CurrentState: r.encode(o.value), Private: o.private, CurrentIdentity: o.identity,
	})
	r.judgeDuration(c, began, longestRead)
	if err == nil {
		err = r.died()
	}
	if err != nil {
		r.say(address, nil, err)
		return o, false
	}
	if r.say(address, resp.Diagnostics, nil) {
		r.judgeFailedRead(c)
		return o, false
	}
	read := &object{value: r.decode(resp.NewState), private: resp.Private, identity: resp.NewIdentity, tainted: o.tainted}
	if !read.value.IsFullyKnown() {
		r.blame(address, "Provider produced invalid object", "the refreshed value has unknown values")
	}
	r.noWriteOnly(address, "refresh", read.value)
	unread := slices.ContainsFunc(resp.Diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Summary == summaryNotRead })
	r.judgeRead(c, o, read, unread)
	return read, true
}

// importInto imports a number, and refreshes it.
func (r *coreRun) importInto(address string, i importing, b *block) (*object, bool) {
	c := r.newCall(address, "import", b)
	req := &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, ID: i.number}
	if i.byIdentity {
		req.ID, req.Identity = "", r.identity(i.number)
	}
	resp, err := r.plugin.ImportResourceState(c.context(), req)
	if err == nil {
		err = r.died()
	}
	if err != nil {
		r.say(address, nil, err)
		return nil, false
	}
	if r.say(address, resp.Diagnostics, nil) {
		return nil, false
	}
	if len(resp.ImportedResources) != 1 || resp.ImportedResources[0].Identity == nil {
		r.blame(address, "Provider produced invalid import", "%d resources", len(resp.ImportedResources))
		return nil, false
	}
	got := resp.ImportedResources[0]
	if is := r.numberIn(got.Identity); is != i.number {
		r.violated("the import of %s has the identity %q", i.number, is)
	}
	o := &object{value: r.decode(got.State), private: got.Private, identity: got.Identity}
	r.noWriteOnly(address, "import", o.value)
	read, ok := r.refresh(address, o, nil)
	if ok && !read.exists() {
		r.blame(address, "Cannot import non-existent remote object", "the read after the import removed it")
		return nil, false
	}
	return read, ok
}

// plan plans one resource that is in the configuration. earlier is what was
// planned before, when it is planned once more while it is applied.
func (r *coreRun) plan(address string, b block, current *object, forceReplace bool, earlier *change) (change, bool) {
	c := r.newCall(address, "plan", &b)
	config, given := r.evaluate(address, b, earlier != nil)
	c.given, c.number = given, textOf(config, attrPhoneNumberID) // none while it is not known
	if !r.validate(c, config) {
		return change{}, false
	}
	if _, keyIsLate := r.project.isLate(b); b.pasted && (earlier != nil || !keyIsLate) {
		r.violated("a private key passes the validation of %s", address)
	}
	null := tftypes.NewValue(r.typ, nil)
	prior, priorTainted := null, null
	var private []byte
	var identity *tfprotov6.ResourceIdentityData
	if current != nil {
		if current.tainted {
			priorTainted = current.value
		} else {
			prior, private, identity = current.value, current.private, current.identity
		}
	}
	resp, ok := r.askForPlan(c, config, prior, private, identity, false)
	if !ok {
		return change{}, false
	}
	planned := r.decode(resp.PlannedState)
	r.noWriteOnly(address, "plan", planned)
	for _, problem := range planProblems(r.schema.Block.Attributes, attributes(prior), attributes(config), attributes(planned), "") {
		r.blame(address, "Provider produced invalid plan", "%s", problem)
	}
	replacement := verbReplace
	switch {
	case earlier != nil && earlier.verb.replaces():
		replacement = earlier.verb
	case b.createFirst:
		replacement = verbCreateFirst
	}
	result := change{
		address: address, before: prior, after: planned, private: resp.PlannedPrivate,
		identityBefore: identity, identityPlanned: resp.PlannedIdentity,
	}
	switch {
	case prior.IsNull():
		result.verb = verbCreate
	case forceReplace || requiresReplace(resp.RequiresReplace, prior, planned):
		result.verb = replacement
		// Terraform asks for a second plan, of the create.
		resp, ok = r.askForPlan(c, config, null, resp.PlannedPrivate, resp.PlannedIdentity, true)
		if !ok {
			return change{}, false
		}
		result.after, result.private, result.identityPlanned = r.decode(resp.PlannedState), resp.PlannedPrivate, resp.PlannedIdentity
		r.noWriteOnly(address, "plan", result.after)
		for _, problem := range planProblems(r.schema.Block.Attributes, nil, attributes(config), attributes(result.after), "") {
			r.blame(address, "Provider produced invalid plan", "%s", problem)
		}
	case planned.Equal(prior):
		result.verb = verbNothing
	default:
		result.verb = verbUpdate
	}
	if result.verb == verbCreate && !priorTainted.IsNull() {
		result.verb, result.before = replacement, priorTainted
	}
	if earlier != nil && earlier.verb.replaces() && result.verb == verbCreate {
		result.verb, result.before = earlier.verb, earlier.before
	}
	return result, true
}

func (r *coreRun) validate(c *rpc, config tftypes.Value) bool {
	resp, err := r.plugin.ValidateResourceConfig(c.context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: resourceType, Config: r.encode(config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err == nil {
		err = r.died()
	}
	if err != nil {
		r.say(c.address, nil, err)
		return false
	}
	return !r.say(c.address, resp.Diagnostics, nil)
}

func (r *coreRun) askForPlan(c *rpc, config, prior tftypes.Value, private []byte, identity *tfprotov6.ResourceIdentityData, replacing bool) (*tfprotov6.PlanResourceChangeResponse, bool) {
	proposed := r.proposedNew(prior, config)
	began, asked := len(c.exchanges), time.Now()
	resp, err := r.plugin.PlanResourceChange(c.context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: r.encode(prior), ProposedNewState: r.encode(proposed), Config: r.encode(config),
		PriorPrivate: private, PriorIdentity: identity,
	})
	r.judgeDuration(c, asked, longestRead)
	if err == nil {
		err = r.died()
	}
	if err != nil {
		r.say(c.address, nil, err)
		return nil, false
	}
	failed := slices.ContainsFunc(resp.Diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
	if replacing && !failed {
		r.hide(c.address, resp.Diagnostics)
	} else {
		r.say(c.address, resp.Diagnostics, nil)
	}
	r.judgePlan(c, c.exchanges[began:], prior, config, replacing, failed)
	return resp, !failed
}

func (r *coreRun) planDestroy(address string, current *object) (change, bool) {
	null := tftypes.NewValue(r.typ, nil)
	c := r.newCall(address, "plan", nil)
	resp, err := r.plugin.PlanResourceChange(c.context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: r.encode(current.value), ProposedNewState: r.encode(null), Config: r.encode(null),
		PriorPrivate: current.private, PriorIdentity: current.identity,
	})
	if err == nil {
		err = r.died()
	}
	if err != nil {
		r.say(address, nil, err)
		return change{}, false
	}
	if r.say(address, resp.Diagnostics, nil) {
		return change{}, false
	}
	if len(c.exchanges) > 0 {
		r.violated("the plan of a destroy of %s sent requests", address)
	}
	if planned := r.decode(resp.PlannedState); !planned.IsNull() {
		r.blame(address, "Provider produced invalid plan", "planned a non-null destroy value")
	}
	return change{
		address: address, verb: verbDelete, before: current.value, after: null, private: resp.PlannedPrivate,
		identityBefore: current.identity, identityPlanned: resp.PlannedIdentity,
	}, true
}

// applyChange applies a create, an update or a delete, and returns what the state
// has afterwards: nil when there is nothing.
func (r *coreRun) applyChange(ch change, current *object, b *block, config tftypes.Value, given []keyID) (left *object, ok bool) {
	c := r.newCall(ch.address, "apply", b)
	c.given, c.number, c.creating = given, textOf(ch.after, attrPhoneNumberID), ch.verb == verbCreate
	began := time.Now()
	resp, err := r.plugin.ApplyResourceChange(c.context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: r.encode(ch.before), PlannedState: r.encode(ch.after), Config: r.encode(config),
		PlannedPrivate: ch.private, PlannedIdentity: ch.identityPlanned,
	})
	r.judgeDuration(c, began, longestUpload+longestCheck)
	if err == nil {
		err = r.died()
	}
	if err != nil {
		// Terraform has no answer, and keeps what was there before. The private
		// data and the identity are those of the answer, so they are lost.
		r.say(ch.address, nil, err)
		r.judgeUploads(c, ch)
		if ch.verb != verbUpdate || current == nil {
			return current, false
		}
		r.project.forgetPrivate(ch.address)
		return &object{value: ch.before, tainted: current.tainted}, false
	}
	failed := r.say(ch.address, resp.Diagnostics, nil)
	value := r.decode(resp.NewState)
	r.noWriteOnly(ch.address, "apply", value)
	if !value.IsFullyKnown() {
		r.blame(ch.address, "Provider returned invalid result object after apply", "it has unknown values")
	}
	if !failed && ch.verb != verbDelete {
		for _, problem := range incompatible(ch.after, value, "") {
			r.blame(ch.address, "Provider produced inconsistent result after apply", "%s", problem)
		}
	}
	if !failed && (ch.verb == verbDelete) != value.IsNull() {
		r.blame(ch.address, "Provider returned invalid result object after apply", "null is %t after a %s", value.IsNull(), ch.verb)
	}
	r.judgeApply(c, ch, value, failed)
	switch {
	case failed && value.IsNull():
		return current, false
	case failed:
		tainted := ch.verb == verbCreate || current != nil && current.tainted
		return &object{value: value, private: resp.Private, identity: resp.NewIdentity, tainted: tainted}, false
	case value.IsNull():
		return nil, true
	default:
		return &object{value: value, private: resp.Private, identity: resp.NewIdentity}, true
	}
}

// applyPlanned does what was planned for one resource.
func (r *coreRun) applyPlanned(ch change, b *block) (ok bool) {
	if ch.verb == verbNothing {
		return true
	}
	if ch.verb == verbDelete || ch.verb == verbReplace {
		current, ok := r.current(ch.address)
		if !ok {
			return false
		}
		if current.exists() {
			gone := change{address: ch.address, verb: verbDelete, before: ch.before, after: tftypes.NewValue(r.typ, nil), private: ch.private, identityPlanned: ch.identityPlanned}
			left, _ := r.applyChange(gone, current, nil, gone.after, nil)
			r.store(ch.address, left)
			if left != nil {
				return false
			}
		}
		if ch.verb == verbDelete || r.stopped.Load() || r.killed.Load() {
			return true
		}
	}
	if ch.verb == verbCreateFirst {
		return r.applyDeposing(ch, b)
	}
	return r.applyConfigured(ch, b, "")
}

// applyConfigured makes a resource what its configuration says. deposed is the
// name of the object that it replaces, if that was deposed: it is put back when the
// create fails and leaves nothing, and not when the plan that is made anew fails.
func (r *coreRun) applyConfigured(ch change, b *block, deposed string) (ok bool) {
	current, ok := r.current(ch.address)
	if !ok {
		return false
	}
	now, ok := r.plan(ch.address, *b, current, false, &ch)
	if !ok {
		return false
	}
	if now.verb != ch.verb && (ch.verb != verbUpdate || now.verb != verbNothing) {
		r.blame(ch.address, "Provider produced inconsistent final plan", "the action changed from %s to %s", ch.verb, now.verb)
		return false
	}
	if problems := incompatible(ch.after, now.after, ""); len(problems) > 0 {
		r.blame(ch.address, "Provider produced inconsistent final plan", "%v", problems)
		return false
	}
	if now.verb == verbNothing {
		return true
	}
	if now.verb.replaces() {
		now.verb, now.before = verbCreate, tftypes.NewValue(r.typ, nil)
	}
	r.holdUp()
	config, given := r.evaluate(ch.address, *b, true)
	remembered, has := r.project.recall(ch.address)
	left, ok := r.applyChange(now, current, b, config, given)
	r.store(ch.address, left)
	if !ok && left == nil && deposed != "" {
		r.restore(ch.address, deposed, remembered, has)
	}
	return ok
}

// current is a resource in the state, read anew.
func (r *coreRun) current(address string) (*object, bool) {
	r.project.mu.Lock()
	rec, ok := r.project.state[address]
	_, deposed := r.deposing[address]
	r.project.mu.Unlock()
	if !ok || deposed {
		return nil, true
	}
	return r.load(address, rec)
}

// store writes a resource to the state.
func (r *coreRun) store(address string, o *object) {
	if r.killed.Load() {
		return
	}
	r.project.mu.Lock()
	defer r.project.mu.Unlock()
	r.project.serial++
	r.wrote = time.Now()
	r.writeDeposed()
	if !o.exists() {
		delete(r.project.state, address)
		return
	}
	r.project.state[address] = r.recordOf(o)
}

func (s *simulation) recordOf(o *object) record {
	return record{version: s.schema.Version, private: o.private, identity: o.identity, tainted: o.tainted, json: toJSON(o.value)}
}

// noWriteOnly blames a provider that returns a write-only value.
func (r *coreRun) noWriteOnly(address, during string, value tftypes.Value) {
	if value.IsNull() {
		return
	}
	if v := attributes(value)[attrPublicKeyWO]; !v.IsNull() {
		r.blame(address, "Provider produced invalid object", "a write-only value during %s", during)
	}
}

func (s *simulation) encode(v tftypes.Value) *tfprotov6.DynamicValue {
	d, err := tfprotov6.NewDynamicValue(s.typ, v)
	if err != nil {
		panic(err)
	}
	return &d
}

func (s *simulation) decode(d *tfprotov6.DynamicValue) tftypes.Value {
	if d == nil {
		return tftypes.NewValue(s.typ, nil)
	}
	v, err := d.Unmarshal(s.typ)
	if err != nil {
		panic(err)
	}
	return v
}

func (s *simulation) identity(number string) *tfprotov6.ResourceIdentityData {
	d, err := tfprotov6.NewDynamicValue(s.identityType, tftypes.NewValue(s.identityType, map[string]tftypes.Value{attrPhoneNumberID: text(number)}))
	if err != nil {
		panic(err)
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: &d}
}

// proposedNew is objchange.ProposedNew: the configuration, with what it leaves to
// the provider as it was before. No attribute of a nested object is computed, so
// these are taken from the configuration as they are.
func (s *simulation) proposedNew(prior, config tftypes.Value) tftypes.Value {
	before, given := attributes(prior), attributes(config)
	proposed := maps.Clone(given)
	for _, a := range s.schema.Block.Attributes {
		if !a.Computed || !given[a.Name].IsNull() {
			continue
		}
		if v, ok := before[a.Name]; ok {
			proposed[a.Name] = v
		}
	}
	return tftypes.NewValue(s.typ, proposed)
}

// attributes are those of an object; none of one that is null.
func attributes(v tftypes.Value) map[string]tftypes.Value {
	if v.IsNull() || !v.IsKnown() {
		return nil
	}
	all := map[string]tftypes.Value{}
	if err := v.As(&all); err != nil {
		panic(err)
	}
	return all
}

// planProblems is objchange.AssertPlanValid: a plan has what the configuration
// says, except that the provider may keep what was there before, and fills in what
// is computed.
func planProblems(schema []*tfprotov6.SchemaAttribute, prior, config, planned map[string]tftypes.Value, at string) (problems []string) {
	for _, a := range schema {
		was, wants, gets := prior[a.Name], config[a.Name], planned[a.Name]
		path := at + a.Name
		switch {
		case gets.Equal(wants), prior != nil && gets.Equal(was) && !was.IsNull() && !wants.IsNull():
		case a.WriteOnly:
			if !gets.IsNull() {
				problems = append(problems, path+" is write-only and planned")
			}
		case a.Computed && !a.Optional, a.Computed && wants.IsNull():
		case wants.IsNull():
			problems = append(problems, path+" is planned and neither configured nor computed")
		case a.NestedType != nil:
			if gets.IsNull() || !gets.IsKnown() {
				problems = append(problems, path+" is configured and not planned")
				continue
			}
			problems = append(problems, planProblems(a.NestedType.Attributes, attributes(was), attributes(wants), attributes(gets), path+".")...)
		default:
			problems = append(problems, path+" is planned as neither what is configured nor what it was")
		}
	}
	return problems
}

// incompatible is objchange.AssertObjectCompatible: what was unknown may become
// known, and nothing else may change.
func incompatible(planned, actual tftypes.Value, at string) (problems []string) {
	switch {
	case !planned.IsKnown():
		return nil
	case planned.IsNull() != actual.IsNull():
		return []string{fmt.Sprintf("%s: null was %t and is %t", at, planned.IsNull(), actual.IsNull())}
	case planned.IsNull():
		return nil
	case !actual.IsKnown():
		return []string{at + ": was known and is unknown"}
	case planned.Type().Is(tftypes.Object{}):
		is := attributes(actual)
		for name, want := range attributes(planned) {
			problems = append(problems, incompatible(want, is[name], at+"."+name)...)
		}
		return problems
	case !planned.Equal(actual):
		return []string{fmt.Sprintf("%s: was %s and is %s", at, planned, actual)}
	}
	return nil
}

// requiresReplace reports whether an attribute that requires a replacement differs.
func requiresReplace(paths []*tftypes.AttributePath, prior, planned tftypes.Value) bool {
	was, is := attributes(prior), attributes(planned)
	for _, p := range paths {
		name, ok := p.NextStep().(tftypes.AttributeName)
		if ok && !was[string(name)].Equal(is[string(name)]) {
			return true
		}
	}
	return false
}

// toJSON writes a value as the state file does.
func toJSON(v tftypes.Value) []byte {
	b, err := json.Marshal(plainValue(v))
	if err != nil {
		panic(err)
	}
	return b
}

func plainValue(v tftypes.Value) any {
	if v.IsNull() {
		return nil
	}
	switch {
	case v.Type().Is(tftypes.String):
		var s string
		_ = v.As(&s)
		return s
	case v.Type().Is(tftypes.Bool):
		var b bool
		_ = v.As(&b)
		return b
	case v.Type().Is(tftypes.Number):
		n := new(big.Float)
		_ = v.As(&n)
		return json.Number(n.Text('f', -1))
	case v.Type().Is(tftypes.List{}):
		var list []tftypes.Value
		_ = v.As(&list)
		all := []any{}
		for _, e := range list {
			all = append(all, plainValue(e))
		}
		return all
	default:
		all := map[string]any{}
		for name, a := range attributes(v) {
			all[name] = plainValue(a)
		}
		return all
	}
}

// textOf is a string attribute of an object; empty when it is null or unknown.
func textOf(object tftypes.Value, name string) string {
	v, ok := attributes(object)[name]
	if !ok || !v.IsKnown() || v.IsNull() {
		return ""
	}
	var s string
	if err := v.As(&s); err != nil {
		panic(err)
	}
	return s
}
