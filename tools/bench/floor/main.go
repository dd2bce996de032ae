// SPDX-License-Identifier: MPL-2.0

// Command floor is a provider with the schema of whatsapp_business_encryption that
// answers at once and does nothing. A run with it costs what the CLI, the framework
// and the connection cost; what a run with the provider costs above that is ours.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const (
	// statusVariable names the status that a read finds, so that the bench can make the
	// same plan appear as with the real provider.
	statusVariable = "FLOOR_STATUS"
	valid          = "VALID"
	fingerprint    = "0000000000000000000000000000000000000000000000000000000000000000"

	number = "phone_number_id"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return floor{} }, providerserver.ServeOpts{
		Address: "registry.terraform.io/wa-flows/floor",
	})
	if err != nil {
		log.Fatal(err)
	}
}

type floor struct{}

func (floor) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "floor"
}

func (floor) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = pschema.Schema{Attributes: map[string]pschema.Attribute{
		"access_token":    pschema.StringAttribute{Optional: true, Sensitive: true},
		"app_secret":      pschema.StringAttribute{Optional: true, Sensitive: true},
		"api_version":     pschema.StringAttribute{Optional: true},
		"base_url":        pschema.StringAttribute{Optional: true},
		"flow_app_secret": pschema.StringAttribute{Optional: true, Sensitive: true},
		"max_retries":     pschema.Int64Attribute{Optional: true},
		"retry_max_wait":  pschema.StringAttribute{Optional: true},
	}}
}

func (floor) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (floor) DataSources(context.Context) []func() datasource.DataSource                        { return nil }

func (floor) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return encryption{} }}
}

type encryption struct{}

type model struct {
	ID              types.String   `tfsdk:"id"`
	PhoneNumberID   types.String   `tfsdk:"phone_number_id"`
	PublicKey       types.String   `tfsdk:"business_public_key"`
	PublicKeyWO     types.String   `tfsdk:"business_public_key_wo"`
	PublicKeyWOVer  types.Int64    `tfsdk:"business_public_key_wo_version"`
	SignatureStatus types.String   `tfsdk:"business_public_key_signature_status"`
	Fingerprint     types.String   `tfsdk:"business_public_key_fingerprint"`
	AllowOverwrite  types.Bool     `tfsdk:"allow_overwrite"`
	EndpointCheck   types.Object   `tfsdk:"endpoint_check"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
}

func (encryption) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "floor_business_encryption"
}

func (encryption) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Version: 1, Attributes: map[string]schema.Attribute{
		"id":                                   schema.StringAttribute{Computed: true},
		number:                                 schema.StringAttribute{Required: true},
		"business_public_key":                  schema.StringAttribute{Optional: true, Computed: true},
		"business_public_key_wo":               schema.StringAttribute{Optional: true, WriteOnly: true},
		"business_public_key_wo_version":       schema.Int64Attribute{Optional: true},
		"business_public_key_signature_status": schema.StringAttribute{Computed: true},
		"business_public_key_fingerprint":      schema.StringAttribute{Computed: true},
		"allow_overwrite":                      schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)},
		"endpoint_check": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
			"endpoint_uris": schema.ListAttribute{Required: true, ElementType: types.StringType},
			"wait":          schema.StringAttribute{Optional: true},
			"answers":       schema.NumberAttribute{Optional: true},
			"inconclusive":  schema.StringAttribute{Optional: true},
		}},
		"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true, Update: true}),
	}}
}

func (encryption) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		number: identityschema.StringAttribute{RequiredForImport: true},
	}}
}

func (encryption) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	plan.ID = plan.PhoneNumberID
	plan.SignatureStatus, plan.Fingerprint = types.StringValue(valid), types.StringValue(fingerprint)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

func (encryption) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(number), plan.PhoneNumberID)...)
}

func (encryption) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(number), plan.PhoneNumberID)...)
}

func (encryption) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if status := os.Getenv(statusVariable); status != "" {
		state.SignatureStatus = types.StringValue(status)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(number), state.PhoneNumberID)...)
}

func (encryption) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
