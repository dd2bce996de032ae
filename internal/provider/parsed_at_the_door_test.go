// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// Text is parsed into a key in one place for each source: the answer of the
// server, the value of an attribute, the argument of a function. All other code
// has a key, and never its text.
func TestKeysAreParsedAtTheDoor(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"graph/business_encryption.go":                " ParseLenient", // only what the server returns
		"provider/public_key_type.go":                 " Parse",
		"provider/public_key_fingerprint_function.go": " Parse",
	}
	got := map[string]string{}
	for _, pattern := range []string{"../graph/*.go", "../provider/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "pemkey" && strings.HasPrefix(selector.Sel.Name, "Parse") {
					got[strings.TrimPrefix(filepath.ToSlash(name), "../")] += " " + selector.Sel.Name
				}
				return true
			})
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the functions that parse are used in %v, not in %v", got, want)
	}
}
