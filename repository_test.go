// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// CONTRIBUTING.md wants a reason for each dependency.
func TestEveryDependencyHasAReason(t *testing.T) {
	_, reasons, _ := strings.Cut(read(t, "DESIGN.md"), "\n## Dependencies\n")
	required := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(read(t, "go.mod"), -1)
	if len(required) == 0 {
		t.Error("no dependency was found in go.mod")
	}
	for _, module := range required {
		if name := strings.TrimPrefix(module[1], "github.com/hashicorp/"); !regexp.MustCompile("`" + regexp.QuoteMeta(name) + "[`/]").MatchString(reasons) {
			t.Errorf("DESIGN.md has no reason for %s", module[1])
		}
	}
}

// The checks are listed in GNUmakefile: CHECKS, and WORKFLOW_CHECKS. The workflow spreads them over jobs,
// because they need different versions of the CLI.
func TestTheWorkflowRunsEveryCheck(t *testing.T) {
	lists := regexp.MustCompile(`(?m)^(?:WORKFLOW_)?CHECKS := (.+)$`).FindAllStringSubmatch(read(t, "GNUmakefile"), -1)
	if len(lists) != 2 {
		t.Fatal("GNUmakefile does not have CHECKS and WORKFLOW_CHECKS")
	}
	want := append(strings.Fields(lists[0][1]), strings.Fields(lists[1][1])...)
	var got []string
	for _, step := range regexp.MustCompile(`(?m)^\s*- run: make (\S+)`).FindAllStringSubmatch(read(t, ".github/workflows/test.yml"), -1) {
		got = append(got, step[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("the workflow runs %q, and GNUmakefile has the checks %q", got, want)
	}
	if !strings.HasSuffix(read(t, ".ci/run"), "\nmake check\n") {
		t.Error(".ci/run does not end with make check")
	}
}
