// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

var _ list.ListResourceWithConfigure = (*businessEncryptionListResource)(nil)

const attrIncludeWithoutKey = "include_without_key"

// businessEncryptionListResource finds the numbers of an account that hold a
// key, for terraform query.
type businessEncryptionListResource struct {
	provider *providerData
}

type businessEncryptionListModel struct {
	WABAID            types.String `tfsdk:"waba_id"`
	IncludeWithoutKey types.Bool   `tfsdk:"include_without_key"`
}

func newBusinessEncryptionListResource() list.ListResource { return &businessEncryptionListResource{} }

func (l *businessEncryptionListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_business_encryption"
}

func (l *businessEncryptionListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the business phone numbers of a WhatsApp Business Account that hold a public key, on any platform, so that they can be imported at once. " +
			"The access token also needs the permission `whatsapp_business_management`. List resources need Terraform 1.14.",
		Attributes: map[string]schema.Attribute{
			attrWABAID: schema.StringAttribute{
				MarkdownDescription: "The ID of the WhatsApp Business Account (WABA).",
				Required:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, wabaIDRule)},
			},
			attrIncludeWithoutKey: schema.BoolAttribute{
				MarkdownDescription: "Whether numbers on which no key was ever set are listed, too, with the mark `no key`. They cannot be imported, and are left out, with a warning, when a configuration is generated. Defaults to `false`.",
				Optional:            true,
			},
		},
	}
}

func (l *businessEncryptionListResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	l.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// List sends nothing yet: the results are made while Terraform takes them.
func (l *businessEncryptionListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var diags diag.Diagnostics
	var config businessEncryptionListModel
	diags.Append(req.Config.Get(ctx, &config)...)
	client := l.provider.requireClient(&diags)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	listing := listing{client: client, served: &l.provider.served, req: req, keyless: config.IncludeWithoutKey.ValueBool()}
	stream.Results = listing.results(ctx, config.WABAID.ValueString())
}

// listing is one run of the list resource.
type listing struct {
	client  *graph.Client
	served  *servedVersion
	req     list.ListRequest
	keyless bool // also list numbers without a key
}

// results lists the numbers sorted by ID. It never reads more of them than the
// limit leaves room for, so that none is read in vain.
//
// Terraform discards the whole listing at the first error. One number that
// cannot be read is therefore a warning in place of a result, and only what would
// fail for every number is an error.
func (l listing) results(ctx context.Context, waba string) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		keys, diags := keysOfAccount(ctx, l.client, waba)
		l.served.warnOnce(&diags)
		if len(diags) > 0 && !push(list.ListResult{Diagnostics: diags}) {
			return
		}
		for left := l.req.Limit; ; {
			most := listParallel
			if l.req.Limit > 0 {
				most = int(min(listParallel, left))
			}
			batch := keys.next(ctx, most)
			if len(batch) == 0 {
				return
			}
			for i, key := range batch {
				switch {
				case key.stop:
					push(list.ListResult{Diagnostics: diag.Diagnostics{stoppedAt(key)}})
					return
				case key.err != nil:
					if !push(list.ListResult{Diagnostics: diag.Diagnostics{notListedBecause(key)}}) {
						return
					}
					continue
				case !key.slot.HasKey() && !l.keyless:
					continue
				case !key.slot.HasKey() && l.req.IncludeResource:
					if !push(list.ListResult{Diagnostics: diag.Diagnostics{leftOut(key.number)}}) {
						return
					}
					continue
				}
				left--
				result := l.result(ctx, key.number, key.slot)
				// Terraform stops reading at the limit, and would not see a
				// warning that comes later.
				if rest := len(batch) - i - 1 + len(keys.left); l.req.Limit > 0 && left == 0 && rest > 0 {
					result.Diagnostics.Append(endsAtLimit(l.req.Limit, rest))
				}
				if !push(result) {
					return
				}
			}
		}
	}
}

func notListedBecause(key accountKey) diag.Diagnostic {
	return diag.NewWarningDiagnostic("A phone number is not listed",
		"Its key could not be read. The other numbers are listed.\n\n"+graphErrorDetail(key.number.ID, "", key.err))
}

// leftOut is for a number without a key when Terraform asks for whole resources,
// which it does to generate a configuration. One resource without a key would
// make the whole generated file invalid.
func leftOut(number graph.PhoneNumber) diag.Diagnostic {
	return diag.NewWarningDiagnostic("A phone number without a key is left out",
		fmt.Sprintf("Phone number ID %s, %s, holds no key, so it cannot be imported, and no configuration is generated for it. A new resource sets its key.", number.ID, displayName(number)))
}

func endsAtLimit(limit int64, rest int) diag.Diagnostic {
	numbers := fmt.Sprintf("%d phone numbers of the account are", rest)
	if rest == 1 {
		numbers = "one phone number of the account is"
	}
	return diag.NewWarningDiagnostic("The list ends at its limit",
		fmt.Sprintf("The list has %d results, which is its limit, and %s not looked at. To list all, set a higher limit in the list block.", limit, numbers))
}

// result is one number as an import, and the read after it, would leave it.
func (l listing) result(ctx context.Context, number graph.PhoneNumber, slot graph.Slot) list.ListResult {
	result := l.req.NewListResult(ctx)
	result.DisplayName = displayName(number)
	switch {
	case !slot.HasKey():
		result.DisplayName += ", no key"
	case slot.SignatureStatus != "":
		result.DisplayName += ", " + slot.SignatureStatus
	}
	result.Diagnostics.Append(setImported(ctx, result.Resource, result.Identity, types.StringValue(number.ID))...)
	if !slot.HasKey() || !l.req.IncludeResource {
		return result
	}
	var model businessEncryptionModel
	result.Diagnostics.Append(model.get(ctx, result.Resource.Raw)...)
	model.see(slot)
	result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
	return result
}

// displayName is a name for people, such as "+1 631-555-5555 (Lucky Shrub)".
func displayName(n graph.PhoneNumber) string {
	switch {
	case n.DisplayPhoneNumber != "" && n.VerifiedName != "":
		return n.DisplayPhoneNumber + " (" + n.VerifiedName + ")"
	case n.DisplayPhoneNumber != "":
		return n.DisplayPhoneNumber
	case n.VerifiedName != "":
		return n.VerifiedName + " (" + n.ID + ")"
	default:
		return n.ID
	}
}
