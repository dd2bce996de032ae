// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// frozenStates has a folder for each version, and in it, for each shape, the
// configuration SHAPE.tf.json and the state SHAPE.state.json that the version made
// of it. Files of a version that was released are never changed.
const frozenStates = "testdata/states"

var freeze = flag.String("freeze-states", "", "the version whose state files TestFreezeStates writes")

// shape is a way in which a state comes to be.
type shape struct {
	name  string
	about string // is written into the configuration

	earlier map[string]any // the resource as it is applied first, if it is applied twice
	config  map[string]any // the resource that the state belongs to

	imported    bool // the number has the key before, and the first apply imports it
	unconfirmed bool // the signature does not become valid, so the create fails
}

func shapes(t testing.TB) []shape {
	t.Helper()
	with := func(given ...any) map[string]any {
		values := map[string]any{attrPhoneNumberID: testNumber}
		for i := 0; i < len(given); i += 2 {
			values[given[i].(string)] = given[i+1]
		}
		return values
	}
	plain, writeOnly := with(attrPublicKey, keyA(t)), with(attrPublicKeyWO, keyA(t))
	return []shape{
		{name: "plain", config: plain, about: "Created with the key of the configuration."},
		{
			name: "updated", earlier: with(attrPublicKey, keyB(t)), config: plain,
			about: "Created with another key, and then updated. The plan of the update left its mark in the private data.",
		},
		{name: "write_only", config: writeOnly, about: "Created with a write-only key, without a version."},
		{
			name: "write_only_version", earlier: with(attrPublicKeyWO, keyA(t), attrPublicKeyWOVer, 1), config: with(attrPublicKeyWO, keyB(t), attrPublicKeyWOVer, 1),
			about: "Created with a write-only key and a version. The configuration has another key by now, as from a source that makes a new one each time, but the same version.",
		},
		{name: "imported", config: plain, imported: true, about: "Imported, and not changed since."},
		{
			name: "tainted", config: with(attrPublicKey, keyA(t), attrTimeouts, map[string]any{"create": "30s"}), unconfirmed: true,
			about: "The create uploaded the key and failed, because the signature did not become valid in time.",
		},
		{
			name: "timeouts", config: with(attrPublicKey, keyA(t), attrTimeouts, map[string]any{"create": "4m", "read": "50s", "update": "6m"}),
			about: "Created with all timeouts.",
		},
		{
			name: "endpoint_check", earlier: plain,
			config: with(attrPublicKey, keyA(t), attrEndpointCheck, map[string]any{
				attrEndpointURIs: []string{"https://example.com/flow"}, attrWait: "10m", attrAnswers: 5, attrInconclusive: inconclusiveWarning,
			}),
			about: "Created without endpoint_check, and then updated to have it.",
		},
	}
}

// configuration is a whole one. The outputs fail the plan when an attribute is
// renamed, and change when a value is written in another way.
func (s shape) configuration(t testing.TB, resource map[string]any) string {
	t.Helper()
	outputs := map[string]any{}
	for _, attribute := range []string{attrPhoneNumberID, attrPublicKey, attrPublicKeyWOVer, attrSignatureStatus, attrFingerprint, attrAllowOverwrite} {
		outputs[attribute] = map[string]any{"value": "${" + address + "." + attribute + "}"}
	}
	whole := map[string]any{
		"//":        s.about,
		"terraform": map[string]any{"required_providers": map[string]any{"whatsapp": map[string]any{"source": "wa-flows/whatsapp"}}},
		"resource":  map[string]any{resourceType: map[string]any{"test": resource}},
		"output":    outputs,
	}
	if s.imported {
		whole["import"] = map[string]any{"to": address, "id": testNumber}
	}
	text, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

// TestFreezeStates writes the state files of one version, with the built provider
// and the CLI in use. CONTRIBUTING.md says when.
func TestFreezeStates(t *testing.T) {
	if *freeze == "" {
		t.Skip("writes files, with -freeze-states VERSION")
	}
	folder := filepath.Join(frozenStates, *freeze)
	if err := os.Mkdir(folder, 0o755); errors.Is(err, fs.ErrExist) {
		t.Fatalf("%s exists. What a version left in the states of its users does not change any more", folder)
	} else if err != nil {
		t.Fatal(err)
	}
	for _, s := range shapes(t) {
		w := newWorld(t)
		c := w.cli("")
		apply := func(resource map[string]any, mustFail bool) {
			t.Helper()
			c.write("main.tf.json", s.configuration(t, resource))
			c.mustRun("init")
			if out, err := c.run("apply", "-auto-approve"); (err != nil) != mustFail {
				t.Fatalf("%s: %v\n%s", s.name, err, out)
			}
		}
		if s.imported {
			w.SetKey(testNumber, keyA(t), "VALID")
		}
		if s.unconfirmed {
			w.SetSignatureLag(-1)
		}
		if s.earlier != nil {
			apply(s.earlier, false)
		}
		apply(s.config, s.unconfirmed)
		for from, to := range map[string]string{"main.tf.json": ".tf.json", "terraform.tfstate": ".state.json"} {
			text, err := os.ReadFile(filepath.Join(c.WorkingDir(), from))
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, s.name+to), text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// frozenState is a state file, and the configuration that belongs to it.
type frozenState struct {
	name          string // such as "0.1.0/plain"
	configuration string
	state         string

	resource   json.RawMessage // the block of the configuration
	attributes map[string]json.RawMessage
	schema     int64 // the version of the schema
	private    []byte
	tainted    bool
}

// allFrozenStates are those of each shape of each version.
func allFrozenStates(t testing.TB) []frozenState {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(frozenStates, "*", "*.state.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("there is no state file", err)
	}
	var all []frozenState
	for _, file := range files {
		all = append(all, readFrozenState(t, strings.TrimSuffix(file, ".state.json")))
	}
	return all
}

func readFrozenState(t testing.TB, base string) frozenState {
	t.Helper()
	f := frozenState{name: filepath.Base(filepath.Dir(base)) + "/" + filepath.Base(base)}
	for suffix, into := range map[string]*string{".tf.json": &f.configuration, ".state.json": &f.state} {
		text, err := os.ReadFile(base + suffix)
		if err != nil {
			t.Fatal(err)
		}
		*into = string(text)
	}
	var config struct {
		Resource map[string]map[string]json.RawMessage
	}
	var state struct {
		Resources []struct {
			Instances []struct {
				Status     string
				Schema     int64 `json:"schema_version"`
				Attributes map[string]json.RawMessage
				Private    []byte
			}
		}
	}
	if err := errors.Join(json.Unmarshal([]byte(f.configuration), &config), json.Unmarshal([]byte(f.state), &state)); err != nil {
		t.Fatal(err)
	}
	if len(state.Resources) != 1 || len(state.Resources[0].Instances) != 1 {
		t.Fatal("the state has not exactly one resource")
	}
	instance := state.Resources[0].Instances[0]
	f.resource = config.Resource[resourceType]["test"]
	f.attributes, f.schema, f.private, f.tainted = instance.Attributes, instance.Schema, instance.Private, instance.Status == "tainted"
	return f
}

func (f frozenState) text(t testing.TB, attribute string) string {
	t.Helper()
	var s string
	if err := json.Unmarshal(f.attributes[attribute], &s); err != nil {
		t.Fatalf("%s of the state: %v", attribute, err)
	}
	return s
}

// world has the number as the state describes it. Its signature is valid.
func (f frozenState) world(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, f.text(t, attrPhoneNumberID))
	w.SetKey(f.text(t, attrPhoneNumberID), f.text(t, attrPublicKey), "VALID")
	return w
}

// privateNames are the entries of the private data that have a value.
func (f frozenState) privateNames(t testing.TB) []string {
	t.Helper()
	var names []string
	entries := map[string][]byte{}
	if len(f.private) > 0 {
		if err := json.Unmarshal(f.private, &entries); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range entries {
		if string(value) != "null" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A state without its private data, or one that was edited, would test less than
// it seems to.
func TestFrozenStatesAreComplete(t *testing.T) {
	t.Parallel()
	versions, err := os.ReadDir(frozenStates)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		for _, s := range []struct {
			name    string
			private []string
			tainted bool
			notIn   string // a version that did not have it
		}{
			{name: "plain"},
			{name: "updated", private: []string{managedName}},
			{name: "write_only", private: []string{uploadedName}},
			{name: "write_only_version", private: []string{uploadedName}},
			{name: "imported", private: []string{importedName}},
			{name: "tainted", tainted: true},
			{name: "timeouts"},
			{name: "endpoint_check", private: []string{managedName}, notIn: "0.1.0-dev.1"},
		} {
			if s.notIn == version.Name() {
				continue
			}
			f := readFrozenState(t, filepath.Join(frozenStates, version.Name(), s.name))
			names := f.privateNames(t)
			for _, want := range s.private {
				if !slices.Contains(names, want) {
					t.Errorf("%s: the private data has %q, and not %q", f.name, names, want)
				}
			}
			if f.tainted != s.tainted {
				t.Errorf("%s: tainted is %t", f.name, f.tainted)
			}
			if !sameKey(t, f.text(t, attrPublicKey), keyA(t)) {
				t.Errorf("%s: the state does not have the key of testdata", f.name)
			}
		}
	}
}

// A version in CHANGELOG.md that has a date was released, and people have states
// of it.
func TestEveryReleasedVersionHasFrozenStates(t *testing.T) {
	t.Parallel()
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := regexp.MustCompile(`(?m)^## v?([0-9][0-9.]*) \((.+)\)$`).FindAllStringSubmatch(string(changelog), -1)
	if len(headings) == 0 {
		t.Fatal("CHANGELOG.md has no version")
	}
	for _, heading := range headings {
		if heading[2] == "Unreleased" {
			continue
		}
		if _, err := os.Stat(filepath.Join(frozenStates, heading[1])); err != nil {
			t.Errorf("version %s was released, but: %v", heading[1], err)
		}
	}
}

// json is the attributes as Terraform passes them on, without some of them.
func (f frozenState) json(t testing.TB, without ...string) []byte {
	t.Helper()
	kept := maps.Clone(f.attributes)
	for _, attribute := range without {
		delete(kept, attribute)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// computed are the attributes that only the provider sets. A state of a version
// that did not have one yet lacks it.
func (p *protocol) computed() []string {
	var names []string
	for _, attribute := range p.schema.ResourceSchemas[resourceType].Block.Attributes {
		if attribute.Computed && !attribute.Optional {
			names = append(names, attribute.Name)
		}
	}
	return names
}

// isList reports whether a block that is not there is an empty list.
func isList(block *tfprotov6.SchemaNestedBlock) bool {
	return block.Nesting == tfprotov6.SchemaNestedBlockNestingModeList || block.Nesting == tfprotov6.SchemaNestedBlockNestingModeSet
}
