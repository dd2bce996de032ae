// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

var _ datasource.DataSourceWithConfigure = (*flowDataSource)(nil)

const attrFlowID = "flow_id"

const flowIDRule = "must be the ID of a Flow, which has 5 to 25 digits; WhatsApp Manager shows it under Flows"

// flowDataSource reads Meta's own view of a Flow.
type flowDataSource struct {
	provider *providerData
}

type flowModel struct {
	FlowID         types.String      `tfsdk:"flow_id"`
	PhoneNumberID  types.String      `tfsdk:"phone_number_id"`
	Name           types.String      `tfsdk:"name"`
	Status         types.String      `tfsdk:"status"`
	EndpointURI    types.String      `tfsdk:"endpoint_uri"`
	JSONVersion    types.String      `tfsdk:"json_version"`
	DataAPIVersion types.String      `tfsdk:"data_api_version"`
	ApplicationID  types.String      `tfsdk:"application_id"`
	WABAID         types.String      `tfsdk:"whatsapp_business_account_id"`
	CanSendMessage types.String      `tfsdk:"can_send_message"`
	Entities       []flowEntityModel `tfsdk:"entities"`
}

type flowEntityModel struct {
	EntityType     types.String     `tfsdk:"entity_type"`
	ID             types.String     `tfsdk:"id"`
	CanSendMessage types.String     `tfsdk:"can_send_message"`
	Errors         []flowErrorModel `tfsdk:"errors"`
	AdditionalInfo []string         `tfsdk:"additional_info"`
}

type flowErrorModel struct {
	Code             types.Int64  `tfsdk:"error_code"`
	Description      types.String `tfsdk:"error_description"`
	PossibleSolution types.String `tfsdk:"possible_solution"`
}

func newFlowDataSource() datasource.DataSource { return &flowDataSource{} }

func (d *flowDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_flow"
}

func (d *flowDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	field := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	const canSend = "`AVAILABLE`, `LIMITED` or `BLOCKED`"
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads a Flow, and Meta's own view of whether it can be sent, from one phone number in particular. It changes nothing. " +
			"A Flow that cannot be sent is not an error: the attributes say so, for `check` blocks, preconditions and tests. " +
			"Its `endpoint_uri` is the URL for `endpoint_check` of the resource `whatsapp_business_encryption` and for the data source `whatsapp_flow_endpoint`. " +
			"A field that the Graph API leaves out is null, and values are passed on unchanged, also those that are not listed here. The access token needs the permission `whatsapp_business_management`.",
		Attributes: map[string]schema.Attribute{
			attrFlowID: schema.StringAttribute{
				MarkdownDescription: "The ID of the Flow, as WhatsApp Manager shows it under Flows.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, flowIDRule)},
			},
			attrPhoneNumberID: schema.StringAttribute{
				MarkdownDescription: "The ID of the business phone number that the Flow is to be sent from. Without it, what depends on a number, such as its key, is not among the entities.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, phoneNumberIDRule)},
			},
			"name":   field("The name of the Flow."),
			"status": field("The status of the Flow: `DRAFT`, `PUBLISHED`, `DEPRECATED`, `BLOCKED` or `THROTTLED`."),
			attrEndpointURI: schema.StringAttribute{
				MarkdownDescription: "The URL of the endpoint, or null when the Flow has none. It is sensitive, because its query can hold a secret. The other attributes do not repeat the query.",
				Computed:            true,
				Sensitive:           true,
			},
			"json_version":                 field("The version of the Flow JSON, such as `7.1`."),
			"data_api_version":             field("The version of the data that is exchanged with the endpoint, such as `3.0`. A Flow without an endpoint has none."),
			"application_id":               field("The ID of the app that is connected to the Flow. Its secret is the one that requests to the endpoint are signed with."),
			"whatsapp_business_account_id": field("The ID of the WhatsApp Business Account that the Flow belongs to."),
			"can_send_message":             field("Whether the Flow can be sent: " + canSend + ". For a Flow that is not published, this is whether it could be published."),
			"entities": schema.ListNestedAttribute{
				MarkdownDescription: "What sending the Flow depends on. Some of what is reported here, such as a payment method that is missing, has nothing to do with the Flow.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"entity_type":      field("The kind of the entity: `FLOW`, `WABA`, `BUSINESS`, `APP` or `PHONE_NUMBER`."),
						"id":               field("The ID of the entity."),
						"can_send_message": field("Whether the entity allows the Flow to be sent: " + canSend + "."),
						"errors": schema.ListNestedAttribute{
							MarkdownDescription: "What is wrong with the entity.",
							Computed:            true,
							NestedObject: schema.NestedAttributeObject{
								Attributes: map[string]schema.Attribute{
									"error_code":        schema.Int64Attribute{MarkdownDescription: "The code of the error.", Computed: true},
									"error_description": field("What is wrong. It begins with the name of the check, such as `endpoint_uri:` or `endpoint_available:`."),
									"possible_solution": field("What Meta suggests, or a link to it."),
								},
							},
						},
						"additional_info": schema.ListAttribute{
							MarkdownDescription: "What else Meta says about the entity.",
							Computed:            true,
							ElementType:         types.StringType,
						},
					},
				},
			},
		},
	}
}

func (d *flowDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *flowDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model flowModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.provider.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	defer d.provider.served.warnOnce(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	flow, err := client.Flow(ctx, model.FlowID.ValueString(), model.PhoneNumberID.ValueString())
	if err != nil {
		resp.Diagnostics.Append(graphError("read the Flow", model.FlowID.ValueString(), err))
		return
	}
	model.see(flow)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// see takes what Meta says. A list of which Meta says nothing is empty, and not
// null, so that an expression can go through it.
func (m *flowModel) see(f graph.Flow) {
	m.Name = orNull(f.Name)
	m.Status = orNull(f.Status)
	m.EndpointURI = orNull(f.EndpointURI)
	m.JSONVersion = orNull(f.JSONVersion)
	m.DataAPIVersion = orNull(f.DataAPIVersion)
	m.ApplicationID = orNull(f.ApplicationID)
	m.WABAID = orNull(f.WhatsAppBusinessAccountID)
	m.CanSendMessage = orNull(f.CanSendMessage)
	m.Entities = []flowEntityModel{}
	for _, e := range f.Entities {
		entity := flowEntityModel{
			EntityType: orNull(e.Type), ID: orNull(e.ID), CanSendMessage: orNull(e.CanSendMessage),
			Errors: []flowErrorModel{}, AdditionalInfo: append([]string{}, e.AdditionalInfo...),
		}
		for _, failed := range e.Errors {
			code := types.Int64Null()
			if failed.Code != 0 {
				code = types.Int64Value(int64(failed.Code))
			}
			entity.Errors = append(entity.Errors, flowErrorModel{code, orNull(failed.Description), orNull(failed.PossibleSolution)})
		}
		m.Entities = append(m.Entities, entity)
	}
}
