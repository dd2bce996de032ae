// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"archive/zip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Every scenario runs with TF_LOG=TRACE and known secrets. None of them is in the
// output of the CLI, in its log, in the plan file or in the state.
func TestCLI_secretsAreNowhere(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("runs the real CLI: use make test")
	}
	const appSecret = "5f4dcc3b5aa765d61d8327deb882cf99"
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(testToken))
	proof := hex.EncodeToString(mac.Sum(nil))
	private := fixture(t, "rsa2048_a.private_pkcs8.pem")
	secrets := map[string]string{"access token": testToken, "app secret": appSecret, "app secret proof": proof}
	for i, line := range strings.Split(strings.TrimSpace(private), "\n") {
		if !strings.HasPrefix(line, "-----") {
			secrets["line "+string(rune('A'+i))+" of the private key"] = line
		}
	}

	server := graphmock.NewServer(graphmock.Options{Token: testToken, AppSecret: appSecret, OldestVersion: "v25.0"}, testNumber)
	t.Cleanup(server.Close)
	w := &world{t: t, Server: server}

	folder := t.TempDir()
	log := filepath.Join(folder, "trace.log")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, b := requiredProviders+numberWith(quote(keyA(t))), requiredProviders+numberWith(quote(keyB(t)))
	echo := func(code int) graphmock.Fault {
		return graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(code, 0, "OAuthException", "Malformed access token "+testToken+" with "+appSecret+" and "+proof,
			map[string]any{"error_data": map[string]any{"details": testToken}, "error_user_msg": proof})}
	}
	apply := []string{"apply", "-auto-approve", "-input=false", "-no-color"}
	plan := []string{"plan", "-input=false", "-no-color", "-out=plan"}

	write("main.tf", a)
	for _, scenario := range []struct {
		name   string
		config string
		before func()
		env    map[string]string
		args   []string
		fails  bool
	}{
		{name: "init", config: a, args: []string{"init", "-no-color"}},
		{name: "plan of a create", config: a, args: plan},
		{name: "create", config: a, args: apply},
		{name: "plan without changes", config: a, args: plan},
		{name: "update", config: b, args: apply},
		{name: "drift", config: b, before: func() { server.Reregister(testNumber) }, args: plan},
		{name: "repair", config: b, args: apply},
		{name: "retry", config: b, before: func() {
			server.Script(graphmock.Fault{Status: 503, Header: map[string][]string{"Retry-After": {"1"}}})
		}, env: map[string]string{envMaxRetries: "2"}, args: plan},
		{name: "rate limit", config: b, before: func() { server.Script(graphmock.RateLimit(80008, 60)) }, args: plan, fails: true},
		{name: "the server repeats the secrets", config: b, before: func() { server.Script(echo(190)) }, args: plan, fails: true},
		{name: "in a POST", config: a, before: func() {
			f := echo(131008)
			f.Method = "POST"
			server.Script(f)
		}, args: apply, fails: true},
		{name: "the connection is lost", config: b, before: func() { server.Script(graphmock.Fault{Times: 2, Drop: graphmock.DropAfterRequest}) }, args: plan, fails: true},
		{name: "another version", config: b, env: map[string]string{envAPIVersion: "v21.0"}, args: plan},
		{name: "wrong app secret", config: b, env: map[string]string{envAppSecret: appSecret + "0"}, args: plan, fails: true},
		{name: "token with a newline", config: b, env: map[string]string{envAccessToken: testToken + "\n"}, args: plan, fails: true},
		{name: "token with a tab inside", config: b, env: map[string]string{envAccessToken: testToken + "\tx"}, args: plan, fails: true},
		{name: "app secret with a newline", config: b, env: map[string]string{envAppSecret: appSecret + "\n"}, args: plan, fails: true},
		{name: "private key pasted", config: requiredProviders + numberWith("<<EOT\n"+private+"EOT"), args: plan, fails: true},
		{name: "private key pasted, on one line", config: requiredProviders + numberWith(quote(private)), args: plan, fails: true},
		{name: "import of nonsense", config: b, args: []string{"import", "-no-color", address, "nonsense"}, fails: true},
		{name: "destroy", config: b, args: []string{"destroy", "-auto-approve", "-input=false", "-no-color"}},
	} {
		write("main.tf", scenario.config)
		server.ClearFaults()
		if scenario.before != nil {
			scenario.before()
		}
		_ = os.Remove(log)
		command := exec.CommandContext(t.Context(), os.Getenv("TF_ACC_TERRAFORM_PATH"), scenario.args...)
		command.Dir = folder
		environment := w.environment()
		environment[envAppSecret] = appSecret
		environment["TF_LOG"], environment["TF_LOG_PATH"] = "TRACE", log
		maps.Copy(environment, scenario.env)
		for name, value := range environment {
			command.Env = append(command.Env, name+"="+value)
		}
		out, err := command.CombinedOutput()
		if (err != nil) != scenario.fails {
			t.Errorf("%s: %v\n%s", scenario.name, err, out)
		}
		logged, err := os.ReadFile(log)
		if err != nil || !strings.Contains(string(logged), "[TRACE]") {
			t.Errorf("%s: no trace was logged: %v", scenario.name, err)
		}
		places := map[string]string{"the output": string(out), "the log": string(logged)}
		for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
			text, _ := os.ReadFile(filepath.Join(folder, name))
			places[name] = string(text)
		}
		for name, text := range unzipped(t, filepath.Join(folder, "plan")) {
			places["the plan's "+name] = text
		}
		for place, text := range places {
			for what, secret := range secrets {
				if i := strings.Index(text, secret); i >= 0 {
					t.Errorf("%s: the %s is in %s: …%q…", scenario.name, what, place, text[max(0, i-200):i])
				}
			}
		}
		if scenario.name == "retry" && !strings.Contains(string(logged), "Waiting before the Graph API is called again") {
			t.Errorf("%s: the wait is not in the log", scenario.name)
		}
		if scenario.name == "another version" && !strings.Contains(string(out), "The Graph API answers with another version") {
			t.Errorf("%s: no warning:\n%s", scenario.name, out)
		}
	}
}

func unzipped(t testing.TB, file string) map[string]string {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil
	}
	defer archive.Close()
	texts := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		texts[f.Name] = string(text)
		_ = r.Close()
	}
	return texts
}

// An error about a secret does not show the line that has it.
func TestCLI_secretsInTheConfigurationAreNotPrinted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders)
	for _, arguments := range []string{
		`access_token = "HUSH-HUSH "`, "access_token = \"HUSH\\nHUSH\"", "app_secret = \"HUSH \"\n access_token = \"x\"",
		"base_url = \"https://me:HUSH@graph.facebook.com\"\n access_token = \"x\"", "base_url = \"https://graph.facebook.com?token=HUSH\"\n access_token = \"x\"",
	} {
		c.write("main.tf", requiredProviders+"provider \"whatsapp\" {\n  "+arguments+"\n}\n"+numberWith(quote(keyA(t))))
		err := c.Refresh(t.Context())
		if err == nil || !strings.Contains(err.Error(), "Invalid ") || strings.Contains(err.Error()+c.output.String(), "HUSH") {
			t.Errorf("%s: the error is %v", arguments, err)
		}
	}
	// What the pages advise: JSON with line breaks, and variables, also in a
	// block that is written on one line.
	for name, files := range map[string]map[string]string{
		"JSON": {"main.tf": requiredProviders, "more.tf.json": "{\n  \"provider\": {\n    \"whatsapp\": {\n      \"access_token\": \"HUSH \"\n    }\n  },\n" +
			"  \"resource\": {\n    \"whatsapp_business_encryption\": {\n      \"test\": {\n        \"phone_number_id\": \"106540352242922\",\n        \"business_public_key\": " + quote(keyA(t)) + "\n      }\n    }\n  }\n}\n"},
		"private key in JSON": {"main.tf": requiredProviders, "more.tf.json": "{\n  \"resource\": {\n    \"whatsapp_business_encryption\": {\n      \"test\": {\n        \"phone_number_id\": \"106540352242922\",\n        \"business_public_key\": " +
			quote(strings.ReplaceAll(fixture(t, "rsa2048_a.private_pkcs8.pem"), "PRIVATE KEY-----\n", "PRIVATE KEY-----\nHUSH")) + "\n      }\n    }\n  }\n}\n"},
		"variable on one line": {"main.tf": requiredProviders + "provider \"whatsapp\" { access_token = var.token }\nvariable \"token\" {\n  default   = \"HUSH \"\n  sensitive = true\n}\n" + numberWith(quote(keyA(t)))},
	} {
		for file, text := range files {
			c.write(file, text)
		}
		c.output.Reset()
		err := c.Refresh(t.Context())
		if err == nil || !strings.Contains(err.Error(), "Invalid ") || strings.Contains(err.Error()+c.output.String(), "HUSH") {
			t.Errorf("%s: the error is %v", name, err)
		}
		if err := os.Remove(filepath.Join(c.WorkingDir(), "more.tf.json")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if err := w.expectRequests(nil); err != nil {
		t.Error(err)
	}
}
