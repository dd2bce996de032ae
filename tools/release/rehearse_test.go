// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCompare(t *testing.T) {
	if err := compare(write(t, "a"), write(t, "a")); err != nil {
		t.Error(err)
	}
	if err := compare(write(t, "a"), write(t, "b")); err == nil {
		t.Error("two builds that differ are taken for equal")
	}
}

// What GoReleaser would upload is everything but folders and its own files, and the
// manifest, which it does not copy.
func TestCollect(t *testing.T) {
	root, files := t.TempDir(), t.TempDir()
	for _, name := range []string{"dist/artifacts.json", "dist/config.yaml", "dist/metadata.json", "dist/x_linux_arm/x", "dist/x.zip", "dist/surprise", "terraform-registry-manifest.json"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &rehearsal{release: release{config{project: "x"}, "1.2.3"}, root: root}
	if err := r.collect(filepath.Join(root, "dist"), files); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(files)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want := []string{"surprise", "x.zip", "x_1.2.3_manifest.json"}; !slices.Equal(got, want) {
		t.Errorf("the files are %q, not %q", got, want)
	}
}
