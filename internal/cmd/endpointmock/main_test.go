// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
)

const (
	childEnv  = "ENDPOINTMOCK_TEST_CHILD"
	secretEnv = "ENDPOINTMOCK_TEST_SECRET"
	secret    = "an-app-secret"
)

// TestMain lets the test binary stand in for the program, so that a real signal
// can be sent to it.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Args = append(os.Args[:1], strings.Fields(os.Getenv(childEnv))...)
		main()
	}
	os.Exit(m.Run())
}

var key, otherKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func text(k *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// child is the running program.
type child struct {
	*exec.Cmd
	out  *bufio.Reader
	err  *strings.Builder
	text string // what it printed until it served
	url  string
}

var address = regexp.MustCompile(`listens on (https?://127\.0\.0\.1:\d+)\.`)

func launch(t *testing.T, args string) *child {
	t.Helper()
	c := &child{Cmd: exec.CommandContext(t.Context(), os.Args[0]), err: &strings.Builder{}}
	c.Env = append(os.Environ(), childEnv+"="+args, secretEnv+"="+secret)
	c.Stderr = c.err
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	c.out = bufio.NewReader(stdout)
	for !strings.Contains(c.text, "Ctrl-C") {
		line, err := c.out.ReadString('\n')
		if c.text += line; err != nil {
			_ = c.Wait()
			t.Fatalf("%v after:\n%s%s", err, c.text, c.err)
		}
	}
	m := address.FindStringSubmatch(c.text)
	if m == nil {
		t.Fatalf("no address in:\n%s", c.text)
	}
	if want := fmt.Sprintf("endpoint_uris = [%q]\n", m[1]); !strings.Contains(c.text, want) {
		t.Errorf("no %q in:\n%s", want, c.text)
	}
	c.url = m[1]
	return c
}

func do(t *testing.T, client *http.Client, method, url, body string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func fresh() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
}

func ping(t *testing.T, url string, to *rsa.PrivateKey) (status int, answer string) {
	t.Helper()
	m, err := flowmessage.EncryptRequest(&to.PublicKey, []byte(`{"version":"3.0","action":"ping"}`))
	if err != nil {
		t.Fatal(err)
	}
	body := `{"encrypted_flow_data":"` + m.EncryptedFlowData + `","encrypted_aes_key":"` + m.EncryptedAESKey + `","initial_vector":"` + m.InitialVector + `"}`
	status, text, err := do(t, fresh(), http.MethodPost, url+"/flow", body)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := m.DecryptResponse(text); err == nil {
		return status, string(plain)
	}
	return status, text
}

func TestTheProgramServesUntilInterrupted(t *testing.T) {
	a, b := write(t, "a.pem", text(key())), write(t, "b.pem", text(otherKey()))
	c := launch(t, "-key "+a+" -key "+b+" -fleet 2 -lacking 1 -key-after 1h="+b)

	for i, want := range []int{200, 421, 200, 421} { // in turn
		if got, answer := ping(t, c.url, otherKey()); got != want || want == 200 && answer != `{"data":{"status":"active"}}` {
			t.Errorf("request %d: %d %q", i+1, got, answer)
		}
	}
	if status, got, err := do(t, fresh(), http.MethodPost, c.url+"/_control/keys", text(otherKey())); err != nil || status != 200 {
		t.Errorf("%d %s %v", status, got, err)
	}
	for range 2 {
		if got, _ := ping(t, c.url, otherKey()); got != 200 {
			t.Errorf("with the key everywhere: %d", got)
		}
	}
	status, requests, err := do(t, fresh(), http.MethodGet, c.url+"/_control/requests", "")
	if err != nil || status != 200 || strings.Count(requests, `"action": "ping"`) != 4 || strings.Count(requests, `"method"`) != 6 {
		t.Errorf("%d %v %s", status, err, requests)
	}

	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(c.out)
	if err := c.Wait(); err != nil {
		t.Errorf("interrupted: %v", err)
	}
	if !strings.Contains(string(rest), "Stopped.") {
		t.Errorf("no farewell in %q", rest)
	}
	fingerprint := endpointmock.Fingerprint(&otherKey().PublicKey)
	for _, want := range []string{
		"does not check the signature", "Instance 2: normal: does what Meta documents\n", "In 1h0m0s, all get the private key of " + fingerprint,
		"curl -s " + c.url + "/_control/requests\n",
	} {
		if !strings.Contains(c.text, want) {
			t.Errorf("no %q in:\n%s", want, c.text)
		}
	}
	if strings.Count(c.text, "has the private key of "+fingerprint) != 1 {
		t.Errorf("not one instance has the last key:\n%s", c.text)
	}
	noSecrets(t, c.text+string(rest)+c.err.String()+requests)

	// The port is free again, and kept when asked for.
	again := launch(t, "-listen "+strings.TrimPrefix(c.url, "http://")+" -behaviour 503")
	if again.url != c.url {
		t.Errorf("%s has become %s", c.url, again.url)
	}
	if got, _ := ping(t, again.url, key()); got != 503 || !strings.Contains(again.text, "Instance 1: 503: ") || !strings.Contains(again.text, "has no private key") {
		t.Errorf("%d after:\n%s", got, again.text)
	}
}

// noSecrets knows a private key by its lines.
func noSecrets(t *testing.T, printed string) {
	t.Helper()
	for _, k := range []*rsa.PrivateKey{key(), otherKey()} {
		for line := range strings.Lines(text(k)) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-") && strings.Contains(printed, line) {
				t.Errorf("a private key was printed:\n%s", printed)
			}
		}
	}
	if strings.Contains(printed, secret) {
		t.Errorf("the app secret was printed:\n%s", printed)
	}
}

func TestARequestCanEndTheProgram(t *testing.T) {
	c := launch(t, "-key "+write(t, "a.pem", text(key()))+" -behaviour meta-node -app-secret-env "+secretEnv)
	if !strings.Contains(c.text, "It checks the signature of requests with the app secret.") {
		t.Error(c.text)
	}
	if status, _, err := do(t, fresh(), http.MethodPost, c.url, "{}"); err == nil {
		t.Errorf("answered %d", status)
	}
	_, _ = io.ReadAll(c.out)
	if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != 1 || !strings.Contains(c.err.String(), "A request has ended the process") {
		t.Errorf("%v: %s", err, c.err)
	}
	noSecrets(t, c.text+c.err.String())
}

func TestAKeyArrivesLater(t *testing.T) {
	file := write(t, "a.pem", text(key()))
	began := time.Now()
	c := launch(t, "-key-after 500ms="+file)
	got, _ := ping(t, c.url, key())
	if got != 421 && time.Since(began) < 500*time.Millisecond {
		t.Errorf("before the key arrives: %d", got)
	}
	for got != 200 && time.Since(began) < time.Minute {
		time.Sleep(10 * time.Millisecond)
		got, _ = ping(t, c.url, key())
	}
	if got != 200 {
		t.Errorf("after the key has arrived: %d", got)
	}
}

func TestTheProgramSpeaksTLS(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	c := launch(t, "-tls valid -ca-out "+ca)
	pool := x509.NewCertPool()
	if content, err := os.ReadFile(ca); err != nil || !pool.AppendCertsFromPEM(content) {
		t.Fatalf("%v in %q", err, content)
	}
	client := fresh()
	if _, _, err := do(t, client, http.MethodPost, c.url, "{}"); err == nil {
		t.Error("the certificate is trusted without its authority")
	}
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	if status, _, err := do(t, client, http.MethodPost, c.url, "{}"); err != nil || status != 421 {
		t.Errorf("%d, %v", status, err)
	}
}

func TestWrongArguments(t *testing.T) {
	t.Setenv(secretEnv, secret)
	a := write(t, "a.pem", text(key()))
	for _, tt := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"-nonsense"}, 2, "not defined"},
		{[]string{"extra"}, 2, "belong to no flag"},
		{[]string{"-key", "missing.pem"}, 2, "-key: open missing.pem"},
		{[]string{"-key", write(t, "x.pem", "x")}, 2, "-key: the text is not PEM"},
		{[]string{"-key", text(key())}, 2, "give the name of a file"},
		{[]string{"-key", strings.ReplaceAll(text(key())[31:1500], "\n", "")}, 2, "give the name of a file"},
		{[]string{"-key", text(key())[:120]}, 2, "give the name of a file"},
		{[]string{"-key-after", "30s"}, 2, "write it like 30s=new.pem"},
		{[]string{"-key-after", "-1s=" + a}, 2, "write it like 30s=new.pem"},
		{[]string{"-key-after", "1s=" + text(key())}, 2, "give the name of a file"},
		{[]string{"-key-after", text(key())}, 2, "write it like 30s=new.pem"},
		{[]string{"-app-secret-env", secret}, 2, "no environment variable of this name"},
		{[]string{"-behaviour", "4321"}, 2, `there is no behaviour "4321"`},
		{[]string{"-fleet", "0"}, 2, "-fleet must be at least 1"},
		{[]string{"-key", a, "-lacking", "2"}, 2, "-lacking must be between 0 and 1"},
		{[]string{"-lacking", "1"}, 2, "-lacking needs a -key"},
		{[]string{"-tls", "good"}, 2, "valid, expired, other-host, client-cert"},
		{[]string{"-ca-out", "ca.pem"}, 2, "-ca-out needs -tls"},
		{[]string{"-delay", "0s"}, 2, "must be positive"},
		{[]string{"-tls", "valid", "-ca-out", t.TempDir()}, 1, "is a directory"},
		{[]string{"-listen", "0.0.0.0:0"}, 1, "only loopback"},
	} {
		var stdout, stderr strings.Builder
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		code := run(ctx, tt.args, &stdout, &stderr)
		cancel()
		if code != tt.code || !strings.Contains(stderr.String(), tt.stderr) || stdout.Len() > 0 || strings.Count(stderr.String(), "\n") > 2 {
			t.Errorf("%q: %d, %s%s", tt.args, code, stdout.String(), stderr.String())
		}
		noSecrets(t, stderr.String())
	}
}

func TestHelpListsEachBehaviour(t *testing.T) {
	var stdout, stderr strings.Builder
	if code := run(t.Context(), []string{"-help"}, &stdout, &stderr); code != 0 || stdout.Len() > 0 {
		t.Errorf("%d, %s", code, stdout.String())
	}
	for _, b := range endpointmock.Behaviours() {
		if line := regexp.MustCompile(`(?m)^  ` + string(b) + ` +` + regexp.QuoteMeta(b.Description()) + `$`); !line.MatchString(stderr.String()) {
			t.Errorf("no line for %s in:\n%s", b, stderr.String())
		}
	}
	if !strings.Contains(stderr.String(), "-app-secret-env name\n") {
		t.Error(stderr.String())
	}
}
