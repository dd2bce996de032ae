// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

var (
	_ datasource.DataSourceWithConfigure        = (*flowEndpointDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*flowEndpointDataSource)(nil)
)

const attrEndpointURI = "endpoint_uri"

// verdictNoKey is the verdict on an endpoint that was not asked, because the
// number holds no key that could be read.
const verdictNoKey flowendpoint.Verdict = "no_key"

type flowEndpointDataSource struct {
	provider *providerData
}

type flowEndpointModel struct {
	EndpointURI        types.String   `tfsdk:"endpoint_uri"`
	PhoneNumberID      types.String   `tfsdk:"phone_number_id"`
	PublicKey          publicKeyValue `tfsdk:"business_public_key"`
	Fingerprint        types.String   `tfsdk:"business_public_key_fingerprint"`
	Decrypts           types.Bool     `tfsdk:"decrypts"`
	AnswersHealthCheck types.Bool     `tfsdk:"answers_health_check"`
	Verdict            types.String   `tfsdk:"verdict"`
	Explanation        types.String   `tfsdk:"explanation"`
	HTTPStatus         types.Int64    `tfsdk:"http_status"`
}

func newFlowEndpointDataSource() datasource.DataSource { return &flowEndpointDataSource{} }

func (d *flowEndpointDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_flow_endpoint"
}

func (d *flowEndpointDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Asks the endpoint of a Flow whether it can decrypt with the private key that belongs to a public key: the one that is on a number, or one that is about to be. " +
			"The provider sends the health check that Meta sends, encrypted with the key. It changes nothing. " +
			"An endpoint that cannot decrypt, or cannot be reached, is not an error: the attributes say so, for `check` blocks, preconditions and tests.",
		Attributes: map[string]schema.Attribute{
			attrEndpointURI: schema.StringAttribute{
				MarkdownDescription: "The URL of the endpoint, as `endpoint_uri` of the Flow has it: `https`, or `http` to a loopback address for tests. Messages and logs leave out user name, password and query.",
				Required:            true,
				Validators:          []validator.String{checkedBy{check: flowendpoint.CheckURI, description: "must be an https URL, or an http URL to a loopback address", secret: true}},
			},
			attrPhoneNumberID: schema.StringAttribute{
				MarkdownDescription: "The ID of the business phone number whose key is used: the one that WhatsApp clients encrypt with now. Set exactly one of this and `" + attrPublicKey + "`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, phoneNumberIDRule)},
			},
			attrPublicKey: schema.StringAttribute{
				MarkdownDescription: "The RSA public key of 2048 bits, in PEM, that is used. Set exactly one of this and `" + attrPhoneNumberID + "`.",
				Optional:            true,
				CustomType:          publicKeyType{},
				Validators:          []validator.String{publicKeyValidator{}},
			},
			attrFingerprint: schema.StringAttribute{
				MarkdownDescription: "The SHA-256 of the SPKI DER encoding of the key that was used (what a `BEGIN PUBLIC KEY` block holds in base64), in lower-case hexadecimal, or null when the number holds no key that can be read.",
				Computed:            true,
			},
			"decrypts": schema.BoolAttribute{
				MarkdownDescription: "Whether the endpoint has proven that it has the private key, and in a way that WhatsApp clients can read.",
				Computed:            true,
			},
			"answers_health_check": schema.BoolAttribute{
				MarkdownDescription: "Whether it also gave the answer that Meta's health check and the publishing of a Flow want.",
				Computed:            true,
			},
			"verdict": schema.StringAttribute{
				MarkdownDescription: "What the answer says: " + verdictList() + ".",
				Computed:            true,
			},
			"explanation": schema.StringAttribute{
				MarkdownDescription: "What the endpoint answered, what that means, and what to do, in sentences.",
				Computed:            true,
			},
			"http_status": schema.Int64Attribute{
				MarkdownDescription: "The HTTP status of the answer, or null when there was none.",
				Computed:            true,
			},
		},
	}
}

func verdictList() string {
	var all []string
	for _, v := range append(flowendpoint.Verdicts(), verdictNoKey) {
		all = append(all, "`"+string(v)+"`")
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

func (d *flowEndpointDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(path.MatchRoot(attrPhoneNumberID), path.MatchRoot(attrPublicKey)),
	}
}

func (d *flowEndpointDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (d *flowEndpointDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model flowEndpointModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	d.provider.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	defer d.provider.served.warnOnce(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	key := d.key(ctx, model, &resp.Diagnostics)
	endpoint, err := flowendpoint.New(model.EndpointURI.ValueString(), d.provider.endpoints)
	if err != nil { // it was not known when it could be validated
		resp.Diagnostics.AddError("Invalid "+path.Root(attrEndpointURI).String(), sentence(err.Error()))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if key.IsZero() {
		model.see(flowendpoint.Answer{Verdict: verdictNoKey, Reason: fmt.Sprintf("Phone number ID %s holds no key that can be read, so nothing was asked.", model.PhoneNumberID.ValueString())})
		resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
		return
	}
	answer, err := endpoint.Ask(ctx, key)
	if err != nil {
		resp.Diagnostics.AddError("The check of the endpoint was interrupted", sentence(err.Error()))
		return
	}
	model.Fingerprint = types.StringValue(key.Fingerprint())
	model.see(answer)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// key is the key to ask with. It is zero when the number holds none.
func (d *flowEndpointDataSource) key(ctx context.Context, model flowEndpointModel, diags *diag.Diagnostics) pemkey.PublicKey {
	if !model.PublicKey.IsNull() {
		key, err := model.PublicKey.key()
		if err != nil {
			diags.Append(invalidKey(path.Root(attrPublicKey), err))
		}
		return key
	}
	number := model.PhoneNumberID.ValueString()
	slot, err := d.provider.client.BusinessEncryption(ctx, number)
	if err != nil {
		diags.Append(graphError("read the key", number, err))
	}
	return slot.Key
}

func (m *flowEndpointModel) see(a flowendpoint.Answer) {
	m.Decrypts = types.BoolValue(a.Verdict.Decrypts())
	m.AnswersHealthCheck = types.BoolValue(a.Verdict == flowendpoint.Proven)
	m.Verdict = types.StringValue(string(a.Verdict))
	m.Explanation = types.StringValue(strings.TrimSpace(a.Reason + " " + endpointRemedy(a)))
	m.HTTPStatus = types.Int64Null()
	if a.HTTPStatus != 0 {
		m.HTTPStatus = types.Int64Value(int64(a.HTTPStatus))
	}
}
