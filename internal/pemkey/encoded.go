// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"encoding/hex"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	percentCode   = regexp.MustCompile(`%[0-7][0-9A-Fa-f]|(?:%[89A-Fa-f][0-9A-Fa-f])+`)
	htmlEntity    = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,24});`)
	htmlBreak     = regexp.MustCompile(`(?i)<br ?/?>`)
	characterCode = regexp.MustCompile(`\\+(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|0(?:11|12|15))`)

	// ambiguousCode is a space in front of a character, or one of the codes for
	// "+" and "/" with a zero too much.
	ambiguousCode = regexp.MustCompile(`(?i)(?:%|\\u00|\\x)20[bf]`)

	formLabel     = regexp.MustCompile(`(?:BEGIN|END)\+[A-Z0-9+]*(?:KEY|CERTIFICATE)`)
	formSpace     = regexp.MustCompile(`\b(BEGIN|END|RSA|EC|ENCRYPTED|TRUSTED|X509|PUBLIC|PRIVATE)\+`)
	escapedSpace  = regexp.MustCompile(`\b(BEGIN|END|RSA|EC|ENCRYPTED|TRUSTED|X509|PUBLIC|PRIVATE)\\+ `)
	escapedMark   = regexp.MustCompile(`\\+([^\sA-Za-z0-9\\])`)
	escapedBreaks = regexp.MustCompile(`\s*(?:\\[rnt]?\s*)+`)
)

// mostDecoded is how many different codes are looked at. A text that is encoded
// as a whole has more, and the advice for it is no expression.
const mostDecoded = 64

// diagnoseEncoded is for texts that are a key, or a part of one, but for
// characters that are written as codes.
func diagnoseEncoded(text string) (diagnosis, bool) {
	for _, encoding := range []struct {
		kind    Kind
		problem string
		decode  func(r repair) repair
		remedy  string
	}{
		{KindURLEncoded, "The PEM is percent-encoded.", repair.decodePercent, "Give the plain PEM text: leave out urlencode()"},
		{KindHTMLEncoded, "The PEM has HTML entities, such as `&#10;` or `&amp;`.", repair.decodeHTML, "Give the plain PEM text, not the source of a web page"},
		{KindEscapedCharacters, "The PEM has escape sequences, such as `\\u002b` or `\\/`, as is common in JSON.", repair.decodeEscapes, "Give the plain PEM text, or jsondecode() the whole JSON that it was taken from"},
	} {
		r := encoding.decode(newRepair(text))
		switch {
		case r.text != text && ambiguousCode.MatchString(text) && hasKeyTrace(r.text):
			return found(encoding.kind, encoding.problem, encoding.remedy+". It is damaged, too: decoded, it might be another key."), true
		case r.text == text || !hasKeyTrace(r.text):
		case strings.Count(r.expression, "replace(") > mostReplaced:
			return diagnosis{&Error{encoding.kind, encoding.problem, encoding.remedy + "."}, r.text}, true
		default:
			return r.found(encoding.kind, encoding.problem, encoding.remedy+", or decode it with %s."), true
		}
	}
	return diagnosis{}, false
}

// decodePercent takes away one layer, and restores the spaces of a form, which
// are written as "+".
func (r repair) decodePercent() repair {
	if !percentCode.MatchString(r.text) {
		return r
	}
	if formLabel.MatchString(r.text) {
		if strings.Contains(strings.ToUpper(r.text), "%2B") {
			r = r.replace("+", " ")
		} else {
			r = r.replacePattern(formSpace, "$1 ")
		}
	}
	return r.decodeCodes(percentCode, "%25", func(code string) string {
		decoded, _ := hex.DecodeString(strings.ReplaceAll(code, "%", ""))
		return string(decoded)
	})
}

// decodeHTML takes away one layer.
func (r repair) decodeHTML() repair {
	if !strings.ContainsAny(r.text, "&<") {
		return r
	}
	r = r.decodeCodes(htmlBreak, "", func(string) string { return "\n" })
	return r.decodeCodes(htmlEntity, "&amp;", html.UnescapeString)
}

func (r repair) decodeEscapes() repair {
	if !strings.Contains(r.text, `\`) {
		return r
	}
	r = r.decodeCodes(characterCode, "", func(code string) string {
		code = strings.TrimLeft(code, `\`)
		base := 16
		if code[0] == '0' {
			base = 8
		}
		n, _ := strconv.ParseUint(strings.TrimLeft(code, "ux"), base, 32)
		if n > unicode.MaxASCII {
			return ""
		}
		return string(rune(n))
	})
	return r.replacePattern(escapedSpace, "$1 ").replacePattern(escapedMark, "$1")
}

// decodeCodes replaces each code by what it stands for: the longest first,
// because a code after several backslashes contains the one after a single
// backslash, and last the code of the character that codes begin with. What
// stands for nothing, or for a character that nobody encodes, stays.
func (r repair) decodeCodes(pattern *regexp.Regexp, last string, decode func(code string) string) repair {
	codes := pattern.FindAllString(r.text, -1)
	slices.Sort(codes)
	codes = slices.Compact(codes)
	slices.SortStableFunc(codes, func(a, b string) int { return len(b) - len(a) })
	codes = codes[:min(len(codes), mostDecoded)]
	if i := slices.Index(codes, last); i >= 0 {
		codes = append(slices.Delete(codes, i, i+1), last)
	}
	for _, code := range codes {
		if decoded := decode(code); decoded != "" && strings.IndexFunc(decoded, isNeverEncoded) < 0 {
			r = r.replace(code, decoded)
		}
	}
	return r
}

// isNeverEncoded reports whether a code for c is more likely a damaged code. The
// code for "+" with one character more can be that of a control character or of a
// letter, and what follows would then be taken for the character.
func isNeverEncoded(c rune) bool {
	switch {
	case c == '\t', c == '\n', c == '\r':
		return false
	case c == utf8.RuneError, c <= unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c)):
		return true
	}
	return unicode.IsControl(c) && c != 0x85
}
