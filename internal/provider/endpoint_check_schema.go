// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
)

const (
	attrEndpointCheck = "endpoint_check"
	attrEndpointURIs  = "endpoint_uris"
	attrWait          = "wait"
	attrAnswers       = "answers"
	attrInconclusive  = "inconclusive"

	inconclusiveError   = "error"
	inconclusiveWarning = "warning"

	defaultAnswers = 3
	mostAnswers    = 20
)

type endpointCheckModel struct {
	EndpointURIs types.List   `tfsdk:"endpoint_uris"`
	Wait         types.String `tfsdk:"wait"`
	Answers      types.Number `tfsdk:"answers"`
	Inconclusive types.String `tfsdk:"inconclusive"`
}

func (m endpointCheckModel) wait() time.Duration {
	wait, _ := time.ParseDuration(m.Wait.ValueString()) // validated; empty is zero
	return wait
}

func endpointCheckAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Asks the endpoint of the Flow, before a number gets another key than it holds, whether it can decrypt with the private key of the new one. " +
			"The provider sends the health check that Meta sends, encrypted with the new key, and uploads the key only after the answer has proven that the endpoint has the private key. " +
			"An upload that only has the same key signed again is not held up. It runs while applying, never while planning.",
		Optional: true,
		Attributes: map[string]schema.Attribute{
			attrEndpointURIs: schema.ListAttribute{
				MarkdownDescription: "The URLs of the endpoints of all Flows that are sent from the number: `https`, or `http` to a loopback address for tests. Every one of them has to prove it. Messages and logs leave out user name, password and query.",
				Required:            true,
				ElementType:         types.StringType,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1),
					listvalidator.ValueStringsAre(checkedBy{check: flowendpoint.CheckURI, description: "must be an https URL, or an http URL to a loopback address", secret: true}),
				},
			},
			attrWait: schema.StringAttribute{
				MarkdownDescription: "How long to go on asking an endpoint that does not prove it, as a duration such as `10m`: for an endpoint that gets the private key in the same apply. Without it, each endpoint is asked once. " +
					"It must be shorter than the `timeouts` for `create` and `update`; without these, their defaults grow by it.",
				Optional:   true,
				Validators: []validator.String{checkedBy{check: checkDuration, description: "must be a duration greater than zero such as `90s` or `10m`"}},
			},
			attrAnswers: schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("How many answers in a row have to prove it, each on a new connection, because some instances of an endpoint may have the key before others. Ask for several times as many as there are instances: if one of three lacks the key, three answers in a row come from the other two in three of ten cases. From `1` to `%d`. Defaults to `%d`.", mostAnswers, defaultAnswers),
				Optional:            true,
				Validators:          []validator.Number{wholeNumber{1, mostAnswers}},
			},
			attrInconclusive: schema.StringAttribute{
				MarkdownDescription: "What an answer means that neither proves nor disproves it, such as that of a firewall which lets only Meta in: `" + inconclusiveError + "`, or `" + inconclusiveWarning + "`, with which the key is uploaded all the same. Defaults to `" + inconclusiveError + "`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(inconclusiveError, inconclusiveWarning)},
			},
		},
	}
}

// waitFits is a validator: a wait that the timeout would cut short never ends as
// it should.
type waitFits struct{}

func (waitFits) Description(context.Context) string {
	return "the wait of endpoint_check must be shorter than the timeouts for create and update"
}

func (v waitFits) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (waitFits) ValidateResource(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config businessEncryptionModel
	resp.Diagnostics.Append(config.get(ctx, req.Config.Raw)...)
	if resp.Diagnostics.HasError() || config.EndpointCheck.IsNull() || config.EndpointCheck.IsUnknown() {
		return
	}
	var check endpointCheckModel
	resp.Diagnostics.Append(config.EndpointCheck.As(ctx, &check, basetypes.ObjectAsOptions{})...)
	shortest := min(timeoutOf(ctx, config.Timeouts.Create, longestWait), timeoutOf(ctx, config.Timeouts.Update, longestWait))
	if wait := check.wait(); wait >= shortest {
		resp.Diagnostics.AddAttributeError(path.Root(attrEndpointCheck).AtName(attrWait), "The wait does not fit into the timeout",
			fmt.Sprintf("The wait of %s has to be shorter than the timeouts for create and update, the shorter of which is %s, because these include the upload that follows. Set longer timeouts, or none: the defaults grow by the wait.", check.Wait.ValueString(), shortest))
	}
}

// longestWait stands for a timeout that is not set.
const longestWait = time.Duration(1<<63 - 1)
