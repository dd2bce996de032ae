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
	var files []string
	problems := []error{r.checkManifest(folder)}
	for _, s := range r.allSums() {
		files = append(append(files, s.summed...), s.name)
		if key != nil {
			files = append(files, s.signature())
		}
		problems = append(problems, s.check(folder, key))
	}
	problems = append(problems, checkNames(folder, files))
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
	problems = append(problems, r.checkMock(ctx, folder, c))
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

// check compares the checksums with the files that they have to cover, so that a file
// without a checksum is found as well, and with the signature, if there is a key.
func (s sums) check(folder string, key []byte) error {
	got, err := os.ReadFile(filepath.Join(folder, s.name))
	if err != nil {
		return err
	}
	var want strings.Builder
	var problems []error
	for _, name := range s.summed {
		line, err := sumLine(folder, name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		want.WriteString(line)
		if !strings.Contains(string(got), line) {
			problems = append(problems, fmt.Errorf("%s: there is no line with the checksum of %s", s.name, name))
		}
	}
	if len(problems) == 0 && string(got) != want.String() {
		problems = append(problems, fmt.Errorf("%s has more than the checksums that belong there, or another order", s.name))
	}
	if key != nil {
		signature, err := os.ReadFile(filepath.Join(folder, s.signature()))
		if err == nil {
			err = checkSignature(got, signature, key)
		}
		problems = append(problems, within(s.signature(), err))
	}
	return errors.Join(problems...)
}

// sumLine is the line of a file in checksums, in the form that sha256sum reads.
func sumLine(folder, name string) (string, error) {
	content, err := os.ReadFile(filepath.Join(folder, name))
	return fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name), err
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
