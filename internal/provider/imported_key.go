// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// importedName marks, in the private state, a resource that was imported and
// not applied since.
const importedName = "imported"

// warnOfImportedKey points out that the first upload after an import replaces
// a key that Terraform did not put there. An import is meant to keep the key, and
// the plan does not show the new key when it is not known yet.
func warnOfImportedKey(ctx context.Context, private privateReader, plan, state businessEncryptionModel) diag.Diagnostics {
	imported, diags := private.GetKey(ctx, importedName)
	if string(imported) != "true" || plan.PublicKey.sameKey(state.PublicKey) {
		return diags
	}
	before, _ := state.PublicKey.key() // a damaged key is described as one
	other := "a key that is known only during apply"
	if key, err := plan.PublicKey.key(); err == nil {
		other = describeKey(key)
	}
	diags.AddAttributeWarning(path.Root(attrPublicKey), "The imported key will be replaced",
		fmt.Sprintf("Phone number ID %s was imported with %s, and the configuration has %s. The apply replaces the key on the number, "+
			"and Flows whose endpoint has only the old private key fail at once. To keep the key, put it into the configuration.",
			state.PhoneNumberID.ValueString(), describeKey(before), other))
	return diags
}
