// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"
)

type terminalPicture struct {
	Width  int         `xml:"width,attr"`
	Height int         `xml:"height,attr"`
	Title  string      `xml:"title"`
	Desc   string      `xml:"desc"`
	Texts  []drawnText `xml:"text"`
}

type drawnText struct {
	Class  string `xml:"class,attr"`
	X      int    `xml:"x,attr"`
	Y      int    `xml:"y,attr"`
	Length int    `xml:"textLength,attr"`
	Text   string `xml:",chardata"`
}

func TestDrawTerminal(t *testing.T) {
	drawn, err := drawTerminal("$ plan\n\n\x1b[1m  # a[\"b\"]\x1b[0m changes\n"+
		"\x1b[0m  \x1b[33m~\x1b[0m\x1b[0m x   = \"é\" \x1b[1;32m-> <b> & c\x1b[0m  \n", "A <title>", "What & why")
	if err != nil {
		t.Fatal(err)
	}
	var got terminalPicture
	if err := xml.Unmarshal([]byte(drawn), &got); err != nil {
		t.Fatal(err)
	}
	if got.Title != "A <title>" || got.Desc != "What & why" {
		t.Errorf("the title is %q, and the description %q", got.Title, got.Desc)
	}
	// 26 columns of 8 pixels and four rows of 19, with margins of 20.
	if got.Width != 248 || got.Height != 116 {
		t.Errorf("the picture has %d x %d pixels", got.Width, got.Height)
	}
	want := []drawnText{
		{"", 20, 34, 48, `$ plan`},
		{"bold", 36, 72, 64, `# a["b"]`},
		{"", 108, 72, 56, `changes`},
		{"yellow", 36, 91, 8, `~`},
		{"", 52, 91, 8, `x`},
		{"", 84, 91, 40, `= "é"`},
		{"bold green", 132, 91, 80, `-> <b> & c`},
	}
	if !slices.Equal(got.Texts, want) {
		t.Errorf("the texts are\n%+v, and not\n%+v", got.Texts, want)
	}
}

func TestDrawTerminalRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a\x1b[35mb\n":        `the style "35"`,
		"a\x1b[38;5;1mb\n":    `the style "38"`,
		"a\n\x1b[2Jb\n":       "line 2 has a control character",
		"one\rtwo\n":          "line 1 has a control character",
		"a column\tand a b\n": "line 1 has a control character",
	} {
		if _, err := drawTerminal(text, "title", "description"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
