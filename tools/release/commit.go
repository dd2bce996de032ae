// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// commit is what the archives of a release have to be made from.
type commit struct {
	source  string // the folder of the repository
	hash    string
	time    time.Time
	module  string   // the path of the provider's module
	version string   // of Go, as in go1.26.8
	absent  []string // paths of the machine, which no binary may have
}

// readCommit describes a checkout, and the Go that is in use.
func readCommit(ctx context.Context, folder string) (commit, error) {
	source, err := filepath.Abs(folder)
	if err != nil {
		return commit{}, err
	}
	log, err := output(ctx, source, "git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return commit{}, err
	}
	hash, seconds, _ := strings.Cut(log, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return commit{}, err
	}
	list, err := output(ctx, source, "go", "list", "-m")
	if err != nil {
		return commit{}, err
	}
	environment, err := output(ctx, source, "go", "env", "GOVERSION", "GOMODCACHE")
	if err != nil {
		return commit{}, err
	}
	version, cache, _ := strings.Cut(environment, "\n")
	return commit{
		source:  source,
		hash:    hash,
		time:    time.Unix(unix, 0),
		module:  list,
		version: version,
		absent:  []string{source, cache},
	}, nil
}

// toolchain is the exact version of Go in a go.mod.
func toolchain(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(`(?m)^toolchain (go\d+\.\d+\.\d+)$`).FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s has no line with an exact version of Go, such as toolchain go1.26.8", file)
	}
	return string(found[1]), nil
}

// output runs a program and returns what it prints.
func output(ctx context.Context, folder, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = folder
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(text)), nil
}
