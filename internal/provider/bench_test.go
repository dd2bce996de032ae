// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Each benchmark of an operation has two parts, or three: the provider; the floor,
// which is what the framework itself costs for the same schema and the same values;
// and, where the operation sends requests, the client alone, which sends the same
// ones. What is the provider's own is provider - floor - client.
//
// The answers come from memory, so that neither a network nor the mock server is
// part of what is measured. BenchmarkRead of the package graph is a request over
// TLS and HTTP/2.

// settled is a configuration and the state that applying it leaves.
func (p *protocol) settled(number, key string) (config, state *tfprotov6.DynamicValue) {
	p.t.Helper()
	given := map[string]tftypes.Value{attrPhoneNumberID: text(number), attrPublicKey: text(key)}
	stored := maps.Clone(given)
	stored[attrID] = text(number)
	stored[attrAllowOverwrite] = tftypes.NewValue(tftypes.Bool, false)
	stored[attrSignatureStatus] = text(graphmock.StatusValid)
	stored[attrFingerprint] = text(fingerprintOf(p.t, key))
	return p.values(given), p.values(stored)
}

// canned answers every request at once, as the Graph API does for a number that
// holds the key.
type canned struct{ get, post string }

func newCanned(key string) canned {
	return canned{
		get:  `{"data":[{"business_public_key":` + quote(key) + `,"business_public_key_signature_status":"VALID"}]}`,
		post: `{"success":true}`,
	}
}

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	body := c.get
	if req.Method == http.MethodPost {
		body = c.post
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

func cannedClient(b *testing.B) *graph.Client {
	b.Helper()
	client, err := graph.New(graph.Config{AccessToken: testToken, Transport: newCanned(keyA(b))})
	if err != nil {
		b.Fatal(err)
	}
	return client
}

// measured is the provider with such a client.
type measured struct {
	*whatsappProvider
	client *graph.Client
}

func (m measured) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	data := &providerData{client: m.client}
	resp.ResourceData, resp.DataSourceData = data, data
}

// floor is the provider with nothing behind its schema.
type floor struct{ measured }

func (f floor) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (f floor) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return floorResource{&businessEncryptionResource{}} }}
}

// floorResource leaves what it is given, and sets the identity, without which the
// framework reports an error. It has no ModifyPlan.
type floorResource struct{ real *businessEncryptionResource }

func (r floorResource) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	r.real.Metadata(ctx, req, resp)
}

func (r floorResource) IdentitySchema(ctx context.Context, req resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	r.real.IdentitySchema(ctx, req, resp)
}

// Schema is the real one without descriptions, validators, plan modifiers and
// types of its own.
func (r floorResource) Schema(ctx context.Context, req resource.SchemaRequest, resp *resource.SchemaResponse) {
	r.real.Schema(ctx, req, resp)
	resp.Schema = schema.Schema{Version: resp.Schema.Version, Attributes: floorOf(resp.Schema.Attributes)}
}

func floorOf(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{}
	for name, attribute := range attributes {
		switch a := attribute.(type) {
		case schema.StringAttribute:
			all[name] = schema.StringAttribute{Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Default: a.Default}
		case schema.NumberAttribute:
			all[name] = schema.NumberAttribute{Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Default: a.Default}
		case schema.BoolAttribute:
			all[name] = schema.BoolAttribute{Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Default: a.Default}
		case schema.ListAttribute:
			all[name] = schema.ListAttribute{Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Default: a.Default, ElementType: a.ElementType}
		case schema.SingleNestedAttribute:
			all[name] = schema.SingleNestedAttribute{Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Default: a.Default, Attributes: floorOf(a.Attributes)}
		default:
			panic("the floor does not know attributes such as " + name)
		}
	}
	return all
}

func (r floorResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(attrPhoneNumberID), types.StringValue(testNumber))...)
}

func (r floorResource) Read(ctx context.Context, _ resource.ReadRequest, resp *resource.ReadResponse) {
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(attrPhoneNumberID), types.StringValue(testNumber))...)
}

func (r floorResource) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (r floorResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// bothOf runs a benchmark with the provider and with the floor.
func bothOf(b *testing.B, run func(b *testing.B, p *protocol)) {
	b.Helper()
	ours := measured{&whatsappProvider{version: "test", clock: graph.SystemClock{}}, cannedClient(b)}
	for _, part := range []struct {
		name string
		provider.Provider
	}{{"provider", ours}, {"floor", floor{ours}}} {
		b.Run(part.name, func(b *testing.B) {
			b.ReportAllocs()
			run(b, protocolOf(b, newServer(part.Provider)))
		})
	}
}

func protocolOf(t testing.TB, s tfprotov6.ProviderServer) *protocol {
	t.Helper()
	p := &protocol{t: t, ProviderServer: s}
	schema, err := p.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	p.check(err, schema.Diagnostics)
	p.schema = schema
	configured, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(schema.Provider.ValueType(), nil)})
	p.check(err, configured.Diagnostics)
	return p
}

// mustBe fails the benchmark unless the value is the one expected. A benchmark of
// an operation that does something else than it says would mislead.
func (p *protocol) mustBe(got, want *tfprotov6.DynamicValue) {
	p.t.Helper()
	typ := p.schema.ResourceSchemas[resourceType].ValueType()
	a, errA := got.Unmarshal(typ)
	b, errB := want.Unmarshal(typ)
	if errA != nil || errB != nil || !a.Equal(b) {
		p.t.Fatalf("the result is\n%s\nand not\n%s", a, b)
	}
}

// A plan of one number with nothing to do and without a refresh, which sends no
// request.
func BenchmarkPlan(b *testing.B) {
	bothOf(b, func(b *testing.B, p *protocol) {
		b.Helper()
		config, state := p.settled(testNumber, keyA(b))
		plan := func() *tfprotov6.DynamicValue {
			resp, err := p.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: resourceType, PriorState: state, ProposedNewState: state, Config: config,
			})
			if err != nil || len(resp.Diagnostics) > 0 {
				b.Fatal(err, resp.Diagnostics)
			}
			return resp.PlannedState
		}
		p.mustBe(plan(), state)
		for b.Loop() {
			plan()
		}
	})
}

// A refresh of one number that is as in the state: one request.
func BenchmarkRefresh(b *testing.B) {
	bothOf(b, func(b *testing.B, p *protocol) {
		b.Helper()
		_, state := p.settled(testNumber, keyA(b))
		read := func() *tfprotov6.DynamicValue {
			resp := p.read(state)
			if len(resp.Diagnostics) > 0 {
				b.Fatal(resp.Diagnostics[0])
			}
			return resp.NewState
		}
		p.mustBe(read(), state)
		for b.Loop() {
			read()
		}
	})
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		client := cannedClient(b)
		for b.Loop() {
			if _, err := client.BusinessEncryption(b.Context(), testNumber); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A create of one number without its plan: a read, because no plan has just seen
// the number, an upload and a read.
func BenchmarkCreate(b *testing.B) {
	bothOf(b, func(b *testing.B, p *protocol) {
		b.Helper()
		config, state := p.settled(testNumber, keyA(b))
		null := p.nothing()
		create := func() *tfprotov6.DynamicValue {
			resp, err := p.ApplyResourceChange(b.Context(), &tfprotov6.ApplyResourceChangeRequest{
				TypeName: resourceType, PriorState: null, PlannedState: state, Config: config,
			})
			if err != nil || len(resp.Diagnostics) > 0 {
				b.Fatal(err, resp.Diagnostics)
			}
			return resp.NewState
		}
		p.mustBe(create(), state)
		for b.Loop() {
			create()
		}
	})
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		client := cannedClient(b)
		key, err := newPublicKeyValue(keyA(b)).key()
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := client.BusinessEncryption(b.Context(), testNumber); err != nil {
				b.Fatal(err)
			}
			if err := client.SetBusinessPublicKey(b.Context(), testNumber, key); err != nil {
				b.Fatal(err)
			}
			if err := client.Confirm(b.Context(), testNumber, key); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	bothOf(b, func(b *testing.B, p *protocol) {
		b.Helper()
		config, _ := p.settled(testNumber, keyA(b))
		for b.Loop() {
			resp, err := p.ValidateResourceConfig(b.Context(), &tfprotov6.ValidateResourceConfigRequest{
				TypeName: resourceType, Config: config, ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
			})
			if err != nil || len(resp.Diagnostics) > 0 {
				b.Fatal(err, resp.Diagnostics)
			}
		}
	})
}
