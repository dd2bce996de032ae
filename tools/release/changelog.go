// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
)

const (
	changelogFile = "CHANGELOG.md"
	unreleased    = "Unreleased"
	dateLayout    = "January 2, 2006"
)

// The sections of a version, as HashiCorp's providers have them.
var sections = []string{"BREAKING CHANGES", "NOTES", "FEATURES", "ENHANCEMENTS", "BUG FIXES"}

var heading = regexp.MustCompile(`^## (\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?) \(([^()]+)\)$`)

// entry is what the changelog has about one version.
type entry struct {
	version string // without "v"
	date    string // or "Unreleased"
	notes   string
}

// parseChangelog reads all versions, newest first, and fails when the changelog is
// not as the release notes need it.
func parseChangelog(text string) ([]entry, error) {
	var entries []entry
	for number, line := range strings.Split(text, "\n") {
		fail := func(problem string) ([]entry, error) {
			return nil, fmt.Errorf("%s:%d: %s: %q", changelogFile, number+1, problem, line)
		}
		found := heading.FindStringSubmatch(line)
		switch {
		case found != nil:
			next := entry{version: found[1], date: found[2]}
			if problem := next.check(entries); problem != "" {
				return fail(problem)
			}
			entries = append(entries, next)
		case strings.HasPrefix(line, "#"):
			return fail(`a heading is not like "## 1.2.3 (January 2, 2026)" or "## 1.2.3 (Unreleased)"`)
		case len(entries) == 0:
			return fail("the first line is not the heading of a version")
		default:
			if name, ok := strings.CutSuffix(line, ":"); ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "*") && !slices.Contains(sections, name) {
				return fail("a section is not one of " + strings.Join(sections, ", "))
			}
			entries[len(entries)-1].notes += line + "\n"
		}
	}
	if len(entries) == 0 {
		return nil, errors.New(changelogFile + " is empty")
	}
	for i, e := range entries {
		entries[i].notes = strings.TrimSpace(e.notes) + "\n"
		if !strings.Contains(e.notes, "\n* ") {
			return nil, fmt.Errorf("%s says nothing about %s", changelogFile, e.version)
		}
	}
	return entries, nil
}

// check says what is wrong with an entry below the ones before.
func (e entry) check(before []entry) string {
	if e.date == unreleased {
		if len(before) > 0 {
			return "only the first version can be unreleased"
		}
		return ""
	}
	date, err := time.Parse(dateLayout, e.date)
	if err != nil || date.Format(dateLayout) != e.date {
		return `the date is not like "January 2, 2026"`
	}
	if len(before) == 0 {
		return ""
	}
	above := before[len(before)-1]
	if !older(e.version, above.version) {
		return "the versions do not descend"
	}
	if newer, err := time.Parse(dateLayout, above.date); err == nil && newer.Before(date) {
		return "the dates do not descend"
	}
	return ""
}

func older(a, b string) bool {
	first, err := version.NewVersion(a)
	if err != nil {
		return false
	}
	second, err := version.NewVersion(b)
	return err == nil && first.LessThan(second)
}

// checkTag compares a tag with the newest entry.
func (e entry) checkTag(tag string) error {
	if tag != "v"+e.version {
		return fmt.Errorf("the tag is %s, and the first version in %s is %s, so that it has to be v%s", tag, changelogFile, e.version, e.version)
	}
	if e.date == unreleased {
		return fmt.Errorf("%s says that %s is unreleased: replace that with the date", changelogFile, e.version)
	}
	return nil
}

func readChangelog(file string) ([]entry, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseChangelog(string(text))
}

// tag is the command that comes before everything else in the release workflow.
func tag(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("tag", flag.ContinueOnError)
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	entries, err := readChangelog(changelogFile)
	if err != nil {
		return err
	}
	if err := entries[0].checkTag(flags.Arg(0)); err != nil {
		return err
	}
	_, err = io.WriteString(out, entries[0].notes)
	return err
}
