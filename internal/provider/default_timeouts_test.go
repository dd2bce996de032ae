// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// silent answers no request for one object, and passes on the others.
type silent struct {
	object string
	direct
}

func (s silent) RoundTrip(req *http.Request) (*http.Response, error) {
	if slices.Contains(strings.Split(req.URL.Path, "/"), s.object) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	return s.direct.RoundTrip(req)
}

// withSilence is the provider with that transport. It would go on for hours.
type withSilence struct {
	*whatsappProvider
	t         *testing.T
	transport silent
}

func (p withSilence) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	client, err := graph.New(graph.Config{AccessToken: testToken, MaxRetries: 1000, RetryMaxWait: time.Second, Transport: p.transport})
	if err != nil {
		p.t.Fatal(err)
	}
	data := &providerData{client: client}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
}

// What has no argument timeouts, or is not given one, ends nevertheless when the
// server does not answer: a read after two minutes, an upload after five.
func TestDefaultTimeouts(t *testing.T) {
	t.Parallel()
	dataSource := func(name string, config map[string]tftypes.Value) func(*protocol) []*tfprotov6.Diagnostic {
		return func(p *protocol) []*tfprotov6.Diagnostic {
			resp, err := p.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: p.object(p.schema.DataSourceSchemas[name].ValueType(), config)})
			if err != nil {
				p.t.Fatal(err)
			}
			return resp.Diagnostics
		}
	}
	listing := func(p *protocol) (diags []*tfprotov6.Diagnostic) {
		for _, result := range p.list(query{}) {
			diags = append(diags, result.Diagnostics...)
		}
		return diags
	}
	for name, test := range map[string]struct {
		silent string
		call   func(*protocol) []*tfprotov6.Diagnostic
		after  time.Duration
	}{
		"create": {testNumber, func(p *protocol) []*tfprotov6.Diagnostic { return p.create(testNumber, keyA(t), true).Diagnostics }, 5 * time.Minute},
		"update": {testNumber, func(p *protocol) []*tfprotov6.Diagnostic { return p.update(keyA(t), keyB(t), nil).Diagnostics }, 5 * time.Minute},
		"read": {testNumber, func(p *protocol) []*tfprotov6.Diagnostic {
			return p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))})).Diagnostics
		}, 2 * time.Minute},
		"plan of a create":          {testNumber, func(p *protocol) []*tfprotov6.Diagnostic { return p.planCreate(keyA(t)) }, 2 * time.Minute},
		"data source of a number":   {testNumber, dataSource(resourceType, map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}), 2 * time.Minute},
		"data source of an account": {testWABA, dataSource("whatsapp_phone_numbers", map[string]tftypes.Value{attrWABAID: text(testWABA)}), 2 * time.Minute},
		"listing, account":          {testWABA, listing, 2 * time.Minute},
		"listing, number":           {testNumber, listing, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := graphmock.NewUnstartedServer(graphmock.Options{Token: testToken})
				server.AddWABA(testWABA)
				server.AddNumber(graphmock.Number{ID: testNumber, WABAID: testWABA})
				transport := silent{test.silent, direct{server}}
				p := &protocol{t: t, ProviderServer: providerserver.NewProtocol6(withSilence{&whatsappProvider{version: "test", clock: graph.SystemClock{}}, t, transport})()}
				schema, err := p.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
				p.check(err, schema.Diagnostics)
				p.schema = schema
				configured, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(schema.Provider.ValueType(), nil)})
				p.check(err, configured.Diagnostics)

				began := time.Now()
				diags := test.call(p)
				if len(diags) != 1 {
					t.Errorf("%+v", diags)
				}
				// A try that would come after the end is not made, and its wait neither.
				if took := time.Since(began).Truncate(time.Second); took > test.after || took < test.after-2*time.Second-budgetAnswer {
					t.Errorf("it took %s, not %s", took, test.after)
				}
			})
		})
	}
}
