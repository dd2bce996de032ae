// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// apiNames are the names with an underscore that belong to the Graph API. Every
// other one in a text is taken for an argument of the provider.
var apiNames = map[string]bool{
	"appsecret_proof": true, "whatsapp_business_encryption": true, "phone_numbers": true,
	"business_public_key": true, "business_public_key_signature_status": true,
	"error_subcode": true, "error_user_msg": true, "error_data": true, "is_transient": true, "fbtrace_id": true,
	"display_phone_number": true, "verified_name": true, "name_status": true, "quality_rating": true, "code_verification_status": true, "platform_type": true,
	"json_version": true, "data_api_version": true, "endpoint_uri": true, "whatsapp_business_account": true, "health_status": true, "phone_number": true,
	"can_send_message": true, "entity_type": true, "error_code": true, "error_description": true, "possible_solution": true, "additional_info": true,
	"estimated_time_to_regain_access": true,
}

// wireNames are names in capitals that are not a caller's: the variables that
// net/http reads, and an error code of HTTP/2.
var wireNames = map[string]bool{"HTTPS_PROXY": true, "https_proxy": true, "NO_PROXY": true, "REFUSED_STREAM": true}

var (
	snakeCase = regexp.MustCompile(`[a-z0-9]+(_[a-z0-9]+)+`)

	// notOurs are what a remedy for somebody who runs Terraform is made of:
	// its nouns and verbs, environment variables, options of a command, and
	// functions of its language.
	notOurs = regexp.MustCompile(`(?i)\b(terraform|(open)?tofu|hcl|provider|plan(s|ned|ning)?|appl(y|ies|ied)|states?|destroy|refresh|import|resources?|data source|modules?|arguments?|attributes?|timeouts?|parallelism)\b` +
		`|\b(?-i:[A-Z]+_[A-Z_]+)\b|(^|[\s(])--?[a-z]|\b[a-z]+\(\)`)

	notOursInComments = regexp.MustCompile(`(?i:\b(terraform|(open)?tofu|hcl|provider)\b)|WHATSAPP_`)
)

// foreign returns what a text names that the Graph API does not have.
func foreign(text string) []string {
	found := notOurs.FindAllString(text, -1)
	for _, name := range snakeCase.FindAllString(text, -1) {
		if !apiNames[name] {
			found = append(found, name)
		}
	}
	return slices.DeleteFunc(found, func(name string) bool { return wireNames[name] })
}

// The client states facts. What to do about them, in the words of whoever uses
// it, is said elsewhere.
func TestTheClientSpeaksNoTerraform(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	texts := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range file.Comments {
			if word := notOursInComments.FindString(group.Text()); word != "" {
				t.Errorf("%s: a comment says %q", files.Position(group.Pos()), word)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if _, isImport := n.(*ast.ImportSpec); isImport {
				return false
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			texts++
			for _, word := range foreign(text) {
				t.Errorf("%s: a text says %q", files.Position(lit.Pos()), word)
			}
			return true
		})
	}
	if texts < 100 {
		t.Errorf("only %d texts were looked at", texts)
	}
}

// The rule above sees each of these.
func TestForeignWordsAreSeen(t *testing.T) {
	for text, want := range map[string][]string{
		"Check base_url.":                          {"base_url"},
		"the longest wait (retry_max_wait) is 2 m": {"retry_max_wait"},
		"an argument that_comes_later":             {"argument", "that_comes_later"},
		"pass it in WHATSAPP_ACCESS_TOKEN":         {"WHATSAPP_ACCESS_TOKEN"},
		"with a lower -parallelism":                {" -p"},
		"Apply again":                              {"Apply"},
		"The next plan reads it":                   {"plan"},
		"is removed from the state":                {"state"},
		"gives more time with timeouts":            {"timeouts"},
		"trimspace() removes it":                   {"trimspace()"},
		"between Terraform and the server":         {"Terraform"},
	} {
		if found := foreign(text); !slices.Equal(found, want) {
			t.Errorf("in %q these are seen: %q", text, found)
		}
	}
	for _, text := range []string{"the field %q of the answer is not a text", "application/x-www-form-urlencoded", "X-Business-Use-Case-Usage", "the wait was interrupted", "error_user_msg", "-"} {
		if found := foreign(text); len(found) != 0 {
			t.Errorf("%q in %q is taken for a word of the provider", found, text)
		}
	}
}
