// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A cell of the terminal has the width and the height of a character, in pixels.
// Text that is exactly as wide as its cells keeps its columns in every font.
const (
	cellWidth  = 8
	cellHeight = 19
	margin     = 20
)

// styles are the classes of what a terminal can be told to do with text.
var styles = map[string]string{
	"1":  "bold",
	"31": "red",
	"32": "green",
	"33": "yellow",
	"36": "cyan",
	"90": "gray",
}

// The picture has a background of its own, so that it can be read on every page,
// also where it is dark and the page is light.
const terminalStyle = `<style>
rect { fill: #f6f8fa; stroke: #d1d9e0 }
text { fill: #1f2328; font: 13.3px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
.bold { font-weight: bold }
.red { fill: #b31d28 }
.green { fill: #116329 }
.yellow { fill: #8a5a00 }
.cyan { fill: #1b6a78 }
.gray { fill: #59636e }
@media (prefers-color-scheme: dark) {
  rect { fill: #151b23; stroke: #3d444d }
  text { fill: #f0f6fc }
  .red { fill: #ff7b72 }
  .green { fill: #3fb950 }
  .yellow { fill: #d29922 }
  .cyan { fill: #56b6c2 }
  .gray { fill: #9198a1 }
}
</style>
`

// drawTerminal returns the text as an SVG that looks like a terminal. It knows the
// sequences that Terraform and OpenTofu use for colours, and refuses all others.
func drawTerminal(text, title, description string) (string, error) {
	var drawn strings.Builder
	columns, rows := 0, 0
	style := ""
	for line := range strings.Lines(text) {
		rows++
		column := 0
		for _, part := range splitStyles(strings.TrimSuffix(line, "\n")) {
			if codes := styleSequence.FindStringSubmatch(part); codes != nil {
				var err error
				if style, err = restyle(style, codes[1]); err != nil {
					return "", err
				}
				continue
			}
			if strings.ContainsFunc(part, func(r rune) bool { return r < ' ' }) {
				return "", fmt.Errorf("line %d has a control character: %q", rows, part)
			}
			drawn.WriteString(drawText(part, style, column, rows))
			column += utf8.RuneCountInString(part)
		}
		columns = max(columns, column)
	}
	width, height := columns*cellWidth+2*margin, rows*cellHeight+2*margin
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc">
<title id="title">%[3]s</title>
<desc id="desc">%[4]s</desc>
%[5]s<rect x="0.5" y="0.5" width="%[6]d" height="%[7]d" rx="6"/>
%[8]s</svg>
`, width, height, escape(title), escape(description), terminalStyle, width-1, height-1, drawn.String()), nil
}

var styleSequence = regexp.MustCompile(`\x1b\[([0-9;]*)m`)

// splitStyles returns the sequences in a line and the texts between them.
func splitStyles(line string) []string {
	var parts []string
	start := 0
	for _, found := range styleSequence.FindAllStringIndex(line, -1) {
		parts = append(parts, line[start:found[0]], line[found[0]:found[1]])
		start = found[1]
	}
	return append(parts, line[start:])
}

// restyle returns the classes after a sequence.
func restyle(style, codes string) (string, error) {
	for code := range strings.SplitSeq(codes, ";") {
		class, known := styles[code]
		switch {
		case code == "" || code == "0":
			style = ""
		case !known:
			return "", fmt.Errorf("the style %q of a terminal is not known", code)
		default:
			style = strings.TrimPrefix(style+" "+class, " ")
		}
	}
	return style, nil
}

// phrase is text without runs of spaces. A run is not drawn: browsers do not agree
// about when they keep one.
var phrase = regexp.MustCompile(`[^ ]+(?: [^ ]+)*`)

func drawText(text, style string, column, row int) string {
	class := ""
	if style != "" {
		class = fmt.Sprintf(" class=%q", style)
	}
	var drawn strings.Builder
	for _, found := range phrase.FindAllStringIndex(text, -1) {
		start, length := utf8.RuneCountInString(text[:found[0]]), utf8.RuneCountInString(text[found[0]:found[1]])
		fmt.Fprintf(&drawn, "<text%s x=\"%d\" y=\"%d\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\">%s</text>\n",
			class, margin+(column+start)*cellWidth, margin+row*cellHeight-5, length*cellWidth, escape(text[found[0]:found[1]]))
	}
	return drawn.String()
}

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
