// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const resourceType = "whatsapp_business_encryption"

// protocol calls the provider as Terraform does, without Terraform. It is for
// features that the CLI in use is too old for, and for what the CLI hides: it plans
// once more before each create, for example, which hides what the create itself
// does.
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

// object makes a value of an object type. Attributes that are not given are null.
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

func (p *protocol) state(resp *tfprotov6.DynamicValue) map[string]tftypes.Value {
	p.t.Helper()
	return p.fields(p.schema.ResourceSchemas[resourceType].ValueType(), resp)
}

// values is a resource as in a configuration. Attributes that are not given are
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

func timeoutsWith(name, value string) *tftypes.Value {
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"create": tftypes.String, "read": tftypes.String, "update": tftypes.String}}
	values := map[string]tftypes.Value{}
	for n := range typ.AttributeTypes {
		values[n] = tftypes.NewValue(tftypes.String, nil)
	}
	values[name] = text(value)
	v := tftypes.NewValue(typ, values)
	return &v
}

// planCreate plans a create of key A.
func (p *protocol) planCreate(key string) []*tfprotov6.Diagnostic {
	p.t.Helper()
	config := map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(key)}
	resp, err := p.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: p.values(config), Config: p.values(config),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.Diagnostics
}

// planAgain plans as Terraform does for a replacement: as an update, and then as
// a create with the private data of the first plan.
func (p *protocol) planAgain(before, after map[string]tftypes.Value) (asUpdate, asCreate *tfprotov6.PlanResourceChangeResponse) {
	p.t.Helper()
	prior := map[string]tftypes.Value{
		attrAllowOverwrite: tftypes.NewValue(tftypes.Bool, false), attrSignatureStatus: text("VALID"), attrFingerprint: text(fingerprintOf(p.t, p.text(before[attrPublicKey]))),
	}
	maps.Copy(prior, before)
	asUpdate, err := p.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: p.values(prior), ProposedNewState: p.values(after), Config: p.values(after),
	})
	p.check(err, asUpdate.Diagnostics)
	asCreate, err = p.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: p.values(after), Config: p.values(after), PriorPrivate: asUpdate.PlannedPrivate,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return asUpdate, asCreate
}

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

// update applies an update from key A to another key.
func (p *protocol) update(from, to string, timeouts *tftypes.Value) *tfprotov6.ApplyResourceChangeResponse {
	p.t.Helper()
	values := func(key string) map[string]tftypes.Value {
		v := map[string]tftypes.Value{
			attrPhoneNumberID: text(testNumber), attrPublicKey: text(key), attrAllowOverwrite: tftypes.NewValue(tftypes.Bool, false),
			attrSignatureStatus: text("VALID"), attrFingerprint: text(fingerprintOf(p.t, key)),
		}
		if timeouts != nil {
			v[attrTimeouts] = *timeouts
		}
		return v
	}
	config := values(to)
	delete(config, attrSignatureStatus)
	delete(config, attrFingerprint)
	resp, err := p.ApplyResourceChange(p.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: p.values(values(from)), PlannedState: p.values(values(to)), Config: p.values(config),
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

// readingData returns a function that reads a data source and returns what it
// says.
func readingData(name string, config map[string]tftypes.Value) func(*protocol) []*tfprotov6.Diagnostic {
	return func(p *protocol) []*tfprotov6.Diagnostic {
		p.t.Helper()
		resp, err := p.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: p.object(p.schema.DataSourceSchemas[name].ValueType(), config)})
		if err != nil {
			p.t.Fatal(err)
		}
		return resp.Diagnostics
	}
}
