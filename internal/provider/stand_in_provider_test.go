// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	eschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The test binary is also a provider: with one of these names in envStandIn, it
// stands in for a provider that cannot be had from a Go module. It has what the
// examples use of that provider, and keeps private keys in the folder that
// envStandInStore names.
var standIns = map[string]struct{ source, version string }{
	"aws":       {"hashicorp/aws", "6.0.0"},
	"azurerm":   {"hashicorp/azurerm", "4.23.0"},
	"google":    {"hashicorp/google", "7.6.0"},
	"vault":     {"hashicorp/vault", "5.0.0"},
	"restapi":   {"mastercard/restapi", "2.0.1"},
	"terracurl": {"devops-rob/terracurl", "2.1.0"},
}

const (
	envStandIn      = "WHATSAPP_TEST_STAND_IN"
	envStandInStore = "WHATSAPP_TEST_STAND_IN_STORE"
)

// serveStandIn does not return if this process is a stand-in.
func serveStandIn() {
	name := os.Getenv(envStandIn)
	s, ok := standIns[name]
	if !ok {
		return
	}
	err := providerserver.Serve(context.Background(), func() provider.Provider { return standIn{name} }, providerserver.ServeOpts{Address: "registry.terraform.io/" + s.source})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// standInMirror makes a mirror with the stand-ins, and returns a CLI configuration
// with it and with the mirror of the providers that were built. The stand-ins are
// scripts, because the CLI computes a checksum of a provider in each run, and the
// test binary is large.
func standInMirror(t *testing.T) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		for name, s := range standIns {
			to := filepath.Join(folder, "mirror", host, filepath.FromSlash(s.source), s.version, runtime.GOOS+"_"+runtime.GOARCH)
			if err := os.MkdirAll(to, 0o700); err != nil {
				t.Fatal(err)
			}
			script := fmt.Sprintf("#!/bin/sh\n%s=%s exec '%s'\n", envStandIn, name, binary)
			if err := os.WriteFile(filepath.Join(to, "terraform-provider-"+name+"_v"+s.version), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	built, err := os.ReadFile(os.Getenv("TF_CLI_CONFIG_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(filepath.Join(folder, "mirror")))
	config := filepath.Join(folder, "cli.tfrc")
	if err := os.WriteFile(config, []byte(strings.TrimSuffix(strings.TrimSpace(string(built)), "}")+own), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

type standIn struct{ name string }

func (s standIn) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = s.name
}

func (s standIn) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	switch s.name {
	case "restapi":
		resp.Schema.Attributes = map[string]pschema.Attribute{"uri": pschema.StringAttribute{Required: true}}
	case "azurerm":
		resp.Schema.Blocks = map[string]pschema.Block{"features": pschema.ListNestedBlock{Validators: []validator.List{listvalidator.IsRequired()}}}
	}
}

func (s standIn) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (s standIn) Resources(context.Context) []func() fwresource.Resource {
	var all []func() fwresource.Resource
	add := func(r fwresource.Resource) { all = append(all, func() fwresource.Resource { return r }) }
	if store, ok := secretStores[s.name]; ok {
		add(secretWriter{store})
	}
	switch s.name {
	case "aws":
		add(kmsKey{})
	case "vault":
		add(vaultSecret{})
	case "restapi":
		add(formerResource{"restapi_object"})
	case "terracurl":
		add(formerResource{"terracurl_request"})
	}
	return all
}

func (s standIn) DataSources(context.Context) []func() datasource.DataSource {
	var all []func() datasource.DataSource
	if store, ok := secretStores[s.name]; ok {
		all = append(all, func() datasource.DataSource { return secretFinder{store} })
	}
	if s.name == "aws" {
		all = append(all, func() datasource.DataSource { return kmsPublicKey{} })
	}
	return all
}

func (s standIn) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	if store, ok := secretStores[s.name]; ok {
		return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return secretReader{store} }}
	}
	if s.name == "vault" {
		return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return vaultRead{} }}
	}
	return nil
}

func stored(name string) string { return filepath.Join(os.Getenv(envStandInStore), name) }

var keptID = rschema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}

// formerResource is what people migrate from. It does nothing, except that its
// destruction leaves a trace.
type formerResource struct{ kind string }

func (r formerResource) Metadata(_ context.Context, _ fwresource.MetadataRequest, resp *fwresource.MetadataResponse) {
	resp.TypeName = r.kind
}

func (r formerResource) Schema(_ context.Context, _ fwresource.SchemaRequest, resp *fwresource.SchemaResponse) {
	resp.Schema.Attributes = map[string]rschema.Attribute{"id": keptID}
}

func (r formerResource) Create(ctx context.Context, _ fwresource.CreateRequest, resp *fwresource.CreateResponse) {
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), "x")...)
}

func (r formerResource) Read(context.Context, fwresource.ReadRequest, *fwresource.ReadResponse) {}

func (r formerResource) Update(context.Context, fwresource.UpdateRequest, *fwresource.UpdateResponse) {
}

func (r formerResource) Delete(_ context.Context, _ fwresource.DeleteRequest, resp *fwresource.DeleteResponse) {
	if err := os.WriteFile(stored(formerDestroyed), nil, 0o600); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
	}
}

const formerDestroyed = "destroyed"

// kmsKey is a pair whose private key stays in the store.
type kmsKey struct{}

func (kmsKey) Metadata(_ context.Context, _ fwresource.MetadataRequest, resp *fwresource.MetadataResponse) {
	resp.TypeName = "aws_kms_key"
}

func (kmsKey) Schema(_ context.Context, _ fwresource.SchemaRequest, resp *fwresource.SchemaResponse) {
	resp.Schema.Attributes = map[string]rschema.Attribute{
		"arn": keptID, "description": rschema.StringAttribute{Optional: true}, "key_usage": rschema.StringAttribute{Optional: true},
		"customer_master_key_spec": rschema.StringAttribute{Optional: true}, "deletion_window_in_days": rschema.Int64Attribute{Optional: true},
	}
}

func (kmsKey) Create(ctx context.Context, req fwresource.CreateRequest, resp *fwresource.CreateResponse) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err == nil {
		id := fmt.Sprintf("kms-%x.pem", key.N.Bytes()[:8])
		err = os.WriteFile(stored(id), pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600)
		resp.State.Raw = req.Plan.Raw
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("arn"), id)...)
	}
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
	}
}

func (kmsKey) Read(context.Context, fwresource.ReadRequest, *fwresource.ReadResponse) {}

func (kmsKey) Update(_ context.Context, req fwresource.UpdateRequest, resp *fwresource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}

func (kmsKey) Delete(ctx context.Context, req fwresource.DeleteRequest, resp *fwresource.DeleteResponse) {
	var id string
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("arn"), &id)...)
	if err := os.Remove(stored(id)); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
	}
}

type kmsPublicKey struct{}

func (kmsPublicKey) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "aws_kms_public_key"
}

func (kmsPublicKey) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema.Attributes = map[string]dschema.Attribute{"key_id": dschema.StringAttribute{Required: true}, "public_key_pem": dschema.StringAttribute{Computed: true}}
}

func (kmsPublicKey) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var id string
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("key_id"), &id)...)
	text, err := os.ReadFile(stored(id))
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	keys := privateKeysIn(string(text))
	der, err := x509.MarshalPKIXPublicKey(&keys[0].PublicKey)
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	resp.State.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("public_key_pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))...)
}

// vaultSecret keeps every version of a secret, as version 2 of the key-value
// store does, and vaultRead reads the newest.
type vaultSecret struct{}

func (vaultSecret) Metadata(_ context.Context, _ fwresource.MetadataRequest, resp *fwresource.MetadataResponse) {
	resp.TypeName = "vault_kv_secret_v2"
}

func (vaultSecret) Schema(_ context.Context, _ fwresource.SchemaRequest, resp *fwresource.SchemaResponse) {
	resp.Schema.Attributes = map[string]rschema.Attribute{
		"id": keptID, "mount": rschema.StringAttribute{Required: true}, "name": rschema.StringAttribute{Required: true},
		"data_json_wo":         rschema.StringAttribute{Required: true, WriteOnly: true},
		"data_json_wo_version": rschema.Int64Attribute{Required: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
	}
}

func (s vaultSecret) Create(ctx context.Context, req fwresource.CreateRequest, resp *fwresource.CreateResponse) {
	var text, mount, name string
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("data_json_wo"), &text)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("mount"), &mount)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	id := strings.ReplaceAll(mount+"/data/"+name, "/", "-")
	if err := writeVersion(id, text); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
}

func (vaultSecret) Read(context.Context, fwresource.ReadRequest, *fwresource.ReadResponse) {}

func (vaultSecret) Update(ctx context.Context, req fwresource.UpdateRequest, resp *fwresource.UpdateResponse) {
	var text, id string
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("data_json_wo"), &text)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	if err := writeVersion(id, text); err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
	}
	resp.State.Raw = req.Plan.Raw
}

func (vaultSecret) Delete(_ context.Context, _ fwresource.DeleteRequest, resp *fwresource.DeleteResponse) {
	resp.Diagnostics.AddError("The only copy of the private key is deleted", "")
}

func versions(id string) []string {
	found, _ := filepath.Glob(stored(id + ".*"))
	return found
}

func writeVersion(id, text string) error {
	return os.WriteFile(stored(fmt.Sprintf("%s.%03d", id, len(versions(id))+1)), []byte(text), 0o600)
}

type vaultRead struct{}

func (vaultRead) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "vault_kv_secret_v2"
}

func (vaultRead) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema.Attributes = map[string]eschema.Attribute{
		"mount": eschema.StringAttribute{Required: true}, "mount_id": eschema.StringAttribute{Optional: true}, "name": eschema.StringAttribute{Required: true},
		"data": eschema.MapAttribute{Computed: true, ElementType: types.StringType},
	}
}

func (vaultRead) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var mount, name string
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("mount"), &mount)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	all := versions(strings.ReplaceAll(mount+"/data/"+name, "/", "-"))
	if len(all) == 0 {
		resp.Diagnostics.AddError("There is no secret "+name, "")
		return
	}
	text, err := os.ReadFile(all[len(all)-1])
	var data map[string]attr.Value
	if err == nil {
		var fields map[string]string
		err = json.Unmarshal(text, &fields)
		data = make(map[string]attr.Value, len(fields))
		for name, value := range fields {
			data[name] = types.StringValue(value)
		}
	}
	if err != nil {
		resp.Diagnostics.AddError(err.Error(), "")
		return
	}
	resp.Result.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("data"), types.MapValueMust(types.StringType, data))...)
}
