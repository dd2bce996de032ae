// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// UpgradeState adds the id to a state of version 0, which had none. Without
// this, the next plan would show the id of each resource as a change that was
// made outside of Terraform.
func (r *businessEncryptionResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: addID}}
}

func addID(_ context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
	var state map[string]json.RawMessage
	err := json.Unmarshal(req.RawState.JSON, &state)
	if err == nil {
		state[attrID] = state[attrPhoneNumberID]
		resp.DynamicValue = &tfprotov6.DynamicValue{}
		resp.DynamicValue.JSON, err = json.Marshal(state)
	}
	if err != nil {
		resp.Diagnostics.AddError("The state cannot be read", sentence(err.Error()))
	}
}
