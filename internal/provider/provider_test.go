// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// The framework accepts every schema, and every attribute has a description in
// whole sentences.
func TestSchemas(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := &whatsappProvider{version: "test"}

	var config provider.SchemaResponse
	p.Schema(ctx, provider.SchemaRequest{}, &config)
	if diags := config.Schema.ValidateImplementation(ctx); diags.HasError() {
		t.Error(diags)
	}
	sentences(t, "provider", config.Schema.MarkdownDescription)
	for name, attribute := range config.Schema.Attributes {
		sentences(t, "provider."+name, attribute.GetMarkdownDescription())
	}

	for _, f := range p.Resources(ctx) {
		r := f()
		var meta fwresource.MetadataResponse
		r.Metadata(ctx, fwresource.MetadataRequest{ProviderTypeName: "whatsapp"}, &meta)
		var resp fwresource.SchemaResponse
		r.Schema(ctx, fwresource.SchemaRequest{}, &resp)
		if diags := resp.Schema.ValidateImplementation(ctx); diags.HasError() {
			t.Error(meta.TypeName, diags)
		}
		sentences(t, meta.TypeName, resp.Schema.MarkdownDescription)
		describeAll(t, meta.TypeName, resp.Schema.Attributes)

		if identity, ok := r.(fwresource.ResourceWithIdentity); ok {
			var resp fwresource.IdentitySchemaResponse
			identity.IdentitySchema(ctx, fwresource.IdentitySchemaRequest{}, &resp)
			if diags := resp.IdentitySchema.ValidateImplementation(ctx); diags.HasError() {
				t.Error(meta.TypeName, diags)
			}
		}
	}

	for _, f := range p.ListResources(ctx) {
		l := f()
		var meta fwresource.MetadataResponse
		l.Metadata(ctx, fwresource.MetadataRequest{ProviderTypeName: "whatsapp"}, &meta)
		var resp list.ListResourceSchemaResponse
		l.ListResourceConfigSchema(ctx, list.ListResourceSchemaRequest{}, &resp)
		if diags := resp.Schema.ValidateImplementation(ctx); diags.HasError() {
			t.Error(meta.TypeName, diags)
		}
		sentences(t, "list "+meta.TypeName, resp.Schema.MarkdownDescription)
		for name, attribute := range resp.Schema.Attributes {
			sentences(t, "list "+meta.TypeName+"."+name, attribute.GetMarkdownDescription())
		}
	}

	for _, f := range p.DataSources(ctx) {
		d := f()
		var meta datasource.MetadataResponse
		d.Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "whatsapp"}, &meta)
		var resp datasource.SchemaResponse
		d.Schema(ctx, datasource.SchemaRequest{}, &resp)
		if diags := resp.Schema.ValidateImplementation(ctx); diags.HasError() {
			t.Error(meta.TypeName, diags)
		}
		sentences(t, "data "+meta.TypeName, resp.Schema.MarkdownDescription)
		for name, attribute := range resp.Schema.Attributes {
			sentences(t, "data "+meta.TypeName+"."+name, attribute.GetMarkdownDescription())
			if nested, ok := attribute.(dschema.ListNestedAttribute); ok {
				for inner, attribute := range nested.NestedObject.Attributes {
					sentences(t, "data "+meta.TypeName+"."+name+"."+inner, attribute.GetMarkdownDescription())
				}
			}
		}
	}
}

func describeAll(t *testing.T, where string, attributes map[string]rschema.Attribute) {
	t.Helper()
	for name, attribute := range attributes {
		sentences(t, where+"."+name, attribute.GetMarkdownDescription())
		if attribute.GetDescription() != "" {
			t.Errorf("%s.%s has a plain description, too", where, name)
		}
		if nested, ok := attribute.(rschema.SingleNestedAttribute); ok {
			describeAll(t, where+"."+name, nested.Attributes)
		}
	}
}

func sentences(t *testing.T, where, text string) {
	t.Helper()
	if !regexp.MustCompile(`(?s)^[A-Z].*\.$`).MatchString(text) {
		t.Errorf("%s is not described in whole sentences: %q", where, text)
	}
}

func TestAccProvider_missingToken(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{"none": "", "empty": "\n  access_token = \"\""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run(
				resource.TestStep{
					Config:      "provider \"whatsapp\" {\n  base_url = \"" + w.URL() + "\"" + config + "\n}\n" + numberWith(quote(keyA(t))),
					ExpectError: regexp.MustCompile(`(?s)Missing WhatsApp access token.*access_token.*WHATSAPP_ACCESS_TOKEN`),
				},
				w.nothingSent(),
			)
		})
	}
}

func TestAccProvider_invalidConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct{ provider, text string }{
		"http":                      {"base_url = \"http://graph.facebook.com\"\n access_token = \"x\"", "must use https"},
		"password in URL":           {"base_url = \"https://me:secret@graph.facebook.com\"\n access_token = \"x\"", "must not contain a user name"},
		"version":                   {"api_version = \"25\"\n access_token = \"x\"", "is not a Graph API version"},
		"token with a line break":   {"access_token = \"x\\n\"", "trimspace"},
		"version, known at apply":   {"api_version = terraform_data.x.output\n access_token = \"x\"", "is not a Graph API version"},
		"token with spaces, unread": {"access_token = \" x\"", "white space"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: w.factories(), Steps: []resource.TestStep{{
				Config:      "resource \"terraform_data\" \"x\" {\n  input = \"25\"\n}\nprovider \"whatsapp\" {\n" + test.provider + "\n}\n" + numberWith(quote(keyA(t))),
				ExpectError: regexp.MustCompile(`(?s)Invalid.*` + strings.ReplaceAll(test.text, " ", `\s+`)),
			}}})
		})
	}
	t.Cleanup(func() {
		if err := w.expectRequests(nil); err != nil {
			t.Error(err)
		}
	})
}

// The environment sets arguments, and the configuration takes precedence.
func TestAccProvider_environment(t *testing.T) {
	w, a := newWorld(t), keyA(t)
	t.Setenv(envAccessToken, testToken)
	t.Setenv(envBaseURL, w.URL())
	t.Setenv(envAPIVersion, "v24.0")
	versionIs := func(want string) statecheck.StateCheck {
		return stateCheck(func() error {
			defer w.ResetRequests()
			for _, r := range w.Requests() {
				if r.Version != want {
					return fmt.Errorf("a request asked for %s", r.Version)
				}
				if ua := r.Header.Get("User-Agent"); !regexp.MustCompile(`^terraform-provider-whatsapp/test Terraform/\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`).MatchString(ua) {
					return fmt.Errorf("the User-Agent is %q", ua)
				}
			}
			return nil
		})
	}
	w.run(
		resource.TestStep{
			Config:            "provider \"whatsapp\" {}\n" + numberWith(quote(a)),
			ConfigStateChecks: []statecheck.StateCheck{versionIs("v24.0"), w.holds(testNumber, a, "VALID")},
		},
		resource.TestStep{
			PreConfig:         w.forget(),
			Config:            "provider \"whatsapp\" {\n  api_version = \"v26.0\"\n}\n" + numberWith(quote(keyB(t))),
			ConfigStateChecks: []statecheck.StateCheck{versionIs("v26.0"), w.holds(testNumber, keyB(t), "VALID")},
		},
	)
}

func TestAccProvider_environmentIsNamedInErrors(t *testing.T) {
	w := newWorld(t)
	t.Setenv(envAccessToken, testToken+"\n")
	t.Setenv(envAPIVersion, "25")
	w.run(
		resource.TestStep{
			Config:      "provider \"whatsapp\" {\n  base_url = \"" + w.URL() + "\"\n}\n" + numberWith(quote(keyA(t))),
			ExpectError: regexp.MustCompile(`(?s)environment\s+variable\s+WHATSAPP_ACCESS_TOKEN.*environment\s+variable\s+WHATSAPP_API_VERSION`),
		},
		w.nothingSent(),
	)
}

// The token comes from a resource of the same run. A create is planned without it
// and applied with it. An import needs it at once, and says so.
func TestAccProvider_unknownToken(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	provider := "resource \"terraform_data\" \"token\" {\n  input = \"" + testToken + "\"\n}\nprovider \"whatsapp\" {\n  base_url = \"" + w.URL() + "\"\n  access_token = terraform_data.token.output\n}\n"
	w.run(resource.TestStep{
		Config:            provider + numberWith(quote(a)),
		ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
	})
}

// The default version ends, too: a provider that is old enough says so.
func TestProvider_expiredVersion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given tftypes.Value
		names string // the version that has ended
	}{
		"default": {tftypes.NewValue(tftypes.String, nil), "v25.0"},
		"empty":   {text(""), "v25.0"},
		"given":   {text("v20.0"), "v20.0"},
		"newer":   {text("v99.0"), ""},
		"unknown": {tftypes.NewValue(tftypes.String, tftypes.UnknownValue), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.clock.Advance(10 * 365 * 24 * time.Hour)
			diags := w.protocol().configure(map[string]tftypes.Value{"api_version": test.given})
			if test.names == "" {
				if len(diags) > 0 {
					t.Errorf("%+v", diags[0])
				}
				return
			}
			if len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityWarning || !strings.HasPrefix(diags[0].Detail, test.names+" is no longer served, since ") {
				t.Errorf("%+v", diags)
			}
		})
	}
}

// A version that is not known yet causes no warning.
func TestProvider_unknownVersion(t *testing.T) {
	t.Parallel()
	p := newWorld(t).protocol()
	resp, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(p.schema.Provider.ValueType(), map[string]tftypes.Value{
		"access_token": text(testToken),
		"api_version":  tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
	})})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Errorf("%v %+v", err, resp.Diagnostics)
	}
}

// Where the CLI can defer, a provider argument that is not known yet defers what
// needs the provider. Elsewhere, and without such an argument, nothing is deferred.
func TestProvider_deferral(t *testing.T) {
	t.Parallel()
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	for name, test := range map[string]struct {
		allowed  bool
		token    tftypes.Value
		deferred bool
	}{
		"unknown, allowed":     {true, unknown, true},
		"unknown, not allowed": {false, unknown, false},
		"known, allowed":       {true, text(testToken), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetKey(testNumber, keyB(t), "VALID")
			p := w.protocol()
			configured, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
				ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: test.allowed},
				Config:             p.object(p.schema.Provider.ValueType(), map[string]tftypes.Value{"access_token": test.token, "base_url": text(w.URL())}),
			})
			p.check(err, configured.Diagnostics)
			config := p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyB(t))})
			planned, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: test.allowed},
				TypeName:           resourceType, PriorState: p.nothing(), ProposedNewState: config, Config: config,
			})
			p.check(err, planned.Diagnostics)
			read, err := p.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
				ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: test.allowed},
				TypeName:           resourceType, Config: p.object(p.schema.DataSourceSchemas[resourceType].ValueType(), map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := planned.Deferred != nil && planned.Deferred.Reason == tfprotov6.DeferredReasonProviderConfigUnknown; got != test.deferred {
				t.Errorf("the plan is deferred: %t", got)
			}
			if got := read.Deferred != nil && len(read.Diagnostics) == 0; got != test.deferred {
				t.Errorf("the data source is deferred: %t, %+v", got, read.Diagnostics)
			}
			if failed := len(read.Diagnostics) > 0; failed != (name == "unknown, not allowed") {
				t.Errorf("%+v", read.Diagnostics)
			}
		})
	}
}
