// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const (
	testNumber = "106540352242922"
	testToken  = "EAATestTokenOfTheAcceptanceTests"
	address    = "whatsapp_business_encryption.test"
)

// TestMain tells plugin-testing where the CLI in use looks for a provider that
// has no source address, because OpenTofu's default is another registry.
func TestMain(m *testing.M) {
	serveStandIn()
	serveWithNameserver()
	if cli := os.Getenv("TF_ACC_TERRAFORM_PATH"); cli != "" {
		out, err := exec.Command(cli, "version").Output()
		if err != nil {
			fmt.Fprintln(os.Stderr, "the CLI in TF_ACC_TERRAFORM_PATH does not run:", err)
			os.Exit(1)
		}
		if strings.HasPrefix(string(out), "OpenTofu") {
			isOpenTofu = true
			os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org")
		}
		os.Setenv("TF_ACC_PROVIDER_NAMESPACE", "hashicorp")
	}
	for _, name := range []string{envAccessToken, envAppSecret, envAPIVersion, envBaseURL, envFlowAppSecret, envMaxRetries, envRetryMaxWait} {
		os.Unsetenv(name)
	}
	stop, err := trustTheMock()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

var isOpenTofu bool

// overTLS says that the mock server speaks TLS and HTTP/2, as Meta does. Go does
// not read SSL_CERT_FILE on the other systems.
const overTLS = runtime.GOOS == "linux"

// trustTheMock lets the provider trust the mock server, in this process and in
// those that the CLI starts.
func trustTheMock() (stop func(), err error) {
	folder, err := os.MkdirTemp("", "graphmock-ca-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(file, []byte(graphmock.CertificateAuthority()), 0o600); err != nil {
		return nil, err
	}
	return func() { _ = os.RemoveAll(folder) }, os.Setenv("SSL_CERT_FILE", file)
}

// world is one mock server, and the provider that talks to it.
type world struct {
	*graphmock.Server
	t testing.TB

	clock *fakeclock.Clock
}

func newWorld(t testing.TB, numbers ...string) *world {
	t.Helper()
	return newWorldWith(t, graphmock.Options{Token: testToken, TLS: overTLS}, numbers...)
}

func newWorldWith(t testing.TB, options graphmock.Options, numbers ...string) *world {
	t.Helper()
	if len(numbers) == 0 {
		numbers = []string{testNumber}
	}
	w := &world{t: t, clock: fakeclock.New(), Server: graphmock.NewServer(options, numbers...)}
	t.Cleanup(w.Close)
	return w
}

func (w *world) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"whatsapp": func() (tfprotov6.ProviderServer, error) {
			return newServer(&whatsappProvider{version: "test", clock: w.clock}), nil
		},
	}
}

// run executes the steps with the real CLI and the provider in this process.
func (w *world) run(steps ...resource.TestStep) {
	w.t.Helper()
	t, ok := w.t.(*testing.T)
	if !ok {
		w.t.Fatal("not a test")
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: w.factories(), Steps: steps})
}

// config is a configuration with a provider block for this server.
func (w *world) config(resources ...string) string {
	return fmt.Sprintf("provider \"whatsapp\" {\n  base_url     = %q\n  access_token = %q\n}\n\n", w.URL(), testToken) + strings.Join(resources, "\n")
}

// numberWith is the resource under test, with the key as an expression.
func numberWith(key string, more ...string) string {
	return fmt.Sprintf("resource \"whatsapp_business_encryption\" \"test\" {\n  phone_number_id = %q\n  business_public_key = %s\n%s\n}\n", testNumber, key, strings.Join(more, "\n"))
}

// quote writes a text as an HCL string.
func quote(text string) string {
	return `"` + strings.NewReplacer("\\", "\\\\", "\n", `\n`, "\r", `\r`, "\t", `\t`, `"`, `\"`, "${", "$${").Replace(text) + `"`
}

// requests is the order of methods that one number received, such as
// "GET POST GET", since the last call.
func (w *world) requests(id string) string {
	var methods []string
	for _, r := range w.Requests() {
		if r.Object == id {
			methods = append(methods, r.Method)
		}
	}
	return strings.Join(methods, " ")
}

// expectRequests compares what the server received with what it should have
// received: the methods for each number named, and nothing for any other. It then
// resets the count.
func (w *world) expectRequests(want map[string]string) error {
	defer w.ResetRequests()
	var all []string
	for _, r := range w.Requests() {
		if _, ok := want[r.Object]; !ok {
			return fmt.Errorf("the server received %s for %s, which should have got nothing", r.Method, r.Object)
		}
		all = append(all, r.Method+" "+r.Object)
	}
	for id, methods := range want {
		if got := w.requests(id); got != methods {
			return fmt.Errorf("number %s received %q, not %q (all: %v)", id, got, methods, all)
		}
	}
	return nil
}

// received is expectRequests as a state check: it sees what the plan and the
// apply of its step sent.
func (w *world) received(methods string) statecheck.StateCheck {
	return stateCheck(func() error { return w.expectRequests(map[string]string{testNumber: methods}) })
}

// receivedBefore is the same for a step that fails, in the PreConfig of the
// step after it.
func (w *world) receivedBefore(methods string, then ...func()) func() {
	return func() {
		if err := w.expectRequests(map[string]string{testNumber: methods}); err != nil {
			w.t.Error(err)
		}
		for _, f := range then {
			f()
		}
	}
}

// forget changes the server, and then resets the count.
func (w *world) forget(then ...func()) func() {
	return func() {
		for _, f := range then {
			f()
		}
		w.ResetRequests()
	}
}

type stateCheck func() error

func (c stateCheck) CheckState(_ context.Context, _ statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	resp.Error = c()
}

// holds fails the test when the number does not hold the key and the status.
func (w *world) holds(id, pem, status string) statecheck.StateCheck {
	return stateCheck(func() error {
		stored, got := w.Key(id)
		a, _ := pemkey.Parse(stored)
		b, _ := pemkey.Parse(pem)
		if a != b || got != status {
			return fmt.Errorf("number %s holds the key %s with status %q, not %s with %q", id, a, got, b, status)
		}
		return nil
	})
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("../pemkey/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func keyA(t testing.TB) string { t.Helper(); return fixture(t, "rsa2048_a.spki.pem") }
func keyB(t testing.TB) string { t.Helper(); return fixture(t, "rsa2048_b.spki.pem") }

func fingerprintOf(t testing.TB, pem string) string {
	t.Helper()
	key, err := pemkey.Parse(pem)
	if err != nil {
		t.Fatal(err)
	}
	return key.Fingerprint()
}

func at(attribute string) tfjsonpath.Path { return tfjsonpath.New(attribute) }

func value(attribute, want string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, at(attribute), knownvalue.StringExact(want))
}

func planned(attribute, want string) plancheck.PlanCheck {
	return plancheck.ExpectKnownValue(address, at(attribute), knownvalue.StringExact(want))
}

func action(a plancheck.ResourceActionType) plancheck.PlanCheck {
	return plancheck.ExpectResourceAction(address, a)
}

// nothingSent is a step that fails the test when a request was sent before it.
func (w *world) nothingSent() resource.TestStep {
	return resource.TestStep{
		PreConfig: func() {
			if err := w.expectRequests(nil); err != nil {
				w.t.Error(err)
			}
		},
		Config: w.config(),
	}
}
