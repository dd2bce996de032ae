// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// workflowStep returns the script of a step of the workflow in the example.
func workflowStep(t *testing.T, name string) string {
	t.Helper()
	_, step, found := strings.Cut(example(t, "monitoring/drift.yml"), "      - name: "+name+"\n")
	step, _, _ = strings.Cut(step, "\n      - ")
	step, _, _ = strings.Cut(step, "\n  report:")
	_, script, run := strings.Cut(step, "\n        run: |\n")
	if !found || !run {
		t.Fatalf("the workflow has no script in the step %q", name)
	}
	lines := strings.Split(script, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "          ")
	}
	script = strings.Join(lines, "\n")
	if strings.Contains(script, "${{") {
		t.Errorf("the step %q has an expression in its script, where a value becomes a command", name)
	}
	return script
}

// issueTracker stands in for gh: it keeps one file for each open issue, with the
// title in the first line, and writes down what it was asked to do.
const issueTracker = `#!/usr/bin/env bash
set -euo pipefail
command="$2"
shift 2
case "$command" in
list)
  [[ "$*" == *'in:title "'* ]] || exit 1
  all="$*"
  title="${all#*in:title \"}"
  title="${title%%\"*}"
  for file in "$ISSUES"/*; do
    if [[ -f "$file" && "$(head -n 1 "$file")" == "$title" ]]; then basename "$file"; fi
  done
  ;;
create)
  [[ "$1 $3" == '--title --body' ]] || exit 1
  ((${#4} <= 65536)) || exit 1
  number=$((100 + RANDOM))
  printf '%s\n%s\n' "$2" "$4" >"$ISSUES/$number"
  ;;
edit)
  [[ "$2" == --body ]] || exit 1
  printf '%s\n%s\n' "$(head -n 1 "$ISSUES/$1")" "$3" >"$ISSUES/$1"
  ;;
close)
  rm "$ISSUES/$1"
  ;;
*) exit 1 ;;
esac
echo "$command" >>"$DONE"
`

const (
	monitoredFlow = "1231231231231"
	monitoredWABA = "102290129340398"
	hiddenSecret  = "hidden-app-secret"
	hiddenFlow    = "hidden-flow-secret"
	runURL        = "https://github.example/runs/1"
)

// monitor is the example in a folder, with the scripts of its workflow.
type monitor struct {
	*exampleFolder
	plan, report string
	env          map[string]string
	output       string // the log of all runs
	outcome      string
	summary      string
}

func newMonitor(t *testing.T) (*monitor, *endpointmock.Server) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" || os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		t.Skip("runs the real CLI: use make test")
	}
	for _, program := range []string{"bash", "jq"} {
		if _, err := exec.LookPath(program); err != nil || runtime.GOOS == "windows" {
			t.Skip("the runner of the workflow has bash and jq, and this machine does not")
		}
	}
	w := newWorldWith(t, graphmock.Options{Token: testToken, AppSecret: hiddenSecret, TLS: overTLS}, support)
	e := newExampleFolder(t, w, standInMirror(t))
	e.copy(filepath.Join(examplesFolder, "monitoring"))
	e.write("public.pem", keyA(t))
	e.held = fixture(t, "rsa2048_a.private_pkcs8.pem")
	e.env = append(e.env, envAppSecret+"="+hiddenSecret)
	endpoint := newEndpoint(t, endpointmock.Options{AppSecret: hiddenFlow}, privateA(t))
	w.AddFlow(graphmock.Flow{ID: monitoredFlow, Status: "PUBLISHED", EndpointURI: endpoint.URL() + "/flow?token=hidden-token"})
	w.SetKey(support, keyA(t), "VALID")

	m := &monitor{exampleFolder: e, plan: workflowStep(t, "Plan"), report: workflowStep(t, "Open, update or close the issue"), env: map[string]string{}}
	for _, pair := range e.env {
		name, value, _ := strings.Cut(pair, "=")
		m.env[name] = value
	}
	tools, issues := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "gh"), []byte(issueTracker), 0o700); err != nil {
		t.Fatal(err)
	}
	m.env["PATH"] = tools + string(os.PathListSeparator) + os.Getenv("PATH")
	m.env["CLI"] = os.Getenv("TF_ACC_TERRAFORM_PATH")
	m.env["ISSUES"], m.env["DONE"] = issues, filepath.Join(tools, "done")
	m.env[envFlowAppSecret] = hiddenFlow
	m.env["RUN"] = runURL
	return m, endpoint
}

// script runs a script as the runner does, and returns its exit code and what it
// printed.
func (m *monitor) script(text string, more map[string]string) (int, string) {
	m.t.Helper()
	file := filepath.Join(m.t.TempDir(), "script.sh")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	command := exec.CommandContext(m.t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", file)
	command.Dir = m.dir
	environment := maps.Clone(m.env)
	maps.Copy(environment, more)
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.CombinedOutput()
	m.output += string(out)
	return exitCode(err), string(out)
}

// run is one run of the workflow, and returns what was printed. It expects this
// outcome, and the titles of the issues that are open afterwards.
func (m *monitor) run(outcome string, open ...string) string {
	m.t.Helper()
	outputs := filepath.Join(m.t.TempDir(), "outputs")
	code, printed := m.script(m.plan, map[string]string{"GITHUB_OUTPUT": outputs, "GITHUB_STEP_SUMMARY": outputs + ".summary"})
	if want := map[bool]int{true: 1}[outcome == "failed"]; code != want {
		m.t.Errorf("the plan ends with %d, not %d:\n%s", code, want, printed)
	}
	text, err := os.ReadFile(outputs)
	if err != nil {
		m.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?s)^outcome=(\w+)\nsummary<<(\S+)\n(.*)\n(\S+)\n$`).FindStringSubmatch(string(text))
	if found == nil || found[2] != found[4] {
		m.t.Fatalf("the outputs are %q", text)
	}
	m.outcome, m.summary = found[1], found[3]
	if m.outcome != outcome {
		m.t.Errorf("the outcome is %s, not %s:\n%s", m.outcome, outcome, printed)
	}
	m.reports(m.outcome, m.summary, open...)
	m.output += string(text)
	for _, left := range []string{"drift.tfplan", "drift.json"} {
		if _, err := os.Stat(filepath.Join(m.dir, left)); err == nil {
			m.t.Errorf("%s is left", left)
		}
	}
	return printed
}

// reports runs the second job.
func (m *monitor) reports(outcome, summary string, open ...string) {
	m.t.Helper()
	if code, printed := m.script(m.report, map[string]string{"OUTCOME": outcome, "SUMMARY": summary}); code != 0 {
		m.t.Errorf("the report ends with %d:\n%s", code, printed)
	}
	issues := m.issues()
	if got := slices.Sorted(maps.Keys(issues)); !slices.Equal(got, open) {
		m.t.Errorf("these issues are open: %q, and not %q", got, open)
	}
	for title, body := range issues {
		if !strings.Contains(body, runURL) {
			m.t.Errorf("the issue %q does not name the run:\n%s", title, body)
		}
		m.output += body
	}
}

func (m *monitor) issues() map[string]string {
	m.t.Helper()
	files, err := filepath.Glob(filepath.Join(m.env["ISSUES"], "*"))
	if err != nil {
		m.t.Fatal(err)
	}
	open := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			m.t.Fatal(err)
		}
		title, body, _ := strings.Cut(string(text), "\n")
		open[title] = body
	}
	return open
}

// done returns what was done to issues since the last call.
func (m *monitor) done() string {
	m.t.Helper()
	text, err := os.ReadFile(m.env["DONE"])
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.Remove(m.env["DONE"]); err != nil {
		m.t.Fatal(err)
	}
	lines := slices.DeleteFunc(strings.Fields(string(text)), func(line string) bool { return line == "list" })
	return strings.Join(lines, " ")
}

// The workflow of the example, with its scripts as they are: it tells apart that
// nothing changes, that something does, that only a check fails, and that the plan
// fails. It keeps an issue open for as long as that is so, uploads nothing, and
// prints no secret.
func TestCLI_monitoringWorkflow(t *testing.T) {
	t.Parallel()
	const (
		changes = "WhatsApp: the plan has changes"
		check   = "WhatsApp: a check fails"
		fails   = "WhatsApp: the scheduled plan fails"
		update  = "whatsapp_business_encryption.support: update"
	)
	m, endpoint := newMonitor(t)
	summarized := func(want string) {
		t.Helper()
		if !strings.Contains(m.summary, want) {
			t.Errorf("the summary is %q, without %q", m.summary, want)
		}
	}
	apply := func() {
		t.Helper()
		m.env["TF_CLI_ARGS_apply"] = noColor
		if code, out := m.script("\"$CLI\" apply -input=false -auto-approve", nil); code != 0 {
			t.Fatal(out)
		}
	}
	m.mustRun("init", noColor) // which writes the lock file
	if code, out := m.script(workflowStep(t, "Initialize"), nil); code != 0 {
		t.Fatalf("%d\n%s", code, out)
	}
	apply()
	m.ResetRequests()

	m.run("clean")
	m.mustHaveSent(map[string]string{support: "GET GET GET", monitoredWABA: "GET GET", monitoredFlow: "GET"})

	m.Reregister(support)
	m.run("drift", changes)
	summarized(update)
	summarized("check.signature: WhatsApp's signature of the key is not valid on: " + support)
	if done := m.done(); done != "create" {
		t.Errorf("done to issues: %s", done)
	}
	m.run("drift", changes)
	if done := m.done(); done != "edit" {
		t.Errorf("done to issues the second time: %s", done)
	}
	m.mustNotHaveUploaded()
	apply()
	m.run("clean")
	if done := m.done(); done != "close" {
		t.Errorf("done to issues afterwards: %s", done)
	}

	m.ResetRequests()
	m.SetKey(support, foreignKey(), "VALID")
	m.run("drift", changes)
	summarized(update)
	summarized("check.endpoint: ")
	m.mustNotHaveUploaded()
	apply()

	m.ClearKey(support)
	m.run("drift", changes)
	summarized("whatsapp_business_encryption.support: create")
	apply()

	// A move changes no number, and the exit code is 2 all the same.
	config := example(t, "monitoring/main.tf")
	m.write("main.tf", strings.ReplaceAll(config, `"support" {`, `"renamed" {`)+"moved {\n  from = whatsapp_business_encryption.support\n  to = whatsapp_business_encryption.renamed\n}\n")
	m.run("drift", changes)
	if want := "whatsapp_business_encryption.renamed: move from whatsapp_business_encryption.support\n"; m.summary != want {
		t.Errorf("the summary is %q, not %q", m.summary, want)
	}
	m.write("main.tf", config)

	// A display name was approved: the number is about to be registered again.
	m.AddNumber(graphmock.Number{ID: support, NameStatus: "PENDING_REVIEW"})
	m.SetKey(support, keyA(t), "VALID")
	m.run("drift", changes)
	if m.summary != "output.name_status: update\n" {
		t.Errorf("the summary is %q", m.summary)
	}
	apply()
	m.run("clean")

	endpoint.RemoveKey(&privateA(t).PublicKey)
	m.run("check", check)
	summarized("check.endpoint: It answered HTTP 421")
	endpoint.AddKey(privateA(t))
	m.AddFlow(graphmock.Flow{ID: monitoredFlow, Status: "DEPRECATED", EndpointURI: endpoint.URL()})
	m.run("check", check)
	summarized("check.flow: The Flow cannot be sent as it should: BLOCKED.")

	m.env[envAccessToken] = "EAAExpiredTokenOfThisTest"
	printed := m.run("failed", check, fails) // nothing is known about the check
	summarized("Error: Could not ")
	if !strings.Contains(inOneLine(printed), "access token") {
		t.Errorf("the log does not say why:\n%s", printed)
	}
	m.env[envAccessToken] = testToken
	m.AddFlow(graphmock.Flow{ID: monitoredFlow, Status: "PUBLISHED", EndpointURI: endpoint.URL()})
	m.run("clean")
	m.reports("failed", "", fails) // the job was cancelled

	for _, secret := range []string{testToken, "EAAExpired", hiddenSecret, hiddenFlow, "hidden-token", "PRIVATE KEY"} {
		if strings.Contains(m.output, secret) {
			t.Errorf("%q is in the log, in an output or in an issue", secret)
		}
	}
}

// mustNotHaveUploaded resets the count of the requests.
func (m *monitor) mustNotHaveUploaded() {
	m.t.Helper()
	if n := m.Count("POST", ""); n != 0 {
		m.t.Errorf("%d keys were uploaded", n)
	}
	m.ResetRequests()
}

// aLargePlan stands in for the CLI: its plan changes 5,000 numbers.
const aLargePlan = `#!/usr/bin/env bash
case "$1" in
plan) exit 2 ;;
show) jq -n '{
  resource_changes: [range(5000) | {mode: "managed", address: "whatsapp_business_encryption.flows[\"\(.)\"]", change: {actions: ["update"]}}]
}' ;;
esac
`

// A summary of any length and content fits into an issue, and stays a block in it.
func TestCLI_monitoringSummary(t *testing.T) {
	t.Parallel()
	m, _ := newMonitor(t)
	m.env["CLI"] = filepath.Join(t.TempDir(), "cli")
	if err := os.WriteFile(m.env["CLI"], []byte(aLargePlan), 0o700); err != nil {
		t.Fatal(err)
	}
	const changes = "WhatsApp: the plan has changes"
	m.run("drift", changes)
	first, last := "\n    whatsapp_business_encryption.flows[\"0\"]: update\n", "\n    … and more: see the log of the run.\n"
	if body := m.issues()[changes]; !strings.Contains(body, first) || !strings.Contains(body, last) {
		t.Errorf("the issue is\n%s", body)
	}

	m.reports("drift", "A message\n```\n@everybody & all\n", changes)
	if body := m.issues()[changes]; !strings.Contains(body, "\n\n    A message\n    ```\n    @everybody & all\n") {
		t.Errorf("the issue is\n%s", body)
	}
}

// Each check of the example warns of what it is for, and of nothing else, and the
// exit code of the plan does not show it.
func TestCLI_monitoringChecks(t *testing.T) {
	t.Parallel()
	m, endpoint := newMonitor(t)
	m.AddNumber(graphmock.Number{ID: orders}) // which no configuration manages
	m.env["TF_CLI_ARGS_plan"] = noColor
	if code, out := m.script("\"$CLI\" init -input=false && \"$CLI\" apply -input=false -auto-approve", nil); code != 0 {
		t.Fatal(out)
	}
	published := func(status string) func() {
		return func() {
			m.AddFlow(graphmock.Flow{ID: monitoredFlow, Status: status, EndpointURI: endpoint.URL() + "/flow"})
		}
	}
	for _, test := range []struct {
		happens, ends func()
		check, says   string
	}{
		{func() { m.SetKey(orders, keyA(t), "VALID") }, func() {}, "", ""},
		{func() { m.Reregister(orders) }, func() { m.SetKey(orders, keyA(t), "VALID") }, "signature", "not valid on: " + orders + "."},
		{func() { m.Deregister(orders) }, func() { m.Reregister(orders); m.SetKey(orders, keyA(t), "VALID") }, "signature", "Could not be read: " + orders + ": "},
		{func() { m.ClearKey(orders) }, func() {}, "", ""},
		{func() { endpoint.SetBehaviour(endpointmock.Status421) }, func() { endpoint.SetBehaviour(endpointmock.Normal) }, "endpoint", "HTTP 421"},
		{published("THROTTLED"), published("PUBLISHED"), "flow", "LIMITED."},
		{published("BLOCKED"), published("PUBLISHED"), "flow", "BLOCKED."},
	} {
		test.happens()
		code, out := m.script("\"$CLI\" plan -input=false -detailed-exitcode", nil)
		warns := regexp.MustCompile(`on main\.tf line \d+, in check "(\w+)":`).FindAllStringSubmatch(inOneLine(out), -1)
		if want := 1; test.check == "" && len(warns) != 0 || test.check != "" && (len(warns) != want || warns[0][1] != test.check) {
			t.Errorf("%q: the plan warns of %q:\n%s", test.check, warns, out)
		}
		if code != 0 || !strings.Contains(inOneLine(out), test.says) {
			t.Errorf("%q: the plan ends with %d, and does not say %q:\n%s", test.check, code, test.says, out)
		}
		test.ends()
	}
}

// The guide says how many calls a plan makes for an account of this size.
func TestCLI_monitoringCalls(t *testing.T) {
	t.Parallel()
	m, _ := newMonitor(t)
	for i := range 119 {
		m.AddNumber(graphmock.Number{ID: fmt.Sprint(2000000 + i)})
	}
	if code, out := m.script("\"$CLI\" init -input=false && \"$CLI\" apply -input=false -auto-approve", nil); code != 0 {
		t.Fatal(out)
	}
	m.ResetRequests()
	m.run("clean")
	guide, err := os.ReadFile("../../templates/guides/monitoring.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("In an account of 120 numbers, of which it manages one, a plan of this example makes %d calls.", len(m.Requests())); !strings.Contains(string(guide), want) {
		t.Errorf("the guide does not say: %s", want)
	}
}
