// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	eschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// keySource is a provider with one ephemeral resource, such as a secret store or
// a generator. A test decides its value each time it is read.
type keySource struct {
	mu   sync.Mutex
	next func() string
}

func (k *keySource) set(next func() string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = next
}

func (k *keySource) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "keysource"
}
func (k *keySource) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (k *keySource) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (k *keySource) Resources(context.Context) []func() fwresource.Resource     { return nil }
func (k *keySource) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (k *keySource) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return ephemeralKey{k} }}
}

type ephemeralKey struct{ source *keySource }

func (e ephemeralKey) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "keysource_key"
}

func (e ephemeralKey) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = eschema.Schema{Attributes: map[string]eschema.Attribute{"pem": eschema.StringAttribute{Computed: true}}}
}

func (e ephemeralKey) Open(ctx context.Context, _ ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	e.source.mu.Lock()
	defer e.source.mu.Unlock()
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("pem"), e.source.next())...)
}

// stable returns the same key each time; generating returns the next one.
func stable(pem string) func() string { return func() string { return pem } }

func generating(pems ...string) func() string {
	i := -1
	return func() string {
		i++
		return pems[i%len(pems)]
	}
}

func (w *world) runWithSource(source *keySource, steps ...resource.TestStep) {
	w.t.Helper()
	t, ok := w.t.(*testing.T)
	if !ok {
		w.t.Fatal("not a test")
	}
	factories := w.factories()
	factories["keysource"] = providerserver.NewProtocol6WithError(source)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}

func (w *world) writeOnlyConfig(more ...string) string {
	return w.config("ephemeral \"keysource_key\" \"test\" {}\n", fmt.Sprintf("resource \"whatsapp_business_encryption\" \"test\" {\n  phone_number_id = %q\n  business_public_key_wo = ephemeral.keysource_key.test.pem\n%s\n}\n", testNumber, strings.Join(more, "\n")))
}

const version1, version2 = "business_public_key_wo_version = 1", "business_public_key_wo_version = 2"

func nothingPlanned() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

func updatePlanned(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: append(checks, action(plancheck.ResourceActionUpdate))}
}

// Without a version, the key itself is compared, because a secret store returns
// the same one on every run.
func TestAccWriteOnly_stableSource(t *testing.T) {
	t.Parallel()
	w, a, b := newWorld(t), keyA(t), keyB(t)
	source := &keySource{next: stable(a)}
	w.runWithSource(
		source,
		resource.TestStep{
			Config: w.writeOnlyConfig(),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionCreate), plancheck.ExpectUnknownValue(address, at(attrPublicKey)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID"), value(attrPublicKey, a), value(attrFingerprint, fingerprintOf(t, a)),
				statecheck.ExpectKnownValue(address, at(attrPublicKeyWO), knownvalue.Null()),
			},
		},
		// The same key in another encoding.
		resource.TestStep{
			PreConfig:        w.forget(func() { source.set(stable(fixture(t, "rsa2048_a.pkcs1.pem"))) }),
			Config:           w.writeOnlyConfig(),
			ConfigPlanChecks: nothingPlanned(), ConfigStateChecks: []statecheck.StateCheck{w.received("GET")},
		},
		// Drift of the signature.
		resource.TestStep{
			PreConfig:         w.forget(func() { w.Reregister(testNumber) }),
			Config:            w.writeOnlyConfig(),
			ConfigPlanChecks:  updatePlanned(planned(attrPublicKey, a), planned(attrSignatureStatus, "VALID")),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
		// Drift of the key.
		resource.TestStep{
			PreConfig:         w.forget(func() { w.SetKey(testNumber, b, "VALID") }),
			Config:            w.writeOnlyConfig(),
			ConfigPlanChecks:  updatePlanned(planned(attrPublicKey, a)),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID"), value(attrPublicKey, a)},
		},
		// A new key in the store.
		resource.TestStep{
			PreConfig:         w.forget(func() { source.set(stable(b)) }),
			Config:            w.writeOnlyConfig(),
			ConfigPlanChecks:  updatePlanned(planned(attrPublicKey, b), planned(attrFingerprint, fingerprintOf(t, b))),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, b, "VALID"), value(attrPublicKey, b)},
		},
		// Only what Terraform keeps changes: nothing is uploaded.
		resource.TestStep{
			PreConfig:         w.forget(),
			Config:            w.writeOnlyConfig("timeouts = { create = \"1m\" }"),
			ConfigPlanChecks:  updatePlanned(),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET")},
		},
	)
}

// With a version, a different key on every run is not a change, and drift is
// repaired with the key that was uploaded.
func TestAccWriteOnly_generatingSource(t *testing.T) {
	t.Parallel()
	w, a, b, c := newWorld(t), keyA(t), keyB(t), fixture(t, "rsa2048_e3.spki.pem")
	source := &keySource{next: generating(c, a, b, c, b)} // the apply of the first step reads a
	w.runWithSource(
		source,
		resource.TestStep{
			Config: w.writeOnlyConfig(version1),
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID"), value(attrPublicKey, a),
			},
		},
		resource.TestStep{
			PreConfig:        w.forget(),
			Config:           w.writeOnlyConfig(version1),
			ConfigPlanChecks: nothingPlanned(), ConfigStateChecks: []statecheck.StateCheck{w.received("GET")},
		},
		resource.TestStep{
			PreConfig:         w.forget(func() { w.Reregister(testNumber) }),
			Config:            w.writeOnlyConfig(version1),
			ConfigPlanChecks:  updatePlanned(planned(attrPublicKey, a), planned(attrSignatureStatus, "VALID")),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
		resource.TestStep{
			PreConfig:         w.forget(func() { w.SetKey(testNumber, b, "VALID") }),
			Config:            w.writeOnlyConfig(version1),
			ConfigPlanChecks:  updatePlanned(planned(attrPublicKey, a)),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
		// A raised version takes the key that the apply reads.
		resource.TestStep{
			PreConfig:         w.forget(func() { source.set(generating(c, b, c)) }),
			Config:            w.writeOnlyConfig(version2),
			ConfigPlanChecks:  updatePlanned(plancheck.ExpectUnknownValue(address, at(attrPublicKey)), plancheck.ExpectUnknownValue(address, at(attrFingerprint))),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, b, "VALID"), value(attrPublicKey, b)},
		},
		resource.TestStep{
			PreConfig:        w.forget(),
			Config:           w.writeOnlyConfig(version2),
			ConfigPlanChecks: nothingPlanned(), ConfigStateChecks: []statecheck.StateCheck{w.received("GET")},
		},
		// A lowered version is a changed version.
		resource.TestStep{
			PreConfig:         w.forget(func() { source.set(stable(a)) }),
			Config:            w.writeOnlyConfig(version1),
			ConfigPlanChecks:  updatePlanned(plancheck.ExpectUnknownValue(address, at(attrPublicKey))),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
		// Without the version the key is compared again.
		resource.TestStep{
			PreConfig:         w.forget(),
			Config:            w.writeOnlyConfig(),
			ConfigPlanChecks:  updatePlanned(planned(attrPublicKey, a)),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}

// With a generator and no version, the apply stops and nothing is uploaded.
func TestAccWriteOnly_generatingSourceWithoutVersion(t *testing.T) {
	t.Parallel()
	w, a, b, c := newWorld(t), keyA(t), keyB(t), fixture(t, "rsa2048_e3.spki.pem")
	source := &keySource{next: stable(a)}
	w.runWithSource(
		source,
		resource.TestStep{Config: w.writeOnlyConfig()},
		resource.TestStep{
			PreConfig:   w.forget(func() { source.set(generating(b, c)) }),
			Config:      w.writeOnlyConfig(),
			ExpectError: regexp.MustCompile(`Provider produced inconsistent final plan`),
		},
		resource.TestStep{
			PreConfig:         w.receivedBefore("GET", func() { source.set(stable(a)) }),
			Config:            w.writeOnlyConfig(),
			ConfigPlanChecks:  nothingPlanned(),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}

// Switching to and from a plain key does not upload the same key again.
func TestAccWriteOnly_switching(t *testing.T) {
	t.Parallel()
	w, a, b := newWorld(t), keyA(t), keyB(t)
	source := &keySource{next: stable(a)}
	plain := w.config(numberWith(quote(a)))
	w.runWithSource(
		source,
		resource.TestStep{Config: plain},
		resource.TestStep{PreConfig: w.forget(), Config: w.writeOnlyConfig(), ConfigPlanChecks: nothingPlanned(), ConfigStateChecks: []statecheck.StateCheck{w.received("GET")}},
		resource.TestStep{PreConfig: w.forget(), Config: plain, ConfigPlanChecks: nothingPlanned(), ConfigStateChecks: []statecheck.StateCheck{w.received("GET")}},
		// With a version, the state is updated with it, and nothing is sent to the number.
		resource.TestStep{PreConfig: w.forget(), Config: w.writeOnlyConfig(version1), ConfigPlanChecks: updatePlanned(planned(attrPublicKey, a)), ConfigStateChecks: []statecheck.StateCheck{w.received("GET")}},
		resource.TestStep{PreConfig: w.forget(), Config: plain, ConfigPlanChecks: updatePlanned(planned(attrPublicKey, a)), ConfigStateChecks: []statecheck.StateCheck{w.received("GET")}},
		// Another key is uploaded.
		resource.TestStep{
			PreConfig: w.forget(func() { source.set(stable(b)) }), Config: w.writeOnlyConfig(version1), ConfigPlanChecks: updatePlanned(),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, b, "VALID")},
		},
		resource.TestStep{
			PreConfig: w.forget(), Config: plain, ConfigPlanChecks: updatePlanned(planned(attrPublicKey, a)),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}

func TestAccWriteOnly_imported(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.SetKey(testNumber, a, "VALID")
	w.runWithSource(
		&keySource{next: stable(a)},
		resource.TestStep{
			Config:           w.writeOnlyConfig() + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n",
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{action(plancheck.ResourceActionNoop)}},
			ConfigStateChecks: []statecheck.StateCheck{stateCheck(func() error {
				if n := w.Count("POST", ""); n != 0 {
					return fmt.Errorf("%d POST requests", n)
				}
				return nil
			})},
		},
	)
}

// A create that failed after its upload is tainted. When it is applied again, a
// stable source returns the same key. The guard refuses a generator's next key, so
// the number keeps the key whose private key was stored with it.
func TestAccWriteOnly_createThatFailedAfterItsUpload(t *testing.T) {
	t.Parallel()
	t.Run("stable", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		w.runWithSource(
			&keySource{next: stable(a)},
			resource.TestStep{
				PreConfig: func() { w.SetSignatureLag(1000) }, Config: w.writeOnlyConfig(),
				ExpectError: regexp.MustCompile(`The key was uploaded but is not confirmed`),
			},
			resource.TestStep{
				PreConfig: w.forget(func() { w.SetSignatureLag(0) }), Config: w.writeOnlyConfig(),
				ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET GET POST GET"), w.holds(testNumber, a, "VALID")},
			},
		)
	})
	t.Run("generating", func(t *testing.T) {
		t.Parallel()
		w, a, b := newWorld(t), keyA(t), keyB(t)
		source := &keySource{next: stable(a)}
		w.runWithSource(
			source,
			resource.TestStep{
				PreConfig: func() { w.SetSignatureLag(1000) }, Config: w.writeOnlyConfig(version1),
				ExpectError: regexp.MustCompile(`The key was uploaded but is not confirmed`),
			},
			resource.TestStep{
				PreConfig: w.forget(func() { w.SetSignatureLag(0); source.set(stable(b)) }), Config: w.writeOnlyConfig(version1),
				ExpectError: regexp.MustCompile(`(?s)The number already holds a different key.*terraform untaint`),
			},
			resource.TestStep{
				PreConfig: w.receivedBefore("GET GET"), Config: w.config("# nothing"),
				ConfigStateChecks: []statecheck.StateCheck{w.holds(testNumber, a, "VALID")},
			},
		)
	})
}

func TestAccWriteOnly_invalid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key    string
		config []string
		text   string
	}{
		"both":                     {keyA(t), []string{"business_public_key = " + quote(keyA(t))}, `(?s)Invalid Attribute Combination.*Exactly one of these attributes must be configured`},
		"private key":              {fixture(t, "rsa2048_a.private_pkcs8.pem"), nil, `(?s)Invalid business_public_key_wo.*private key`},
		"version without a value":  {"", []string{version1}, `(?s)Attribute "business_public_key_wo" must be specified when "business_public_key_wo_version" is specified`},
		"value withdrawn":          {"", nil, `(?s)Missing Attribute Configuration.*Exactly one of these attributes must be configured`},
		"version that is no whole": {keyA(t), []string{"business_public_key_wo_version = 1.5"}, `(?s)The value 1.5 must be a whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			config := w.writeOnlyConfig(test.config...)
			if test.key == "" {
				config = strings.Replace(config, "ephemeral.keysource_key.test.pem", "null", 1)
			}
			w.runWithSource(
				&keySource{next: stable(test.key)},
				resource.TestStep{Config: config, ExpectError: regexp.MustCompile(strings.ReplaceAll(test.text, " ", `\s+`))},
				w.nothingSent(),
			)
		})
	}
}

// Which key an update plans, and whether it warns.
func TestPlanWriteOnly(t *testing.T) {
	t.Parallel()
	a, b, unknown := newPublicKeyValue(keyA(t)), newPublicKeyValue(keyB(t)), newUnknownPublicKeyValue()
	none, one, two := types.NumberNull(), types.NumberValue(big.NewFloat(1)), types.NumberValue(big.NewFloat(2))
	for name, test := range map[string]struct {
		given         publicKeyValue
		before, after types.Number // the version in the state and in the configuration
		planned       publicKeyValue
	}{
		"same key":                               {a, none, none, a},
		"same key, first version":                {a, none, one, a},
		"same key, same version":                 {a, one, one, a},
		"same key, new version":                  {a, one, two, unknown},
		"same key, version removed":              {a, one, none, a},
		"new key":                                {b, none, none, b},
		"new key, first version":                 {b, none, one, unknown},
		"new key, same version":                  {b, one, one, a},
		"new key, new version":                   {b, one, two, unknown},
		"new key, version removed":               {b, one, none, b},
		"unknown key":                            {unknown, none, none, unknown},
		"unknown key, same version":              {unknown, one, one, a},
		"unknown key, version removed":           {unknown, one, none, unknown},
		"unknown key, version that is not there": {unknown, none, one, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := planWriteOnly(test.given, test.after, businessEncryptionModel{PublicKeyWOVer: test.before}, a); !got.Equal(test.planned) {
				t.Errorf("planned %s", got)
			}
		})
	}
}

// The key of the plan is uploaded, and where the plan did not know it, that of
// the write-only argument.
func TestKeyToUpload(t *testing.T) {
	t.Parallel()
	a, b := newPublicKeyValue(keyA(t)), newPublicKeyValue(keyB(t))
	for name, test := range map[string]struct {
		planned, writeOnly publicKeyValue
		version            types.Number
		key                string
		fails              string
	}{
		"plain":                           {a, publicKeyValue{types.StringNull()}, types.NumberNull(), keyA(t), ""},
		"write-only, known":               {a, a, types.NumberNull(), keyA(t), ""},
		"write-only, unknown":             {newUnknownPublicKeyValue(), b, types.NumberNull(), keyB(t), ""},
		"drift repaired with a version":   {a, b, types.NumberValue(big.NewFloat(1)), keyA(t), ""},
		"write-only that is not a key":    {newUnknownPublicKeyValue(), newPublicKeyValue("x"), types.NumberNull(), "", "Invalid business_public_key_wo"},
		"plain, and turns out to be none": {newPublicKeyValue("x"), publicKeyValue{types.StringNull()}, types.NumberNull(), "", "Invalid business_public_key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var diags diag.Diagnostics
			key := keyToUpload(businessEncryptionModel{PublicKey: test.planned, PublicKeyWOVer: test.version}, test.writeOnly, &diags)
			if test.fails != "" {
				if len(diags) != 1 || diags[0].Summary() != test.fails {
					t.Errorf("%v", diags)
				}
				return
			}
			if len(diags) > 0 || key.Fingerprint() != fingerprintOf(t, test.key) {
				t.Errorf("%s %v", key.Fingerprint(), diags)
			}
		})
	}
}

// An apply takes the mark of an import off, and a switch to a plain key takes
// the uploaded key out of the private data.
func TestForgottenPrivateData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	p := w.protocol()
	entries := func(private []byte) map[string]string {
		var raw map[string][]byte
		if err := json.Unmarshal(private, &raw); err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		for name, value := range raw {
			texts[name] = string(value)
		}
		return texts
	}
	imported, err := p.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, ID: testNumber})
	p.check(err, imported.Diagnostics)
	private := imported.ImportedResources[0].Private
	if got := entries(private)[importedName]; got != "true" {
		t.Errorf("after the import: %q", got)
	}

	state := func(more map[string]tftypes.Value) *tfprotov6.DynamicValue {
		values := map[string]tftypes.Value{
			attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrSignatureStatus: text("VALID"), attrFingerprint: text(fingerprintOf(t, keyA(t))), attrAllowOverwrite: no,
		}
		maps.Copy(values, more)
		return p.values(values)
	}
	for _, test := range []struct {
		attribute string
		uploaded  string
	}{
		{attrPublicKeyWO, strconv.Quote(keyA(t))},
		{attrPublicKey, "null"},
	} {
		resp, err := p.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: resourceType, PriorState: state(nil), PlannedState: state(nil), PlannedPrivate: private,
			Config: p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), test.attribute: text(keyA(t))}),
		})
		p.check(err, resp.Diagnostics)
		private = resp.Private
		if got := entries(private); got[importedName] != "null" || got[uploadedName] != test.uploaded {
			t.Errorf("with %s: %q", test.attribute, got)
		}
	}
}

// If the apply gets a different key from the plan and there is no version, that is
// an error before anything is sent.
func TestWriteOnly_keyChangedBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	var resp fwresource.UpdateResponse
	keyToUpload(businessEncryptionModel{PublicKey: newPublicKeyValue(keyA(t))}, newPublicKeyValue(keyB(t)), &resp.Diagnostics)
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary() != "The key changed between plan and apply" {
		t.Errorf("%v", resp.Diagnostics)
	}
}

// A CLI that is too old for write-only arguments can use the plain argument.
func TestWriteOnlyNeedsANewCLI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.protocol()
	for attribute, fails := range map[string]bool{attrPublicKey: false, attrPublicKeyWO: true} {
		resp, err := p.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: resourceType,
			Config:   p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attribute: text(keyA(t))}),
		})
		if err != nil {
			t.Fatal(err)
		}
		if (len(resp.Diagnostics) > 0) != fails {
			t.Errorf("%s: %+v", attribute, resp.Diagnostics)
		}
	}
}

// Nothing is left in the private data of a resource that never had a write-only
// key and was not imported.
func TestPrivateDataHasNoEmptyEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.protocol()
	resp := p.create(testNumber, keyA(t), false)
	p.check(nil, resp.Diagnostics)
	if len(resp.Private) > 0 && string(resp.Private) != "{}" {
		t.Errorf("the private data is %s", resp.Private)
	}
}
