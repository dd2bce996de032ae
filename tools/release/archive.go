// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// documents are the files next to the binary, as they are in the repository.
var documents = []string{"CHANGELOG.md", "LICENSE", "README.md"}

// checkArchive returns the binary, which has the given name, and the modules in it.
func (r release) checkArchive(file, name string, t target, c commit) (binary []byte, modules map[string]string, err error) {
	reader, err := zip.OpenReader(file)
	if err != nil {
		return nil, nil, err
	}
	defer reader.Close()
	var problems []error
	contents := map[string][]byte{}
	for _, f := range reader.File {
		mode := fs.FileMode(0o644)
		if f.Name == name {
			mode = 0o755
		}
		if f.Mode() != mode {
			problems = append(problems, fmt.Errorf("%s has the mode %s, not %s", f.Name, f.Mode(), mode))
		}
		if !f.Modified.Equal(c.time) {
			problems = append(problems, fmt.Errorf("%s was modified at %s, and not at the time of the commit, %s", f.Name, f.Modified.UTC(), c.time.UTC()))
		}
		content, err := readAll(f)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		contents[f.Name] = content
	}
	want := append([]string{name}, documents...)
	slices.Sort(want)
	if got := sortedKeys(contents); len(reader.File) != len(want) || !slices.Equal(got, want) {
		return nil, nil, errors.Join(append(problems, fmt.Errorf("it holds %q, not %q", got, want))...)
	}
	for _, document := range documents {
		original, err := os.ReadFile(filepath.Join(c.source, document))
		if err != nil {
			return nil, nil, err
		}
		if !bytes.Equal(contents[document], original) {
			problems = append(problems, fmt.Errorf("%s is not that of the repository", document))
		}
	}
	binary = contents[name]
	modules, err = r.checkBinary(binary, t, c)
	return binary, modules, errors.Join(append(problems, err)...)
}

func readAll(f *zip.File) ([]byte, error) {
	reader, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

// checkBinary compares what the linker wrote into the binary with what a release is
// built from.
func (r release) checkBinary(binary []byte, t target, c commit) (map[string]string, error) {
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return nil, fmt.Errorf("the binary: %w", err)
	}
	got := map[string]string{"Go": info.GoVersion, "module": info.Main.Path, "version": info.Main.Version}
	for _, s := range info.Settings {
		got[s.Key] = s.Value
	}
	want := map[string]string{
		"Go":           c.version,
		"module":       c.module,
		"version":      "v" + r.version,
		"GOOS":         t.os,
		"GOARCH":       t.arch,
		"CGO_ENABLED":  "0",
		"-trimpath":    "true",
		"vcs.revision": c.hash,
		"vcs.modified": "false",
	}
	var problems []error
	for _, name := range sortedKeys(want) {
		if got[name] != want[name] {
			problems = append(problems, fmt.Errorf("the binary has %q for %s, not %q", got[name], name, want[name]))
		}
	}
	for _, path := range c.absent {
		if bytes.Contains(binary, []byte(path)) {
			problems = append(problems, fmt.Errorf("the binary has the path %s", path))
		}
	}
	modules := map[string]string{"stdlib": info.GoVersion}
	for _, m := range append(info.Deps, &info.Main) {
		modules[m.Path] = m.Version
	}
	return modules, errors.Join(problems...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
