// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

var (
	headerLine = regexp.MustCompile(`^\s*[A-Za-z][A-Za-z0-9-]*:`)
	notBase64  = regexp.MustCompile(`[^A-Za-z0-9+/]+`)

	// The patterns of the remedies.
	wholeBlock   = regexp.MustCompile(`(?s)-----BEGIN .*?-----END [A-Z0-9 ]+-----`)
	boundary     = regexp.MustCompile(`\s*(-----(?:BEGIN|END) [A-Z0-9 ]+-----)\s*`)
	secondHeader = regexp.MustCompile(`\s*(DEK-Info: (?:AES-[0-9]+-CBC,[0-9A-F]{32}|DES[A-Z0-9-]*,[0-9A-F]{16}))\s*`)
	spacedLine   = regexp.MustCompile(`([A-Za-z0-9+/=]{16})[ \t]+`)
	indentation  = regexp.MustCompile(`([\r\n])[ \t]+`)
)

// blockStart decodes the first bytes of what follows a BEGIN line. It skips what
// is not base64, because it is only used to recognise what is inside.
func blockStart(inside string) []byte {
	const enough = 64 // characters
	inside, _, _ = strings.Cut(inside, "-----")
	var body strings.Builder
	for line := range strings.Lines(escapedBreaks.ReplaceAllString(lineEndings.Replace(inside), "\n")) {
		if body.Len() >= enough {
			break
		}
		if !headerLine.MatchString(line) {
			body.WriteString(notBase64.ReplaceAllString(line, ""))
		}
	}
	text := body.String()
	decoded, _ := base64.RawStdEncoding.DecodeString(text[:min(len(text), enough)])
	return decoded
}

// diagnoseBlock is for texts with exactly one "-----BEGIN …-----", which
// announces something that is read.
func (e *expectation) diagnoseBlock(original string) diagnosis {
	text := trim(original)
	begin := beginLine.FindStringSubmatchIndex(text)
	before, label, inside := text[:begin[0]], text[begin[2]:begin[3]], text[begin[1]:]
	end := endLine.FindStringSubmatchIndex(inside)
	if end == nil {
		if looseBoundary.MatchString(inside) {
			return e.malformedBoundary(original)
		}
		return found(KindTruncated, "The PEM block has a BEGIN line, but no END line: its end is missing.", copyAgain)
	}
	endLabel, after := inside[end[2]:end[3]], inside[end[1]:]
	inside = inside[:end[0]]
	lines := strings.Split(lineEndings.Replace(inside), "\n")
	first, last := lines[0], lines[len(lines)-1]

	switch {
	case !slices.Contains(e.labels, label),
		strings.HasSuffix(before, "-"), strings.HasPrefix(inside, "-"),
		strings.HasSuffix(inside, "-"), strings.HasPrefix(after, "-"):
		return e.malformedBoundary(original)
	case endLabel != label:
		return found(
			KindEndMismatch,
			"The END line of the PEM block does not have the same label as its BEGIN line.",
			"Either a part is missing or one of the lines was edited. "+e.show,
		)
	case strings.Contains(inside, `\`), strings.HasPrefix(after, `\`):
		return escapedNewlines(newRepair(original).replacePattern(escapedBreaks, "\n"))
	case before != "" || after != "":
		return newRepair(original).extract(wholeBlock).found(
			KindSurroundingText,
			"There is text before or after the PEM block.",
			"Give the block alone, without quotation marks, comments or other output of the tool that printed it, or take it out of the text with %s.",
		)
	case strings.TrimSpace(inside) == "":
		return found(KindTruncated, "There is nothing between the BEGIN and the END line.", e.show)
	case strings.TrimSpace(first) != "" || strings.TrimSpace(last) != "":
		r := newRepair(original).replacePattern(boundary, "\n$1\n").replacePattern(secondHeader, "\n$1\n")
		if _, body, hasHeaders := strings.Cut(secondHeader.ReplaceAllString(inside, "\n"), "\n"); hasHeaders && encryptedHeader.MatchString(inside) {
			inside = body
		}
		return r.lostNewlines(inside, "The PEM has lost line breaks: BEGIN and END each need a line of their own.")
	}
	return e.diagnoseLines(original, lines[:len(lines)-1], last)
}

// diagnoseLines is for the lines of a block whose BEGIN and END lines are right;
// last is what is in front of END.
func (e *expectation) diagnoseLines(original string, lines []string, last string) diagnosis {
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.TrimSpace(line) == "" || encryptedHeader.MatchString(line)
	})
	trimmed := func(line string) string { return strings.TrimRight(line, " \t") }
	if len(lines) > 0 && strings.ContainsAny(lines[0][:1], " \t") {
		// The base64 of a key never begins with "+", so the space in its place
		// never was one, and the lines are indented. That does no harm.
		trimmed = strings.TrimSpace
	}
	switch {
	case slices.ContainsFunc(lines, headerLine.MatchString):
		return diagnosis{problem: e.headers()}
	case len(lines) == 0:
		return found(KindTruncated, "There is nothing between the BEGIN and the END line.", e.show)
	case last != "":
		return newRepair(original).replacePattern(indentation, "$1").found(
			KindIndented,
			"The END line of the PEM is indented.",
			"Take the indentation out with %s. In a heredoc whose lines all share it, <<-EOT instead of <<EOT does the same.",
		)
	case !slices.ContainsFunc(lines, func(line string) bool { return strings.ContainsAny(trimmed(line), " \t") }):
		return found(
			KindBadBase64,
			"What is between the BEGIN and the END line is not valid base64.",
			"A part may be missing, or a placeholder may not have been filled in. "+copyAgain,
		)
	}
	if d := newRepair(original).lostNewlines(strings.Join(lines, " "), "The PEM has lost line breaks: there are spaces in their place."); d.repaired != original {
		return d
	}
	return found(
		KindSpacesInBase64,
		"There are spaces inside the base64 of the PEM, most likely where \"+\" was: URL decoding turns \"+\" into a space.",
		"Write \"+\" as %2B where the key goes through a URL or a form, or read it with file(\"key.pem\").",
	)
}

func (e *expectation) headers() *Error {
	return &Error{
		KindHeaders,
		"There are header lines (\"Name: value\") inside the PEM block that do not belong there.",
		"Remove them together with the blank line that follows them, or export the key again. " + e.show,
	}
}

// areLines reports whether the parts of a base64 text could be its lines: all but
// the last have the same length. Where "+" became a space, they have not.
func areLines(parts []string) bool {
	return len(parts) > 0 && len(parts[0]) >= 16 && haveOneLength(parts)
}

// haveOneLength reports whether all parts have the length of the first, but for
// the last, which may be shorter.
func haveOneLength(parts []string) bool {
	for i, part := range parts {
		if length := len(parts[0]); len(part) > length || len(part) < length && i < len(parts)-1 {
			return false
		}
	}
	return true
}

func escapedNewlines(r repair) diagnosis {
	return r.found(
		KindEscapedNewlines,
		"The PEM has backslashes, such as the two characters `\\n`, where there should be line breaks, as is common in environment variables and JSON.",
		`Put the line breaks back with %s, or read the key with file("key.pem").`,
	)
}

// lostNewlines puts the line breaks back that the base64 needs besides what r has
// done. Each part of it gets a line of its own, if the parts could be lines.
func (r repair) lostNewlines(base64, problem string) diagnosis {
	repaired := r
	if areLines(strings.Fields(base64)) {
		repaired = r.replacePattern(spacedLine, "$1\n")
	}
	return repaired.found(
		KindLostNewlines,
		problem,
		"CI systems often store secrets as one line. Store the key as base64 and use base64decode(…), or put the line breaks back with %s.",
	)
}
