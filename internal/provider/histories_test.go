// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// A history is what people, other people, WhatsApp and bad luck do to some phone
// numbers, one after the other. rapid makes them up, and shortens one in which
// something is not as it has to be.
type history struct {
	frozen  string // the state of an earlier version that the first project begins with
	retries int
	seed    uint64
	steps   []step
}

// step is one event of a history.
type step struct {
	text string
	do   func(*simulation)

	project int
	command *command // of a run of Terraform
	block   *block   // that is written
	address string   // where it is written
	virtual bool     // cannot be played with the real CLI, for which time is real
}

// GoString is what rapid prints.
func (h history) GoString() string {
	lines := []string{fmt.Sprintf("a history with seed %d, %d retries", h.seed, h.retries)}
	if h.frozen != "" {
		lines[0] += ", and the state of " + h.frozen
	}
	for _, s := range h.steps {
		lines = append(lines, "  "+s.text)
	}
	return strings.Join(lines, "\n")
}

func (s step) GoString() string { return s.text }

// historyFixtures is what the histories of a test share.
type historyFixtures struct {
	endpoints []*endpointmock.Server
	frozen    map[string]frozenRecord
	names     []string // of the frozen states
}

// frozenRecord is the state that an earlier version has left.
type frozenRecord struct {
	record
	key keyID
}

func newHistoryFixtures(t testing.TB) *historyFixtures {
	t.Helper()
	keys.readPrivate(t)
	th := &historyFixtures{
		endpoints: []*endpointmock.Server{newEndpoint(t, endpointmock.Options{}), newEndpoint(t, endpointmock.Options{Instances: 2})},
		frozen:    map[string]frozenRecord{},
	}
	for _, f := range allFrozenStates(t) {
		th.frozen[f.name] = frozenRecord{record{version: f.schema, json: f.json(t), private: f.private, tainted: f.tainted}, keys.identify(f.text(t, attrPublicKey))}
	}
	th.names = slices.Sorted(maps.Keys(th.frozen))
	return th
}

// teller plays the histories that rapid makes up for one test.
type teller struct {
	*historyFixtures
	wrong *simulation // the last one in which something was not as it has to be
}

// newTeller returns a teller that prints the story of the last wrong history when the
// test ends: rapid plays the shortest one last.
func newTeller(t *testing.T, th *historyFixtures) *teller {
	t.Helper()
	tl := &teller{historyFixtures: th}
	t.Cleanup(func() {
		if s := tl.wrong; s != nil {
			t.Logf("%s\n\n%s", strings.Join(s.violations, "\n"), s.story())
		}
	})
	return tl
}

// triesToShorten is how often a history may be played while rapid shortens one that was
// wrong. It can be wrong by chance, because parallel requests arrive in any order and the
// waits before a retry are random.
const triesToShorten = 5

// tell plays a history to its end. rapid stops shortening a history when it is played
// again and the error differs in a single word. So the error leaves out what depends on
// chance, which is nearly all of the story.
func (tl *teller) tell(t *rapid.T, h history) {
	tries := 1
	if tl.wrong != nil {
		tries = triesToShorten
	}
	for range tries {
		var s *simulation
		rapid.SyncTest(t, func(*rapid.T) { s = tl.play(h) })
		if len(s.violations) > 0 {
			tl.wrong = s
			t.Fatal("something is not as it has to be: the story is below")
		}
	}
}

// begin returns the simulation in which the steps of a history are played.
func (th *historyFixtures) begin(h history, orphans orphanOrder) *simulation {
	s := newSimulation(th.endpoints)
	s.retries, s.seed, s.orphans = h.retries, h.seed, orphans
	s.resetEndpoints()
	if h.frozen != "" {
		s.thaw(th.frozen[h.frozen])
	}
	return s
}

func (th *historyFixtures) play(h history) *simulation {
	s := th.begin(h, orphanOrder(h.seed%3))
	if h.seed%2 == 0 { // a log takes a quarter more time with the race detector
		s.logs = s.logging(s.logs)
	}
	for _, step := range h.steps {
		s.note("%s", step.text)
		step.do(s)
		s.transcribe()
		if len(s.violations) > 0 {
			return s
		}
	}
	s.finish()
	return s
}

// transcribe adds to the story what the last step has sent.
func (s *simulation) transcribe() {
	s.mu.Lock()
	fresh := s.log[s.told:]
	s.told = len(s.log)
	s.mu.Unlock()
	if len(fresh) > 0 {
		s.note("%s", describeExchanges(fresh))
	}
}

func (s *simulation) story() string {
	s.transcribe()
	return strings.Join(s.transcript, "\n")
}

// Steps that people take.

func write(project int, address string, b block) step {
	return step{text: fmt.Sprintf("project %d: write %s = %s", project, address, b), project: project, address: address, block: &b, do: func(s *simulation) {
		p := s.projects[project]
		p.written++
		b := b
		b.source = p.written
		p.blocks[address] = b
		// A person removes a moved block from an address that is used again.
		p.moves = slices.DeleteFunc(p.moves, func(m [2]string) bool { return m[0] == address })
		s.changed++
	}}
}

func remove(project int, address string) step {
	return step{text: fmt.Sprintf("project %d: remove %s", project, address), do: func(s *simulation) {
		delete(s.projects[project].blocks, address)
		delete(s.projects[project].imports, address)
		s.changed++
	}}
}

func rename(project int, from, to string, moved bool) step {
	return step{text: fmt.Sprintf("project %d: rename %s to %s, with a moved block: %t", project, from, to, moved), do: func(s *simulation) {
		p := s.projects[project]
		b, ok := p.blocks[from]
		if _, taken := p.blocks[to]; !ok || taken || from == to {
			return
		}
		delete(p.blocks, from)
		delete(p.imports, from)
		p.blocks[to] = b
		if moved {
			p.moves = [][2]string{{from, to}} // an earlier one has done its work, or is given up
		}
		s.changed++
	}}
}

func swap(project int, one, other string) step {
	return step{text: fmt.Sprintf("project %d: swap the numbers of %s and %s", project, one, other), do: func(s *simulation) {
		p := s.projects[project]
		a, okA := p.blocks[one]
		b, okB := p.blocks[other]
		if !okA || !okB {
			return
		}
		a.number, b.number = b.number, a.number
		p.blocks[one], p.blocks[other] = a, b
		s.changed++
	}}
}

func importBlock(project int, address string, byIdentity bool) step {
	return step{text: fmt.Sprintf("project %d: import %s, by identity: %t", project, address, byIdentity), do: func(s *simulation) {
		p := s.projects[project]
		if b, ok := p.blocks[address]; ok {
			p.imports[address] = importing{numberOf(b), byIdentity}
			s.changed++
		}
	}}
}

func runs(project int, c command) step {
	return step{text: fmt.Sprintf("project %d: %s", project, c), project: project, command: &c, do: func(s *simulation) {
		s.note("    %s", s.execute(s.projects[project], c))
	}}
}

// Steps of the world.

// worldStep may happen while a run is under way.
func worldStep(text string, do func(*simulation)) step {
	return step{text: text, do: func(s *simulation) {
		s.mu.Lock()
		defer s.mu.Unlock()
		do(s)
		s.changed++
	}}
}

func reregister(n int) step {
	return worldStep(fmt.Sprintf("number %d is registered again", n), func(s *simulation) {
		s.server.Reregister(number(n))
		delete(s.unregistered, n)
	})
}

func unregister(n int) step {
	return worldStep(fmt.Sprintf("number %d is deregistered", n), func(s *simulation) {
		s.server.Deregister(number(n))
		s.unregistered[n] = true
	})
}

func deleteNumber(n int) step {
	return worldStep(fmt.Sprintf("number %d is deleted", n), func(s *simulation) {
		s.server.DeleteNumber(number(n))
		s.deleted[n] = true
	})
}

func putKey(n int, key keyID, form int, status string) step {
	return worldStep(fmt.Sprintf("somebody puts %s in form %d, %s, on number %d", key, form, status, n), func(s *simulation) {
		s.server.SetKey(number(n), forms[form](keys.text(key)), status)
	})
}

func damage(n int) step {
	return worldStep(fmt.Sprintf("the key on number %d is damaged", n), func(s *simulation) {
		s.server.SetKey(number(n), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", graphmock.StatusMismatch)
	})
}

func rewrite(n, form int) step {
	return worldStep(fmt.Sprintf("number %d shows its key in form %d", n, form), func(s *simulation) {
		if key, status := s.server.Key(number(n)); keys.identify(key) >= 0 {
			s.server.SetKey(number(n), forms[form](keys.text(keys.identify(key))), status)
		}
	})
}

func blank(n int) step {
	return worldStep(fmt.Sprintf("number %d loses its key", n), func(s *simulation) { s.server.ClearKey(number(n)) })
}

func permission(n int, lost bool) step {
	return worldStep(fmt.Sprintf("the permission for number %d is lost: %t", n, lost), func(s *simulation) {
		delete(s.lost, number(n))
		if lost {
			s.lost[number(n)] = graphmock.ErrorBody(10, 0, "OAuthException", "(#10) Application does not have permission for this action, says "+storyToken, nil)
			s.scriptLost(number(n))
		}
	})
}

func versionEnds() step {
	return worldStep("the version of the API ends", func(s *simulation) { s.oldVersion = true })
}

// lag makes the reads after an upload show the old key, and the old signature.
func lag(key, signature int) step {
	step := worldStep(fmt.Sprintf("%d reads lag, and %d signatures", key, signature), func(s *simulation) {
		s.server.SetKeyLag(key)
		s.server.SetSignatureLag(signature)
		s.lagging = key != 0 || signature != 0
		if !s.lagging {
			s.catchUp()
		}
	})
	step.virtual = key != 0 || signature != 0
	return step
}

func storesInForm(form int) step {
	return worldStep(fmt.Sprintf("the API stores keys in form %d", form), func(s *simulation) { s.server.SetStore(forms[form]) })
}

// finish ends all that is wrong, and lets people follow the advice of the messages.
// Then two applies come to what the configuration says.
func (s *simulation) finish() {
	s.note("everything works again, and people do what the messages say")
	s.lost, s.lagging = map[string]string{}, false
	clear(s.unregistered)
	s.server.SetKeyLag(0)
	s.server.SetSignatureLag(0)
	for n := range storyNumbers[:len(storyNumbers)-1] {
		key, status := s.server.Key(number(n))
		s.server.Reregister(number(n))
		s.server.SetKey(number(n), key, status)
	}
	s.catchUp()
	for i := range s.endpoints {
		s.heal(i)
	}
	taken := map[int]bool{}
	for _, p := range s.projects {
		if s.advise(p, taken); len(p.blocks)+len(p.state) == 0 {
			continue
		}
		want := expectations(p)
		s.note("project %s: %s", p.name, p)
		for range 2 {
			s.note("    %s", s.execute(p, command{mode: "apply", parallel: 10}))
			s.transcribe()
		}
		res := s.execute(p, command{mode: "plan"})
		s.note("    %s", res)
		if res.failed || len(res.verbs) > 0 {
			s.violated("after two applies without a fault, the plan of project %s is not empty: %s", p.name, res)
		}
		for _, address := range slices.Sorted(maps.Keys(want)) {
			key, status := s.server.Key(numberOf(p.blocks[address]))
			want := want[address]
			if b := p.blocks[address]; b.generating {
				want = append(want, p.generated[address]...)
			}
			if got := keys.identify(key); !slices.Contains(want, got) || status != graphmock.StatusValid {
				s.violated("after two applies without a fault, %s has %s, %s, and not %v", address, got, status, want)
			}
		}
	}
}

// catchUp lets the reads show what was uploaded.
func (s *simulation) catchUp() {
	for _, id := range storyNumbers {
		key, status := s.server.Key(id)
		s.server.SetKey(id, key, status)
	}
}

// advise changes the configuration as the messages say.
func (s *simulation) advise(p *project, taken map[int]bool) {
	state := p.move(p.state)
	for _, address := range slices.Sorted(maps.Keys(p.blocks)) {
		b := p.blocks[address]
		if taken[b.number] || s.deleted[b.number] {
			delete(p.blocks, address)
			delete(p.imports, address)
			continue
		}
		taken[b.number] = true
		b.pasted = false
		if b.unstable() {
			b.version = 9
		}
		if p.orphaned[address] && b.version > 0 {
			b.version += 10
		}
		if b.generating {
			b.check = nil // the endpoints here never get the private key
		}
		text, _ := s.server.Key(numberOf(b))
		holds := keys.identify(text)
		rec, inState := state[address]
		updated := inState && !rec.tainted && strings.Contains(string(rec.json), `"`+attrPhoneNumberID+`":"`+numberOf(b)+`"`)
		if imp, imported := p.imports[address]; imported && !hasObject(state, address) {
			if holds == keyNone || imp.number != numberOf(b) {
				delete(p.imports, address)
			} else {
				updated = true
			}
		}
		if !updated && holds != keyNone && (holds != b.key || b.generating) {
			b.overwrite = overwriteTrue
		}
		p.blocks[address] = b
	}
	p.makeSources(p.allSources()) // what makes late keys and numbers is applied first
}

// expectations are the keys that the numbers may have in the end.
func expectations(p *project) map[string][]keyID {
	want := map[string][]keyID{}
	for address, b := range p.blocks {
		if !b.generating {
			want[address] = []keyID{b.key}
		}
		if remembered, ok := p.recall(p.beforeMove(address)); b.writeOnly && b.version > 0 && ok {
			want[address] = append(want[address], remembered)
		}
	}
	return want
}

func (s *simulation) resetEndpoints() {
	s.healthy = make([]bool, len(s.endpoints))
	for i, e := range s.endpoints {
		e.RemoveKey(nil)
		e.ResetRequests()
		e.SetBehaviour(endpointmock.Normal)
		s.healthy[i] = false
	}
}

func (s *simulation) heal(endpoint int) {
	e := s.endpoints[endpoint]
	e.SetBehaviour(endpointmock.Normal)
	for _, key := range keys.private {
		e.AddKey(key)
	}
	s.healthy[endpoint] = true
}

// thaw begins with the state that an earlier version of the provider has left.
func (s *simulation) thaw(f frozenRecord) {
	p := s.projects[0]
	p.state["a"] = f.record
	p.remember("a", f.key)
	s.server.SetKey(number(0), keys.text(f.key), graphmock.StatusValid)
}

// How histories are drawn.

var (
	drawProject = rapid.SampledFrom([]int{0, 0, 0, 0, 1})
	drawAddress = rapid.SampledFrom([]string{"a", "b", "c"})
	drawNumber  = rapid.IntRange(0, len(storyNumbers)-2)
	drawForm    = rapid.IntRange(0, len(forms)-1)
	drawKey     = rapid.SampledFrom([]keyID{keyAlpha, keyBravo, keyCharlie})
	drawAnyKey  = rapid.SampledFrom([]keyID{keyAlpha, keyBravo, keyForeign})
	drawBool    = rapid.Bool()
)

// rarely is true in one of n cases, and false when rapid shortens.
func rarely(t *rapid.T, n int, label string) bool {
	return rapid.IntRange(0, n-1).Draw(t, label) == n-1
}

// flavour is what the histories of one test are mostly about.
type flavour struct {
	name     string
	trouble  int // one run in so many is disturbed; 0 for none
	check    int // one block in so many has an endpoint_check
	endpoint int // how many of a hundred steps are about endpoints
	together int // how many of a hundred steps run both projects at the same time
}

var flavours = []flavour{
	{name: "people", check: 10, endpoint: 3},
	{name: "faults", trouble: 2, check: 12, endpoint: 3},
	{name: "endpoints", trouble: 6, check: 2, endpoint: 20},
	{name: "processes", trouble: 6, check: 12, endpoint: 3, together: 20},
}

func (f flavour) drawBlock(t *rapid.T) block {
	b := block{number: drawNumber.Draw(t, "number"), key: drawKey.Draw(t, "key")}
	b.form = drawForm.Draw(t, "form")
	b.writeOnly = rarely(t, 3, "write-only")
	if b.writeOnly {
		b.version = rapid.IntRange(0, 2).Draw(t, "version")
		b.generating = rarely(t, 3, "generating")
	}
	b.late = rarely(t, 6, "late")
	b.lateNumber = rarely(t, 6, "late number")
	b.overwrite = rapid.SampledFrom([]overwrite{overwriteUnset, overwriteUnset, overwriteFalse, overwriteTrue}).Draw(t, "overwrite")
	b.pasted = !b.generating && rarely(t, 25, "private key")
	b.timeouts = rarely(t, 6, "timeouts")
	b.createFirst = rarely(t, 4, "create before destroy")
	if rarely(t, f.check, "check") {
		b.check = drawCheck(t)
	}
	return b
}

func drawCommand(t *rapid.T) command {
	c := command{mode: rapid.SampledFrom([]string{"apply", "apply", "apply", "apply", "apply", "plan", "save", "applySaved", "refresh", "destroy"}).Draw(t, "mode")}
	c.noRefresh = rarely(t, 6, "no refresh")
	if rarely(t, 8, "replace") {
		c.replace = drawAddress.Draw(t, "replaced")
	}
	if rarely(t, 2, "disorder") {
		c.order = uint64(rapid.IntRange(1, 20).Draw(t, "order"))
		c.parallel = rapid.IntRange(1, 10).Draw(t, "parallel")
	}
	if rarely(t, 6, "again") {
		c.again = uint64(rapid.IntRange(1, 20).Draw(t, "other order"))
	}
	return c
}

func drawWorldStep(t *rapid.T) step {
	n := drawNumber.Draw(t, "number")
	switch rapid.SampledFrom([]string{"register", "key", "foreign", "foreign", "damaged", "words", "blank", "blank", "unregister", "lost", "regained", "version", "lag", "no lag", "form", "deleted"}).Draw(t, "event") {
	case "register":
		return reregister(n)
	case "key":
		return putKey(n, drawAnyKey.Draw(t, "key"), drawForm.Draw(t, "form"), rapid.SampledFrom([]string{"VALID", "MISMATCH"}).Draw(t, "status"))
	case "foreign":
		return putKey(n, keyForeign, 0, graphmock.StatusValid)
	case "damaged":
		return damage(n)
	case "words":
		return rewrite(n, drawForm.Draw(t, "form"))
	case "blank":
		return blank(n)
	case "unregister":
		return unregister(n)
	case "lost":
		return permission(n, true)
	case "regained":
		return permission(n, false)
	case "version":
		return versionEnds()
	case "lag":
		return lag(rapid.SampledFrom([]int{0, 1, 3, 20}).Draw(t, "reads"), rapid.SampledFrom([]int{0, 1, 3, 20}).Draw(t, "signatures"))
	case "no lag":
		return lag(0, 0)
	case "form":
		return storesInForm(drawForm.Draw(t, "form"))
	default:
		if !rarely(t, 4, "deleted") {
			return reregister(n)
		}
		return deleteNumber(n)
	}
}

func (f flavour) drawStep(t *rapid.T) step {
	p := drawProject.Draw(t, "project")
	switch kind := rapid.IntRange(0, 99).Draw(t, "kind"); {
	case kind >= 100-f.endpoint:
		return drawEndpointStep(t)
	case kind >= 100-f.endpoint-f.together:
		return drawTogether(t)
	case kind < 40:
		c := drawCommand(t)
		if f.trouble > 0 && rarely(t, f.trouble, "disturbed") {
			drawTrouble(t, &c)
		}
		return runs(p, c)
	case kind < 60:
		return write(p, drawAddress.Draw(t, "address"), f.drawBlock(t))
	case kind < 75:
		return drawWorldStep(t)
	case kind < 77:
		return queries(rarely(t, 2, "whole resources"), rarely(t, 2, "without key"))
	}
	address := drawAddress.Draw(t, "address")
	switch rapid.SampledFrom([]string{"remove", "rename", "swap", "import", "taint", "untaint", "forget"}).Draw(t, "deed") {
	case "remove":
		return remove(p, address)
	case "rename":
		return rename(p, address, drawAddress.Draw(t, "to"), drawBool.Draw(t, "moved"))
	case "swap":
		return swap(p, address, drawAddress.Draw(t, "other"))
	case "import":
		return importBlock(p, address, drawBool.Draw(t, "by identity"))
	case "taint":
		return runs(p, command{mode: "taint", address: address})
	case "untaint":
		return runs(p, command{mode: "untaint", address: address})
	default:
		return runs(p, command{mode: "forget", address: address})
	}
}

func (th *historyFixtures) drawHistory(t *rapid.T, f flavour) history {
	h := history{seed: uint64(rapid.IntRange(0, 1000).Draw(t, "seed")), retries: rapid.SampledFrom([]int{0, 2, 5}).Draw(t, "retries")}
	if rarely(t, 8, "frozen") {
		h.frozen = rapid.SampledFrom(th.names).Draw(t, "state")
	}
	// Most begin with something to manage.
	for _, address := range []string{"a", "b"}[:rapid.IntRange(0, 2).Draw(t, "resources")] {
		h.steps = append(h.steps, write(0, address, f.drawBlock(t)))
	}
	h.steps = append(h.steps, rapid.SliceOfN(rapid.Custom(f.drawStep), 3, 10).Draw(t, "steps")...)
	return h
}

// So many of each flavour are what there is time for with the race detector, from
// one seed, because a test has the same verdict in every run. make test plays more
// without the detector, and make histories still more, from a new seed each time.
func init() {
	for name, value := range map[string]string{"checks": "300", "seed": "1"} {
		if _, given := os.LookupEnv("RAPID_" + strings.ToUpper(name)); given {
			continue
		}
		if err := flag.Set("rapid."+name, value); err != nil {
			panic(err)
		}
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	// A third of the time would be spent on garbage.
	percent := debug.SetGCPercent(400)
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	newest := &lastHistories{of: make([][]history, len(flavours))}
	t.Cleanup(func() { newest.sayIfNotReplayed(t) })
	for i, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			th := newHistoryFixtures(t)
			histories := rapid.Custom(func(t *rapid.T) history { return th.drawHistory(t, f) })
			tl := newTeller(t, th)
			var last []history
			rapid.Check(t, func(t *rapid.T) {
				h := histories.Draw(t, "history")
				tl.tell(t, h)
				last = append(last[max(0, len(last)-replayedOfEach+1):], h)
			})
			newest.end(t, th, i, last)
		})
	}
}
