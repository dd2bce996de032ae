// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	eschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// secretStore is what the examples use of a store whose secrets are texts with
// versions: a resource that writes a version, an ephemeral resource that reads the
// newest, and a data source that finds the place of the secrets. The names are
// those of the real provider.
type secretStore struct {
	kind          string   // of the resource and of the ephemeral resource
	of            []string // the arguments that say which secret it is
	written, read string   // the write-only argument, and the attribute
	version       string   // what a version is called, in both

	replaced bool   // a raised version replaces the resource
	deletion string // the argument that says what then becomes of the old version

	found   string   // the data source
	foundBy []string // its arguments, which make its id
}

// written is the name of the argument; its version has a suffix, as in every
// provider.
const versionSuffix = "_version"

var secretStores = map[string]secretStore{
	"aws": {
		kind: "aws_secretsmanager_secret_version", of: []string{"secret_id"}, written: "secret_string_wo", read: "secret_string", version: "version_id",
		replaced: true,
		found:    "aws_secretsmanager_secret", foundBy: []string{"name"},
	},
	"google": {
		kind: "google_secret_manager_secret_version", of: []string{"secret"}, written: "secret_data_wo", read: "secret_data", version: "version",
		replaced: true, deletion: "deletion_policy",
		found: "google_secret_manager_secret", foundBy: []string{"secret_id"},
	},
	"azurerm": {
		kind: "azurerm_key_vault_secret", of: []string{"key_vault_id", "name"}, written: "value_wo", read: "value", version: "version",
		found: "azurerm_key_vault", foundBy: []string{"resource_group_name", "name"},
	},
}

// place is the name of a secret in the store: the values of the arguments.
func place(arguments []string, get func(path.Path, any) diag.Diagnostics, diags *diag.Diagnostics) string {
	values := make([]string, len(arguments))
	for i, name := range arguments {
		diags.Append(get(path.Root(name), &values[i])...)
	}
	return strings.ReplaceAll(strings.Join(values, "-"), "/", "-")
}

type secretFinder struct{ secretStore }

func (s secretFinder) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = s.found
}

func (s secretFinder) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema.Attributes = map[string]dschema.Attribute{"id": dschema.StringAttribute{Computed: true}}
	for _, name := range s.foundBy {
		resp.Schema.Attributes[name] = dschema.StringAttribute{Required: true}
	}
}

func (s secretFinder) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	id := place(s.foundBy, func(p path.Path, to any) diag.Diagnostics { return req.Config.GetAttribute(ctx, p, to) }, &resp.Diagnostics)
	resp.State.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
}

type secretReader struct{ secretStore }

func (s secretReader) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = s.kind
}

func (s secretReader) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema.Attributes = map[string]eschema.Attribute{
		s.read: eschema.StringAttribute{Computed: true}, s.version: eschema.StringAttribute{Optional: true},
	}
	for _, name := range s.of {
		resp.Schema.Attributes[name] = eschema.StringAttribute{Required: true}
	}
}

func (s secretReader) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	secret := place(s.of, func(p path.Path, to any) diag.Diagnostics { return req.Config.GetAttribute(ctx, p, to) }, &resp.Diagnostics)
	var version types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(s.version), &version)...)
	all := versions(secret)
	if len(all) == 0 {
		resp.Diagnostics.AddError("There is no secret "+secret, "")
		return
	}
	file := all[len(all)-1]
	if !version.IsNull() {
		file = stored(version.ValueString())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
	}
	resp.Result.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root(s.read), string(text))...)
}

type secretWriter struct{ secretStore }

func (s secretWriter) Metadata(_ context.Context, _ fwresource.MetadataRequest, resp *fwresource.MetadataResponse) {
	resp.TypeName = s.kind
}

func (s secretWriter) Schema(_ context.Context, _ fwresource.SchemaRequest, resp *fwresource.SchemaResponse) {
	version := rschema.Int64Attribute{Required: true}
	if s.replaced {
		version.PlanModifiers = []planmodifier.Int64{int64planmodifier.RequiresReplace()}
	}
	resp.Schema.Attributes = map[string]rschema.Attribute{
		s.version:                 rschema.StringAttribute{Computed: true},
		s.written:                 rschema.StringAttribute{Required: true, WriteOnly: true},
		s.written + versionSuffix: version,
	}
	for _, name := range s.of {
		resp.Schema.Attributes[name] = rschema.StringAttribute{Required: true}
	}
	if s.deletion != "" {
		resp.Schema.Attributes[s.deletion] = rschema.StringAttribute{Optional: true}
	}
}

func (s secretWriter) Create(ctx context.Context, req fwresource.CreateRequest, resp *fwresource.CreateResponse) {
	secret := place(s.of, func(p path.Path, to any) diag.Diagnostics { return req.Plan.GetAttribute(ctx, p, to) }, &resp.Diagnostics)
	var text string
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(s.written), &text)...)
	if err := writeVersion(secret, text); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(s.version), newest(secret))...)
}

// newest is the name of the newest version of a secret.
func newest(secret string) string {
	all := versions(secret)
	return filepath.Base(all[len(all)-1])
}

func (secretWriter) Read(context.Context, fwresource.ReadRequest, *fwresource.ReadResponse) {}

func (s secretWriter) Update(ctx context.Context, req fwresource.UpdateRequest, resp *fwresource.UpdateResponse) {
	secret := place(s.of, func(p path.Path, to any) diag.Diagnostics { return req.Plan.GetAttribute(ctx, p, to) }, &resp.Diagnostics)
	var text string
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(s.written), &text)...)
	if err := writeVersion(secret, text); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(s.version), newest(secret))...)
}

// Delete does what the real provider does: that for Google destroys the version,
// unless it is told not to, and that for AWS leaves the current version alone.
// A whole secret is never deleted by an example.
func (s secretWriter) Delete(ctx context.Context, req fwresource.DeleteRequest, resp *fwresource.DeleteResponse) {
	if !s.replaced {
		resp.Diagnostics.AddError("The only copy of the private key is deleted", "")
		return
	}
	if s.deletion == "" {
		return
	}
	var version string
	var policy types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(s.version), &version)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(s.deletion), &policy)...)
	if policy.ValueString() == "ABANDON" {
		return
	}
	if err := os.WriteFile(stored(version), []byte("destroyed"), 0o600); err != nil {
		resp.Diagnostics.AddError(fmt.Sprint("destroying ", version, ": ", err), "")
	}
}
