// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// endpoint is the endpoint of a Flow: it decrypts with every private key that
// it knows.
type endpoint struct {
	mu   sync.Mutex
	keys []*rsa.PrivateKey
}

// learn replaces what the endpoint knows with the outputs of the example.
func (e *endpoint) learn(t *testing.T, c *cli) {
	t.Helper()
	outputs, err := c.Output(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var pems map[string]string
	if err := json.Unmarshal(outputs["endpoint_private_keys"].Value, &pems); err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keys = nil
	for _, text := range pems {
		block, _ := pem.Decode([]byte(text))
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		e.keys = append(e.keys, key)
	}
}

var errMisdirected = errors.New("421 Misdirected Request")

// receive answers as an endpoint should: 421 when no key decrypts.
func (e *endpoint) receive(r flowmessage.Request) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, key := range e.keys {
		if _, _, err := flowmessage.Decrypt(key, r); err == nil {
			return nil
		}
	}
	return errMisdirected
}

// client is a WhatsApp client: it caches the key of the number, and fetches it
// again when the endpoint answers 421.
type client struct {
	server *graphmock.Server
	number string
	cached *rsa.PublicKey
}

func (c *client) fetch() error {
	text, _ := c.server.Key(c.number)
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("the number holds no key")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return errors.New("the number holds no RSA key")
	}
	c.cached = key
	return nil
}

func (c *client) send(e *endpoint) error {
	request, err := flowmessage.EncryptRequest(c.cached, []byte(`{"action":"ping"}`))
	if err != nil {
		return err
	}
	return e.receive(request)
}

// The rotation of the example. At every request that Terraform makes, a client
// fetches the key of the number and sends a request, and the endpoint can decrypt
// every one of these. A client that still has the old key is served until the
// end, and then fetches the new one.
func TestCLI_rotation(t *testing.T) {
	t.Parallel()
	numbers := []string{"106540352242922", "106540352242923"}
	w := newWorld(t, numbers...)
	c := w.cli(example(t, "rotation/main.tf"))
	e := &endpoint{}
	step := func(generations, active string) {
		t.Helper()
		if err := c.Apply(t.Context(), tfexec.Var("generations="+generations), tfexec.Var("active="+active)); err != nil {
			t.Fatal(err)
		}
	}

	step(`["2026"]`, "2026")
	e.learn(t, c)
	cached := &client{server: w.Server, number: numbers[0]}
	if err := cached.fetch(); err != nil {
		t.Fatal(err)
	}

	// From here on, at every request: each number's key of this moment.
	var mu sync.Mutex
	moments := 0
	w.Script(graphmock.Fault{Times: -1, Hook: func() {
		mu.Lock()
		defer mu.Unlock()
		for _, id := range numbers {
			fresh := &client{server: w.Server, number: id}
			if err := fresh.fetch(); err != nil {
				t.Error(err)
			} else if err := fresh.send(e); err != nil {
				t.Errorf("a request to %s cannot be decrypted: %v", id, err)
			}
			moments++
		}
	}})

	w.ResetRequests()
	step(`["2026","2027"]`, "2026")
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("the preparation uploaded %d keys", n)
	}
	e.learn(t, c)

	step(`["2026","2027"]`, "2027")
	if n := w.Count("POST", ""); n != len(numbers) {
		t.Errorf("the switch uploaded %d keys", n)
	}
	if err := cached.send(e); err != nil {
		t.Errorf("in the grace period, the cached old key is not served: %v", err)
	}
	e.learn(t, c)

	w.ResetRequests()
	step(`["2027"]`, "2027")
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("the end uploaded %d keys", n)
	}
	e.learn(t, c)
	if err := cached.send(e); !errors.Is(err, errMisdirected) {
		t.Errorf("after the end, the cached old key gives %v", err)
	}
	if err := cached.fetch(); err != nil {
		t.Fatal(err)
	}
	if err := cached.send(e); err != nil {
		t.Errorf("after the 421: %v", err)
	}
	if mu.Lock(); moments < 20 {
		t.Errorf("looked at only %d moments", moments)
	}
	mu.Unlock()

	if err := c.Apply(t.Context(), tfexec.Var(`generations=["2027"]`), tfexec.Var("active=2026")); err == nil || !strings.Contains(err.Error(), "has to decrypt with it") {
		t.Errorf("an active generation that does not exist: %v", err)
	}
}

// The test files of the examples, as a user runs them.
func TestCLI_terraformTest(t *testing.T) {
	t.Parallel()
	for folder, file := range map[string]string{"rotation": "rotation.tftest.hcl", "two-numbers": "two_numbers.tftest.hcl"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "106540352242922", "106540352242923", "106540352242924")
			c := w.cli(example(t, folder+"/main.tf"))
			if err := os.Mkdir(filepath.Join(c.WorkingDir(), "tests"), 0o700); err != nil {
				t.Fatal(err)
			}
			c.write("tests/"+file, example(t, folder+"/tests/"+file))
			command := exec.CommandContext(t.Context(), c.ExecPath(), "test", "-no-color")
			command.Dir = c.WorkingDir()
			for name, value := range w.environment() {
				command.Env = append(command.Env, name+"="+value)
			}
			if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), "Success!") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// standIn has the resource types of the providers that people migrate from, but
// they do nothing. The migration treats their state in the same way.
type standIn struct {
	provider, kind string
	deleted        *bool
}

func (s standIn) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = s.provider
}

func (s standIn) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (s standIn) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (s standIn) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (s standIn) Resources(context.Context) []func() fwresource.Resource {
	return []func() fwresource.Resource{func() fwresource.Resource { return standInResource(s) }}
}

type standInResource standIn

func (s standInResource) Metadata(_ context.Context, _ fwresource.MetadataRequest, resp *fwresource.MetadataResponse) {
	resp.TypeName = s.kind
}

func (s standInResource) Schema(_ context.Context, _ fwresource.SchemaRequest, resp *fwresource.SchemaResponse) {
	resp.Schema = rschema.Schema{Attributes: map[string]rschema.Attribute{"id": rschema.StringAttribute{
		Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}}}
}

func (s standInResource) Create(ctx context.Context, _ fwresource.CreateRequest, resp *fwresource.CreateResponse) {
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), "x")...)
}
func (s standInResource) Read(context.Context, fwresource.ReadRequest, *fwresource.ReadResponse) {}
func (s standInResource) Update(context.Context, fwresource.UpdateRequest, *fwresource.UpdateResponse) {
}

func (s standInResource) Delete(context.Context, fwresource.DeleteRequest, *fwresource.DeleteResponse) {
	*s.deleted = true
}

// Moving from another provider takes one import, uploads nothing, destroys
// nothing and leaves nothing to do.
func TestAccMigration(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{"restapi": "restapi_object", "terracurl": "terracurl_request", "terraform_data": "terraform_data"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			w.SetKey(testNumber, a, "VALID")
			factories, deleted := w.factories(), false
			if name != "terraform_data" {
				factories[name] = providerserver.NewProtocol6WithError(standIn{provider: name, kind: kind, deleted: &deleted})
			}
			after := strings.Replace(example(t, "migration/"+name+".tf"), `file("${path.module}/public.pem")`, quote(a), 1)
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
				{Config: w.config(fmt.Sprintf("resource %q \"encryption_key\" {}\n", kind))},
				{
					PreConfig: w.forget(),
					Config:    w.config(after),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction("whatsapp_business_encryption.support", plancheck.ResourceActionNoop),
					}},
					ConfigStateChecks: []statecheck.StateCheck{stateCheck(func() error {
						if n := w.Count("POST", ""); n != 0 {
							return fmt.Errorf("%d keys were uploaded", n)
						}
						return nil
					})},
				},
			}})
			if deleted {
				t.Error("the old resource was destroyed")
			}
		})
	}
}

// The private key passes through as an ephemeral value, and is neither in a plan
// nor in a state, at any point in the life of a key.
func TestCLI_privateKeyIsInNoPlanAndNoState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders + example(t, "secret-stores/ephemeral_variable.tf"))
	private := fixture(t, "rsa2048_a.private_pkcs8.pem")
	run := func(private string, args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), c.ExecPath(), append(args, "-no-color", "-input=false")...)
		command.Dir = c.WorkingDir()
		for name, value := range w.environment() {
			command.Env = append(command.Env, name+"="+value)
		}
		command.Env = append(command.Env, "TF_VAR_private_key_pem="+private)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		places := unzipped(t, filepath.Join(c.WorkingDir(), "plan"))
		places["output"] = string(out)
		for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
			text, _ := os.ReadFile(filepath.Join(c.WorkingDir(), name))
			places[name] = string(text)
		}
		for place, text := range places {
			for line := range strings.Lines(private) {
				if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && strings.Contains(text, line) {
					t.Errorf("%v: the private key is in the %s", args, place)
				}
			}
		}
	}

	run(private, "plan", "-out=plan")
	run(private, "apply", "-auto-approve")
	if pem, status := w.Key(testNumber); status != "VALID" || !newPublicKeyValue(pem).sameKey(newPublicKeyValue(keyA(t))) {
		t.Errorf("the number does not hold the public half, or its status is %s", status)
	}
	w.ResetRequests()
	run(private, "plan", "-out=plan", "-detailed-exitcode")
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
	w.SetKey(testNumber, keyB(t), "VALID")
	run(private, "apply", "-auto-approve")
	if pem, _ := w.Key(testNumber); !newPublicKeyValue(pem).sameKey(newPublicKeyValue(keyA(t))) {
		t.Error("the drift was not repaired")
	}
	// A new private key in the source.
	run(fixture(t, "rsa2048_b.private_pkcs1.pem"), "apply", "-auto-approve")
	if pem, _ := w.Key(testNumber); !newPublicKeyValue(pem).sameKey(newPublicKeyValue(keyB(t))) {
		t.Error("the new key was not uploaded")
	}
}

// Every published configuration can be applied as it is, and leaves nothing to do.
func TestCLI_examples(t *testing.T) {
	t.Parallel()
	const support, orders = "106540352242922", "106540352242923"
	resourceExample := example(t, "resources/whatsapp_business_encryption/resource.tf")
	for name, test := range map[string]struct {
		config string
		needs  string // version of Terraform or OpenTofu
		before func(*world)

		uploads int // where the numbers do not have a key before
	}{
		"two-numbers": {config: example(t, "two-numbers/main.tf")},
		"provider":    {config: example(t, "provider/provider.tf")},
		"resource":    {config: requiredProviders + resourceExample},
		"data source": {config: requiredProviders + example(t, "data-sources/whatsapp_business_encryption/data-source.tf"), before: func(w *world) { w.SetKey(support, keyA(t), "VALID") }},
		"phone numbers": {config: requiredProviders + example(t, "data-sources/whatsapp_phone_numbers/data-source.tf"), before: func(w *world) {
			w.AddNumber(graphmock.Number{ID: "200001", WABAID: "102290129340398", PlatformType: "CLOUD_API"})
			w.AddNumber(graphmock.Number{ID: "200002", WABAID: "102290129340398", PlatformType: "ON_PREMISE"})
			w.AddNumber(graphmock.Number{ID: "200003", WABAID: "102290129340398", PlatformType: "CLOUD_API"})
		}, uploads: 4}, // the mock also puts the two numbers of every example into this account
		"import": {
			config: requiredProviders + strings.Replace(resourceExample, "tls_private_key.flows.public_key_pem", quote(keyA(t)), 1) + example(t, "resources/whatsapp_business_encryption/import-by-string-id.tf"),
			before: func(w *world) { w.SetKey(support, keyA(t), "VALID") },
		},
		"import all numbers": {config: example(t, "import-all-numbers/main.tf"), before: func(w *world) {
			w.SetKey(support, keyA(t), "VALID") // and the other holds none
			w.AddNumber(graphmock.Number{ID: "200001", WABAID: "102290129340398"})
			w.SetKey("200001", strings.TrimSpace(keyB(t)), "VALID")
		}},
		"import by identity": {
			config: requiredProviders + strings.Replace(resourceExample, "tls_private_key.flows.public_key_pem", quote(keyA(t)), 1) + example(t, "resources/whatsapp_business_encryption/import-by-identity.tf"),
			needs:  "1.12.0",
			before: func(w *world) { w.SetKey(support, keyA(t), "VALID") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, support, orders)
			if test.before != nil {
				test.before(w)
			}
			if test.needs != "" && !cliIsAtLeast(t, test.needs) {
				t.Skip("needs version " + test.needs)
			}
			c := w.cli(test.config)
			c.apply()
			if got := c.actions(); len(got) != 0 {
				t.Errorf("planned after apply: %v", got)
			}
			if n := w.Count("POST", ""); test.before != nil && n != test.uploads {
				t.Errorf("%d keys were uploaded", n)
			}
		})
	}
}

// The published examples of the functions can be applied as they are, and leave
// nothing to do.
func TestCLI_functionExamples(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files   map[string]string
		stored  string // what the number holds before
		uploads int
		warns   bool
	}{
		"public_key": {
			files:   map[string]string{"private.pem": fixture(t, "private/pbkdf2_aes256_SHA256.pem"), "terraform.tfvars": "passphrase = " + quote(fixturePassphrase)},
			uploads: 1,
		},
		"public_key_fingerprint": {
			files:  map[string]string{"public.pem": fixture(t, "rsa2048_a.pkcs1.pem")},
			stored: keyA(t),
		},
		"public_key_fingerprint of another key": {
			files:  map[string]string{"public.pem": fixture(t, "rsa2048_a.pkcs1.pem")},
			stored: keyB(t),
			warns:  true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const support = "106540352242922"
			w := newWorld(t, support)
			if test.stored != "" {
				w.SetKey(support, test.stored, "VALID")
			}
			folder, _, _ := strings.Cut(name, " ")
			example, err := os.ReadFile(filepath.Join("../../examples/functions", folder, "function.tf"))
			if err != nil {
				t.Fatal(err)
			}
			c := w.cli(requiredProviders + string(example))
			for file, text := range test.files {
				c.write(file, text)
			}
			c.apply()
			if warns := strings.Contains(c.printed(), "cannot decrypt what WhatsApp sends"); warns != test.warns {
				t.Errorf("warns: %t", warns)
			}
			if got := c.actions(); len(got) != 0 {
				t.Errorf("planned after apply: %v", got)
			}
			if n := w.Count("POST", ""); n != test.uploads {
				t.Errorf("%d uploads", n)
			}
			if stored, _ := w.Key(support); test.uploads > 0 && fingerprintOf(t, stored) != fingerprintOf(t, keyA(t)) {
				t.Error("another key was uploaded")
			}
		})
	}
}
