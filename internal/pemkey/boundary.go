// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	beginLine = regexp.MustCompile(`-----BEGIN ([^\r\n]*?)-----`)
	endLine   = regexp.MustCompile(`-----END ([^\r\n]*?)-----`)

	// looseBoundary also finds what is left of a BEGIN or END line without its
	// hyphens, in small letters, or without its spaces.
	looseBoundary = regexp.MustCompile(`(?i)\b(?:BEGIN|END)\s+(?:[A-Z0-9]+\s+)*?(?:(?:PUBLIC|PRIVATE)\s+KEY|CERTIFICATE)|(?:BEGIN|END)(?:RSA|EC|ENCRYPTED)?(?:PUBLIC|PRIVATE)KEY`)
	looseBegin    = regexp.MustCompile(`(?i)\bBEGIN\s+(?:[A-Z0-9]+\s+)*?(?:(?:PUBLIC|PRIVATE)\s+KEY|CERTIFICATE)|BEGIN(?:RSA|EC|ENCRYPTED)?(?:PUBLIC|PRIVATE)KEY`)

	// escapedSpaces restores the spaces in the labels of a text that was part
	// of a URL, a form or a file name.
	escapedSpaces = strings.NewReplacer("%20", " ", "+", " ", "_", " ")

	// dash is what word processors write instead of hyphens, and what looks
	// like a hyphen.
	dash       = regexp.MustCompile(`[\x{2010}-\x{2015}\x{2043}\x{2212}\x{2500}\x{2501}\x{2e3a}\x{2e3b}\x{fe58}\x{fe63}\x{ff0d}]`)
	someDashes = regexp.MustCompile(`-{2,}`)
)

// malformedBoundary is for texts with a BEGIN or END line that is not written
// exactly. The expression in the remedy is given only where it is enough.
func (e *expectation) malformedBoundary(text string) diagnosis {
	problem := "The BEGIN or END line of the PEM is malformed."
	hyphens := newRepair(text)
	if character := dash.FindString(text); character != "" {
		problem = fmt.Sprintf("The BEGIN or END line of the PEM has dashes (U+%04X) instead of hyphens.", []rune(character)[0])
		for _, character := range dash.FindAllString(text, -1) {
			hyphens = hyphens.replace(character, "--")
		}
	}
	hyphens = hyphens.replacePattern(someDashes, "-----")
	if hyphens.text != text && e.diagnose(hyphens.text).problem.Kind != KindMalformedBoundary {
		return hyphens.found(KindMalformedBoundary, problem,
			"Word processors replace hyphens with dashes. Copy the key from the original file, or restore the five hyphens on each side with %s.")
	}
	return found(KindMalformedBoundary, problem,
		e.boundary+": five hyphens on each side, capitals, single spaces. Word processors replace hyphens with dashes; copy the key from the original file.")
}
