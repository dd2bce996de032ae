// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

var (
	_ resource.ResourceWithConfigValidators = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithConfigure        = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithIdentity         = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithImportState      = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithUpgradeState     = (*businessEncryptionResource)(nil)
)

type businessEncryptionResource struct {
	provider *providerData
}

func newBusinessEncryptionResource() resource.Resource { return &businessEncryptionResource{} }

func (r *businessEncryptionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_business_encryption"
}

func (r *businessEncryptionResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{
		resourcevalidator.ExactlyOneOf(path.MatchRoot(attrPublicKey), path.MatchRoot(attrPublicKeyWO)),
		waitFits{},
	}
}

func (r *businessEncryptionResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *businessEncryptionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	u := r.newUpload(ctx, actionCreate, req.Plan, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(ctx, u.model.Timeouts.Create, u.check.uploadTimeout()))
	defer cancel()
	defer r.provider.served.warnOnce(&resp.Diagnostics)

	defer r.provider.run.number(u.number()).lock()()
	if u.mayUpload(ctx, &resp.Diagnostics) && u.send(ctx, &resp.Diagnostics) {
		resp.Diagnostics.Append(u.save(ctx, &resp.State, resp.Identity, resp.Private)...)
	}
}

// Update uploads when the key changes or the signature is not valid, and not
// when only what Terraform itself keeps has changed, such as a timeout.
func (r *businessEncryptionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var before businessEncryptionModel
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(attrPublicKey), &before.PublicKey)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(attrSignatureStatus), &before.SignatureStatus)...)
	u := r.newUpload(ctx, actionUpdate, req.Plan, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(ctx, u.model.Timeouts.Update, u.check.uploadTimeout()))
	defer cancel()
	defer r.provider.served.warnOnce(&resp.Diagnostics)

	defer r.provider.run.number(u.number()).lock()()
	alreadyThere := u.model.PublicKey.sameKey(before.PublicKey) && before.SignatureStatus.ValueString() == graph.SignatureValid
	if alreadyThere || u.mayUpload(ctx, &resp.Diagnostics) && u.send(ctx, &resp.Diagnostics) {
		resp.Diagnostics.Append(u.save(ctx, &resp.State, resp.Identity, resp.Private)...)
	}
}

func (r *businessEncryptionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state businessEncryptionModel
	resp.Diagnostics.Append(state.get(ctx, req.State.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.provider.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	defer r.provider.served.warnOnce(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(ctx, state.Timeouts.Read, defaultReadTimeout))
	defer cancel()

	// Before anything else, because the framework wants an identity even from a
	// read that removes the resource.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.PhoneNumberID)...)

	number := state.PhoneNumberID.ValueString()
	importing := state.PublicKey.IsNull()
	slot, err := client.BusinessEncryption(ctx, number)
	switch {
	case graph.ClassOf(err) == graph.ClassNumberDeleted && !importing:
		resp.Diagnostics.AddAttributeWarning(path.Root(attrPhoneNumberID), "The phone number was deleted",
			graphErrorDetail(number, "", err)+"\n\nThe resource is removed from the Terraform state. Remove it from the configuration as well.")
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		if failsAlready := r.provider.run.fail(); failsAlready && repeatsARefusal(err) && !importing {
			resp.Diagnostics.AddWarning("A number was not read", graphErrorDetail(number, "", err))
		} else {
			resp.Diagnostics.Append(graphError("read the key", number, err))
		}
		return
	case !slot.HasKey() && importing:
		resp.Diagnostics.AddAttributeError(path.Root(attrPhoneNumberID), "Nothing to import",
			fmt.Sprintf("Phone number ID %s holds no key. Remove the import and apply, which sets the key of the configuration.", number))
		return
	case !slot.HasKey():
		resp.State.RemoveResource(ctx)
		return
	}
	r.provider.run.number(number).setInState(true)
	before := state
	state.ID = state.PhoneNumberID
	state.see(slot)
	resp.Diagnostics.Append(state.writeChanges(ctx, before, &resp.State)...)
}

// Delete sends nothing, and Terraform removes the resource from the state. The
// plan has warned that the key stays on the number.
func (r *businessEncryptionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var number types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(attrPhoneNumberID), &number)...)
	r.provider.run.number(number.ValueString()).setInState(false)
}

func (r *businessEncryptionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	number, what := types.StringValue(req.ID), "import ID"
	// An import block has either an ID or an identity, and Terraform refuses an
	// empty ID.
	if req.ID == "" && req.Identity != nil {
		what = attrPhoneNumberID + " of the identity"
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root(attrPhoneNumberID), &number)...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	if !graphID.MatchString(number.ValueString()) {
		value := fmt.Sprintf("%q", number.ValueString())
		if number.IsNull() {
			value = "null"
		}
		resp.Diagnostics.AddError("Invalid import", fmt.Sprintf("The %s is %s. It %s.", what, value, phoneNumberIDRule))
		return
	}
	resp.Diagnostics.Append(setImported(ctx, &resp.State, resp.Identity, number)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedName, []byte("true"))...)
}

// setImported sets what an import knows of a number before it is read.
func setImported(ctx context.Context, state attributeSetter, identity *tfsdk.ResourceIdentity, number types.String) diag.Diagnostics {
	diags := state.SetAttribute(ctx, path.Root(attrID), number)
	diags.Append(state.SetAttribute(ctx, path.Root(attrPhoneNumberID), number)...)
	// The default, because a null here would be planned as a change.
	diags.Append(state.SetAttribute(ctx, path.Root(attrAllowOverwrite), false)...)
	diags.Append(setIdentity(ctx, identity, number)...)
	return diags
}

// attributeSetter is a plan, a state, or the resource of a listing.
type attributeSetter interface {
	SetAttribute(ctx context.Context, path path.Path, value any) diag.Diagnostics
}
