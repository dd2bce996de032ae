// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/childprocess"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// cli is a folder with a configuration, and the real CLI with the built
// provider and the real hashicorp/tls. It is for what plugin-testing cannot
// check: warnings, for_each, signals, and the published examples as they are.
type cli struct {
	*tfexec.Terraform
	w           *world
	output      bytes.Buffer
	environment map[string]string // of command
}

func (w *world) cli(config string) *cli {
	w.t.Helper()
	binary := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if os.Getenv("TF_ACC") == "" || binary == "" {
		w.t.Skip("runs the real CLI: use make test")
	}
	tf, err := tfexec.NewTerraform(w.t.TempDir(), binary)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &cli{Terraform: tf, w: w, environment: w.environment()}
	if err := tf.SetEnv(w.environment()); err != nil {
		w.t.Fatal(err)
	}
	tf.SetStdout(&c.output)
	c.write("main.tf", config)
	if err := tf.Init(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	c.output.Reset()
	return c
}

func (w *world) environment() map[string]string {
	return map[string]string{
		"PATH":               os.Getenv("PATH"),
		"HOME":               os.Getenv("HOME"),
		"TF_CLI_CONFIG_FILE": os.Getenv("TF_CLI_CONFIG_FILE"),
		"CHECKPOINT_DISABLE": "1",
		"SSL_CERT_FILE":      os.Getenv("SSL_CERT_FILE"),
		envBaseURL:           w.URL(),
		envAccessToken:       testToken,
		envMaxRetries:        "0", // these waits would be real
	}
}

func (c *cli) write(name, text string) {
	c.w.t.Helper()
	if err := os.WriteFile(filepath.Join(c.WorkingDir(), name), []byte(text), 0o600); err != nil {
		c.w.t.Fatal(err)
	}
}

// actions plans, and returns the actions for the managed resources that change.
func (c *cli) actions() map[string]tfjson.Actions {
	c.w.t.Helper()
	if _, err := c.Plan(c.w.t.Context(), tfexec.Out("plan")); err != nil {
		c.w.t.Fatal(err)
	}
	c.SetStdout(io.Discard)
	plan, err := c.ShowPlanFile(c.w.t.Context(), "plan")
	c.SetStdout(&c.output)
	if err != nil {
		c.w.t.Fatal(err)
	}
	actions := map[string]tfjson.Actions{}
	for _, change := range plan.ResourceChanges {
		if change.Mode == tfjson.ManagedResourceMode && !change.Change.Actions.NoOp() {
			actions[change.Address] = change.Change.Actions
		}
	}
	return actions
}

func (c *cli) apply() {
	c.w.t.Helper()
	if err := c.Apply(c.w.t.Context()); err != nil {
		c.w.t.Fatal(err)
	}
}

// printed is what the CLI wrote since the last call, with its line breaks and
// frames removed, so that tests can search for sentences.
func (c *cli) printed() string {
	defer c.output.Reset()
	return inOneLine(c.output.String())
}

func (c *cli) mustPrint(want ...string) {
	c.w.t.Helper()
	got := c.printed()
	for _, s := range want {
		if !strings.Contains(got, s) {
			c.w.t.Errorf("not printed: %s\nprinted:\n%s", s, got)
		}
	}
}

const requiredProviders = `terraform {
  required_providers {
    whatsapp = {
      source = "wa-flows/whatsapp"
    }
    tls = {
      source = "hashicorp/tls"
    }
  }
}
`

func numbersFrom(count int) []string {
	var numbers []string
	for i := range count {
		numbers = append(numbers, fmt.Sprintf("10654035224300%d", i))
	}
	return numbers
}

func eachNumber(numbers []string, key string) string {
	return requiredProviders + fmt.Sprintf(`resource "whatsapp_business_encryption" "test" {
  for_each            = toset(["%s"])
  phone_number_id     = each.value
  business_public_key = %s
}
`, strings.Join(numbers, `", "`), key)
}

func cliIsAtLeast(t *testing.T, want string) bool {
	t.Helper()
	tf, err := tfexec.NewTerraform(t.TempDir(), os.Getenv("TF_ACC_TERRAFORM_PATH"))
	if err != nil {
		t.Skip("runs the real CLI: use make test")
	}
	tf.SetStdout(io.Discard)
	have, _, err := tf.Version(context.Background(), true)
	if err != nil {
		t.Fatal(err)
	}
	return have.GreaterThanOrEqual(version.Must(version.NewVersion(want)))
}

// command is the CLI in the folder, not yet started.
func (c *cli) command(args ...string) *exec.Cmd {
	args = append([]string{args[0], "-no-color"}, args[1:]...)
	command := exec.CommandContext(c.w.t.Context(), c.ExecPath(), args...)
	command.Dir = c.WorkingDir()
	for name, value := range c.environment {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

// run starts the CLI and returns all that it prints.
func (c *cli) run(args ...string) (string, error) {
	out, err := c.command(args...).CombinedOutput()
	return string(out), err
}

// applyWithSignal applies, and calls send with the process ID of the CLI when an
// upload has arrived, which has no effect.
func (c *cli) applyWithSignal(send func(process int)) (printed string, err error) {
	c.w.t.Helper()
	command := c.command("apply", "-auto-approve")
	childprocess.InNewGroup(command)
	command.WaitDelay = 5 * time.Second // a plugin may hold the output open
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	started := make(chan int, 1)
	c.w.Script(graphmock.Fault{Method: http.MethodPost, Delay: time.Minute, Hook: func() { send(<-started) }})
	if err := command.Start(); err != nil {
		c.w.t.Fatal(err)
	}
	started <- command.Process.Pid
	err = command.Wait()
	return out.String(), err
}

func (c *cli) mustRun(args ...string) {
	c.w.t.Helper()
	if out, err := c.run(args...); err != nil {
		c.w.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// inState is what the state has, without what is deposed: addresses, with a blank
// between two.
func (c *cli) inState() string {
	c.w.t.Helper()
	c.SetStdout(io.Discard)
	state, err := c.Show(c.w.t.Context())
	c.SetStdout(&c.output)
	if err != nil {
		c.w.t.Fatal(err)
	}
	var addresses []string
	if state.Values != nil {
		for _, r := range state.Values.RootModule.Resources {
			addresses = append(addresses, r.Address)
		}
	}
	return strings.Join(addresses, " ")
}

// exitCode is that of a command which was run: 0 without an error, and -1 when it
// did not exit by itself.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// inOneLine removes the line breaks and frames from what the CLI prints, so that
// tests can search for sentences.
func inOneLine(printed string) string {
	return strings.Join(strings.FieldsFunc(printed, func(r rune) bool { return strings.ContainsRune(" \n\r\t│╷╵", r) }), " ")
}
