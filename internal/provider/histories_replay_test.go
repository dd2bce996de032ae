// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A history that was played with the small core is played once more with the real
// CLI, which must come to the same verdicts: only then is a history that the small
// core plays one that people can live through.
//
// What depends on virtual time, or on the moment at which something happens in a
// run, is left out on both sides: lags, kills, Ctrl-C, two projects at the same time,
// dead and refused connections, faults of single requests, events in the middle of a
// run, retries, and an endpoint check that waits. So are sources that generate a key,
// because the CLI would need one of its own, and private keys that were pasted,
// because the CLI prints the line of the configuration.

// snapshot is what is compared after each run.
type snapshot struct {
	failed  bool
	verbs   map[string]verb
	said    []string
	numbers []string
	states  []string
}

func (s snapshot) String() string {
	return fmt.Sprintf("failed: %t\nplanned: %v\nsaid: %s\nnumbers: %s\nstates: %s", s.failed, s.verbs, strings.Join(s.said, "; "), strings.Join(s.numbers, "; "), strings.Join(s.states, "; "))
}

// playable is a history without what is left out.
func (h history) playable() history {
	h.retries = 0
	var steps []step
	for _, s := range h.steps {
		switch {
		case s.virtual:
			continue
		case s.block != nil:
			b := *s.block
			b.generating, b.pasted = false, false
			if b.check != nil {
				check := *b.check
				check.wait, b.check = "", &check
			}
			s = write(s.project, s.address, b)
		case s.command != nil:
			c := *s.command
			c.again, c.order, c.parallel = 0, 0, 0
			if tr := c.trouble; tr != nil && (tr.kill != "" || tr.event != nil || tr.refused > 0 || tr.silence != nil || tr.holdUp > 0 || tr.fault.Times >= 0 || tr.fault.Delay > 0 || tr.fault.Method != "") {
				c.trouble = nil
			}
			c.after = 0
			s = runs(s.project, c)
		}
		steps = append(steps, s)
	}
	h.steps = steps
	return h
}

// contended reports whether two resources of a project want the same number, so
// that the outcome depends on the order in which they are visited.
func (s *simulation) contended(p *project) bool {
	numbers := map[string]string{}
	for address, b := range p.blocks {
		if _, taken := numbers[numberOf(b)]; taken {
			return true
		}
		numbers[numberOf(b)] = address
	}
	for address, rec := range p.move(p.state) {
		var state map[string]any
		_ = json.Unmarshal(rec.json, &state)
		id, _ := state[attrPhoneNumberID].(string)
		if other, taken := numbers[id]; taken && other != addressOf(address) {
			return true
		}
		numbers[id] = addressOf(address)
	}
	return false
}

// rehearse plays a history with the small core, and returns what is to be compared.
// It ends before a run whose outcome depends on the order, because two resources want
// the same number.
func (th *historyFixtures) rehearse(t *testing.T, cli *realCLI, h history) []snapshot {
	t.Helper()
	var all []snapshot
	synctest.Test(t, func(t *testing.T) {
		s := th.begin(h, cli.orphans)
		for _, step := range h.steps {
			if step.command == nil {
				step.do(s)
				continue
			}
			p := s.projects[step.project]
			if s.contended(p) {
				return
			}
			all = append(all, s.snapshot(p, *step.command, s.execute(p, *step.command)))
		}
		if len(s.violations) > 0 {
			t.Errorf("%s", strings.Join(s.violations, "\n"))
		}
	})
	return all
}

func (s *simulation) snapshot(p *project, c command, res *result) snapshot {
	shot := snapshot{verbs: map[string]verb{}}
	if res != nil {
		shot.failed = res.failed
		if !shot.failed {
			for name, v := range res.verbs {
				shot.verbs[withoutKey(name)] = v
			}
		}
		for _, d := range res.said {
			if d.warning && onlyBeforeTheFirstUpload[d.summary] && strings.HasPrefix(c.mode, "apply") {
				continue
			}
			shot.said = append(shot.said, severityOf(d.warning)+" "+d.summary)
		}
	}
	slices.Sort(shot.said)
	shot.said = slices.Compact(shot.said)
	for _, id := range storyNumbers {
		key, status := s.server.Key(id)
		shot.numbers = append(shot.numbers, fmt.Sprintf("%s, %s", keys.identify(key), status))
	}
	for _, address := range slices.Sorted(maps.Keys(p.state)) {
		rec := p.state[address]
		var state any
		_ = json.Unmarshal(rec.json, &state)
		text, _ := json.Marshal(state)
		shot.states = append(shot.states, fmt.Sprintf("%s, tainted %t: %s private %s", withoutKey(address), rec.tainted, text, rec.private))
	}
	slices.Sort(shot.states)
	return shot
}

// onlyBeforeTheFirstUpload are the warnings that an apply repeats, with
// allow_overwrite, only for the numbers that Terraform plans once more before the
// first upload. How many these are depends on the order.
var onlyBeforeTheFirstUpload = map[string]bool{
	"A different key on the number is replaced":  true,
	"Could not check which key the number holds": true,
}

// withoutKey is the name of a deposed object without the key that Terraform makes up.
func withoutKey(name string) string {
	if address := addressOf(name); address != name {
		return address + deposedMark + "object)"
	}
	return name
}

func severityOf(warning bool) string {
	if warning {
		return "warning"
	}
	return "error"
}

// realCLI is a Terraform or an OpenTofu, and a folder in which its init has run.
type realCLI struct {
	path     string
	template string
	isTofu   bool
	identity bool // understands identities in import blocks
	orphans  orphanOrder
}

func newRealCLI(t *testing.T, path string) *realCLI {
	t.Helper()
	out, err := exec.Command(path, "version").Output()
	if err != nil {
		t.Fatal(path, err)
	}
	c := &realCLI{path: path, template: t.TempDir(), isTofu: strings.HasPrefix(string(out), "OpenTofu")}
	switch {
	case c.isTofu:
	case strings.Contains(string(out), "v1.11."):
		c.orphans = alwaysPlanBeforeRead
	default:
		c.orphans, c.identity = alwaysPlanAfterRead, true
	}
	if err := os.WriteFile(filepath.Join(c.template, "main.tf"), []byte("terraform {\n  required_providers {\n    whatsapp = {\n      source = \"wa-flows/whatsapp\"\n    }\n  }\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path, "init", "-no-color")
	command.Dir = c.template
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

// replay is one history with the real CLI.
type replay struct {
	*simulation
	cli     *realCLI
	t       *testing.T
	folders []string
}

// replay reports whether the real CLI comes to the same verdicts.
func (th *historyFixtures) replay(t *testing.T, cli *realCLI, h history, want []snapshot) (same bool) {
	t.Helper()
	s := newSimulation(th.endpoints)
	s.resetEndpoints()
	if err := s.server.Start(""); err != nil {
		t.Fatal(err)
	}
	defer s.server.Close()
	if h.frozen != "" {
		s.thaw(th.frozen[h.frozen])
	}
	r := &replay{simulation: s, cli: cli, t: t}
	for range s.projects {
		r.folders = append(r.folders, r.folder())
	}
	if h.frozen != "" {
		r.writeState(r.folders[0], th.frozen[h.frozen].record)
	}
	for _, step := range h.steps {
		if step.command == nil {
			step.do(s)
			continue
		}
		if len(want) == 0 {
			return true
		}
		p := s.projects[step.project]
		got := s.snapshot(p, *step.command, nil)
		if !r.impossible(p, *step.command) {
			res := r.execute(step.project, *step.command)
			got = s.snapshot(p, *step.command, res)
		}
		if got.String() != want[0].String() {
			t.Errorf("%s\n\nafter: %s\n\nthe small core:\n%s\n\nthe CLI (%s):\n%s", h.GoString(), step.text, want[0], cli.path, got)
			return false
		}
		want = want[1:]
	}
	return true
}

// impossible is a run that the small core does not make either.
func (r *replay) impossible(p *project, c command) bool {
	if c.address != "" {
		return !p.canEdit(c)
	}
	return c.mode == "applySaved" && p.saved == nil
}

func (r *replay) folder() string {
	folder := r.t.TempDir()
	lock, err := os.ReadFile(filepath.Join(r.cli.template, ".terraform.lock.hcl"))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, ".terraform.lock.hcl"), lock, 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return folder
}

// writeState writes the state of an earlier version, as a state file of this CLI.
func (r *replay) writeState(folder string, rec record) {
	host := "registry.terraform.io"
	if r.cli.isTofu {
		host = "registry.opentofu.org"
	}
	instance := map[string]any{"schema_version": rec.version, "attributes": json.RawMessage(rec.json), "private": rec.private}
	if rec.tainted {
		instance["status"] = "tainted"
	}
	text, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "9f2c3a52-6c1b-4b5e-8d0a-0c6f1e1a7b11", "outputs": map[string]any{},
		"resources": []any{map[string]any{
			"mode": "managed", "type": resourceType, "name": "a", "provider": `provider["` + host + `/wa-flows/whatsapp"]`, "instances": []any{instance},
		}},
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "terraform.tfstate"), text, 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *replay) run(folder string, args ...string) (lines []map[string]any, failed bool) {
	command := exec.CommandContext(r.t.Context(), r.cli.path, args...)
	command.Dir = folder
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TF_CLI_CONFIG_FILE=" + os.Getenv("TF_CLI_CONFIG_FILE"), "CHECKPOINT_DISABLE=1",
		"TF_DATA_DIR=" + filepath.Join(r.cli.template, ".terraform"),
		envBaseURL + "=" + r.server.URL(), envAccessToken + "=" + storyToken, envAppSecret + "=" + storyAppSecret, envMaxRetries + "=0",
	}
	if r.oldVersion { // to the mock server, any before v25.0
		command.Env = append(command.Env, envAPIVersion+"=v24.0")
	}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	for _, secret := range storySecrets() {
		if secret != storySecretURI && (bytes.Contains(out, []byte(secret)) || strings.Contains(stderr.String(), secret)) {
			r.t.Errorf("%v prints the secret %s", args, secret)
		}
	}
	for line := range bytes.Lines(out) {
		var parsed map[string]any
		if json.Unmarshal(line, &parsed) == nil {
			lines = append(lines, parsed)
		}
	}
	_, exited := errors.AsType[*exec.ExitError](err)
	if err != nil && (!exited || len(lines) == 0) {
		r.t.Fatalf("%v: %v\n%s%s", args, err, out, stderr.String())
	}
	return lines, err != nil
}

// execute is what the small core does, with the real CLI.
func (r *replay) execute(project int, c command) *result {
	p, folder := r.projects[project], r.folders[project]
	defer r.readState(p, folder)
	r.arm(c, nil)
	defer r.disarm()
	r.writeConfiguration(p, folder)
	res := &result{}
	collect := func(lines []map[string]any, failed bool) {
		res.failed = failed
		for _, line := range lines {
			d, ok := line["diagnostic"].(map[string]any)
			if !ok {
				continue
			}
			summary, _ := d["summary"].(string)
			res.said = append(res.said, said{summary: summary, warning: d["severity"] == "warning"})
		}
	}
	if c.address != "" {
		command := map[string][]string{"taint": {"taint"}, "untaint": {"untaint"}, "forget": {"state", "rm"}}[c.mode]
		out, err := r.plain(folder, append(command, resourceType+"."+c.address)...)
		if err != nil {
			r.t.Fatalf("%v\n%s", err, out)
		}
		return res
	}
	if c.mode == "applySaved" {
		p.saved = nil
		collect(r.run(folder, "apply", "-json", "-input=false", "saved"))
		if slices.ContainsFunc(res.said, func(d said) bool { return d.summary == "Saved plan is stale" }) {
			return res
		}
		if !res.failed {
			p.imports, p.moves = map[string]importing{}, nil
		}
		return res
	}
	args := []string{"plan", "-json", "-input=false", "-out=" + c.mode}
	switch c.mode {
	case "refresh":
		args = append(args, "-refresh-only")
	case "destroy":
		args = append(args, "-destroy")
	}
	if c.noRefresh && c.mode != "refresh" {
		args = append(args, "-refresh=false")
	}
	if c.replace != "" && c.mode != "refresh" && c.mode != "destroy" {
		args = append(args, "-replace="+resourceType+"."+c.replace)
	}
	if c.mode == "save" {
		args[3] = "-out=saved"
	}
	collect(r.run(folder, args...))
	res.verbs = r.verbs(folder, strings.TrimPrefix(args[3], "-out="), res.failed)
	switch {
	case res.failed || c.mode == "plan":
	case c.mode == "save":
		p.saved = &plannedRun{}
	default:
		collect(r.run(folder, "apply", "-json", "-input=false", c.mode))
		if !res.failed {
			p.imports, p.moves = map[string]importing{}, nil
		}
	}
	return res
}

func (r *replay) plain(folder string, args ...string) (string, error) {
	command := exec.CommandContext(r.t.Context(), r.cli.path, args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "TF_DATA_DIR="+filepath.Join(r.cli.template, ".terraform"))
	out, err := command.CombinedOutput()
	return string(out), err
}

// verbs are the actions of a plan. A plan that failed is not written.
func (r *replay) verbs(folder, file string, failed bool) map[string]verb {
	verbs := map[string]verb{}
	if failed {
		return verbs
	}
	out, err := r.plain(folder, "show", "-json", file)
	var plan struct {
		Changes []struct {
			Address, Deposed string
			Change           struct{ Actions []string }
		} `json:"resource_changes"`
	}
	if err != nil || json.Unmarshal([]byte(out), &plan) != nil {
		r.t.Fatalf("%v\n%s", err, out)
	}
	for _, ch := range plan.Changes {
		v := map[string]verb{"create": verbCreate, "update": verbUpdate, "delete": verbDelete, "delete create": verbReplace, "create delete": verbCreateFirst}[strings.Join(ch.Change.Actions, " ")]
		if v != "" {
			name, ours := strings.CutPrefix(ch.Address, resourceType+".")
			if !ours {
				continue
			}
			if ch.Deposed != "" {
				name += deposedMark + ch.Deposed + ")"
			}
			verbs[name] = v
		}
	}
	return verbs
}

func (r *replay) writeConfiguration(p *project, folder string) {
	resources, sources := map[string]any{}, map[string]any{}
	run := &coreRun{simulation: r.simulation, project: p}
	for address, b := range p.blocks {
		value, _ := run.evaluate(address, b, true)
		given := map[string]any{}
		for name, v := range plainValue(value).(map[string]any) {
			if v != nil {
				given[name] = v
			}
		}
		for name := range b.sources() {
			what := attrPhoneNumberID
			if strings.HasPrefix(name, "key_") {
				what = attrPublicKey
				if b.writeOnly {
					what = attrPublicKeyWO
				}
			}
			given[what] = "${terraform_data." + name + ".output}"
		}
		if b.createFirst {
			given["lifecycle"] = map[string]any{"create_before_destroy": true}
		}
		resources[address] = given
	}
	whole := map[string]any{"terraform": map[string]any{"required_providers": map[string]any{"whatsapp": map[string]any{"source": "wa-flows/whatsapp"}}}}
	for name, value := range p.allSources() {
		sources[name] = map[string]any{"input": value}
	}
	all := map[string]any{}
	if len(resources) > 0 {
		all[resourceType] = resources
	}
	if len(sources) > 0 {
		all["terraform_data"] = sources
	}
	if len(all) > 0 {
		whole["resource"] = all
	}
	var moved, imports []any
	for _, m := range p.moves {
		moved = append(moved, map[string]any{"from": resourceType + "." + m[0], "to": resourceType + "." + m[1]})
	}
	for _, address := range slices.Sorted(maps.Keys(p.imports)) {
		block := map[string]any{"to": resourceType + "." + address}
		if imp := p.imports[address]; imp.byIdentity && r.cli.identity {
			block["identity"] = map[string]any{attrPhoneNumberID: imp.number}
		} else {
			block["id"] = imp.number
		}
		imports = append(imports, block)
	}
	if moved != nil {
		whole["moved"] = moved
	}
	if imports != nil {
		whole["import"] = imports
	}
	text, err := json.MarshalIndent(whole, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "main.tf.json"), text, 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// readState takes over what is in the state file.
func (r *replay) readState(p *project, folder string) {
	p.state = map[string]record{}
	text, err := os.ReadFile(filepath.Join(folder, "terraform.tfstate"))
	if err != nil {
		return
	}
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct {
				Status     string
				Deposed    string
				Version    int64 `json:"schema_version"`
				Attributes json.RawMessage
				Private    []byte
			}
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		r.t.Fatal(err)
	}
	for _, res := range state.Resources {
		if res.Type != resourceType {
			continue
		}
		for _, i := range res.Instances {
			name := res.Name
			if i.Deposed != "" {
				name += deposedMark + i.Deposed + ")"
			}
			p.state[name] = record{version: i.Version, json: i.Attributes, private: i.Private, tainted: i.Status == "tainted"}
		}
	}
}

// compareWithCLI plays each story, after the steps that all begin with, to its end with
// the small core and with the CLI of the tests.
func compareWithCLI(t *testing.T, begin []step, stories map[string][]step) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set")
	}
	for name, steps := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			th, cli := newHistoryFixtures(t), newRealCLI(t, os.Getenv("TF_ACC_TERRAFORM_PATH"))
			h := history{steps: slices.Concat(begin, steps)}
			want, ran := th.rehearse(t, cli, h), 0
			for _, s := range h.steps {
				if s.command != nil {
					ran++
				}
			}
			if len(want) != ran {
				t.Fatalf("%d of %d runs can be compared", len(want), ran)
			}
			th.replay(t, cli, h, want)
		})
	}
}

// replayOptions are how long the replays take, and the CLIs that share this time.
// make histories sets both.
func replayOptions(t *testing.T) (clis []string, total time.Duration) {
	t.Helper()
	text := os.Getenv("WHATSAPP_HISTORIES_REPLAY")
	if text == "" {
		return nil, 0
	}
	total, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(os.Getenv("WHATSAPP_HISTORIES_CLIS")), total
}

// lastHistories are the last thousand of a run, which are replayed when all have
// been played: a sample, in a random order, for as long as there is time.
type lastHistories struct {
	mu    sync.Mutex
	of    [][]history // of each flavour
	ended int
}

const replayedOfEach = 250

// end is called when the histories of a flavour have been played, and replays when
// they are the last.
func (l *lastHistories) end(t *testing.T, th *historyFixtures, flavour int, last []history) {
	t.Helper()
	l.mu.Lock()
	l.of[flavour] = last
	l.ended++
	allEnded := l.ended == len(l.of)
	l.mu.Unlock()
	clis, total := replayOptions(t)
	if !allEnded {
		return
	}
	seed, err := strconv.ParseUint(flag.Lookup("rapid.seed").Value.String(), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(l.of...)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, path := range clis {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			th.replayFor(t, path, all, total/time.Duration(len(clis)))
		})
	}
}

// sayIfNotReplayed is for a run that was to be replayed, in which a flavour failed or
// was not played.
func (l *lastHistories) sayIfNotReplayed(t *testing.T) {
	t.Helper()
	if clis, _ := replayOptions(t); len(clis) > 0 && l.ended < len(l.of) {
		t.Logf("nothing was replayed with the real CLIs: %d of %d kinds of histories passed", l.ended, len(l.of))
	}
}

// verdicts counts what came of the runs that were replayed.
type verdicts struct {
	histories, runs, failed, nothing int
	planned                          map[verb]int
}

func (v *verdicts) add(shots []snapshot) {
	v.histories++
	v.runs += len(shots)
	for _, shot := range shots {
		switch {
		case shot.failed:
			v.failed++
		case len(shot.verbs) == 0:
			v.nothing++
		}
		for _, planned := range shot.verbs {
			v.planned[planned]++
		}
	}
}

func (v *verdicts) String() string {
	return fmt.Sprintf("%d histories with %d runs: %d runs fail, %d change nothing; planned are %d creates, %d updates, %d replacements and %d deletes",
		v.histories, v.runs, v.failed, v.nothing, v.planned[verbCreate], v.planned[verbUpdate], v.planned[verbReplace]+v.planned[verbCreateFirst], v.planned[verbDelete])
}

func (th *historyFixtures) replayFor(t *testing.T, path string, all []history, long time.Duration) {
	t.Helper()
	cli := newRealCLI(t, path)
	end := time.Now().Add(long)
	same := verdicts{planned: map[verb]int{}}
	other := 0
	for _, h := range all {
		if time.Now().After(end) {
			break
		}
		h = h.playable()
		want := th.rehearse(t, cli, h)
		switch {
		case len(want) == 0:
		case th.replay(t, cli, h, want):
			same.add(want)
		default:
			other++
		}
	}
	t.Logf("%s, of the last %d histories: the same verdicts in %s; other verdicts in %d histories", path, len(all), &same, other)
}
