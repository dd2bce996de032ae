// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The CLI is run by "make release-check"; here is what is made of its lock file.
func TestLockFile(t *testing.T) {
	const locked = `provider "registry.terraform.io/wa-flows/whatsapp" {
  version     = "1.2.3"
  constraints = "1.2.3"
  hashes = [
    "h1:one=",
    "h1:two=",
  ]
}
`
	r := release{config{project: "x", targets: []target{{"linux", "arm"}, {"linux", "amd64"}}}, "1.2.3"}
	for name, test := range map[string]struct {
		text string
		ok   bool
	}{
		"as it should be":       {locked, true},
		"a platform is missing": {strings.Replace(locked, `    "h1:two=",`+"\n", "", 1), false},
		"another version":       {strings.Replace(locked, `version     = "1.2.3"`, `version     = "1.2.4"`, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			file := write(t, test.text)
			if err := r.lockFile(file, folder); (err == nil) != test.ok {
				t.Errorf("the error is %v", err)
			}
			if got, _ := os.ReadFile(filepath.Join(folder, filepath.Base(file))); test.ok != (string(got) == test.text) {
				t.Errorf("the copy is %q", got)
			}
		})
	}
}

// A mirror has the archives of all platforms for both registries.
func TestMirror(t *testing.T) {
	f := newFixture(t)
	mirror := t.TempDir()
	if err := f.mirror(f.write(t), mirror); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		if _, err := os.Stat(filepath.Join(mirror, host, "wa-flows", "whatsapp", f.archive(f.targets[0]))); err != nil {
			t.Error(err)
		}
	}
}
