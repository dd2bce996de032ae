// SPDX-License-Identifier: MPL-2.0

package provider

import "strings"

// sentence turns the text of a Go error into a sentence for a person. Only an
// ASCII letter is made a capital: the text may come from a server, in any language.
func sentence(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return ended(s)
}

// ended adds a full stop if there is none.
func ended(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") || strings.HasSuffix(s, "。") {
		return s
	}
	return s + "."
}
