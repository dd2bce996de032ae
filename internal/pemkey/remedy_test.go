// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// followRemedy does what a message says: it evaluates the Terraform expression
// in it. It reports false if the message has none.
func followRemedy(tb testing.TB, message, key string) (result string, ok bool) {
	tb.Helper()
	if !strings.Contains(message, "var.key") {
		return "", false
	}
	for at := range message {
		p := &expression{rest: message[at:], key: key}
		if value, err := p.value(); err == nil && p.usesKey {
			return value, true
		} else if p.usesKey && err != nil && !errors.Is(err, errSyntax) {
			tb.Fatalf("the expression fails: %v\n%s", err, message)
		}
	}
	tb.Fatalf("the message has no expression that can be read: %s", message)
	return "", false
}

var errSyntax = errors.New("not an expression")

// expression evaluates what the messages use of Terraform's language. It is
// independent of the code that writes the messages.
type expression struct {
	rest, key string
	usesKey   bool
}

func (p *expression) accept(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *expression) value() (string, error) {
	if p.accept("var.key") {
		p.usesKey = true
		return p.key, nil
	}
	if p.accept(`"`) {
		return p.template()
	}
	name := regexp.MustCompile(`^[a-z0-9]+\(`).FindString(p.rest)
	if name == "" {
		return "", errSyntax
	}
	p.accept(name)
	var arguments []string
	for {
		argument, err := p.value()
		if err != nil {
			return "", err
		}
		arguments = append(arguments, argument)
		if p.accept(")") {
			return call(strings.TrimSuffix(name, "("), arguments)
		}
		if !p.accept(", ") {
			return "", errSyntax
		}
	}
}

// template reads a quoted string behind its first quotation mark.
func (p *expression) template() (string, error) {
	var b strings.Builder
	for p.rest != "" {
		switch {
		case p.accept(`"`):
			return b.String(), nil
		case p.accept("$${"):
			b.WriteString("${")
		case p.accept("%%{"):
			b.WriteString("%{")
		case p.accept("${"):
			value, err := p.value()
			if err != nil || !p.accept("}") {
				return "", errors.Join(err, errSyntax)
			}
			b.WriteString(value)
		case strings.HasPrefix(p.rest, "%{"), strings.HasPrefix(p.rest, "\n"):
			return "", errSyntax
		case strings.HasPrefix(p.rest, `\`):
			escape := regexp.MustCompile(`^\\(?:[nrt"\\]|u[0-9a-f]{4}|U[0-9a-f]{8})`).FindString(p.rest)
			decoded, err := strconv.Unquote(`"` + escape + `"`)
			if escape == "" || err != nil {
				return "", errSyntax
			}
			p.accept(escape)
			b.WriteString(decoded)
		default:
			c, n := utf8.DecodeRuneInString(p.rest)
			b.WriteRune(c)
			p.rest = p.rest[n:]
		}
	}
	return "", errSyntax
}

// call does what Terraform's function of the name does.
func call(name string, arguments []string) (string, error) {
	switch {
	case name == "replace" && len(arguments) == 3:
		old := arguments[1]
		if len(old) < 2 || old[0] != '/' || old[len(old)-1] != '/' {
			return strings.ReplaceAll(arguments[0], old, arguments[2]), nil
		}
		pattern, err := regexp.Compile(old[1 : len(old)-1])
		if err != nil {
			return "", err
		}
		return pattern.ReplaceAllString(arguments[0], arguments[2]), nil
	case name == "regex" && len(arguments) == 2:
		pattern, err := regexp.Compile(arguments[0])
		if err != nil {
			return "", err
		}
		if pattern.NumSubexp() > 0 || !pattern.MatchString(arguments[1]) {
			return "", fmt.Errorf("regex gives no string")
		}
		return pattern.FindString(arguments[1]), nil
	case name == "base64decode" && len(arguments) == 1:
		decoded, err := base64.StdEncoding.DecodeString(arguments[0])
		if err == nil && !utf8.Valid(decoded) {
			err = errors.New("not UTF-8")
		}
		return string(decoded), err
	case name == "jsondecode" && len(arguments) == 1:
		var decoded string
		err := json.Unmarshal([]byte(arguments[0]), &decoded)
		return decoded, err
	}
	return "", fmt.Errorf("no function %s with %d arguments", name, len(arguments))
}

func TestFollowRemedy(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		`Use replace(var.key, "/(b)\\s/", "$1-\u00e9"), or file("x").`: "ab-éc",
		`Use replace(var.key, "b", "$${\"").`:                          `a${" c`,
		"Add \"A\\n${replace(var.key, \" \", \"-\")}\\nB\".":           "A\nab-c\nB",
		`Take regex("(?s)b.*", var.key).`:                              "b c",
		`Take base64decode(replace(var.key, "/.*/", "eA==")).`:         "x",
		`Take jsondecode("\"${var.key}\"").`:                           "ab c",
	} {
		if got, ok := followRemedy(t, message, "ab c"); !ok || got != want {
			t.Errorf("%s gives %q, not %q", message, got, want)
		}
	}
	if _, ok := followRemedy(t, `Read it with file("key.pem").`, ""); ok {
		t.Error("advice without an expression is followed")
	}
}
