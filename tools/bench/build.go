// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// version is that of the providers in the mirror.
const version = "0.0.1"

// build builds both providers as a release does, and makes a mirror of its own in
// which a meter stands in for each: the mirror of the tests must not have meters.
func (b *bench) build(ctx context.Context) error {
	b.binaries = map[string]string{}
	meter, err := b.compile(ctx, "meter", "tools/bench/meter")
	if err != nil {
		return err
	}
	for name, source := range map[string]string{ourName: ".", floorName: "tools/bench/floor"} {
		if b.binaries[name], err = b.compile(ctx, "terraform-provider-"+name, source); err != nil {
			return err
		}
		for _, host := range hosts {
			if err := link(meter, b.mirrored(host, name)); err != nil {
				return err
			}
		}
	}
	if err := b.place(); err != nil {
		return err
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.Join(b.folder, "mirror"))
	if err := os.WriteFile(b.cliConfig(), []byte(config), 0o600); err != nil {
		return err
	}
	b.key, err = newKey()
	return err
}

// compile builds the package in a folder of the repository, in the module of that
// folder: the provider is built from its own go.mod.
func (b *bench) compile(ctx context.Context, name, source string) (string, error) {
	file := filepath.Join(b.folder, "bin", name)
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
	command.Dir = filepath.Join(b.root, source)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stderr = os.Stderr
	return file, command.Run()
}

var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// mirrored is the plugin that the CLI finds.
func (b *bench) mirrored(host, provider string) string {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	return filepath.Join(b.folder, "mirror", host, "wa-flows", provider, version, platform, "terraform-provider-"+provider+"_v"+version)
}

// program is the provider that the meter in its place runs.
func (b *bench) program(host, provider string) string {
	folder, base := filepath.Split(b.mirrored(host, provider))
	return folder + "real-" + base
}

// place puts a new copy of each provider where its meter looks for it. The place of
// a file in the page cache makes its starts up to 4 ms faster or slower for as long
// as it stays there, so each run has a copy of its own.
func (b *bench) place() error {
	for name, binary := range b.binaries {
		first := b.program(hosts[0], name)
		text, err := os.ReadFile(binary)
		_ = os.Remove(first)
		if err := errors.Join(err, os.WriteFile(first, text, 0o700)); err != nil { //nolint:gosec // it is a program
			return err
		}
		for _, host := range hosts[1:] {
			if err := link(first, b.program(host, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func link(file, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		return err
	}
	_ = os.Remove(target)
	return os.Link(file, target)
}

func (b *bench) cliConfig() string { return filepath.Join(b.folder, "cli.tfrc") }
func (b *bench) meter() string     { return filepath.Join(b.folder, "bin", "meter") }
