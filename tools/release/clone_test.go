// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A clone is the working tree as one tagged commit, whether committed before or not,
// and two clones are the same commit.
func TestClone(t *testing.T) {
	f := newFixture(t)
	for name, text := range map[string]string{"README.md": "changed\n", "new/file": "new\n", configFile: settings} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(f.source, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.source, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(f.source, "LICENSE")); err != nil {
		t.Fatal(err)
	}
	r := &rehearsal{release: f.release, root: f.source, only: "windows_arm64"}
	var commits []commit
	for range 2 {
		folder := filepath.Join(t.TempDir(), "clone")
		if err := r.clone(t.Context(), folder); err != nil {
			t.Fatal(err)
		}
		c, err := readCommit(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	if commits[0].hash != commits[1].hash || commits[0].hash == f.hash {
		t.Errorf("the commits are %s and %s, made from %s", commits[0].hash, commits[1].hash, f.hash)
	}
	if !commits[0].time.Equal(committed) {
		t.Errorf("the time of the commit is %s, not %s", commits[0].time, committed)
	}
	folder := commits[0].source
	for name, want := range map[string]string{"README.md": "changed\n", "new/file": "new\n", "CHANGELOG.md": "the changelog\n"} {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v, not %q", name, got, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "LICENSE")); !os.IsNotExist(err) {
		t.Errorf("the deleted file is there: %v", err)
	}
	c, err := readConfig(filepath.Join(folder, configFile))
	if err != nil || len(c.targets) != 1 || c.targets[0].String() != "windows_arm64" {
		t.Errorf("the targets are %v, %v", c.targets, err)
	}
	for want, args := range map[string][]string{
		"":       {"status", "--porcelain"},
		"v1.2.3": {"tag", "--points-at", "HEAD"},
		"https://github.com/wa-flows/terraform-provider-whatsapp": {"remote", "get-url", "origin"},
	} {
		if got, err := output(t.Context(), folder, "git", args...); err != nil || got != want {
			t.Errorf("git %q prints %q, %v, not %q", args, got, err, want)
		}
	}
}
