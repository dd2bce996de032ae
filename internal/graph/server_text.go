// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestText is how many characters of a text of the server are kept.
const longestText = 2000

// serverText makes a text of the server fit to be shown: whoever reads it sees
// every character of it, and no more than longestText. Control characters could
// change what a terminal shows of other lines, and so could the characters that
// change the direction of a text; both become escapes such as \u001b. A line break
// stays, and so does a tab.
func serverText(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD")
	var b strings.Builder
	kept := 0
	for _, r := range s {
		if kept == longestText {
			fmt.Fprintf(&b, "… (cut off after %d of %d characters)", kept, utf8.RuneCountInString(s))
			break
		}
		kept++
		if r != '\n' && r != '\t' && changesTerminal(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func changesTerminal(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
