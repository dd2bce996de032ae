// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

var _ datasource.DataSourceWithConfigure = (*businessEncryptionsDataSource)(nil)

// businessEncryptionsDataSource reads what every number of an account holds.
type businessEncryptionsDataSource struct {
	provider *providerData
}

type businessEncryptionsModel struct {
	WABAID       types.String               `tfsdk:"waba_id"`
	PhoneNumbers []numberOfEncryptionsModel `tfsdk:"phone_numbers"`
}

type numberOfEncryptionsModel struct {
	ID                 types.String `tfsdk:"id"`
	DisplayPhoneNumber types.String `tfsdk:"display_phone_number"`
	Fingerprint        types.String `tfsdk:"business_public_key_fingerprint"`
	SignatureStatus    types.String `tfsdk:"business_public_key_signature_status"`
	Error              types.String `tfsdk:"error"`
}

func newBusinessEncryptionsDataSource() datasource.DataSource {
	return &businessEncryptionsDataSource{}
}

func (d *businessEncryptionsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_business_encryptions"
}

func (d *businessEncryptionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	field := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads which public key each business phone number of a WhatsApp Business Account holds, and the state of its signature. It costs one request for each number, and one for each hundred numbers. " +
			"A number that cannot be read does not hide the others: its `error` says why. A failure that would affect every number, such as a rate limit or an expired token, is an error of the whole data source, and so are failures of four numbers in a row. " +
			"The access token also needs the permission `whatsapp_business_management`.",
		Attributes: map[string]schema.Attribute{
			attrWABAID: schema.StringAttribute{
				MarkdownDescription: "The ID of the WhatsApp Business Account (WABA).",
				Required:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, wabaIDRule)},
			},
			"phone_numbers": schema.ListNestedAttribute{
				MarkdownDescription: "All numbers of the account, sorted by `id`.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"id":                   field("The phone number ID."),
						"display_phone_number": field("The phone number as people write it, or null when the Graph API leaves it out."),
						attrFingerprint:        field("The SHA-256 of the key's SPKI DER encoding, in lower-case hexadecimal, or null when no key is set or it could not be read."),
						attrSignatureStatus:    field("Whether WhatsApp's signature matches the key and the number: `" + graph.SignatureValid + "` or `" + graph.SignatureMismatch + "`, or null when no key is set or it could not be read."),
						"error":                field("Why the number could not be read, and what to do, in sentences. Null when it was read, with or without a key. A number that holds a text that is not a readable key has an error, too."),
					},
				},
			},
		},
	}
}

func (d *businessEncryptionsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *businessEncryptionsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model businessEncryptionsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.provider.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	defer d.provider.served.warnOnce(&resp.Diagnostics)

	keys, diags := keysOfAccount(ctx, client, model.WABAID.ValueString())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.PhoneNumbers = []numberOfEncryptionsModel{} // an account without numbers has an empty list, not null
	for {
		batch := keys.next(ctx, listParallel)
		if len(batch) == 0 {
			break
		}
		for _, key := range batch {
			if key.stop {
				resp.Diagnostics.Append(stoppedAt(key))
				return
			}
			model.PhoneNumbers = append(model.PhoneNumbers, numberOfEncryptions(key))
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func numberOfEncryptions(key accountKey) numberOfEncryptionsModel {
	m := numberOfEncryptionsModel{ID: types.StringValue(key.number.ID), DisplayPhoneNumber: orNull(key.number.DisplayPhoneNumber)}
	switch {
	case key.err != nil:
		m.Error = types.StringValue(steadyDetail(key.number.ID, key.err))
	case !key.slot.HasKey():
	case key.slot.Key.IsZero():
		m.SignatureStatus = orNull(key.slot.SignatureStatus)
		m.Error = types.StringValue("The number holds a text that is not a readable RSA public key of 2048 bits. Upload a key again.")
	default:
		m.SignatureStatus = orNull(key.slot.SignatureStatus)
		m.Fingerprint = types.StringValue(key.slot.Key.Fingerprint())
	}
	return m
}

// steadyDetail is an error without what differs each time, so that an output that
// shows it does not change in every plan.
func steadyDetail(number string, err error) string {
	e, ok := errors.AsType[*graph.Error](inFull(err))
	if !ok {
		return graphErrorDetail(number, "", err)
	}
	steady := *e
	steady.FBTraceID, steady.Tries = "", 0
	return graphErrorDetail(number, "", &steady)
}
