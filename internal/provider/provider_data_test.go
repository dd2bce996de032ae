// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestProviderDataFrom(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	data := &providerData{}
	if providerDataFrom(nil, &diags) != nil || providerDataFrom(data, &diags) != data || diags.HasError() {
		t.Errorf("%v", diags)
	}
	if providerDataFrom("text", &diags) != nil || diags.ErrorsCount() != 1 || !strings.HasPrefix(diags[0].Detail(), "Got string.") {
		t.Errorf("%v", diags)
	}
}

// While an argument of the provider is unknown, whatever needs the client fails
// with one error that names the argument, and sends nothing.
func TestUnknownProviderConfiguration(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*protocol) []*tfprotov6.Diagnostic{
		"create": func(p *protocol) []*tfprotov6.Diagnostic { return p.create(testNumber, keyA(t), true).Diagnostics },
		"update": func(p *protocol) []*tfprotov6.Diagnostic { return p.update(keyA(t), keyB(t), nil).Diagnostics },
		"read": func(p *protocol) []*tfprotov6.Diagnostic {
			return p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))})).Diagnostics
		},
		"data source of a number":   readingData(resourceType, map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}),
		"data source of an account": readingData("whatsapp_phone_numbers", map[string]tftypes.Value{attrWABAID: text(testWABA)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.protocol()
			configured, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(p.schema.Provider.ValueType(), map[string]tftypes.Value{
				"base_url": text(w.URL()), "access_token": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
			})})
			p.check(err, configured.Diagnostics)
			diags := call(p)
			if len(diags) != 1 || diags[0].Summary != "Provider configuration not known yet" || !strings.Contains(diags[0].Detail, "access_token") {
				t.Errorf("%+v", diags)
			}
			if err := w.expectRequests(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestProviderData_requireClient(t *testing.T) {
	t.Parallel()
	var resp datasource.ReadResponse
	data := &providerData{unknown: []string{"access_token", "base_url"}}
	if client := data.requireClient(&resp.Diagnostics); client != nil {
		t.Error("there is a client")
	}
	if detail := resp.Diagnostics[0].Detail(); !strings.Contains(detail, "access_token and base_url") || !strings.Contains(detail, "-target") {
		t.Error(detail)
	}
}
