// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// repair is a text, and the Terraform expression that makes it of var.key. Both
// are built by the same steps, so that the expression in a message is known to
// change the text, and into what. A step that changes nothing leaves no trace
// in the expression. Terraform's functions use Go's regular expressions, base64
// and JSON; only functions that Terraform 1.11 and OpenTofu have are used.
type repair struct{ expression, text string }

func newRepair(text string) repair { return repair{"var.key", text} }

// replace must not be given an old that begins and ends with a slash, which
// Terraform takes for a regular expression.
func (r repair) replace(old, with string) repair {
	return r.become(strings.ReplaceAll(r.text, old, with), "replace(%s, %s, %s)", r.expression, hclString(old), hclString(with))
}

func (r repair) replacePattern(pattern *regexp.Regexp, with string) repair {
	return r.become(pattern.ReplaceAllString(r.text, with), "replace(%s, %s, %s)", r.expression, hclString("/"+pattern.String()+"/"), hclString(with))
}

// extract keeps the first match of a pattern, which must have no groups.
func (r repair) extract(pattern *regexp.Regexp) repair {
	match := pattern.FindString(r.text)
	if match == "" {
		return r
	}
	return r.become(match, "regex(%s, %s)", hclString(pattern.String()), r.expression)
}

// decodeBase64 changes nothing when Terraform's function would fail.
func (r repair) decodeBase64() repair {
	decoded, err := base64.StdEncoding.DecodeString(r.text)
	if err != nil || !utf8.Valid(decoded) {
		return r
	}
	return r.become(string(decoded), "base64decode(%s)", r.expression)
}

// decodeJSON changes nothing unless the text is a JSON string.
func (r repair) decodeJSON() repair {
	var decoded string
	if json.Unmarshal([]byte(r.text), &decoded) != nil {
		return r
	}
	return r.become(decoded, "jsondecode(%s)", r.expression)
}

// armour puts the lines of a PEM block around the text.
func (r repair) armour(label string) repair {
	const lines = "-----BEGIN %[1]s-----\n%[2]s\n-----END %[1]s-----"
	return r.become(fmt.Sprintf(lines, label, r.text), strings.ReplaceAll(`"`+lines+`"`, "\n", `\n`), label, "${"+r.expression+"}")
}

func (r repair) become(text, expression string, arguments ...any) repair {
	if text == r.text {
		return r
	}
	return repair{fmt.Sprintf(expression, arguments...), text}
}

// hclString writes a string as Terraform's language does. What is not printable
// ASCII is escaped: most of it cannot be told apart or is invisible.
func hclString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, c)
		case c > unicode.MaxASCII || !unicode.IsPrint(c):
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(b.String())
}

// diagnosis is what is wrong with a text. When the remedy is an expression,
// repaired is what the text becomes by it; otherwise it is empty.
type diagnosis struct {
	problem  *Error
	repaired string
}

func found(kind Kind, problem, remedy string) diagnosis {
	return diagnosis{problem: &Error{kind, problem, remedy}}
}

// found returns a diagnosis whose remedy has the expression in the place of %s, in
// backticks: in a guide, Markdown would eat its backslashes.
func (r repair) found(kind Kind, problem, remedy string) diagnosis {
	return diagnosis{&Error{kind, problem, fmt.Sprintf(remedy, "`"+r.expression+"`")}, r.text}
}
