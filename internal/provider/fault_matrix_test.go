// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/childprocess"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// The fault matrix makes each request of each operation of the real CLI fail in
// each way. After each failure, nothing is missing from the state, no other number
// has changed, no secret was printed, and the next apply, without the fault,
// reaches the planned state with the fewest requests that the state allows.
//
// It takes minutes, so it has a target of its own, make fault-matrix, which
// names the file for the counts in WHATSAPP_FAULT_MATRIX.
func TestFaultMatrix(t *testing.T) {
	report := os.Getenv("WHATSAPP_FAULT_MATRIX")
	if report == "" {
		t.Skip("takes minutes: use make fault-matrix")
	}
	m := newMatrix(t)
	t.Run("cells", func(t *testing.T) {
		for _, op := range m.operations() {
			requests := m.dryRun(t, op)
			for position := range requests {
				for name, fault := range matrixFaults() {
					if fault.wire != nil && !overTLS {
						continue
					}
					if fault.only != "" && fault.only != requests[position] {
						continue
					}
					t.Run(fmt.Sprintf("%s/%d-%s/%s", op.name, position+1, requests[position], name), func(t *testing.T) {
						t.Parallel()
						m.cell(t, op, requests, position, fault)
					})
				}
			}
		}
	})
	if err := os.WriteFile(report, []byte(m.summary()), 0o600); err != nil {
		t.Fatal(err)
	}
}

const bystander = "106540352240000"

type matrix struct {
	template string // a folder in which init has run
	mu       sync.Mutex
	cells    map[string]int
	lost     int
	deleted  int
	leaked   int
	touched  int
}

// operation is one run of the CLI on the number under test. There is also a
// bystander, which has its key already.
type operation struct {
	name   string
	config func(t *testing.T) string
	state  bool // the number is in the state before
	stored string
	status string
	args   []string
}

// key is the one of the configuration.
func (o operation) key(t *testing.T) string {
	t.Helper()
	if o.name == "update" || o.name == "checked update" {
		return keyB(t)
	}
	return keyA(t)
}

func resources(t *testing.T, key string, more string) string {
	t.Helper()
	return requiredProviders + numberWith(key) + fmt.Sprintf("resource \"whatsapp_business_encryption\" \"bystander\" {\n  phone_number_id = %q\n  business_public_key = %s\n}\n", bystander, quote(keyA(t))) + more
}

func (m *matrix) operations() []operation {
	apply := []string{"apply", "-auto-approve", "-input=false", "-no-color"}
	a := func(t *testing.T) string { t.Helper(); return resources(t, quote(keyA(t)), "") }
	b := func(t *testing.T) string { t.Helper(); return resources(t, quote(keyB(t)), "") }
	imported := func(t *testing.T) string {
		t.Helper()
		return resources(t, quote(keyA(t)), "import {\n  to = "+address+"\n  id = \""+testNumber+"\"\n}\n")
	}
	checked := func(t *testing.T) string {
		t.Helper()
		e := newEndpoint(t, endpointmock.Options{}, privateB(t))
		return strings.Replace(b(t), "  business_public_key", "  "+checking("answers = 1", e)+"\n  business_public_key", 1)
	}
	return []operation{
		{name: "create", config: a, args: apply},
		{name: "checked update", config: checked, state: true, stored: "a", status: "VALID", args: apply},
		{name: "update", config: b, state: true, stored: "a", status: "VALID", args: apply},
		{name: "repair", config: a, state: true, stored: "a", status: "MISMATCH", args: apply},
		{name: "restore", config: a, state: true, stored: "b", status: "VALID", args: apply},
		{name: "plan", config: a, state: true, stored: "a", status: "VALID", args: []string{"plan", "-input=false", "-no-color"}},
		{name: "import", config: imported, stored: "a", status: "VALID", args: apply},
		{name: "destroy", config: a, state: true, stored: "a", status: "VALID", args: []string{"destroy", "-auto-approve", "-input=false", "-no-color"}},
	}
}

type matrixFault struct {
	graphmock.Fault
	only    string     // a method
	kill    string     // whom the hook kills: "cli", "provider", or "interrupt" for Ctrl-C
	wire    *wireFault // what happens on the way to the mock server
	retries bool       // the fault passes, and the provider may try again: the run has to succeed
}

func matrixFaults() map[string]matrixFault {
	body := func(code, subcode int) string {
		return graphmock.ErrorBody(code, subcode, "OAuthException", "as scripted for "+testToken, nil)
	}
	faults := map[string]matrixFault{
		"server error":          {Fault: graphmock.Fault{Times: -1, Status: 500, Body: body(1, 0)}},
		"stored, then 500":      {Fault: graphmock.Fault{Status: 500, Apply: true, Body: body(131000, 0)}, only: http.MethodPost},
		"gateway, empty":        {Fault: graphmock.Fault{Times: -1, Status: 502}},
		"rate limit":            {Fault: func() graphmock.Fault { f := graphmock.RateLimit(80008, 60); f.Times = -1; return f }()},
		"expired token":         {Fault: graphmock.Fault{Times: -1, Status: 401, Body: body(190, 463)}},
		"permission":            {Fault: graphmock.Fault{Times: -1, Status: 403, Body: body(10, 0)}},
		"wrong object":          {Fault: graphmock.Fault{Times: -1, Status: 400, Body: body(100, 33)}},
		"not registered":        {Fault: graphmock.Fault{Times: -1, Status: 400, Body: body(133010, 0)}},
		"login page":            {Fault: graphmock.Fault{Times: -1, Status: 200, Body: "<html>"}},
		"cut off":               {Fault: graphmock.Fault{Times: -1, Status: 200, Body: `{"data":[{`}},
		"not found":             {Fault: graphmock.Fault{Times: -1, Status: 404, Body: "not found"}},
		"dropped before":        {Fault: graphmock.Fault{Times: -1, Drop: graphmock.DropOnRequest}},
		"dropped after":         {Fault: graphmock.Fault{Times: -1, Drop: graphmock.DropAfterRequest}},
		"stored, then dropped":  {Fault: graphmock.Fault{Drop: graphmock.DropAfterRequest, Apply: true}, only: http.MethodPost},
		"half an answer":        {Fault: graphmock.Fault{Times: -1, Drop: graphmock.DropMidBody}},
		"no success, stored":    {Fault: graphmock.Fault{Status: 200, Apply: true, Body: `{"success":false}`}, only: http.MethodPost},
		"no success":            {Fault: graphmock.Fault{Times: -1, Status: 200, Body: `{"success":false}`}, only: http.MethodPost},
		"passes: server error":  {Fault: graphmock.Fault{Status: 500, Body: body(2, 0)}, retries: true},
		"passes: dropped":       {Fault: graphmock.Fault{Drop: graphmock.DropAfterRequest}, retries: true},
		"passes: stored":        {Fault: graphmock.Fault{Status: 500, Apply: true}, only: http.MethodPost, retries: true},
		"passes: GOAWAY":        {Fault: graphmock.Fault{Header: http.Header{"Connection": {"close"}}}, retries: true},
		"Ctrl-C":                {Fault: graphmock.Fault{Delay: 20 * time.Second}, kill: "interrupt"},
		"Ctrl-C, stored":        {Fault: graphmock.Fault{Delay: 20 * time.Second, Apply: true}, only: http.MethodPost, kill: "interrupt"},
		"CLI killed":            {Fault: graphmock.Fault{Delay: 20 * time.Second}, kill: "cli"},
		"CLI killed, stored":    {Fault: graphmock.Fault{Delay: 20 * time.Second, Apply: true}, only: http.MethodPost, kill: "cli"},
		"plugin killed":         {Fault: graphmock.Fault{Delay: 20 * time.Second}, kill: "provider"},
		"plugin killed, stored": {Fault: graphmock.Fault{Delay: 20 * time.Second, Apply: true}, only: http.MethodPost, kill: "provider"},
	}
	maps.Copy(faults, wireFaults())
	return faults
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	w := newWorld(t)
	c := w.cli(requiredProviders)
	return &matrix{template: c.WorkingDir(), cells: map[string]int{}}
}

// bench is one cell of the matrix: a world, and a folder with the state that the
// operation starts from.
type bench struct {
	*world
	t      *testing.T
	folder string
	env    []string
}

func (m *matrix) bench(t *testing.T, op operation) *bench {
	t.Helper()
	w := newWorld(t, testNumber, bystander)
	b := &bench{world: w, t: t, folder: t.TempDir()}
	environment := w.environment()
	environment["TF_DATA_DIR"] = filepath.Join(m.template, ".terraform")
	for name, value := range environment {
		b.env = append(b.env, name+"="+value)
	}
	lock, err := os.ReadFile(filepath.Join(m.template, ".terraform.lock.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	b.write(".terraform.lock.hcl", string(lock))

	w.SetKey(bystander, keyA(t), "VALID")
	w.SetKey(testNumber, "", "")
	b.write("terraform.tfstate", initialState(t, op.state))
	switch op.stored {
	case "a":
		w.SetKey(testNumber, keyA(t), op.status)
	case "b":
		w.SetKey(testNumber, keyB(t), op.status)
	}
	b.write("main.tf", op.config(t))
	w.ResetRequests()
	return b
}

// initialState is what an apply of key A would have left behind.
func initialState(t *testing.T, withNumber bool) string {
	t.Helper()
	host := "registry.terraform.io"
	if isOpenTofu {
		host = "registry.opentofu.org"
	}
	entry := func(name, id string) map[string]any {
		return map[string]any{
			"mode": "managed", "type": resourceType, "name": name,
			"provider": `provider["` + host + `/wa-flows/whatsapp"]`,
			"instances": []any{map[string]any{
				"schema_version": 0,
				"attributes": map[string]any{
					attrPhoneNumberID: id, attrPublicKey: keyA(t), attrSignatureStatus: "VALID",
					attrFingerprint: fingerprintOf(t, keyA(t)), attrAllowOverwrite: false, attrTimeouts: nil,
				},
			}},
		}
	}
	list := []any{entry("bystander", bystander)}
	if withNumber {
		list = append(list, entry("test", testNumber))
	}
	text, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "9f2c3a52-6c1b-4b5e-8d0a-0c6f1e1a7b11", "outputs": map[string]any{}, "resources": list,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.folder, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// run starts the CLI. While it runs, kill may signal it through the channel.
func (b *bench) run(retries int, process chan<- int, args ...string) (output string, err error) {
	b.t.Helper()
	command := exec.CommandContext(b.t.Context(), os.Getenv("TF_ACC_TERRAFORM_PATH"), args...)
	command.Dir = b.folder
	command.Env = append(slices.Clone(b.env), envMaxRetries+"="+strconv.Itoa(retries), envRetryMaxWait+"=1s")
	childprocess.InNewGroup(command)
	command.WaitDelay = 5 * time.Second // a killed CLI leaves plugins that hold its output open
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		b.t.Fatal(err)
	}
	if process != nil {
		process <- command.Process.Pid
	}
	err = command.Wait()
	_ = childprocess.KillGroup(command.Process.Pid)
	return out.String(), err
}

// dryRun returns the methods of the requests that the operation sends to the
// number when nothing goes wrong.
func (m *matrix) dryRun(t *testing.T, op operation) []string {
	t.Helper()
	b := m.bench(t, op)
	if out, err := b.run(0, nil, op.args...); err != nil {
		t.Fatalf("%s fails without a fault: %v\n%s", op.name, err, out)
	}
	return strings.Fields(b.requests(testNumber))
}

// cell makes one of the requests fail that a run without a fault sends.
func (m *matrix) cell(t *testing.T, op operation, requests []string, position int, f matrixFault) {
	t.Helper()
	b := m.bench(t, op)
	keyBefore, statusBefore := b.Key(testNumber)
	f.Object, f.After = testNumber, position
	process := make(chan int, 1)
	if f.kill != "" {
		f.Hook = func() { kill(f.kill, <-process) }
	}
	environment, passes, retries := b.env, f.retries, 0
	var way *onTheWay
	if f.wire == nil {
		b.Script(f.Fault)
	} else {
		way = b.onTheWay(op, requests, position, f)
		passes = passes || way.resent()
	}
	if f.retries || f.wire != nil && f.wire.class == graph.ClassProxy {
		retries = 3
	}
	out, err := b.run(retries, process, op.args...)
	b.ClearFaults()
	b.env = environment
	if way != nil {
		way.check(out, err == nil)
	}
	b.mustSayTheTruth(out, err, op, keyBefore, statusBefore)

	if passes && err != nil {
		t.Errorf("the fault passes, and the run fails: %v\n%s", err, out)
	}
	if !passes && err == nil && !strings.Contains(out, "Warning: Could not check") {
		t.Errorf("the run succeeds despite the fault:\n%s", out)
	}
	in, tainted := b.inState()
	destroyed := op.name == "destroy" && err == nil
	m.count(op.name, func() {
		if op.state && !in && !destroyed {
			m.lost++
			t.Errorf("the number was dropped from the state:\n%s", out)
		}
		if !strings.Contains(b.stateText(), bystander) && !destroyed {
			m.lost++
			t.Error("the bystander was dropped from the state")
		}
		if n := b.Count(http.MethodDelete, ""); n > 0 {
			m.deleted += n
			t.Errorf("%d DELETE requests", n)
		}
		if n := b.Count(http.MethodPost, bystander); n > 0 {
			m.touched++
			t.Errorf("the bystander got %d POST requests", n)
		}
		if strings.Contains(out+b.stateText(), testToken) {
			m.leaked++
			t.Errorf("the access token is printed or stored:\n%s", out)
		}
	})
	if destroyed {
		return
	}

	want := "GET"
	stored, status := b.Key(testNumber)
	expected := op.key(t)
	switch imports := op.name == "import" && !in; {
	case imports:
		want = m.importRequests(t, op)
	case op.name == "destroy":
		want = "GET"
	case !in:
		want = "GET GET POST GET"
	case tainted:
		want = "GET GET GET POST GET"
	case newPublicKeyValue(stored).sameKey(newPublicKeyValue(expected)) && status == "VALID":
		// At most, the state does not show it yet.
	case op.name == "checked update":
		want = "GET GET POST GET" // also right before the endpoint is asked
	default:
		want = "GET POST GET"
	}
	b.ResetRequests()
	if out, err := b.run(0, nil, op.args...); err != nil {
		t.Fatalf("the next run, without the fault, fails: %v\n%s", err, out)
	}
	if got := b.requests(testNumber); got != want {
		t.Errorf("the next run sent %q, not %q", got, want)
	}
	if op.name == "destroy" {
		return
	}
	if stored, status := b.Key(testNumber); status != "VALID" || !newPublicKeyValue(stored).sameKey(newPublicKeyValue(expected)) {
		t.Errorf("in the end the number holds another key, or its signature is %s", status)
	}
	if out, err := b.run(0, nil, "plan", "-detailed-exitcode", "-input=false", "-no-color"); err != nil {
		t.Errorf("in the end the plan is not empty: %v\n%s", err, out)
	}
}

// What is said about the key on the number.
const (
	saysNotChanged = "The key on the number was not changed."
	saysNotKnown   = "It is not known whether the key on the number was changed."
	saysUploaded   = "The key was uploaded."
)

// mustSayTheTruth compares what a run says about the key on the number with what
// the mock server has.
func (b *bench) mustSayTheTruth(output string, err error, op operation, keyBefore, statusBefore string) {
	b.t.Helper()
	said := inOneLine(output)
	key, status := b.Key(testNumber)
	if err != nil && strings.Contains(said, saysNotChanged) && (key != keyBefore || status != statusBefore) {
		b.t.Errorf("the key was changed:\n%s", output)
	}
	if strings.Contains(said, saysNotKnown) && b.Count(http.MethodPost, testNumber) == 0 {
		b.t.Errorf("nothing was uploaded:\n%s", output)
	}
	if strings.Contains(said, saysUploaded) && !newPublicKeyValue(key).sameKey(newPublicKeyValue(op.key(b.t))) {
		b.t.Errorf("the number does not have the key:\n%s", output)
	}
}

// importRequests is what an import sends when nothing goes wrong.
func (m *matrix) importRequests(t *testing.T, op operation) string {
	t.Helper()
	return strings.Join(m.dryRun(t, op), " ")
}

func (b *bench) stateText() string {
	text, _ := os.ReadFile(filepath.Join(b.folder, "terraform.tfstate"))
	return string(text)
}

// inState reports whether the number under test is in the state file, and
// whether it is tainted.
func (b *bench) inState() (in, tainted bool) {
	instance := b.instance()
	return instance != nil, instance != nil && instance.Status == "tainted"
}

// keyInState is empty when the number under test is not in the state file.
func (b *bench) keyInState() string {
	if instance := b.instance(); instance != nil {
		return instance.Attributes.Key
	}
	return ""
}

type instanceInState struct {
	Status     string
	Attributes struct {
		Key string `json:"business_public_key"`
	}
}

func (b *bench) instance() *instanceInState {
	var state struct {
		Resources []struct {
			Name      string
			Instances []instanceInState
		}
	}
	if err := json.Unmarshal([]byte(b.stateText()), &state); err != nil {
		b.t.Fatalf("the state is damaged: %v", err)
	}
	for _, r := range state.Resources {
		if r.Name == "test" && len(r.Instances) == 1 {
			return &r.Instances[0]
		}
	}
	return nil
}

func (m *matrix) count(op string, check func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cells[op]++
	check()
}

func (m *matrix) summary() string {
	total := 0
	var lines []string
	for _, op := range m.operations() {
		lines = append(lines, fmt.Sprintf("%-8s %3d cells", op.name, m.cells[op.name]))
		total += m.cells[op.name]
	}
	return fmt.Sprintf("fault matrix: %d cells tried, state lost %d, wrong deletes %d, other numbers touched %d, leaks %d\n  %s\n",
		total, m.lost, m.deleted, m.touched, m.leaked, strings.Join(lines, "\n  "))
}

// kill signals the CLI with this process ID, or its plugin.
func kill(whom string, cli int) {
	switch whom {
	case "interrupt":
		_ = childprocess.Interrupt(cli)
	case "cli":
		_ = childprocess.Kill(cli)
	case "provider":
		children, _ := childprocess.Children(cli, "terraform-prov")
		for _, child := range children {
			_ = childprocess.Kill(child)
		}
	}
}
