// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/rsa"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// newcomer does what the guide says, in a folder that is empty at first.
type newcomer struct {
	*cli
	files  map[string]string
	blocks []string // for the shell, in their order
	asked  string   // a sh script that comes before each block
}

func newNewcomer(t *testing.T, w *world, e *endpointmock.Server) *newcomer {
	t.Helper()
	c := w.cli("")
	for _, name := range []string{"main.tf", ".terraform.lock.hcl"} {
		_ = os.Remove(filepath.Join(c.WorkingDir(), name))
	}
	bin := t.TempDir()
	if err := os.Symlink(c.ExecPath(), filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../templates/guides/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	n := &newcomer{cli: c, files: map[string]string{}, blocks: shellBlocks(string(text))}
	for _, found := range regexp.MustCompile("(?s)`([a-z]+\\.tf)`[^\n]*:\n\n```terraform\n(.*?)```\n").FindAllStringSubmatch(string(text), -1) {
		n.files[found[1]] = atEndpoint(found[2], e)
	}
	if len(n.files) != 2 || strings.Count(string(text), "```terraform\n") != 2 || len(n.blocks) != 5 {
		t.Fatalf("the guide has %d files and %d blocks for the shell", len(n.files), len(n.blocks))
	}
	delete(c.environment, envAccessToken)
	c.environment["PATH"] = bin + string(os.PathListSeparator) + os.Getenv("PATH")
	c.environment["TF_CLI_ARGS"] = "-no-color"
	c.environment["TF_CLI_ARGS_apply"] = "-auto-approve" // instead of an answer
	return n
}

// types enters a block into the shell, which remembers what was exported.
func (n *newcomer) types(block int, replace ...string) (string, error) {
	n.w.t.Helper()
	script := strings.NewReplacer(replace...).Replace(n.blocks[block])
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, "export ") {
			n.asked += line
		}
	}
	command := exec.CommandContext(n.w.t.Context(), "sh", "-eu", "-c", n.asked+script)
	command.Dir = n.WorkingDir()
	for name, value := range n.environment {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.CombinedOutput()
	return string(out), err
}

// The guide, from an empty folder to an empty plan.
func TestCLI_gettingStarted(t *testing.T) {
	t.Parallel()
	const appSecret = "0123456789abcdef0123456789abcdef"
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{AppSecret: appSecret})
	n := newNewcomer(t, w, e)
	expect := func(printed string, err error, want ...string) {
		t.Helper()
		for _, s := range want {
			if err != nil || !strings.Contains(inOneLine(printed), s) {
				t.Fatalf("%v: %q is not in:\n%s", err, s, printed)
			}
		}
	}

	n.write("main.tf", n.files["main.tf"])
	printed, err := n.types(0, "EAA…", testToken)
	expect(printed, err, "Plan: 2 to add, 0 to change, 0 to destroy.")
	w.mustHaveSent(map[string]string{testNumber: "GET"})
	printed, err = n.types(1)
	expect(printed, err, "2 added, 0 changed, 0 destroyed")
	if _, status := w.Key(testNumber); status != "VALID" {
		t.Errorf("the status is %s", status)
	}
	printed, err = n.types(2)
	expect(printed, err, "No changes.")

	n.write("endpoint.tf", n.files["endpoint.tf"])
	printed, err = n.types(4, "…", appSecret)
	expect(printed, err, "Warning: Check block assertion failed", "HTTP 421")
	if printed, err = n.types(3); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	file := filepath.Join(n.WorkingDir(), "private.pem")
	private, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the private key can be read by others: %v, %v", info, err)
	}
	var key *rsa.PrivateKey
	if key, err = endpointmock.ParsePrivateKey(private); err != nil {
		t.Fatal(err)
	}
	e.AddKey(key)
	printed, err = n.types(4, "…", appSecret)
	expect(printed, err, "No changes.")
	if strings.Contains(printed, "Warning: ") {
		t.Errorf("%s", printed)
	}

	// What the guide says of the plans that come later.
	n.environment[envAccessToken] = testToken
	w.Reregister(testNumber)
	printed, err = n.run("plan")
	expect(printed, err, `"MISMATCH" -> "VALID"`)
	printed, err = n.run("plan", "-replace=tls_private_key.flows")
	refused := "Error: Instance cannot be destroyed"
	if isOpenTofu {
		refused = "Error: Resource instance cannot be destroyed"
	}
	if err == nil || !strings.Contains(printed, refused) {
		t.Errorf("%v\n%s", err, printed)
	}
}

// What a first plan can fail with.
func TestCLI_gettingStarted_failures(t *testing.T) {
	t.Parallel()
	for says, prepare := range map[string]func(*world){
		"Missing WhatsApp access token": nil,
		"Kind of error: authentication": func(w *world) {
			w.Script(graphmock.Fault{Times: -1, Status: 401, Body: graphmock.ErrorBody(190, 463, "OAuthException", "expired", nil)})
		},
		"Kind of error: wrong or unreachable object": func(w *world) {
			w.Script(graphmock.Fault{Times: -1, Status: 400, Body: graphmock.ErrorBody(100, 33, "GraphMethodException", "Unsupported get request.", nil)})
		},
		"Kind of error: number not registered": func(w *world) {
			w.Script(graphmock.Fault{Times: -1, Status: 400, Body: graphmock.ErrorBody(133010, 0, "OAuthException", "not registered", nil)})
		},
		"Kind of error: app secret proof": func(w *world) {
			w.Script(graphmock.Fault{Times: -1, Status: 400, Body: graphmock.ErrorBody(100, 0, "GraphMethodException", "API calls from the server require an appsecret_proof argument", nil)})
		},
		"The number already holds a key": func(w *world) { w.SetKey(testNumber, keyA(t), "VALID") },
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			n := newNewcomer(t, w, newEndpoint(t, endpointmock.Options{}))
			n.write("main.tf", n.files["main.tf"])
			token := ""
			if prepare != nil {
				prepare(w)
				token = testToken
			}
			printed, err := n.types(0, "EAA…", token)
			// These two may pass until the apply, and are warnings in a plan.
			later := slices.Contains([]string{"Kind of error: number not registered", "The number already holds a key"}, says)
			if (err == nil) != later || !strings.Contains(inOneLine(printed), says) {
				t.Errorf("%v\n%s", err, printed)
			}
		})
	}
}
