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

// messages are all of them, in groups, in the order in which a user meets them.
var messages = []struct {
	title string
	all   []message
}{
	{"The configuration of the provider", []message{
		{"Missing WhatsApp access token", "Neither `access_token` nor the environment variable `WHATSAPP_ACCESS_TOKEN` has a value; an empty one counts as none.", "Set one of the two."},
		{"Empty base_url", "`base_url` or the environment variable `WHATSAPP_BASE_URL` is set and empty, and the other has no value, either. The default is not used, because the access token would go to another place than was meant.", "Give a URL, or leave both out to use the default. In an expression, `null` leaves the argument out."},
		{"Invalid …", "The argument has a value that cannot be right. The message says why, and whether a provider argument came from the configuration or from the environment.", "Correct the value. `trimspace()` removes a trailing newline that comes from a file; one in an environment variable has to be removed where the variable is set."},
		{"Invalid provider configuration", "The arguments of the provider do not fit together.", "Follow the message."},
		{"Provider configuration not known yet", "An argument of the provider comes from a resource that is not applied yet, and the Graph API has to be called now.", "Apply that resource first, with `-target`, or use a value that does not depend on a resource."},
		{"The Graph API version has ended", "Meta no longer serves the version in `api_version`, and answers with the oldest version that it still serves.", "Set `api_version` to a current version, or leave it out."},
		{"The Graph API answers with another version", "The answer is from a different version than the one that was requested.", "Set `api_version` to the version that the message names, or to a later one."},
		{"Unexpected provider data", "A bug in the provider.", "Please report it."},
	}},
	{"The key, and what the number holds", []message{
		{"Invalid business_public_key", "The value is not one RSA public key of 2048 bits in PEM. Nothing was sent.", "Follow the message: see [Keys that are refused](#keys-that-are-refused). When the value may be a private key, the error points at the resource and not at the argument, so that Terraform shows only [the first line of the block](../index.md#secrets-in-the-configuration)."},
		{"The key changed between plan and apply", "The source of the write-only argument returned one key for the plan and a different one for the apply. Nothing was uploaded.", "Plan again. If it happens each time, set `business_public_key_wo_version`: see [below](#provider-produced-inconsistent-final-plan)."},
		{"The uploaded key is not known any more", "The provider ended in the middle of an update, and with it Terraform lost what the provider remembers of a write-only key with a version. Nothing was changed.", "Change `business_public_key_wo_version`, so that the key of the configuration is taken."},
		{"Could not check which key the number holds", "Before a first upload, the number could not be read. While planning, an error that may be temporary is only a warning, because apply checks again.", seeErrors},
		{"The number already holds a key", "While planning: the number has a key, and the key of the configuration is not known yet. For a replacement that is an error, because the apply would stop halfway if the keys differ.", "Follow the message, which says which of these applies: a new key is an update in place and needs no replacement; a `moved` block keeps a resource whose address has changed; an import takes over a number that no resource manages yet; `allow_overwrite = true` allows the key to be replaced."},
		{"The number already holds a different key", "A create would replace a key that a live Flow may depend on. A resource that is replaced, tainted or has a new address is created as well. Nothing was uploaded, and if it was the plan that failed, nothing was destroyed.", "Follow the message, as above; `terraform untaint` keeps a tainted resource. To have the key on the number signed again, see [Monitoring](monitoring.md#signing-again-although-the-status-is-valid). `terraform destroy` first makes such a plan, too: to destroy other resources in the meantime, use `-refresh=false`."},
		{"A different key on the number is replaced", "The apply puts a key on the number in place of a different one: the configuration has a new key, something else has put its own key on the number, or the number was imported with another key than the configuration has. The warning is printed again in the apply, in which Terraform plans once more.", "Give the endpoint the private key of the new key first, and keep that of the old key for some time: see [Rotating the key without downtime](rotation.md). If the key of `business_public_key_wo` was not changed, its source returns a different key each time it is read: see [below](#provider-produced-inconsistent-final-plan)."},
		{"The number holds a damaged key", "The data source found a text that is not a readable RSA public key of 2048 bits.", "Upload a key again."},
		{"The phone number was deleted", "The Graph API says that the number no longer exists. The resource is removed from the state.", "Remove the resource from the configuration as well."},
		{"The key stays active on the phone number", "The Graph API cannot delete a key, so destroying only removes the resource from the state.", "Keep the private key as long as a Flow of the number is in use. Terraform also prints this in a run with `-refresh-only`, for a resource that is no longer in the configuration; such a run destroys nothing."},
	}},
	{"Uploading and reading", []message{
		{"Could not set the key", "An upload failed. The message says whether the key on the number changed.", seeErrors + " The next apply tries again."},
		{"Could not update the key", "An upload failed. The message says whether the key on the number changed.", seeErrors + " The next apply tries again."},
		{"Could not confirm the key after it was uploaded", "The upload succeeded, and the first read after it failed.", "Plan again. If something is left to do, the plan shows it."},
		{"The key was uploaded but is not confirmed", "The upload succeeded, but the number did not show the key with a valid signature within two minutes, or before the timeout ended or a read failed.", "Plan again in a few minutes. If the status is still not `VALID`, apply uploads the key again, and WhatsApp signs it again."},
		{"Could not read the key", "The number could not be read. The state is unchanged.", seeErrors},
		{"Could not read the Flow", "The data source `whatsapp_flow` could not read the Flow.", seeErrors + " The access token needs the permission `whatsapp_business_management`."},
		{"A number was not read", "The access token, the app secret proof or the permission was refused for another number, and so for this one.", "See the error of the number that the message names."},
		{"The state cannot be read", "The state of an earlier version of the provider is damaged.", "Restore a backup of the state, or remove the resource from the state and import the number."},
	}},
	{"The endpoint check", []message{
		{"The endpoint did not prove that it can decrypt", "An endpoint of `endpoint_check` does not have the private key of the new public key, or something kept it from proving that it has. No key was uploaded, and the number is as it was.", "Follow the message, which says for each endpoint what it answered: see [Answers of an endpoint](#answers-of-an-endpoint)."},
		{"An endpoint did not pass the whole check", "The endpoint decrypts, but does not answer the health check; or its answer says nothing, and `inconclusive` is `warning`. The key was uploaded, unless an error says otherwise.", "See [Answers of an endpoint](#answers-of-an-endpoint)."},
		{"The wait does not fit into the timeout", "`wait` of `endpoint_check` is as long as the time for the whole upload, or longer.", "Set longer `timeouts`, or none: the defaults grow by the wait."},
		{"The check of the endpoint was interrupted", "The data source `whatsapp_flow_endpoint` was cancelled before the endpoint answered.", "Run it again."},
	}},
	{"Imports and listings", []message{
		{"Invalid import", "The import ID, or the `phone_number_id` of the identity, is not a phone number ID.", "Use the ID that the app dashboard shows under WhatsApp > API Setup, or WhatsApp Manager under Phone numbers, and not the phone number."},
		{"Nothing to import", "The number holds no key.", "Remove the import, and apply."},
		{"Could not list the phone numbers", "The numbers of the WhatsApp Business Account could not be listed.", seeErrors + " The access token needs the permission `whatsapp_business_management`."},
		{"Could not list the keys", "`terraform query`, or the data source `whatsapp_business_encryptions`, met an error that would affect every other number, such as a rate limit, or four numbers in a row that could not be read. There is no list.", seeErrors + " Then try again."},
		{"A phone number is not listed", "`terraform query` could not read this number. The others are listed.", seeErrors + " Then query again, or import the number by its ID."},
		{"A phone number without a key is left out", "`terraform query` generates a configuration with `include_without_key`, and a resource without a key would make the whole file invalid.", "Write a resource for the number, which sets its key."},
		{"The list ends at its limit", "`terraform query` lists 100 results for a list block unless `limit` says otherwise, and the account has more numbers.", "Set a higher `limit` in the list block."},
	}},
}

// symptoms are what the provider has no message for.
var symptoms = []struct{ seen, cause, remedy string }{
	{"A plan shows `\"MISMATCH\" -> \"VALID\"`, and nobody changed anything", "The number was registered again, as after the approval of a new display name, or was moved.", "Apply: it uploads the same key again. Do not make a new key."},
	{"The next plan shows another key on the number once more", "Something else sets the key of the number: another resource, another state, a partner or another tool.", "Let only one of them manage the number."},
	{"Alerts `public-key-missing` or `public-key-signiture-verification`, and the plan has no changes", "WhatsApp clients cannot get or verify the key, although the Graph API says `VALID`.", "`terraform apply -replace=…` uploads the same key again: see [Signing again](monitoring.md#signing-again-although-the-status-is-valid)."},
	{"Alerts `business-decryption-error`, or the log of the endpoint has messages that it cannot decrypt, and the plan has no changes", "The endpoint does not have the private key of the key on the number. `VALID` says nothing about that.", "Give the endpoint the private key. `whatsapp_flow_endpoint` proves that it has it: see [Proving that the endpoint can decrypt](endpoint-check.md)."},
	{"Alerts `response-decryption-error`", "The endpoint decrypts, and encrypts its answer in a wrong way.", "Ask it with `whatsapp_flow_endpoint`: see [Answers of an endpoint](#answers-of-an-endpoint)."},
	{"A Flow cannot be published: error 139002, `Missing Flows Signed Public Key`", "The number has no key, or none with a valid signature.", "`whatsapp_business_encryptions` shows which one. Manage it, or apply."},
	{"A Flow is `THROTTLED` or `BLOCKED`", "Its endpoint was slow, failed or could not be reached.", "Repair the endpoint. `entities` of `whatsapp_flow` has the reasons of Meta. The key is not one of them unless the texts say so."},
}

const seeErrors = "See [Errors of the Graph API](#errors-of-the-graph-api)."

// Every summary in the code is in the table, and vice versa.
func TestEveryMessageIsExplained(t *testing.T) {
	t.Parallel()
	explained := map[string]bool{}
	for _, group := range messages {
		for _, m := range group.all {
			explained[m.summary] = false
		}
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
	table := func(head ...string) {
		b.WriteString("| " + strings.Join(head, " | ") + " |\n|" + strings.Repeat("---|", len(head)) + "\n")
	}
	row := func(cells ...string) {
		for _, cell := range cells {
			if strings.ContainsAny(cell, "|\n") {
				t.Errorf("%q does not fit into a table", cell)
			}
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	messageTable := func(title string, all []message) {
		b.WriteString("### " + title + "\n\n")
		table("Message", "Cause", "What to do")
		var same string // of messages that share a row
		for i, m := range all {
			same += m.summary
			if i+1 < len(all) && all[i+1].cause == m.cause && all[i+1].remedy == m.remedy {
				same += "<br>"
				continue
			}
			row(same, m.cause, m.remedy)
			same = ""
		}
		b.WriteString("\n")
	}

	b.WriteString(troubleshootingBeginning)
	for _, group := range messages {
		messageTable(group.title, group.all)
	}
	var worded []message
	for _, m := range cliMessages() {
		worded = append(worded, m.message)
	}
	messageTable("Worded by Terraform and OpenTofu", append(worded, moreCLIMessages...))
	b.WriteString(inconsistentFinalPlan)

	b.WriteString("## When there is no message\n\nThe plan succeeds, and Flows do not work, or Meta complains. The guide [Monitoring](monitoring.md) explains each row.\n\n")
	table("What people see", "Cause", "What to do")
	for _, s := range symptoms {
		row(s.seen, s.cause, s.remedy)
	}
	b.WriteString("\n## Errors of the Graph API\n\nThe last line of an error names its kind. Before it reports a rate limit or a temporary failure, the provider [waits and tries again](../index.md#retries-and-rate-limits), within the limits that are set.\n\n")
	table("Kind of error", "Codes", "Cause, and what to do")
	for _, class := range errorClasses(t) {
		cause, explained := causes[class]
		next, remedied := remedyOfClass[class]
		if !explained || !remedied || cause+next == "" {
			t.Errorf("the class %q has a cause: %t, and a remedy: %t", class, explained, remedied)
		}
		row(string(class), codesOf(t, class), strings.TrimSpace(cause+" "+next))
	}
	b.WriteString("\n## Answers of an endpoint\n\nThe verdicts of `endpoint_check` and of the data source `whatsapp_flow_endpoint`. The guide [Proving that the endpoint can decrypt](endpoint-check.md) is about both.\n\n")
	table("Verdict", "What the endpoint answered", "What to do")
	for _, v := range flowendpoint.Verdicts() {
		meaning, explained := verdictMeanings[v]
		next, remedied := remedyOfVerdict[v]
		if !explained || !remedied {
			t.Errorf("the verdict %q has a meaning: %t, and a remedy: %t", v, explained, remedied)
		}
		row("`"+string(v)+"`", meaning, next)
		if v == flowendpoint.Refused {
			row("`"+string(v)+"`", "HTTP 401 or 403.", endpointRemedy(flowendpoint.Answer{Verdict: v, HTTPStatus: 403}))
		}
	}
	b.WriteString("\n## Keys that are refused\n\nA key is checked before anything is sent. The message gives the cause, and then the remedy. It never repeats the value.\n\n")
	seen := map[pemkey.Kind]bool{}
	var problems []*pemkey.Error
	for _, text := range refusedKeys(t) {
		_, err := pemkey.Parse(text)
		e, ok := errors.AsType[*pemkey.Error](err)
		if !ok {
			t.Fatalf("a text that should be refused is not: %.60q", text)
		}
		if !seen[e.Kind] {
			problems = append(problems, e)
		}
		seen[e.Kind] = true
	}
	b.WriteString(byRemedy(problems) + "\nThe function `public_key` also has these errors:\n\n")
	problems = nil
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
		problems = append(problems, e)
		seen[e.Kind] = true
	}
	b.WriteString(byRemedy(problems))
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

const troubleshootingBeginning = `---
page_title: "Troubleshooting"
subcategory: "Operation"
description: |-
  Every message of the provider, its cause and its remedy.
---

# Troubleshooting

For everyone who has a message in front of them: search this page for its first line.

Every error of the provider says what failed on which number, why, what to do next, and whether the key on the number changed. If the Graph API answered, the last line has what Meta's support asks for: the HTTP status, the code and subcode, the type, and the ` + "`fbtrace_id`" + `, by which Meta finds the request in its logs. After an error, plan again: the plan shows what is left to do.

A run that seems to hang may be waiting for a rate limit to end, or for an endpoint. ` + "`TF_LOG=INFO`" + ` shows why it waits, and for how many seconds. No log level shows an access token, an app secret or a key that is not public.

## Messages

`

// moreCLIMessages are not caused by a configuration alone. Each has a test of its
// own.
var moreCLIMessages = []message{
	{noProvider, "For `hashicorp/whatsapp`: the configuration, or a module in it, does not say where the provider comes from.", "Add `required_providers` with `source = \"wa-flows/whatsapp\"`, as on the [provider's page](../index.md), in each module that uses the provider."},
	{noWriteOnly, "The version of Terraform or OpenTofu does not know write-only arguments.", "Use Terraform 1.11 or OpenTofu 1.11, or later."},
	{"Instance cannot be destroyed", "For a `tls_private_key` with `prevent_destroy`: the plan would delete the private key, which may be the only copy. OpenTofu says `Resource instance cannot be destroyed`.", "For a new key, follow [Rotating the key without downtime](rotation.md). Remove `prevent_destroy` when no Flow of the number is in use, or when the endpoint has the private key from elsewhere."},
	{"Check block assertion failed", "A warning of a `check` block in the configuration, with the text that is written there.", "For a block on `whatsapp_flow_endpoint`, see [Answers of an endpoint](#answers-of-an-endpoint)."},
}

// inconsistentFinalPlan has a configuration that a test applies.
const inconsistentFinalPlan = "### Provider produced inconsistent final plan\n\n" +
	"For a source that makes a new key each time it is read, set `business_public_key_wo_version`:\n\n" +
	"```terraform\n" + `ephemeral "tls_private_key" "flows" {
  algorithm = "RSA"
  rsa_bits  = 2048
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id                = "106540352242922"
  business_public_key_wo         = ephemeral.tls_private_key.flows.public_key_pem
  business_public_key_wo_version = 1 # a new key is taken when this changes
}
` + "```\n\n" +
	"Without the version, every plan has a different key: the provider compares the keys, and plans an update. Terraform reads the source once more while it applies, gets a third key, and stops with this error before anything is uploaded. " +
	"It adds that this is a bug in the provider. It is not, and needs no report: stopping is what keeps the number and the place where you store the private key from getting different keys. " +
	"The guide [The private key in a secret store](secret-stores.md) shows how to store the private key in the same run.\n\n" +
	"In any other configuration, this message of Terraform is a bug in the provider: please report it.\n\n"

// byRemedy lists problems, those with the same remedy together.
func byRemedy(problems []*pemkey.Error) string {
	var remedies []string
	of := map[string][]string{}
	for _, e := range problems {
		if of[e.Remedy] == nil {
			remedies = append(remedies, e.Remedy)
		}
		of[e.Remedy] = append(of[e.Remedy], e.Problem)
	}
	var b strings.Builder
	for _, remedy := range remedies {
		fmt.Fprintf(&b, "* **%s** %s\n", strings.Join(of[remedy], "** or **"), remedy)
	}
	return b.String()
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
	graph.ClassKeyRefused:     "The API does not accept what was uploaded.",
	graph.ClassWrongObject:    "The API does not say which of the reasons applies, so the provider never treats this error as a deleted number.",
	graph.ClassWrongPath:      "",
	graph.ClassAppSecretProof: "",
	graph.ClassNumberDeleted:  "The one answer of the API that removes the resource from the state, with a warning.",
	graph.ClassAuth:           "",
	graph.ClassPermission:     "The access token is valid, but is not allowed to do this.",
	graph.ClassPolicy:         "",
	graph.ClassNotRegistered:  "",
	graph.ClassRateLimit:      "",
	graph.ClassTransient:      "The server had an error, or there was no answer.",
	graph.ClassNoConnection:   "The server, or the proxy, could not be reached: its name is not known, it refused or reset the connection, or it did not answer in time. A proxy that could not reach the server (HTTP 502 and others) is meant as well. Nothing was sent. The provider has tried again, at most max_retries times.",
	graph.ClassProxy:          "The proxy refused to open a connection to the server, for example because it requires another user name and password. Nothing was sent, and nothing was tried again.",
	graph.ClassCertificate:    "The server's certificate is not trusted, the server refused the TLS handshake with an alert, or it does not speak TLS. The server has not read the request.",
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
	graph.ClassNoConnection:   {"none"},
	graph.ClassProxy:          {"none"},
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
