// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/childprocess"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const childEnv = "GRAPHMOCK_TEST_CHILD"

// TestMain lets the test binary stand in for the program, so that a real signal
// can be sent to it.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Args = append(os.Args[:1], strings.Fields(os.Getenv(childEnv))...)
		main()
	}
	os.Exit(m.Run())
}

var baseURL = regexp.MustCompile(`export WHATSAPP_BASE_URL=(http://127\.0\.0\.1:\d+)\n`)

func TestTheProgramServesUntilInterrupted(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=-token T|1 -app-secret it's -number 11 -number 12:7 -oldest v21.0 -newest v26.0 -fault slow,delay=1ms -fault rate-limit,object=12")
	cmd.Stderr = os.Stderr
	childprocess.InNewGroup(cmd)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()

	out := bufio.NewReader(stdout)
	var text string
	for !strings.Contains(text, "Ctrl-C") {
		line, err := out.ReadString('\n')
		if text += line; err != nil {
			t.Fatalf("%v after:\n%s", err, text)
		}
	}
	m := baseURL.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no address in:\n%s", text)
	}
	for _, want := range []string{
		"export WHATSAPP_ACCESS_TOKEN='T|1'\n", `export WHATSAPP_APP_SECRET='it'\''s'` + "\n",
		"curl -s " + m[1] + "/_mock/requests\n", "curl -s -X POST " + m[1] + "/_mock/numbers/11/reregister\n",
		"curl -s -d name=rate-limit -d minutes=5 " + m[1] + "/_mock/faults\n", "curl -s -X POST " + m[1] + "/_mock/reset\n",
		"-pubout -out public.pem\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}

	get := func(path string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m[1]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer T|1")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := get("/_mock/numbers"); !strings.Contains(got, `"id":"11"`) || !strings.Contains(got, `"id":"12","waba_id":"7"`) {
		t.Error(got)
	}
	if got := get("/v25.0/11/whatsapp_business_encryption"); !strings.Contains(got, "appsecret_proof") {
		t.Error(got)
	}

	if got := get("/_mock/faults"); !strings.Contains(got, `"name":"slow"`) || !strings.Contains(got, `"delay":"1ms"`) || !strings.Contains(got, `"name":"rate-limit"`) {
		t.Error(got)
	}

	if err := childprocess.Interrupt(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Errorf("interrupted: %v", err)
	}
	if !strings.Contains(string(rest), "Stopped.") {
		t.Errorf("no farewell in %q", rest)
	}
}

// With -tls, a client trusts the server with the file that the program writes and
// names.
func TestTheProgramSpeaksTLS(t *testing.T) {
	for protocol, more := range map[string][]string{"HTTP/2.0": nil, "HTTP/1.1": {"-http1"}} {
		file := filepath.Join(t.TempDir(), "ca.pem")
		ctx, stop := context.WithCancel(t.Context())
		read, write := io.Pipe()
		code := make(chan int, 1)
		go func() { code <- run(ctx, append([]string{"-tls", file}, more...), write, io.Discard) }()
		text := make([]byte, 64<<10)
		n, err := read.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, read) }()
		m := regexp.MustCompile(`export WHATSAPP_BASE_URL=(https://127\.0\.0\.1:\d+)\n  export SSL_CERT_FILE=(\S+)\n`).FindSubmatch(text[:n])
		if m == nil || string(m[2]) != file {
			t.Fatalf("the program says:\n%s", text[:n])
		}
		ca, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(ca)
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		resp, err := (&http.Client{Transport: transport}).Get(string(m[1]) + "/_mock/numbers")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.Proto != protocol {
			t.Errorf("the server speaks %s, not %s", resp.Proto, protocol)
		}
		transport.CloseIdleConnections()
		stop()
		if n := <-code; n != 0 {
			t.Errorf("exit code %d", n)
		}
	}
}

func TestWrongArguments(t *testing.T) {
	for _, tt := range []struct {
		args   string
		code   int
		stderr string
	}{
		{"-h", 0, "Usage"},
		{"-nonsense", 2, "not defined"},
		{"extra", 2, "unexpected argument"},
		{"-http1", 2, "needs -tls"},
		{"-tls /nonexistent/ca.pem", 1, "no such file"},
		{"-number x", 2, "IDs are digits"},
		{"-number 1:x", 2, "IDs are digits"},
		{"-number :7", 2, "the ID is missing"},
		{"-oldest 21", 2, "does not look like v25.0"},
		{"-newest v26", 2, "does not look like v25.0"},
		{"-listen 0.0.0.0:0", 1, "only loopback"},
		{"-listen :8080", 1, "only loopback"},
		{"-listen 8080", 1, "missing port"},
		{"-fault x", 2, "there is no fault"},
		{"-fault slow -fault slow,delay=10", 2, "is not a time such as 10s"},
	} {
		var stdout, stderr strings.Builder
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		code := run(ctx, strings.Fields(tt.args), &stdout, &stderr)
		cancel()
		if code != tt.code || !strings.Contains(stderr.String(), tt.stderr) || stdout.Len() > 0 {
			t.Errorf("%s: %d, %s%s", tt.args, code, stdout.String(), stderr.String())
		}
	}
}

func TestDefaults(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	if code := run(ctx, nil, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Errorf("%d %s", code, stderr.String())
	}
	if text := stdout.String(); !strings.Contains(text, "ACCESS_TOKEN=any-token-will-do\n") ||
		!strings.Contains(text, "/106540352242922/reregister") || strings.Contains(text, "APP_SECRET") {
		t.Error(text)
	}
}

// The program can be started anew at the same address, also while a client still
// has a connection to the one before.
func TestThePortIsKept(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		stdout, started := io.Pipe()
		done := make(chan int)
		go func() { done <- run(ctx, []string{"-listen", addr}, started, started) }()
		out := bufio.NewReader(stdout)
		if line, err := out.ReadString('\n'); err != nil || !strings.Contains(line, "listens on http://"+addr+".") {
			t.Fatal(line, err)
		}
		go func() { _, _ = io.Copy(io.Discard, out) }()
		resp, err := http.Get("http://" + addr + "/_mock/numbers")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("the exit code is %d", code)
		}
	}
}

func TestHelpListsFaultsAndCommands(t *testing.T) {
	var stdout, stderr strings.Builder
	if code := run(t.Context(), []string{"-help"}, &stdout, &stderr); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	text := stderr.String()
	for _, p := range graphmock.Presets() {
		if !strings.Contains(text, "\n  "+p.Name+": "+p.Does+"\n") {
			t.Errorf("%s is not in:\n%s", p.Name, text)
		}
		for _, s := range p.Settings {
			if !strings.Contains(text, "    "+s.Name+"="+s.Default+" ") {
				t.Errorf("%s of %s is not in:\n%s", s.Name, p.Name, text)
			}
		}
	}
	for _, c := range graphmock.Commands() {
		if !strings.Contains(text, "\n"+c.Does+":\n  curl -s ") || !strings.Contains(text, strings.ReplaceAll(c.Path, "{id}", "ID")+"\n") {
			t.Errorf("%s is not in:\n%s", c.Path, text)
		}
	}
}

func TestVersion(t *testing.T) {
	var stdout, stderr strings.Builder
	if code := run(t.Context(), []string{"-version"}, &stdout, &stderr); code != 0 || stdout.String() != "graphmock dev\n" || stderr.Len() > 0 {
		t.Errorf("%d %s%s", code, stdout.String(), stderr.String())
	}
}
