// SPDX-License-Identifier: MPL-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const programEnv = "GOVULNCHECK_TEST_PROGRAM"

// TestMain lets the test binary stand in for the program, because a process reads
// the variable with the proxy only once.
func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		main()
	}
	os.Exit(m.Run())
}

const (
	callsParse = "package main\n\nimport \"net/url\"\n\nfunc main() { _, _ = url.Parse(\"\") }\n"
	doesNot    = "package main\n\nfunc main() {}\n"
	broken     = "package main\n\nfunc main() { undefined() }\n"
)

const vulnerability = `{
  "schema_version": "1.3.1", "id": "GO-2026-9999", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
  "details": "Made up for a test.",
  "affected": [{
    "package": {"name": "stdlib", "ecosystem": "Go"},
    "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
    "ecosystem_specific": {"imports": [{"path": "net/url", "symbols": ["Parse"]}]}
  }],
  "database_specific": {"url": "https://example.com/GO-2026-9999"}
}`

// folder writes files and returns their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func database(t *testing.T) string {
	t.Helper()
	path := filepath.ToSlash(folder(t, map[string]string{
		"index/db.json":        `{"modified": "2026-01-01T00:00:00Z"}`,
		"index/modules.json":   `[{"path": "stdlib", "vulns": [{"id": "GO-2026-9999", "modified": "2026-01-01T00:00:00Z"}]}]`,
		"index/vulns.json":     `[{"id": "GO-2026-9999", "modified": "2026-01-01T00:00:00Z"}]`,
		"ID/GO-2026-9999.json": vulnerability,
	}))
	return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(path, "/")}).String()
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	overloaded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(overloaded.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	known := []string{"-db", database(t)}
	const notChecked = "NOT CHECKED for known vulnerabilities"
	for name, test := range map[string]struct {
		code   string
		args   []string
		proxy  string
		github bool
		exit   int
		prints string
	}{
		"clean":                  {code: doesNot, args: known, exit: 0, prints: "No vulnerabilities found."},
		"clean, GitHub":          {code: doesNot, args: known, github: true, exit: 0, prints: "No vulnerabilities found."},
		"vulnerable":             {code: callsParse, args: known, exit: 3, prints: "GO-2026-9999"},
		"vulnerable, GitHub":     {code: callsParse, args: known, github: true, exit: 3, prints: "GO-2026-9999"},
		"no database":            {code: callsParse, proxy: closed.URL, exit: 0, prints: notChecked},
		"no database, GitHub":    {code: callsParse, proxy: closed.URL, github: true, exit: 1, prints: notChecked},
		"database fails":         {code: callsParse, proxy: overloaded.URL, exit: 0, prints: notChecked},
		"database fails, GitHub": {code: callsParse, proxy: overloaded.URL, github: true, exit: 1, prints: notChecked},
		"does not compile":       {code: broken, args: known, exit: 1, prints: "undefined"},
		"neither":                {code: broken, proxy: closed.URL, exit: 1, prints: "undefined"},
		"unknown flag":           {code: doesNot, args: []string{"-nonsense"}, exit: 2, prints: "nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0], append(test.args, "./...")...)
			command.Dir = folder(t, map[string]string{"go.mod": "module example.com/program\n\ngo 1.26\n", "main.go": test.code})
			command.Env = append(os.Environ(), programEnv+"=1", "HTTPS_PROXY="+test.proxy, "NO_PROXY=", "CI=true", "GITHUB_ACTIONS=false")
			if test.github {
				command.Env = append(command.Env, "GITHUB_ACTIONS=true")
			}
			out, _ := command.CombinedOutput()
			if got := command.ProcessState.ExitCode(); got != test.exit || !strings.Contains(string(out), test.prints) {
				t.Errorf("exit code %d, want %d with %q in:\n%s", got, test.exit, test.prints, out)
			}
			if said := strings.Contains(string(out), notChecked); said != (test.prints == notChecked) {
				t.Errorf("printed that nothing was checked: %t:\n%s", said, out)
			}
		})
	}
}
