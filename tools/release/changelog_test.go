// SPDX-License-Identifier: MPL-2.0

package main

import (
	"slices"
	"strings"
	"testing"
)

const history = `## 1.1.0 (Unreleased)

FEATURES:

* A feature

## 1.0.0 (March 14, 2026)

BUG FIXES:

* A fix
* Another fix

## 1.0.0-beta1 (March 1, 2026)

NOTES:

* A note
`

func TestParseChangelog(t *testing.T) {
	got, err := parseChangelog(history)
	if err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{"1.1.0", "Unreleased", "FEATURES:\n\n* A feature\n"},
		{"1.0.0", "March 14, 2026", "BUG FIXES:\n\n* A fix\n* Another fix\n"},
		{"1.0.0-beta1", "March 1, 2026", "NOTES:\n\n* A note\n"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("the entries are %q, not %q", got, want)
	}
}

func TestParseChangelogRefuses(t *testing.T) {
	for name, test := range map[string]struct{ old, with, want string }{
		"a prefix":                  {"## 1.1.0", "## v1.1.0", "CHANGELOG.md:1: a heading is not like"},
		"no date":                   {" (Unreleased)", "", "CHANGELOG.md:1: a heading is not like"},
		"a date of another kind":    {"March 14, 2026", "2026-03-14", "CHANGELOG.md:7: the date is not like"},
		"a day that does not exist": {"March 14, 2026", "March 32, 2026", "CHANGELOG.md:7: the date is not like"},
		"a day with a zero":         {"March 1,", "March 01,", "CHANGELOG.md:14: the date is not like"},
		"an older unreleased":       {"March 14, 2026", "Unreleased", "CHANGELOG.md:7: only the first version can be unreleased"},
		"ascending versions":        {"## 1.1.0", "## 0.9.0", "CHANGELOG.md:7: the versions do not descend"},
		"the same version twice":    {"## 1.1.0", "## 1.0.0", "CHANGELOG.md:7: the versions do not descend"},
		"a pre-release above":       {"## 1.1.0", "## 1.0.0-rc1", "CHANGELOG.md:7: the versions do not descend"},
		"ascending dates":           {"March 1,", "March 15,", "CHANGELOG.md:14: the dates do not descend"},
		"an unknown section":        {"BUG FIXES:", "FIXES:", "CHANGELOG.md:9: a section is not one of"},
		"a title":                   {"## 1.1.0", "# Changelog\n\n## 1.1.0", "CHANGELOG.md:1: a heading is not like"},
		"text above":                {"## 1.1.0", "Changes\n\n## 1.1.0", "CHANGELOG.md:1: the first line is not"},
		"nothing to say":            {"* A feature\n", "", "CHANGELOG.md says nothing about 1.1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseChangelog(strings.Replace(history, test.old, test.with, 1))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("the error is %v, not %q", err, test.want)
			}
		})
	}
}

func TestCheckTag(t *testing.T) {
	for _, test := range []struct{ version, date, tag, want string }{
		{"1.0.0", "March 14, 2026", "v1.0.0", ""},
		{"1.0.0-beta1", "March 14, 2026", "v1.0.0-beta1", ""},
		{"1.0.0", "March 14, 2026", "1.0.0", "the tag is 1.0.0, and the first version in CHANGELOG.md is 1.0.0, so that it has to be v1.0.0"},
		{"1.0.0", "March 14, 2026", "v1.0.1", "the tag is v1.0.1, and the first version in CHANGELOG.md is 1.0.0, so that it has to be v1.0.0"},
		{"1.0.0", "Unreleased", "v1.0.0", "CHANGELOG.md says that 1.0.0 is unreleased: replace that with the date"},
	} {
		got := ""
		if err := (entry{version: test.version, date: test.date}).checkTag(test.tag); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("the error for %s is %q, not %q", test.tag, got, test.want)
		}
	}
}

// What the release notes are taken from has to be right before there is a tag.
func TestTheChangelogIsWellFormed(t *testing.T) {
	if _, err := readChangelog("../../" + changelogFile); err != nil {
		t.Error(err)
	}
}
