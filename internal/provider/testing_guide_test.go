// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const testingGuide = "../../templates/guides/testing-without-an-account.md"

func readTestingGuide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(testingGuide)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// reactions are what the provider does about each fault, as the tests of the
// client find it.
var reactions = map[string]string{
	"rate-limit":    "fails at once if the wait is longer than `retry_max_wait`, and else waits",
	"server-error":  "tries again, up to `max_retries` times; after an upload, it reads the number first",
	"bad-gateway":   "does the same; with a status such as 403, it fails at once",
	"slow":          "waits, until the timeout of the operation",
	"lost-request":  "tries again; after an upload, it reads the number first",
	"lost-answer":   "reads the number, finds the key, and does not upload it again",
	"cut-answer":    "does the same",
	"expired-token": "fails, and sends nothing more with this token",
	"no-permission": "fails",
	"graph-error":   "does what [Troubleshooting](troubleshooting.md) says about the code",
	"mismatch":      "reads the number for two minutes, and then fails: the key was uploaded but is not confirmed",
	"lagging":       "reads the number until it shows the new key",
	"call-budget":   "treats it as a rate limit",
}

// The tables of the guide are those of the mock server.
func TestTestingGuide(t *testing.T) {
	t.Parallel()
	row := func(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
	var faults, common, commands strings.Builder
	presets := graphmock.Presets()
	for _, p := range presets {
		var settings []string
		for _, s := range p.Settings {
			def := " (default `" + s.Default + "`)"
			if s.Default == "" {
				def = ""
			}
			settings = append(settings, "`"+s.Name+"`: "+s.Means+def)
		}
		reaction, ok := reactions[p.Name]
		if !ok {
			t.Errorf("the guide does not say what the provider does about %s", p.Name)
		}
		faults.WriteString(row("`"+p.Name+"`", p.Does, reaction, strings.Join(settings, "<br>")))
	}
	if len(reactions) != len(presets) {
		t.Errorf("the guide has %d faults, and the mock server %d", len(reactions), len(presets))
	}
	for _, s := range graphmock.RequestSettings() {
		common.WriteString(row("`"+s.Name+"`", "`"+s.Default+"`", s.Means))
	}
	for _, c := range graphmock.Commands() {
		form := ""
		if c.Form != "" {
			form = "`" + c.Form + "`"
		}
		commands.WriteString(row(c.Does, "`"+c.Method+" "+c.Path+"`", form))
	}

	text := readTestingGuide(t)
	want := text
	for head, rows := range map[string]string{"Fault": faults.String(), "Setting": common.String(), "Command": commands.String()} {
		table := regexp.MustCompile(`(?m)^(\| ` + head + ` \|.*\n\|[-|]+\|\n)((?:\|.*\n)*)`)
		found := table.FindStringSubmatchIndex(want)
		if found == nil {
			t.Fatalf("the guide has no table with the head %s", head)
		}
		want = want[:found[3]] + rows + want[found[5]:]
	}
	if *update {
		if err := os.WriteFile(testingGuide, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != want {
		t.Errorf("the guide is out of date: go test ./internal/provider -run %s -update, and make docs", t.Name())
	}
}

// The guide, as a reader follows it: the files have the names that it gives them,
// and what is typed into a shell is typed in this order.
func TestCLI_testingGuide(t *testing.T) {
	t.Parallel()
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if os.Getenv("TF_ACC") == "" || cli == "" {
		t.Skip("runs the real CLI: use make test")
	}
	for _, needed := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skip("there is no " + needed)
		}
	}
	bin := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../cmd/graphmock").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Symlink(cli, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}

	text := readTestingGuide(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(text, "127.0.0.1:8080", free.Addr().String())
	_ = free.Close()
	rest, pipeline, ok := strings.Cut(text, "\n## In a pipeline\n")
	if !ok {
		t.Fatal("the guide has no section about pipelines")
	}

	folder := t.TempDir()
	files := regexp.MustCompile("(?s)`([\\w./-]+)`:\n\n```terraform\n(.*?)```\n").FindAllStringSubmatch(text, -1)
	if got := strings.Count(text, "```terraform\n"); len(files) != got || got != 3 {
		t.Errorf("%d of %d files have a name", len(files), got)
	}
	for _, file := range files {
		name := filepath.Join(folder, file[1])
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(file[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(script string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), "sh", "-eu", "-c", script)
		command.Dir = folder
		command.Env = []string{
			"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
			"TF_CLI_CONFIG_FILE=" + os.Getenv("TF_CLI_CONFIG_FILE"), "CHECKPOINT_DISABLE=1", "TF_CLI_ARGS=-no-color",
		}
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, script, out)
		}
		return string(out)
	}
	run("terraform fmt -check -recursive -diff")

	// The first block is for a shell of its own. The second run of the test also
	// shows that the reset is enough.
	blocks := shellBlocks(rest)
	if len(blocks) != 6 {
		t.Fatalf("there are %d blocks for the shell", len(blocks))
	}
	blocks[4] = strings.TrimSpace(blocks[4]) + " && exit 1 # it fails\n"
	out := run(fmt.Sprintf(`%s >mock.log &
mock=$!
trap 'kill $mock' EXIT
until grep -q Ctrl-C mock.log; do kill -0 $mock; sleep 0.1; done
%s
terraform test
`, strings.TrimSpace(blocks[0]), strings.Join(blocks[1:], "")))
	for _, want := range []string{"6 passed, 0 failed", "The access token is expired", "Plan: 2 to add"} {
		if !strings.Contains(inOneLine(out), want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}

	blocks = shellBlocks(pipeline)
	if len(blocks) != 1 {
		t.Fatalf("there are %d blocks for the pipeline", len(blocks))
	}
	if out := run(blocks[0]); !strings.Contains(out, "6 passed, 0 failed") {
		t.Error(out)
	}
}

func shellBlocks(text string) []string {
	var blocks []string
	for _, found := range regexp.MustCompile("(?s)```shell\n(.*?)```\n").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, found[1])
	}
	return blocks
}
