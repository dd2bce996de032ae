// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// ModifyPlan says what an apply will leave on the number. An apply always ends
// with the key of the plan and a valid signature, or fails.
func (r *businessEncryptionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	switch {
	case req.Plan.Raw.IsNull():
		r.planDestroy(ctx, req, resp)
	case req.State.Raw.IsNull():
		r.planCreate(ctx, req, resp)
	default:
		r.planUpdate(ctx, req, resp)
	}
}

// planCreate also plans the second half of a replacement, and asks the overwrite
// guard in both cases.
func (r *businessEncryptionResource) planCreate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan businessEncryptionModel
	resp.Diagnostics.Append(plan.get(ctx, req.Plan.Raw)...)
	writeOnly := writeOnlyKey(ctx, req.Config.Raw, &resp.Diagnostics)
	replaced, diags := managedNumber(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	proposed, candidate := plan, plan.PublicKey
	if !writeOnly.IsNull() {
		// The plan itself has an unknown key, because the attribute is computed. It
		// stays so: the apply may read another key than the plan.
		candidate = writeOnly
	}
	plan.promise()
	resp.Diagnostics.Append(plan.writeChanges(ctx, proposed, &resp.Plan)...)
	r.provider.guardPlan(ctx, plan, candidate, replaced, &resp.Diagnostics)
}

// planUpdate also plans the first half of a replacement. Terraform then calls
// planCreate with the private data that is set here.
func (r *businessEncryptionResource) planUpdate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan, state businessEncryptionModel
	resp.Diagnostics.Append(state.get(ctx, req.State.Raw)...)
	resp.Diagnostics.Append(plan.get(ctx, req.Plan.Raw)...)
	writeOnly := writeOnlyKey(ctx, req.Config.Raw, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	r.provider.run.number(state.PhoneNumberID.ValueString()).setInState(true)

	proposed := plan
	if !writeOnly.IsNull() {
		uploaded, remembered, diags := uploadedKey(ctx, req.Private, state)
		resp.Diagnostics.Append(diags...)
		if !remembered {
			resp.Diagnostics.Append(checkNotLost(writeOnly, plan.PublicKeyWOVer, state)...)
		}
		if resp.Diagnostics.HasError() {
			return
		}
		plan.PublicKey = planWriteOnly(writeOnly, plan.PublicKeyWOVer, state, uploaded)
	}
	r.provider.warnOfReplacedKeyInUpdate(ctx, req.Private, plan, state, writeOnly, &resp.Diagnostics)
	// Without this, a newline added to the configuration would be planned as an
	// upload.
	if plan.PublicKey.sameKey(state.PublicKey) {
		plan.PublicKey = state.PublicKey
	}
	plan.promise()
	resp.Diagnostics.Append(plan.writeChanges(ctx, proposed, &resp.Plan)...)
	resp.Diagnostics.Append(rememberManaged(ctx, resp.Private, state.PhoneNumberID)...)
	if !plan.PhoneNumberID.Equal(state.PhoneNumberID) {
		// Terraform does not ask for a plan of the destroy in a replacement.
		resp.Diagnostics.Append(keyStays(state.PhoneNumberID, state.Fingerprint))
	}
}

func (r *businessEncryptionResource) planDestroy(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state businessEncryptionModel
	resp.Diagnostics.Append(state.get(ctx, req.State.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.provider.run.number(state.PhoneNumberID.ValueString()).setInState(true)
	resp.Diagnostics.Append(keyStays(state.PhoneNumberID, state.Fingerprint))
}

// promise plans what every successful apply results in.
func (m *businessEncryptionModel) promise() {
	m.ID = m.PhoneNumberID
	m.SignatureStatus = types.StringValue(graph.SignatureValid)
	m.Fingerprint = types.StringUnknown()
	if key, err := m.PublicKey.key(); err == nil {
		m.Fingerprint = types.StringValue(key.Fingerprint())
	}
}

// keyStays has the same summary for every number, so that Terraform folds a
// long list of them into one warning. Terraform 1.11 plans to destroy a resource
// that is no longer in the configuration before it reads the number, which may
// then turn out to hold no key any more: the text must be true of that, too.
func keyStays(number, fingerprint types.String) diag.Diagnostic {
	seen := ""
	if f := fingerprint.ValueString(); f != "" {
		seen = ", last seen with the SHA-256 fingerprint " + f + ","
	}
	return diag.NewWarningDiagnostic("The key stays active on the phone number",
		fmt.Sprintf("The Graph API cannot delete a key. Destroying this resource only removes it from the Terraform state: whatever key phone number ID %s holds%s stays on it, "+
			"and WhatsApp clients continue to encrypt with it. Keep the private key as long as a Flow of this number is in use.", number.ValueString(), seen))
}
