// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const pictureFolder = ".github/pictures"

func pictures(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(pictureFolder + "/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no pictures: %v", err)
	}
	return files
}

// A picture fits on a page at GitHub and in the registries, follows the colours
// that the reader prefers, says what it shows to those who cannot see it, and
// needs nothing else: browsers load nothing for a picture, and run no script.
func TestPictures(t *testing.T) {
	for _, file := range pictures(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := read(t, file)
			if len(text) > 10_000 {
				t.Errorf("it has %d bytes", len(text))
			}
			if err := checkPicture(text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheckPicture(t *testing.T) {
	const good = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="8" viewBox="0 0 9 8" role="img" aria-labelledby="title desc">` +
		`<title id="title">T</title><desc id="desc">D</desc><style>text { font: 9px sans-serif } @media (prefers-color-scheme: dark) {}</style><text x="1">A</text></svg>`
	if err := checkPicture(good); err != nil {
		t.Error(err)
	}
	for old, replacement := range map[string]string{
		"</text>":              "",
		`width="9"`:            `width="900"`,
		`viewBox="0 0 9 8"`:    `viewBox="0 0 9 9"`,
		`role="img"`:           `role="image"`,
		`title desc`:           `title`,
		`>T<`:                  `> <`,
		`>D<`:                  `><`,
		`id="desc"`:            `id="description"`,
		`sans-serif`:           `Helvetica`,
		`-scheme: dark`:        `-scheme: light`,
		`{}`:                   `{ rect { fill: url(https://example.com) } }`,
		`<style>`:              `<style>@import "a.css";`,
		`<text x="1">A</text>`: `<script>A</script>`,
		`<text x="1">`:         `<text onclick="a()">`,
		` x="1"`:               ` style="font: 9px sans-serif"`,
		`A</text>`:             `A</text><image href="a.png"/>`,
	} {
		bad := strings.Replace(good, old, replacement, 1)
		if bad == good || checkPicture(bad) == nil {
			t.Errorf("%s in place of %s is no error", replacement, old)
		}
	}
}

func checkPicture(text string) error {
	var failures []error
	failed := func(format string, values ...any) { failures = append(failures, fmt.Errorf(format, values...)) }
	elements := []string{"svg", "title", "desc", "style", "rect", "circle", "path", "text"}
	attributes := strings.Fields("xmlns width height viewBox role aria-labelledby id class x y rx cx cy r d textLength lengthAdjust")
	content := map[string]string{}
	var open []xml.StartElement
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if !slices.Contains(elements, token.Name.Local) {
				failed("it has the element %s", token.Name.Local)
			}
			for _, attribute := range token.Attr {
				if !slices.Contains(attributes, attribute.Name.Local) {
					failed("%s has the attribute %s", token.Name.Local, attribute.Name.Local)
				}
			}
			if len(open) == 0 {
				failures = append(failures, checkRoot(token))
			}
			open = append(open, token.Copy())
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				element := open[len(open)-1]
				content[element.Name.Local+"#"+attributeOf(element, "id")] += strings.TrimSpace(string(token))
			}
		}
	}
	if content["title#title"] == "" || content["desc#desc"] == "" {
		failed("it has no title or no description")
	}
	style := content["style#"]
	if !strings.Contains(style, "@media (prefers-color-scheme: dark) {") {
		failed("it has no dark colours")
	}
	if found := regexp.MustCompile(`url\(|@import|@font-face`).FindString(style); found != "" {
		failed("its style has %s", found)
	}
	for _, font := range regexp.MustCompile(`font: ([^;}]+?) *[;}]`).FindAllStringSubmatch(style, -1) {
		if !strings.HasSuffix(font[1], " monospace") && !strings.HasSuffix(font[1], " sans-serif") {
			failed("the font %q may be missing", font[1])
		}
	}
	return errors.Join(failures...)
}

func checkRoot(svg xml.StartElement) error {
	width, height := attributeOf(svg, "width"), attributeOf(svg, "height")
	// What GitHub leaves for a page.
	if pixels, err := strconv.Atoi(width); err != nil || pixels > 840 {
		return fmt.Errorf("its width is %q", width)
	}
	for name, want := range map[string]string{
		"viewBox":         "0 0 " + width + " " + height,
		"role":            "img",
		"aria-labelledby": "title desc",
	} {
		if got := attributeOf(svg, name); got != want {
			return fmt.Errorf("%s is %q, and not %q", name, got, want)
		}
	}
	return nil
}

func attributeOf(element xml.StartElement, name string) string {
	for _, attribute := range element.Attr {
		if attribute.Name.Local == name {
			return attribute.Value
		}
	}
	return ""
}

// The registries show the pages in docs/, but have no other file of the
// repository: they need the address of the picture at GitHub. The README is shown
// where the picture is.
func TestEveryPictureIsShown(t *testing.T) {
	module := regexp.MustCompile(`(?m)^module github\.com/(\S+)$`).FindStringSubmatch(read(t, "go.mod"))
	if module == nil {
		t.Fatal("there is no module path")
	}
	var shown []string
	for _, page := range pages(t) {
		for _, found := range regexp.MustCompile(`!\[([^\]]*)\]\(([^)\s]+)\)`).FindAllStringSubmatch(read(t, page), -1) {
			alternative, address := found[1], found[2]
			if strings.HasSuffix(address, "/badge.svg?branch=main") {
				continue
			}
			file := address
			if filepath.Dir(page) != "." {
				var ok bool
				if file, ok = strings.CutPrefix(address, "https://raw.githubusercontent.com/"+module[1]+"/main/"); !ok {
					t.Errorf("%s shows %s, which the registries do not have", page, address)
				}
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s shows %s, which does not exist", page, address)
			}
			if len(alternative) < 20 {
				t.Errorf("%s says %q in place of %s", page, alternative, address)
			}
			shown = append(shown, file)
		}
	}
	for _, file := range pictures(t) {
		if !slices.Contains(shown, filepath.ToSlash(file)) {
			t.Errorf("no page shows %s", file)
		}
	}
}
