// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

var _ datasource.DataSourceWithConfigure = (*businessEncryptionDataSource)(nil)

type businessEncryptionDataSource struct {
	provider *providerData
}

type businessEncryptionDataModel struct {
	PhoneNumberID   types.String `tfsdk:"phone_number_id"`
	PublicKey       types.String `tfsdk:"business_public_key"`
	SignatureStatus types.String `tfsdk:"business_public_key_signature_status"`
	Fingerprint     types.String `tfsdk:"business_public_key_fingerprint"`
}

func newBusinessEncryptionDataSource() datasource.DataSource { return &businessEncryptionDataSource{} }

func (d *businessEncryptionDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_business_encryption"
}

func (d *businessEncryptionDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the public key that is set on one business phone number, and the state of its signature. A number on which no key was ever set is not an error: the attributes are then null.",
		Attributes: map[string]schema.Attribute{
			attrPhoneNumberID: schema.StringAttribute{
				MarkdownDescription: "The ID of the business phone number: the phone number ID, not the phone number and not the ID of the WhatsApp Business Account.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, phoneNumberIDRule)},
			},
			attrPublicKey: schema.StringAttribute{
				MarkdownDescription: "The public key in PEM (`BEGIN PUBLIC KEY`), or null when no key is set.",
				Computed:            true,
			},
			attrSignatureStatus: schema.StringAttribute{
				MarkdownDescription: "Whether WhatsApp's signature matches the key and the number: `" + graph.SignatureValid + "` or `" + graph.SignatureMismatch + "`, or null when no key is set.",
				Computed:            true,
			},
			attrFingerprint: schema.StringAttribute{
				MarkdownDescription: "The SHA-256 of the key's SPKI DER encoding (what a `BEGIN PUBLIC KEY` block holds in base64), in lower-case hexadecimal, or null when no key is set.",
				Computed:            true,
			},
		},
	}
}

func (d *businessEncryptionDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *businessEncryptionDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model businessEncryptionDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.provider.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	defer d.provider.served.warnOnce(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	number := model.PhoneNumberID.ValueString()
	slot, err := client.BusinessEncryption(ctx, number)
	if err != nil {
		resp.Diagnostics.Append(graphError("read the key", number, err))
		return
	}
	if slot.HasKey() {
		model.PublicKey = types.StringValue(slot.Text)
		model.SignatureStatus = types.StringValue(slot.SignatureStatus)
		if !slot.Key.IsZero() {
			model.PublicKey = types.StringValue(slot.Key.PEM())
			model.Fingerprint = types.StringValue(slot.Key.Fingerprint())
		} else {
			resp.Diagnostics.AddAttributeWarning(path.Root(attrPublicKey), "The number holds a damaged key",
				fmt.Sprintf("Phone number ID %s holds a text that is not a readable RSA public key of 2048 bits, so it has no fingerprint. Upload a key again.", number))
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}
