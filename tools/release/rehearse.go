// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// rehearsal makes a release of the working tree as the workflow does, up to the
// upload.
type rehearsal struct {
	release
	root  string
	bin   string // with goreleaser, syft and this program
	work  string
	notes string
	out   io.Writer
	only  string // the only target, if any
	sign  bool
	start time.Time
}

func rehearse(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	only := flags.String("only", "", "release for this platform alone, such as linux_amd64")
	bin := flags.String("bin", ".cache/bin", "the folder with goreleaser, syft and this program")
	clis := flags.String("cli", "terraform,tofu", "the binaries of the CLIs, separated by commas")
	sign := flags.String("sign", "auto", "sign with a throw-away key: auto, if there is gpg, or required")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	r := &rehearsal{out: out, only: *only, start: time.Now()}
	config, err := readConfig(configFile)
	if err != nil {
		return err
	}
	if r.only != "" {
		if config, err = config.restrict(r.only); err != nil {
			return err
		}
	}
	entries, err := readChangelog(changelogFile)
	if err != nil {
		return err
	}
	r.release, r.notes = release{config, entries[0].version}, entries[0].notes
	if r.root, err = filepath.Abs("."); err != nil {
		return err
	}
	if r.bin, err = filepath.Abs(*bin); err != nil {
		return err
	}
	_, err = exec.LookPath("gpg")
	if r.sign = err == nil; !r.sign {
		fmt.Fprintln(out, "No gpg found: the rehearsal does NOT sign.")
		if *sign == "required" {
			return err
		}
	}
	if r.work, err = os.MkdirTemp("", "release-rehearsal-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	return r.play(ctx, strings.Split(*clis, ","))
}

func (r *rehearsal) play(ctx context.Context, clis []string) error {
	// The second folder and its cache have nothing in common with the first.
	first, second := filepath.Join(r.work, "first"), filepath.Join(r.work, "another", "folder")
	for _, folder := range []string{first, second} {
		if err := r.clone(ctx, folder); err != nil {
			return err
		}
	}
	c, err := readCommit(ctx, first)
	if err != nil {
		return err
	}
	var key []byte
	var signing []string
	if r.sign {
		gpg, err := newSigner(ctx)
		if err != nil {
			return err
		}
		defer gpg.close()
		key, signing = gpg.public, gpg.environment
	}
	if err := r.goreleaser(ctx, first, r.sign, signing...); err != nil {
		return err
	}
	r.say("built")
	files := filepath.Join(r.work, "files")
	if err := r.collect(filepath.Join(first, "dist"), files); err != nil {
		return err
	}
	if err := r.verify(ctx, files, c, key); err != nil {
		return err
	}
	r.say("verified")
	if err := r.install(ctx, files, clis, r.out); err != nil {
		return err
	}
	r.say("installed")
	if err := r.goreleaser(ctx, second, false, "GOCACHE="+filepath.Join(r.work, "cache")); err != nil {
		return err
	}
	r.say("built again, without a cache")
	for _, s := range r.allSums() {
		if err := compare(filepath.Join(first, "dist", s.name), filepath.Join(second, "dist", s.name)); err != nil {
			return err
		}
	}
	r.say("both builds have the same checksums")
	return nil
}

func (r *rehearsal) say(what string) {
	fmt.Fprintf(r.out, "%4.0f s: %s\n", time.Since(r.start).Seconds(), what)
}

// goreleaser does everything but the upload.
func (r *rehearsal) goreleaser(ctx context.Context, folder string, sign bool, environment ...string) error {
	notes := filepath.Join(r.work, "notes.md")
	if err := os.WriteFile(notes, []byte(r.notes), 0o600); err != nil {
		return err
	}
	skip := "publish,announce"
	if !sign {
		skip += ",sign"
	}
	command := exec.CommandContext(ctx, filepath.Join(r.bin, "goreleaser"), "release", "--clean", "--skip="+skip, "--release-notes", notes) //nolint:gosec // make builds it
	command.Dir = folder
	command.Env = append(os.Environ(), "PATH="+r.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	command.Env = append(command.Env, environment...)
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("goreleaser: %w\n%s", err, text)
	}
	return nil
}

// collect copies what GoReleaser would upload, and leaves its own files behind.
func (r *rehearsal) collect(dist, folder string) error {
	entries, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	own := []string{"artifacts.json", "config.yaml", "metadata.json"}
	for _, e := range entries {
		if e.IsDir() || slices.Contains(own, e.Name()) {
			continue
		}
		if err := copyFile(filepath.Join(dist, e.Name()), filepath.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	// GoReleaser uploads the manifest from where it is.
	return copyFile(filepath.Join(r.root, "terraform-registry-manifest.json"), filepath.Join(folder, r.manifest()))
}

// compare fails unless both builds have the same checksums.
func compare(first, second string) error {
	one, err := os.ReadFile(first)
	if err != nil {
		return err
	}
	other, err := os.ReadFile(second)
	if err != nil {
		return err
	}
	if !bytes.Equal(one, other) {
		return fmt.Errorf("two builds of one commit differ:\n%s\n%s", one, other)
	}
	return nil
}
