// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// clone makes a repository in which the working tree, with all that is not
// committed yet, is a tagged commit. Equal trees give equal commits.
func (r *rehearsal) clone(ctx context.Context, folder string) error {
	if _, err := output(ctx, r.root, "git", "clone", "--quiet", "--no-tags", "--no-checkout", r.root, folder); err != nil {
		return err
	}
	list, err := output(ctx, r.root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.Trim(list, "\x00"), "\x00") {
		if err := copyFile(filepath.Join(r.root, name), filepath.Join(folder, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if r.only != "" {
		if err := restrictFile(filepath.Join(folder, configFile), r.only); err != nil {
			return err
		}
	}
	date, err := output(ctx, r.root, "git", "log", "-1", "--format=%cI")
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"add", "--all"},
		{"commit", "--quiet", "--allow-empty", "--no-verify", "--message", "Rehearse the release", "--date", date},
		{"tag", "v" + r.version},
		{"remote", "set-url", "origin", "https://github.com/" + strings.Replace(source, "/", "/terraform-provider-", 1)},
	} {
		command := exec.CommandContext(ctx, "git", args...)
		command.Dir = folder
		command.Env = append(os.Environ(), "GIT_COMMITTER_DATE="+date, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=rehearsal", "GIT_AUTHOR_EMAIL=rehearsal@example.com",
			"GIT_COMMITTER_NAME=rehearsal", "GIT_COMMITTER_EMAIL=rehearsal@example.com")
		if text, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", args[0], err, text)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm())
}

var targetList = regexp.MustCompile(`(?m)^(    targets:\n)(      - )\S+\n(?:      - \S+\n)*`)

// restrictFile leaves one target in the list of a configuration.
func restrictFile(file, only string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, targetList.ReplaceAll(text, []byte("${1}${2}"+only+"\n")), 0o600)
}
