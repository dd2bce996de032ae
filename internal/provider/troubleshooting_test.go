// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/base64"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// message is one summary line that the provider prints.
type message struct{ summary, cause, remedy string }

// messages are all of them, in the order in which a user meets them.
var messages = []message{
	{"Missing WhatsApp access token", "Neither the argument `access_token` nor the environment variable `WHATSAPP_ACCESS_TOKEN` has a value.", "Set one of the two. An empty value counts as none."},
	{"Empty base_url", "The argument `base_url`, or the environment variable `WHATSAPP_BASE_URL`, is set and empty, and the other has no value, either. The default is not used, because the access token would go to another place than was meant.", "Give a URL. To use the default, leave both out; in an expression, `null` leaves the argument out."},
	{"Invalid …", "The argument that the message names has a value that cannot be right. The message says why, and, for a provider argument, whether the value came from the configuration or from the environment.", "Correct the value. `trimspace()` removes a trailing newline that comes from a file; one in an environment variable has to be removed where the variable is set."},
	{"Invalid provider configuration", "The arguments of the provider do not fit together.", "Follow the message."},
	{"Provider configuration not known yet", "An argument of the provider comes from a resource that is not applied yet, and the Graph API has to be called now.", "Apply that resource first, with `-target`, or use a value that does not depend on a resource."},
	{"The Graph API version has ended", "The version in `api_version` is past the date until which Meta serves it. Meta answers with the oldest version that it still serves.", "Set `api_version` to a current version, or leave it out."},
	{"The Graph API answers with another version", "The answer is from a different version than the one that was requested.", "Set `api_version` to the version that the message names, or to a later one."},
	{"Invalid business_public_key", "The value is not one RSA public key of 2048 bits in PEM. See [Keys that are refused](#keys-that-are-refused). Nothing was sent.", "Follow the message. When the value may be a private key, the error points at the resource and not at the argument, so that Terraform shows only the first line of the block. A block that is written on one line, or JSON without line breaks, is shown as a whole: see [Secrets in the configuration](../index.md#secrets-in-the-configuration)."},
	{"The key changed between plan and apply", "The source of the write-only argument returned one key for the plan and a different one for the apply. Nothing was uploaded.", "Plan again. If it happens each time, set `business_public_key_wo_version`."},
	{"Could not check which key the number holds", "Before a first upload, the number could not be read. While planning, an error that may be temporary is only a warning, because apply checks again.", "See [Errors of the Graph API](#errors-of-the-graph-api)."},
	{"The number already holds a key", "While planning: the number has a key, and the key of the configuration is not known yet. When the plan replaces the resource, that is an error, because the apply would stop halfway if the key turned out to be a different one.", "Follow the message, which says which of these applies: a new key is an update in place and needs no replacement; a `moved` block keeps a resource whose address has changed; an import takes over a number that no resource manages yet; `allow_overwrite = true` allows the key to be replaced."},
	{"The number already holds a different key", "A create would replace a key that a live Flow may depend on. It does not matter whether the resource is new, replaced, tainted or has a different address than before. Nothing was uploaded, and if it was the plan that failed, nothing was destroyed.", "Follow the message, as above; `terraform untaint` keeps a tainted resource. `terraform destroy` first makes such a plan, too: to destroy other resources in the meantime, use `-refresh=false`."},
	{"A different key on the number is replaced", "The apply puts a key on the number in place of a different one: because the configuration has a new key, because something else has put another key on the number, or because a number was imported with another key than the configuration has. Terraform plans once more while it applies, and prints the warning again.", "Keep the private key of the old key for some time, and give the endpoint that of the new key first: see [Rotating the key without downtime](rotation.md). If the key of `business_public_key_wo` was not changed, its source returns a different key each time it is read: set `business_public_key_wo_version`."},
	{"The endpoint did not prove that it can decrypt", "`endpoint_check`: an endpoint does not have the private key of the new public key, or something kept it from proving that it has. No key was uploaded, and the number is as it was.", "Follow the message, which says for each endpoint what it answered: see [Answers of an endpoint](#answers-of-an-endpoint)."},
	{"An endpoint did not pass the whole check", "`endpoint_check`: the endpoint decrypts, but does not answer the health check; or its answer says nothing, and `inconclusive` is `warning`. The key was uploaded, unless an error says otherwise.", "See [Answers of an endpoint](#answers-of-an-endpoint)."},
	{"The wait does not fit into the timeout", "`wait` of `endpoint_check` is as long as the time for the whole upload, or longer.", "Set longer `timeouts`, or none: the defaults grow by the wait."},
	{"The check of the endpoint was interrupted", "The data source `whatsapp_flow_endpoint` was cancelled before the endpoint answered.", "Run it again."},
	{"Could not set the key", "The first upload failed. The message says whether the key on the number changed.", "See [Errors of the Graph API](#errors-of-the-graph-api). The next apply tries again."},
	{"Could not update the key", "A later upload failed. The message says whether the key on the number changed.", "See [Errors of the Graph API](#errors-of-the-graph-api). The next apply tries again."},
	{"Could not confirm the key after it was uploaded", "The upload succeeded, and the read that confirms it failed.", "Plan again. If something is left to do, the plan shows it."},
	{"The key was uploaded but is not confirmed", "The upload succeeded, but two minutes later, or at the end of the timeout, the number does not show the key with a valid signature.", "Plan again in a few minutes. If the status is still not `VALID`, apply uploads the key again, and WhatsApp signs it again."},
	{"Could not read the key", "The number could not be read. The state is unchanged.", "See [Errors of the Graph API](#errors-of-the-graph-api)."},
	{"A number was not read", "The reason is the same as for the number that the message names: the access token or the app secret proof was refused, or the permission is missing for all numbers. The requests for the other numbers are then not sent.", "See the error of that number."},
	{"The state cannot be read", "The state of an earlier version of the provider is damaged.", "Restore a backup of the state, or remove the resource from the state and import the number."},
	{"Could not list the phone numbers", "The numbers of the WhatsApp Business Account could not be listed.", "See [Errors of the Graph API](#errors-of-the-graph-api). The access token needs the permission `whatsapp_business_management`."},
	{"Could not list the keys", "While `terraform query` lists the keys of an account: an error that would affect every other number, such as a rate limit, or four numbers in a row that could not be read. Terraform discards the whole list.", "See [Errors of the Graph API](#errors-of-the-graph-api), and query again."},
	{"A phone number is not listed", "While `terraform query` lists the keys of an account: this number could not be read. The others are listed.", "See [Errors of the Graph API](#errors-of-the-graph-api), and query again, or import the number by its ID."},
	{"The phone number was deleted", "The Graph API says that the number no longer exists. The resource is removed from the state.", "Remove the resource from the configuration as well."},
	{"The number holds a damaged key", "The data source found a text that is not a readable RSA public key of 2048 bits.", "Upload a key again."},
	{"The key stays active on the phone number", "The Graph API cannot delete a key, so destroying only removes the resource from the state.", "Keep the private key as long as a Flow of the number is in use."},
	{"Nothing to import", "The number holds no key.", "Remove the import, and apply."},
	{"A phone number without a key is left out", "While `terraform query` generates a configuration with `include_without_key`: a resource without a key would make the whole file invalid.", "Write a resource for the number, which sets its key."},
	{"The list ends at its limit", "`terraform query` lists 100 results for a list block unless `limit` says otherwise, and the account has more numbers.", "Set a higher `limit` in the list block."},
	{"Invalid import", "The import ID, or the `phone_number_id` of the identity, is not a phone number ID.", "Use the ID that the app dashboard shows under WhatsApp > API Setup, or WhatsApp Manager under Phone numbers, and not the phone number."},
	{"Unexpected provider data", "A bug in the provider.", "Please report it."},
}

// Every summary in the code is in the table, and vice versa.
func TestEveryMessageIsExplained(t *testing.T) {
	t.Parallel()
	explained := map[string]bool{}
	for _, m := range messages {
		explained[m.summary] = false
	}
	for summary, where := range summaries(t) {
		if _, ok := explained[summary]; !ok {
			t.Errorf("%s: %q is not explained", where, summary)
		}
		explained[summary] = true
	}
	// The name of the attribute is known only at run time.
	explained["Invalid "+attrPublicKey] = explained["Invalid …"]
	for summary, used := range explained {
		if !used {
			t.Errorf("%q is explained and never printed", summary)
		}
	}
}

// summaries finds the summary lines in the source of this package.
func summaries(t *testing.T) map[string]token.Position {
	t.Helper()
	// The position of the argument that is the summary, or the action that completes "Could not …".
	summaryAt := map[string]int{"AddError": 0, "AddWarning": 0, "NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "AddAttributeError": 1, "AddAttributeWarning": 1, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1}
	actionAt := map[string]int{"graphError": 0, "graphErrorAfterUpload": 0, "graphWarning": 0, "newUpload": 1}

	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]string{}
	var parsed []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, id := range spec.Names {
					if i < len(spec.Values) {
						constants[id.Name] = literal(spec.Values[i], constants)
					}
				}
			}
			return true
		})
	}
	found := map[string]token.Position{}
	for _, file := range parsed {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
			}
			if i, ok := summaryAt[name]; ok {
				if s := literal(call.Args[i], constants); s != "" {
					found[s] = files.Position(call.Pos())
				}
			}
			if i, ok := actionAt[name]; ok {
				if s := literal(call.Args[i], constants); s != "" {
					found[summary(s)] = files.Position(call.Pos())
				}
			}
			return true
		})
	}
	return found
}

// literal evaluates a string expression. A part that is known only at run time
// becomes an ellipsis; an expression with no other part is empty.
func literal(e ast.Expr, constants map[string]string) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.Ident:
		return constants[e.Name]
	case *ast.BinaryExpr:
		left, right := literal(e.X, constants), literal(e.Y, constants)
		if left != "" && right == "" {
			right = "…"
		}
		return left + right
	default:
		return ""
	}
}

// refusedKeys has an input for each kind of text that is not accepted as a key.
func refusedKeys(t *testing.T) []string {
	t.Helper()
	a := keyA(t)
	lines := strings.Split(strings.TrimSpace(a), "\n")
	body := strings.Join(lines[1:len(lines)-1], "")
	der, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	armoured := func(label string, der []byte) string {
		return "-----BEGIN " + label + "-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END " + label + "-----\n"
	}
	even := slices.Clone(der)
	even[len(even)-1] = 2 // the exponent
	return []string{
		"",
		fixture(t, "rsa2048_a.private_pkcs8.pem"), fixture(t, "private_encrypted_pbes2.pem"), fixture(t, "certificate.pem"), fixture(t, "request.pem"),
		fixture(t, "openssh_rsa.pub"), fixture(t, "ssh2_rsa.pub"), fixture(t, "rsa1024.spki.pem"), fixture(t, "ec.spki.pem"),
		a + keyB(t), "Public key:\n" + a, strings.ReplaceAll(a, "\n", `\n`), strings.ReplaceAll(a, "\n", " "), "    " + strings.ReplaceAll(a, "\n", "\n    "),
		strings.ReplaceAll(a, "\n", "\u00a0\n"), strings.ReplaceAll(a, "\n", "&#10;"), strings.ReplaceAll(a, "\n", `\u000a`),
		url.QueryEscape(a), strings.Replace(a, "+", " ", 1), body, base64.StdEncoding.EncodeToString([]byte(a)), "keys/public.pem", "my key",
		strings.Join(lines[:5], "\n"), strings.Replace(a, "END PUBLIC KEY", "END RSA PUBLIC KEY", 1), strings.ReplaceAll(a, "-----", "--"),
		strings.Replace(a, "\n", "\nComment: mine\n\n", 1), strings.Replace(a, "MIIB", "M!IB", 1), armoured("PUBLIC KEY", der[:200]), armoured("PUBLIC KEY", append(slices.Clone(der), 0)),
		strings.ReplaceAll(a, "PUBLIC KEY", "RSA PUBLIC KEY"), armoured("PUBLIC KEY", even), armoured("DH PARAMETERS", der), "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n",
		`{"kty":"RSA","n":"AAAA","e":"AQAB"}`, strconv.Quote(a), strings.Repeat("x", 1<<17),
	}
}

// The guide is generated from the tables, so that the two cannot diverge.
func TestTroubleshootingGuide(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`---
page_title: "Troubleshooting"
subcategory: ""
description: |-
  Every message of the provider, its cause and its remedy.
---

# Troubleshooting

Every error of the provider says what failed on which number, why, what to do next, and whether the key on the number changed. If the Graph API answered, the last line has what Meta's support asks for: the HTTP status, the code and subcode, the type and the ` + "`fbtrace_id`" + `.

The only error of the Graph API that removes a resource from the state is "the phone number has been deleted". After an error, plan again: the plan shows what is left to do.

A run that seems to hang may be waiting for a rate limit to end. ` + "`TF_LOG=INFO`" + ` shows for which number it waits, why, and for how many seconds. No log level shows an access token, an app secret or a key that is not public.

## Messages

`)
	for _, m := range messages {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n%s\n\n", m.summary, m.cause, m.remedy)
	}
	b.WriteString("## Errors of the Graph API\n\nThe last line of an error names its kind.\n\n")
	for _, class := range errorClasses(t) {
		cause, explained := causes[class]
		next, remedied := remedyOfClass[class]
		if !explained || !remedied {
			t.Errorf("the class %q has a cause: %t, and a remedy: %t", class, explained, remedied)
		}
		fmt.Fprintf(&b, "### Kind of error: %s\n\nCodes: %s.\n\n%s\n\n", class, codesOf(t, class), cause)
		if next != "" {
			b.WriteString(next + "\n\n")
		}
	}
	b.WriteString("## Answers of an endpoint\n\nThe verdicts of `endpoint_check` and of the data source `whatsapp_flow_endpoint`.\n\n")
	for _, v := range flowendpoint.Verdicts() {
		meaning, explained := verdictMeanings[v]
		next, remedied := remedyOfVerdict[v]
		if !explained || !remedied {
			t.Errorf("the verdict %q has a meaning: %t, and a remedy: %t", v, explained, remedied)
		}
		fmt.Fprintf(&b, "### Verdict: %s\n\n%s\n\n", v, strings.TrimSpace(meaning+" "+next))
	}
	b.WriteString("A firewall, a gateway or mutual TLS that lets only Meta in answers HTTP 401 or 403, which is `refused` as well. " + endpointRemedy(flowendpoint.Answer{Verdict: flowendpoint.Refused, HTTPStatus: 403}) + "\n\n")
	b.WriteString("## Keys that are refused\n\nA key is checked before anything is sent. The message gives the cause, and then the remedy. It never repeats the value.\n\n")
	seen := map[pemkey.Kind]bool{}
	for _, text := range refusedKeys(t) {
		_, err := pemkey.Parse(text)
		e, ok := errors.AsType[*pemkey.Error](err)
		if !ok {
			t.Fatalf("a text that should be refused is not: %.60q", text)
		}
		if !seen[e.Kind] {
			fmt.Fprintf(&b, "* **%s** %s\n", e.Problem, e.Remedy)
		}
		seen[e.Kind] = true
	}
	b.WriteString("\nThe function `public_key` also has these errors:\n\n")
	for _, input := range []struct {
		file        string
		passphrases []string
	}{
		{"private_encrypted_pbes2.pem", nil},
		{"private_encrypted_pbes2.pem", []string{"wrong"}},
		{"private_encrypted_pbes2.pem", []string{"one", "two"}},
		{"private/refused_pbes1_PBE-SHA1-3DES.pem", []string{"x"}},
		{"private/refused_iterations.pem", []string{"x"}},
	} {
		_, err := pemkey.Derive(fixture(t, input.file), input.passphrases...)
		e, ok := errors.AsType[*pemkey.Error](err)
		if !ok {
			t.Fatalf("%s should be refused", input.file)
		}
		fmt.Fprintf(&b, "* **%s** %s\n", e.Problem, e.Remedy)
		seen[e.Kind] = true
	}
	for _, kind := range kinds(t) {
		if !seen[kind] {
			t.Errorf("the guide has no example for the kind %q", kind)
		}
	}

	const file = "../../templates/guides/troubleshooting.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != b.String() {
		t.Errorf("the guide is out of date: go test ./internal/provider -run %s -update, and make docs", t.Name())
	}
}

// kinds reads the kinds of key errors from their source.
func kinds(t *testing.T) []pemkey.Kind {
	t.Helper()
	var found []pemkey.Kind
	for _, c := range stringConstants(t, "../pemkey/error.go", "Kind") {
		found = append(found, pemkey.Kind(c.value))
	}
	return found
}

const classSource = "../graph/class.go"

// errorClasses reads the classes of errors from their source, in that order.
func errorClasses(t *testing.T) []graph.Class {
	t.Helper()
	var found []graph.Class
	for _, c := range stringConstants(t, classSource, "Class") {
		found = append(found, graph.Class(c.value))
	}
	return found
}

type stringConstant struct{ name, value string }

// stringConstants reads the constants of a file whose names begin with prefix.
func stringConstants(t *testing.T, name, prefix string) []stringConstant {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []stringConstant
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 && strings.HasPrefix(spec.Names[0].Name, prefix) {
			found = append(found, stringConstant{spec.Names[0].Name, literal(spec.Values[0], nil)})
		}
		return true
	})
	if len(found) == 0 {
		t.Fatalf("%s has no constant that begins with %s", name, prefix)
	}
	return found
}

// verdictMeanings says what each verdict on an endpoint means.
var verdictMeanings = map[flowendpoint.Verdict]string{
	flowendpoint.Proven:        "The endpoint decrypted the message and answered the health check: it has the private key.",
	flowendpoint.NoHealthCheck: "The endpoint decrypted the message, so it has the private key, and answered something else than the health check wants.",
	flowendpoint.OldProtocol:   "The endpoint decrypted the message, but encrypted its answer with the initialization vector of the message.",
	flowendpoint.NotEncrypted:  "The endpoint answered with success, and with something that is not encrypted, or not with the AES key of the message.",
	flowendpoint.WrongKey:      "HTTP 421: no private key that the endpoint has can decrypt the message.",
	flowendpoint.Refused:       "HTTP 432: the endpoint has another app secret than the one that signed the message, so it did not decrypt it.",
	flowendpoint.Failing:       "Any other error. Endpoints that do not know of HTTP 421 answer like this to a message that they cannot decrypt.",
	flowendpoint.NotAnEndpoint: "HTTP 404, 405, 410 or a redirect, which is not followed.",
	flowendpoint.Unreachable:   "No connection, no TLS, or no complete answer within ten seconds, which is how long Meta waits.",
}

// causes says what each class of errors means.
var causes = map[graph.Class]string{
	graph.ClassKeyRefused:     "The API does not accept what was uploaded, which usually means the key.",
	graph.ClassWrongObject:    "The object does not exist, or the token may not see it, or the ID is of another kind. The API does not distinguish these cases, so the provider never treats this error as a deleted number.",
	graph.ClassWrongPath:      "The API does not know the path of the request, of which the version is a part: the URL, or the version, is not one of the Graph API's.",
	graph.ClassAppSecretProof: "The app has \"Require app secret\" switched on, and the request carried no proof, or one that was computed from another secret or another token.",
	graph.ClassNumberDeleted:  "The one answer of the API that means \"gone\". The resource is removed from the state, with a warning.",
	graph.ClassAuth:           "The access token is not accepted.",
	graph.ClassPermission:     "The access token is valid, but is not allowed to do this.",
	graph.ClassPolicy:         "Meta has restricted the business, the account or the number.",
	graph.ClassNotRegistered:  "The number is not registered with the Cloud API.",
	graph.ClassRateLimit:      "Too many calls were made. The provider has waited and tried again, unless the server asked for a longer wait than retry_max_wait or the timeout allows. Meanwhile it also held back the requests for all other numbers.",
	graph.ClassTransient:      "The server had a temporary error, or there was no answer. The provider has tried again, at most max_retries times. After an upload with an uncertain outcome, it read the number before uploading again.",
	graph.ClassCertificate:    "The server's certificate is not trusted, or the server does not speak TLS.",
	graph.ClassInterrupted:    "The run was cancelled, or the operation timed out.",
	graph.ClassNotUnderstood:  "The answer did not come from the Graph API, or does not have a documented form.",
	graph.ClassOther:          "Any other error of the Graph API. Only the server's message says more.",
}

// moreCodes is what a class depends on besides the codes in the client's table.
var moreCodes = map[graph.Class][]string{
	graph.ClassKeyRefused:     {"100 on an upload"},
	graph.ClassWrongObject:    {"100 with subcode 33", "100 with a message about the kind of object"},
	graph.ClassWrongPath:      {"any with a message about unknown path components"},
	graph.ClassAppSecretProof: {"100 with appsecret_proof in the message"},
	graph.ClassPermission:     {"200 to 299"},
	graph.ClassRateLimit:      {"HTTP 429"},
	graph.ClassTransient:      {"1 with HTTP 500 or more", "any with is_transient", "HTTP 408 or 500 and more", "no answer"},
	graph.ClassCertificate:    {"none"},
	graph.ClassInterrupted:    {"none"},
	graph.ClassNotUnderstood:  {"none"},
	graph.ClassOther:          {"any other"},
}

// codesOf lists the codes of a class, with those from the client's table first,
// in ascending order.
func codesOf(t *testing.T, class graph.Class) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), classSource, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var name string
	for _, c := range stringConstants(t, classSource, "Class") {
		if c.value == string(class) {
			name = c.name
		}
	}
	var codes []int
	ast.Inspect(file, func(n ast.Node) bool {
		entry, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		code, isLiteral := entry.Key.(*ast.BasicLit)
		if of, ok := entry.Value.(*ast.Ident); ok && isLiteral && of.Name == name {
			n, err := strconv.Atoi(code.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, n)
		}
		return true
	})
	slices.Sort(codes)
	var all []string
	for _, code := range codes {
		all = append(all, strconv.Itoa(code))
	}
	if all = append(all, moreCodes[class]...); len(all) == 0 {
		t.Errorf("no codes for the class %q", class)
	}
	return strings.Join(all, ", ")
}
