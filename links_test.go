// SPDX-License-Identifier: MPL-2.0

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are the documents for readers.
func pages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("docs", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Every link to a file of the repository leads to one, and to a heading that it
// has.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	count := 0
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			count++
			file, heading, hasHeading := strings.Cut(found[1], "#")
			file = filepath.Join(filepath.Dir(page), file)
			if strings.HasPrefix(found[1], "#") {
				file = page
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, found[1])
				continue
			}
			if hasHeading && !slices.Contains(anchors(read(t, file)), heading) {
				t.Errorf("%s links to %s, and there is no such heading", page, found[1])
			}
		}
	}
	if count == 0 {
		t.Error("no link was found")
	}
}

// anchors are what the headings of a page can be linked with.
func anchors(text string) []string {
	var all []string
	for _, found := range regexp.MustCompile("(?m)^#+ (.+)$|<a id=\"([^\"]+)\"").FindAllStringSubmatch(text, -1) {
		anchor := found[2]
		for _, r := range strings.ToLower(found[1]) {
			switch {
			case r == ' ':
				anchor += "-"
			case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
				anchor += string(r)
			}
		}
		all = append(all, anchor)
	}
	return all
}

// The README names the workflow, the registry address and the license that the
// repository has.
func TestReadmeIsOfThisRepository(t *testing.T) {
	readme := read(t, "README.md")
	module := regexp.MustCompile(`(?m)^module github\.com/(\S+)$`).FindStringSubmatch(read(t, "go.mod"))
	address := regexp.MustCompile(`(?m)^REGISTRY_ADDRESS := (\S+)$`).FindStringSubmatch(read(t, "GNUmakefile"))
	if module == nil || address == nil {
		t.Fatal("there is no module path or no registry address")
	}
	for _, want := range []string{
		"https://github.com/" + module[1] + "/actions/workflows/test.yml/badge.svg",
		"https://registry.terraform.io/providers/" + address[1] + "/latest",
		"https://search.opentofu.org/provider/" + address[1] + "/latest",
		`source = "` + address[1] + `"`,
		"[Mozilla Public License 2.0](LICENSE)",
	} {
		if !strings.Contains(readme, want) {
			t.Errorf("README.md does not have %s", want)
		}
	}
	if _, err := os.Stat(".github/workflows/test.yml"); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(read(t, "LICENSE"), "Mozilla Public License Version 2.0\n") {
		t.Error("LICENSE is another license")
	}
}

// "API Setup" is a page of the app dashboard, and not of WhatsApp Manager.
func TestWhereTheIDsAre(t *testing.T) {
	places := regexp.MustCompile(`(?i)(.{0,120})API setup`)
	count := 0
	for _, root := range []string{"README.md", "docs", "templates", "examples", "internal"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			for _, found := range places.FindAllStringSubmatch(string(text), -1) {
				count++
				if !strings.Contains(strings.ToLower(found[1]), "app dashboard") {
					t.Errorf("%s: %q", path, found[0])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if count == 0 {
		t.Error("no text says where the IDs are")
	}
}

// Each guide has its group in the menu of the registries.
func TestEveryGuideHasASubcategory(t *testing.T) {
	known := []string{"First steps", "Keys and endpoints", "Operation"}
	guides, err := filepath.Glob("docs/guides/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatalf("there are no guides: %v", err)
	}
	for _, guide := range guides {
		found := regexp.MustCompile(`(?m)^subcategory: "(.*)"$`).FindStringSubmatch(read(t, guide))
		if found == nil || !slices.Contains(known, found[1]) {
			t.Errorf("%s has the subcategory %q", guide, found)
		}
	}
}
