// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// exampleFolder is a copy of a published example with what it needs to run: a
// mock server, the real CLI, the real hashicorp/tls, and stand-ins for the
// providers that cannot be had.
type exampleFolder struct {
	*world
	t    *testing.T
	dir  string
	env  []string
	held string // private keys that neither Terraform nor a store has
}

func newExampleFolder(t *testing.T, w *world, mirror string) *exampleFolder {
	t.Helper()
	e := &exampleFolder{world: w, t: t, dir: t.TempDir()}
	environment := w.environment()
	environment["TF_CLI_CONFIG_FILE"] = mirror
	environment[envStandInStore] = t.TempDir()
	for name, value := range environment {
		e.env = append(e.env, name+"="+value)
	}
	return e
}

func (e *exampleFolder) copy(from string) {
	e.t.Helper()
	if err := os.CopyFS(e.dir, os.DirFS(from)); err != nil {
		e.t.Fatal(err)
	}
}

func (e *exampleFolder) write(name, text string) {
	e.t.Helper()
	if err := os.WriteFile(filepath.Join(e.dir, name), []byte(text), 0o600); err != nil {
		e.t.Fatal(err)
	}
}

// edit replaces a text in the configuration.
func (e *exampleFolder) edit(from, to string) {
	e.t.Helper()
	text, err := os.ReadFile(filepath.Join(e.dir, "main.tf"))
	if err != nil || !strings.Contains(string(text), from) {
		e.t.Fatalf("the configuration has no %q: %v", from, err)
	}
	e.write("main.tf", strings.Replace(string(text), from, to, 1))
}

func (e *exampleFolder) store() string {
	for _, pair := range e.env {
		if folder, ok := strings.CutPrefix(pair, envStandInStore+"="); ok {
			return folder
		}
	}
	return ""
}

// run starts the CLI, which never prints a private key, and returns what it printed.
func (e *exampleFolder) run(args ...string) (string, error) {
	e.t.Helper()
	command := exec.CommandContext(e.t.Context(), os.Getenv("TF_ACC_TERRAFORM_PATH"), args...)
	command.Dir, command.Env = e.dir, e.env
	var both bytes.Buffer
	command.Stdout, command.Stderr = &both, &both
	err := command.Run()
	if args[0] != "state" && strings.Contains(both.String(), "PRIVATE KEY-----") {
		e.t.Errorf("%v prints a private key", args)
	}
	return both.String(), err
}

func (e *exampleFolder) mustRun(args ...string) string {
	e.t.Helper()
	out, err := e.run(args...)
	if err != nil {
		e.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

const (
	noColor, noInput = "-no-color", "-input=false"
	savedPlan        = "plan"
)

// plan saves a plan and returns the managed resources that it changes, and what
// is done to them.
func (e *exampleFolder) plan(args ...string) map[string]string {
	e.t.Helper()
	out := e.mustRun(append([]string{"plan", "-json", noInput, "-out=" + savedPlan}, args...)...)
	changes := map[string]string{}
	for line := range strings.Lines(out) {
		var message struct {
			Type   string `json:"type"`
			Change struct {
				Resource struct {
					Address string `json:"addr"`
				} `json:"resource"`
				Action string `json:"action"`
			} `json:"change"`
		}
		if json.Unmarshal([]byte(line), &message) == nil && message.Type == "planned_change" && message.Change.Action != "read" {
			changes[message.Change.Resource.Address] = message.Change.Action
		}
	}
	return changes
}

// mustPlan expects exactly these changes.
func (e *exampleFolder) mustPlan(want map[string]string, args ...string) {
	e.t.Helper()
	if got := e.plan(args...); !maps.Equal(got, want) {
		e.t.Errorf("planned %v, not %v", got, want)
	}
}

func (e *exampleFolder) applySaved() { e.t.Helper(); e.mustRun("apply", noColor, savedPlan) }

// failUpload makes the next upload to a number fail, and is called before an
// apply that is to fail.
func (e *exampleFolder) failUpload(number string) {
	e.Script(graphmock.Fault{Method: "POST", Object: number, Status: 400, Body: graphmock.ErrorBody(133010, 0, "OAuthException", "Account not registered", nil)})
}

func (e *exampleFolder) mustFail(args ...string) string {
	e.t.Helper()
	out, err := e.run(args...)
	if err == nil {
		e.t.Errorf("%v did not fail:\n%s", args, out)
	}
	return inOneLine(out)
}

// addresses returns the address of the resource of each number in the state.
func (e *exampleFolder) addresses() map[string]string {
	e.t.Helper()
	var state struct {
		Resources []struct {
			Module, Mode, Type, Name string
			Instances                []struct {
				IndexKey   json.RawMessage `json:"index_key"`
				Attributes struct {
					PhoneNumberID string `json:"phone_number_id"`
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(e.mustRun("state", "pull")), &state); err != nil {
		e.t.Fatal(err)
	}
	found := map[string]string{}
	for _, r := range state.Resources {
		if r.Type != resourceType || r.Mode != "managed" {
			continue
		}
		for _, i := range r.Instances {
			address := r.Type + "." + r.Name
			if r.Module != "" {
				address = r.Module + "." + address
			}
			if i.IndexKey != nil {
				address += "[" + string(i.IndexKey) + "]"
			}
			found[i.Attributes.PhoneNumberID] = address
		}
	}
	return found
}

// mustDecrypt plays a client against each number that holds a key, with every
// private key that is left: in the state, deposed objects included, in the store,
// or where the person who wrote the configuration keeps it.
func (e *exampleFolder) mustDecrypt(numbers []string) {
	e.t.Helper()
	keys := privateKeysIn(e.held + e.mustRun("state", "pull") + e.inStore())
	for _, number := range numbers {
		c := &client{server: e.Server, number: number}
		if key, _ := e.Key(number); key == "" || sameKey(e.t, key, foreignKey()) {
			continue
		}
		if err := c.fetch(); err != nil {
			e.t.Error(err)
			continue
		}
		request, err := flowmessage.EncryptRequest(c.cached, []byte(`{"action":"ping"}`))
		if err != nil {
			e.t.Fatal(err)
		}
		decrypted := false
		for _, key := range keys {
			if _, _, err := flowmessage.Decrypt(key, request); err == nil {
				decrypted = true
			}
		}
		if !decrypted {
			e.t.Errorf("number %s is stranded: none of %d private keys decrypts", number, len(keys))
		}
	}
}

// inStore is all that the secret store holds.
func (e *exampleFolder) inStore() string {
	e.t.Helper()
	var texts strings.Builder
	err := filepath.WalkDir(e.store(), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		texts.Write(text)
		return err
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return texts.String()
}

// mustStillHave expects the private key of a public key that was replaced in the
// store, because clients go on using the public key for some time.
func (e *exampleFolder) mustStillHave(public string) {
	e.t.Helper()
	replaced := &client{server: e.Server}
	if err := replaced.parse(public); err != nil {
		e.t.Fatal(err)
	}
	for _, key := range privateKeysIn(e.inStore()) {
		if key.PublicKey.Equal(replaced.cached) {
			return
		}
	}
	e.t.Error("the private key that was replaced is not in the store any more")
}

// mustServe expects every number to hold a key of the configuration, with a
// valid signature, whose private key is still there.
func (e *exampleFolder) mustServe(numbers []string) {
	e.t.Helper()
	for _, number := range numbers {
		if key, status := e.Key(number); key == "" || status != graphmock.StatusValid || sameKey(e.t, key, foreignKey()) {
			e.t.Errorf("number %s holds %q, %s", number, key, status)
		}
	}
	e.mustDecrypt(numbers)
}

// mustKeepNoPrivateKey looks into the state, its backup and the saved plan, as they
// are on the disk.
func (e *exampleFolder) mustKeepNoPrivateKey() {
	e.t.Helper()
	places := map[string]string{}
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup", savedPlan} {
		text, err := os.ReadFile(filepath.Join(e.dir, name))
		if err != nil {
			e.t.Fatal(err)
		}
		places[name] = string(text)
	}
	if strings.HasPrefix(places[savedPlan], "PK") {
		maps.Copy(places, unzipped(e.t, filepath.Join(e.dir, savedPlan)))
	}
	for place, text := range places {
		for _, found := range pemTypes(text) {
			if found != "PUBLIC KEY" {
				e.t.Errorf("%s has a %s", place, found)
			}
		}
	}
}

var privatePEM = regexp.MustCompile(`(?s)-----BEGIN (?:RSA )?PRIVATE KEY-----.*?-----END (?:RSA )?PRIVATE KEY-----`)

// privateKeysIn finds the RSA private keys in a text, in JSON as well.
func privateKeysIn(text string) []*rsa.PrivateKey {
	text = strings.NewReplacer(`\\n`, "\n", `\n`, "\n").Replace(text)
	seen := map[string]*rsa.PrivateKey{}
	for _, found := range privatePEM.FindAllString(text, -1) {
		block, _ := pem.Decode([]byte(found + "\n"))
		if block == nil {
			continue
		}
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			var parsed any
			if parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
				key, _ = parsed.(*rsa.PrivateKey)
			}
		}
		if key != nil {
			seen[fmt.Sprint(key.N)] = key
		}
	}
	keys := make([]*rsa.PrivateKey, 0, len(seen))
	for _, key := range seen {
		keys = append(keys, key)
	}
	return keys
}

// An example is copied as a folder, so a module that two examples use is in both.
func TestExamplesModulesWithOneNameAreTheSame(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("../../examples/*/modules/*")
	if err != nil {
		t.Fatal(err)
	}
	first, pairs := map[string]string{}, 0 // where each module was seen first
	for _, module := range modules {
		before, seen := first[filepath.Base(module)]
		if !seen {
			first[filepath.Base(module)] = module
			continue
		}
		pairs++
		if a, b := textsIn(t, before), textsIn(t, module); !maps.Equal(a, b) {
			t.Errorf("%s and %s differ", before, module)
		}
	}
	if pairs == 0 {
		t.Error("no module is in two examples")
	}
}

// textsIn are the files of a folder.
func textsIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, path))
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
