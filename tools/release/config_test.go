// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const settings = `project_name: terraform-provider-example
builds:
  - id: provider
    binary: x
    targets:
      - linux_amd64
      - windows_arm64
    env: []
  - id: graphmock
    targets:
      - linux_amd64
`

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadConfig(t *testing.T) {
	got, err := readConfig(write(t, settings))
	want := config{"terraform-provider-example", []target{{"linux", "amd64"}, {"windows", "arm64"}}, []target{{"linux", "amd64"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("it is %v, %v, not %v", got, err, want)
	}
	for name, test := range map[string]struct{ old, with, want string }{
		"no project":          {"project_name", "name", "does not have a project_name"},
		"no list":             {"targets", "goos", "does not have a project_name"},
		"no mock server":      {"  - id: graphmock\n    targets:\n      - linux_amd64\n", "", "does not have a project_name"},
		"an unknown build":    {"id: graphmock", "id: other", `has a build "other"`},
		"no architecture":     {"linux_amd64", "linux", `the target "linux" is not`},
		"a variant":           {"linux_amd64", "linux_amd64_v1", `the target "linux_amd64_v1" is not`},
		"no operating system": {"linux_amd64", "_amd64", `the target "_amd64" is not`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readConfig(write(t, strings.Replace(settings, test.old, test.with, 1)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, not %q", err, test.want)
			}
		})
	}
}

// The rehearsal for one platform has only that in the list, in the file and in what
// is read from it.
func TestRestrict(t *testing.T) {
	c := config{"x", []target{{"linux", "amd64"}, {"windows", "arm64"}}, []target{{"linux", "amd64"}}}
	if _, err := c.restrict("plan9_arm"); err == nil {
		t.Error("a platform that is not in the list was taken")
	}
	got, err := c.restrict("windows_arm64")
	want := config{"x", []target{{"windows", "arm64"}}, []target{{"windows", "arm64"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("it is %v, %v, not %v", got, err, want)
	}
	file := write(t, settings)
	if err := restrictFile(file, "windows_arm64"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	without := strings.Replace(settings, "      - linux_amd64\n", "", 1)
	if want := strings.Replace(without, "linux_amd64", "windows_arm64", 1); string(text) != want {
		t.Errorf("the file is\n%s\nnot\n%s", text, want)
	}
}

// The real configuration can be read and restricted.
func TestTheConfiguration(t *testing.T) {
	c, err := readConfig("../../" + configFile)
	if err != nil {
		t.Fatal(err)
	}
	if c.project != "terraform-provider-whatsapp" {
		t.Errorf("the project is %q", c.project)
	}
	text, err := os.ReadFile("../../" + configFile)
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, string(text))
	if err := restrictFile(file, c.targets[0].String()); err != nil {
		t.Fatal(err)
	}
	if got, err := readConfig(file); err != nil || !reflect.DeepEqual(got.targets, c.targets[:1]) {
		t.Errorf("the restricted targets are %v, %v", got.targets, err)
	}
	if _, err := toolchain("../../go.mod"); err != nil {
		t.Error(err)
	}
}
