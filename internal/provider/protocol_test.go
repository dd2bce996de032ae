// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const resourceType = "whatsapp_business_encryption"

// protocol speaks to the provider as Terraform does, without Terraform: for
// what the CLI at hand is too old for.
type protocol struct {
	tfprotov6.ProviderServer
	t      testing.TB
	schema *tfprotov6.GetProviderSchemaResponse
}

func (w *world) protocol() *protocol {
	w.t.Helper()
	return w.protocolAt(w.URL())
}

func (w *world) protocolAt(baseURL string) *protocol {
	w.t.Helper()
	ctx := w.t.Context()
	p := &protocol{t: w.t, ProviderServer: newServer(&whatsappProvider{version: "test", clock: w.clock})}
	schema, err := p.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	p.check(err, schema.Diagnostics)
	p.schema = schema

	config := p.object(schema.Provider.ValueType(), map[string]tftypes.Value{
		"base_url":     tftypes.NewValue(tftypes.String, baseURL),
		"access_token": tftypes.NewValue(tftypes.String, testToken),
	})
	configured, err := p.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.12.0", Config: config})
	p.check(err, configured.Diagnostics)
	return p
}

func (p *protocol) check(err error, diags []*tfprotov6.Diagnostic) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			p.t.Fatalf("%s: %s", d.Summary, d.Detail)
		}
	}
}

// object makes a value of an object type; what is not given is null.
func (p *protocol) object(typ tftypes.Type, given map[string]tftypes.Value) *tfprotov6.DynamicValue {
	p.t.Helper()
	object, ok := typ.(tftypes.Object)
	if !ok {
		p.t.Fatalf("%s is not an object", typ)
	}
	values := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
	}
	maps.Copy(values, given)
	dynamic, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	if err != nil {
		p.t.Fatal(err)
	}
	return &dynamic
}

// fields unpacks an object value.
func (p *protocol) fields(typ tftypes.Type, dynamic *tfprotov6.DynamicValue) map[string]tftypes.Value {
	p.t.Helper()
	value, err := dynamic.Unmarshal(typ)
	if err != nil {
		p.t.Fatal(err)
	}
	fields := map[string]tftypes.Value{}
	if err := value.As(&fields); err != nil {
		p.t.Fatal(err)
	}
	return fields
}

func (p *protocol) text(v tftypes.Value) string {
	p.t.Helper()
	var s string
	if err := v.As(&s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// Terraform imports by identity from 1.12 on.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.SetKey(testNumber, a, graphmock.StatusValid)
	p, ctx := w.protocol(), t.Context()

	identities, err := p.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	p.check(err, identities.Diagnostics)
	identityType := identities.IdentitySchemas[resourceType].ValueType()
	identity := &tfprotov6.ResourceIdentityData{IdentityData: p.object(identityType, map[string]tftypes.Value{
		attrPhoneNumberID: tftypes.NewValue(tftypes.String, testNumber),
	})}

	imported, err := p.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, Identity: identity})
	p.check(err, imported.Diagnostics)
	if err := w.expectRequests(nil); err != nil {
		t.Error(err)
	}
	read, err := p.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName:        resourceType,
		CurrentState:    imported.ImportedResources[0].State,
		CurrentIdentity: imported.ImportedResources[0].Identity,
		Private:         imported.ImportedResources[0].Private,
	})
	p.check(err, read.Diagnostics)

	state := p.fields(p.schema.ResourceSchemas[resourceType].ValueType(), read.NewState)
	if got := p.text(state[attrPublicKey]); got != a {
		t.Errorf("the key is %q", got)
	}
	if got := p.text(p.fields(identityType, read.NewIdentity.IdentityData)[attrPhoneNumberID]); got != testNumber {
		t.Errorf("the identity is %q", got)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
}

// values is a resource as it stands in a configuration; what is not given is
// null.
func (p *protocol) values(given map[string]tftypes.Value) *tfprotov6.DynamicValue {
	p.t.Helper()
	return p.object(p.schema.ResourceSchemas[resourceType].ValueType(), given)
}

// nothing is the state of a resource that does not exist.
func (p *protocol) nothing() *tfprotov6.DynamicValue {
	p.t.Helper()
	typ := p.schema.ResourceSchemas[resourceType].ValueType()
	null, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, nil))
	if err != nil {
		p.t.Fatal(err)
	}
	return &null
}

func text(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }

// create applies a create, without the plan that Terraform would make first.
func (p *protocol) create(number, key string, allowOverwrite bool) *tfprotov6.ApplyResourceChangeResponse {
	p.t.Helper()
	config := map[string]tftypes.Value{
		attrPhoneNumberID:  text(number),
		attrPublicKey:      text(key),
		attrAllowOverwrite: tftypes.NewValue(tftypes.Bool, allowOverwrite),
	}
	planned := maps.Clone(config)
	planned[attrSignatureStatus] = text("VALID")
	planned[attrFingerprint] = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	resp, err := p.ApplyResourceChange(p.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: p.nothing(), PlannedState: p.values(planned), Config: p.values(config),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp
}

func (p *protocol) read(state *tfprotov6.DynamicValue) *tfprotov6.ReadResourceResponse {
	p.t.Helper()
	resp, err := p.ReadResource(p.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: resourceType, CurrentState: state})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp
}

// Somebody puts a key on the number after the plan has looked: the create
// looks, too.
func TestCreateLooksBeforeItUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyB(t), "VALID")
	resp := w.protocol().create(testNumber, keyA(t), false)
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "The number already holds a different key" {
		t.Errorf("%+v", resp.Diagnostics)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
	if _, err := resp.NewState.IsNull(); err != nil {
		t.Error(err)
	}
}

// Two hundred numbers on fifty parallel slots, as with -parallelism=50, with
// faults all over: each ends as it should, and no goroutine is left.
func TestManyNumbersInParallel(t *testing.T) {
	before := runtime.NumGoroutine()
	const slots = 50
	var numbers []string
	for i := range 200 {
		numbers = append(numbers, fmt.Sprintf("200000%03d", i))
	}
	w := newWorld(t, numbers...)
	w.Script(
		graphmock.Fault{Method: "POST", After: 20, Times: 3, Status: 503},
		graphmock.Fault{Method: "POST", After: 60, Times: 2, Status: 400, Body: graphmock.ErrorBody(80008, 0, "OAuthException", "too many calls", nil)},
		graphmock.Fault{Method: "GET", After: 100, Times: 2, Drop: graphmock.DropAfterRequest},
	)
	p, a := w.protocol(), keyA(t)
	work := make(chan string)
	var wg sync.WaitGroup
	for range slots {
		wg.Go(func() {
			for id := range work {
				created := p.create(id, a, false)
				if len(created.Diagnostics) > 0 {
					t.Errorf("%s: %+v", id, created.Diagnostics[0])
					continue
				}
				if read := p.read(created.NewState); len(read.Diagnostics) > 0 {
					t.Errorf("%s: %+v", id, read.Diagnostics[0])
				}
			}
		})
	}
	for _, id := range numbers {
		work <- id
	}
	close(work)
	wg.Wait()
	for _, id := range numbers {
		if pem, status := w.Key(id); status != "VALID" || !newPublicKeyValue(pem).sameKey(newPublicKeyValue(a)) {
			t.Errorf("%s has the status %q", id, status)
		}
	}
	if n := w.Connections(); n > slots+2 { // two were dropped
		t.Errorf("%d connections", n)
	}
	w.Close() // closes the idle connections from its side
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

// A CLI that is too old for write-only arguments can use the plain one.
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
