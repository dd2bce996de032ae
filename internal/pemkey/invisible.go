// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostReplaced is how many different characters one expression replaces. What
// is left is in the next message.
const mostReplaced = 12

// invisibleNames are for those that people meet. The others have only a number.
var invisibleNames = map[rune]string{
	0x00: "NUL", '\v': "vertical tab", '\f': "form feed", 0x85: "next line", 0xa0: "no-break space", 0xad: "soft hyphen",
	0x2007: "figure space", 0x2009: "thin space", 0x200b: "zero-width space", 0x200c: "zero-width non-joiner",
	0x200d: "zero-width joiner", 0x200e: "left-to-right mark", 0x200f: "right-to-left mark", 0x2028: "line separator",
	0x2029: "paragraph separator", 0x202f: "narrow no-break space", 0x2060: "word joiner", 0x3000: "ideographic space",
	0xfeff: "byte order mark",
}

// invisible returns what stands for a character that cannot be seen, or that
// looks like a space or a line break and is neither: a space, a line break or
// nothing.
func invisible(c rune) (instead string, ok bool) {
	switch {
	case ' ' <= c && c <= '~', c == '\t', c == '\n', c == '\r', c == utf8.RuneError:
		return "", false
	case c == '\v', c == '\f', c == 0x85, c == 0x2028, c == 0x2029:
		return "\n", true
	case unicode.Is(unicode.Zs, c), c == 0x2800, c == 0x3164, c == 0xffa0:
		return " ", true
	case unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return "", true
	}
	return "", false
}

// replaceInvisible replaces the invisible characters, and returns the first of
// them and its place.
func (r repair) replaceInvisible() (repaired repair, first rune, at int) {
	at = -1
	var seen []rune
	for i, c := range r.text {
		if _, ok := invisible(c); ok && !strings.ContainsRune(string(seen), c) {
			if seen = append(seen, c); at < 0 {
				first, at = c, i
			}
		}
	}
	for _, c := range seen[:min(len(seen), mostReplaced)] {
		instead, _ := invisible(c)
		r = r.replace(string(c), instead)
	}
	return r, first, at
}

// diagnoseInvisible is for texts that are a key, or a part of one, but for such
// characters.
func diagnoseInvisible(text string) (diagnosis, bool) {
	if _, _, at := newRepair(trim(text)).replaceInvisible(); at < 0 {
		return diagnosis{}, false // around a block they do no harm
	}
	r, c, at := newRepair(text).replaceInvisible()
	if !hasKeyTrace(r.text) {
		return diagnosis{}, false
	}
	name := fmt.Sprintf("U+%04X", c)
	if known, ok := invisibleNames[c]; ok {
		name += " (" + known + ")"
	}
	line := 1 + strings.Count(lineEndings.Replace(text[:at]), "\n")
	return r.found(KindInvisible,
		fmt.Sprintf("There is an invisible character in line %d of the value, %s.", line, name),
		"Web pages, chats and word processors add such characters. Take them out with %s."), true
}
