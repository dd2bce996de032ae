// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// verify is the command that checks a draft.
func verify(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("verify FOLDER", flag.ContinueOnError)
	version := flags.String("version", "", "the version of the release, without v")
	key := flags.String("key", "", "the file with the armored public key that the registries know")
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	config, err := readConfig(configFile)
	if err != nil {
		return err
	}
	armored, err := os.ReadFile(*key)
	if err != nil {
		return fmt.Errorf("the public key: %w", err)
	}
	c, err := readCommit(ctx, ".")
	if err != nil {
		return err
	}
	// A draft is built on another machine, with the version that go.mod names.
	c.version, err = toolchain("go.mod")
	if err != nil {
		return err
	}
	r := release{config, strings.TrimPrefix(*version, "v")}
	if err := r.verify(ctx, flags.Arg(0), c, armored); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s: %d archives are as they should be\n", r.project, r.version, len(r.targets)+len(r.mock))
	return nil
}

// verify reports everything that is wrong with the files in a folder. Without a
// key, there has to be no signature.
func (r release) verify(ctx context.Context, folder string, c commit, key []byte) error {
	files := append(r.summed(), r.sums())
	if key != nil {
		files = append(files, r.signature())
	}
	files = append(files, r.mockFiles(key != nil)...)
	problems := []error{checkNames(folder, files)}
	sums, err := os.ReadFile(filepath.Join(folder, r.sums()))
	if err != nil {
		return errors.Join(append(problems, err)...)
	}
	problems = append(problems, r.checkSums(folder, string(sums)), r.checkManifest(folder))
	if key != nil {
		signature, err := os.ReadFile(filepath.Join(folder, r.signature()))
		if err == nil {
			err = checkSignature(sums, signature, key)
		}
		problems = append(problems, within(r.signature(), err))
	}
	for _, t := range r.targets {
		binary, modules, err := r.checkArchive(filepath.Join(folder, r.archive(t)), r.binary(t), t, c)
		problems = append(problems, within(r.archive(t), err))
		if modules != nil {
			document, err := os.ReadFile(filepath.Join(folder, r.sbom(t)))
			if err == nil {
				err = checkSBOM(document, modules, c.time)
			}
			problems = append(problems, within(r.sbom(t), err))
		}
		if t == (target{runtime.GOOS, runtime.GOARCH}) && binary != nil {
			problems = append(problems, within(r.archive(t), checkVersion(ctx, binary, r.binary(t), r.project+" "+r.version)))
		}
	}
	problems = append(problems, r.checkMock(ctx, folder, c, key))
	return errors.Join(problems...)
}

// within says for each problem which file has it.
func within(file string, err error) error {
	if err == nil {
		return nil
	}
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s: %w", file, err)
	}
	var problems []error
	for _, problem := range list.Unwrap() {
		problems = append(problems, within(file, problem))
	}
	return errors.Join(problems...)
}

// checkNames compares the names of the files in a folder.
func checkNames(folder string, want []string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var problems []error
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
		if !slices.Contains(want, e.Name()) {
			problems = append(problems, fmt.Errorf("%s does not belong to the release", e.Name()))
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			problems = append(problems, fmt.Errorf("%s is missing", name))
		}
	}
	return errors.Join(problems...)
}

// checkSums compares the checksums with the files that a release has, so that a
// file without a checksum is found as well.
func (r release) checkSums(folder, sums string) error {
	var want strings.Builder
	var problems []error
	for _, name := range r.summed() {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			problems = append(problems, err)
			continue
		}
		line := fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name)
		want.WriteString(line)
		if !strings.Contains(sums, line) {
			problems = append(problems, fmt.Errorf("%s: there is no line with the checksum of %s", r.sums(), name))
		}
	}
	if len(problems) == 0 && sums != want.String() {
		problems = append(problems, fmt.Errorf("%s has more than the checksums of the release, or another order", r.sums()))
	}
	return errors.Join(problems...)
}

// checkManifest checks which protocol the registries are told that the provider
// speaks.
func (r release) checkManifest(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, r.manifest()))
	if err != nil {
		return err
	}
	var m struct {
		Version  int `json:"version"`
		Metadata struct {
			Protocols []string `json:"protocol_versions"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("%s: %w", r.manifest(), err)
	}
	if m.Version != 1 || !slices.Equal(m.Metadata.Protocols, []string{"6.0"}) {
		return fmt.Errorf("%s is not the manifest of a provider with protocol 6.0", r.manifest())
	}
	return nil
}

// checkVersion runs the binary for this machine.
func checkVersion(ctx context.Context, binary []byte, name, want string) error {
	folder, err := os.MkdirTemp("", "release-version-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, name)
	if err := os.WriteFile(file, binary, 0o700); err != nil { //nolint:gosec // it has to run
		return err
	}
	got, err := exec.CommandContext(ctx, file, "-version").Output()
	if err != nil {
		return fmt.Errorf("-version: %w", err)
	}
	if string(bytes.TrimSpace(got)) != want {
		return fmt.Errorf("-version prints %q, not %q", bytes.TrimSpace(got), want)
	}
	return nil
}
