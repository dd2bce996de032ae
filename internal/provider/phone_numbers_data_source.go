// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*phoneNumbersDataSource)(nil)

const attrWABAID = "waba_id"

const wabaIDRule = "must be the ID of a WhatsApp Business Account, which has 5 to 25 digits; WhatsApp Manager shows it in the account settings"

type phoneNumbersDataSource struct {
	provider *providerData
}

type phoneNumbersModel struct {
	WABAID       types.String       `tfsdk:"waba_id"`
	PhoneNumbers []phoneNumberModel `tfsdk:"phone_numbers"`
}

type phoneNumberModel struct {
	ID                     types.String `tfsdk:"id"`
	DisplayPhoneNumber     types.String `tfsdk:"display_phone_number"`
	VerifiedName           types.String `tfsdk:"verified_name"`
	NameStatus             types.String `tfsdk:"name_status"`
	QualityRating          types.String `tfsdk:"quality_rating"`
	CodeVerificationStatus types.String `tfsdk:"code_verification_status"`
	PlatformType           types.String `tfsdk:"platform_type"`
	Status                 types.String `tfsdk:"status"`
}

func newPhoneNumbersDataSource() datasource.DataSource { return &phoneNumbersDataSource{} }

func (d *phoneNumbersDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_phone_numbers"
}

func (d *phoneNumbersDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	field := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the business phone numbers of a WhatsApp Business Account, so that `for_each` covers every one of them. The access token needs the permission `whatsapp_business_management`.",
		Attributes: map[string]schema.Attribute{
			attrWABAID: schema.StringAttribute{
				MarkdownDescription: "The ID of the WhatsApp Business Account (WABA).",
				Required:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, wabaIDRule)},
			},
			"phone_numbers": schema.ListNestedAttribute{
				MarkdownDescription: "All numbers of the account, sorted by `id`. A field that the Graph API leaves out is null. Meta's documents disagree on the values of the fields, so they are passed on unchanged.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"id":                       field("The phone number ID, for `phone_number_id` of `whatsapp_business_encryption`."),
						"display_phone_number":     field("The phone number as people write it."),
						"verified_name":            field("The name of the business that WhatsApp shows."),
						"name_status":              field("The state of the display name, such as `APPROVED`. When a new display name was approved, the number has to be registered again, and a registration invalidates the signature of the key: the next plan shows that, and apply uploads the key again."),
						"quality_rating":           field("The quality rating, such as `GREEN`."),
						"code_verification_status": field("Whether the number was verified with a code, such as `VERIFIED`."),
						"platform_type":            field("The platform that the number is registered with. A number of the Cloud API has `CLOUD_API`."),
						"status":                   field("The status of the number, such as `CONNECTED`."),
					},
				},
			},
		},
	}
}

func (d *phoneNumbersDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *phoneNumbersDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model phoneNumbersModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.provider.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	defer d.provider.served.warnOnce(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	numbers, err := client.PhoneNumbers(ctx, model.WABAID.ValueString())
	if err != nil {
		resp.Diagnostics.Append(graphError("list the phone numbers", model.WABAID.ValueString(), err))
		return
	}
	model.PhoneNumbers = []phoneNumberModel{} // an account without numbers has an empty list, not null
	for _, n := range numbers {
		model.PhoneNumbers = append(model.PhoneNumbers, phoneNumberModel{
			ID:                     types.StringValue(n.ID),
			DisplayPhoneNumber:     orNull(n.DisplayPhoneNumber),
			VerifiedName:           orNull(n.VerifiedName),
			NameStatus:             orNull(n.NameStatus),
			QualityRating:          orNull(n.QualityRating),
			CodeVerificationStatus: orNull(n.CodeVerificationStatus),
			PlatformType:           orNull(n.PlatformType),
			Status:                 orNull(n.Status),
		})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func orNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
