// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// privateReader is the private state of a resource as a plan sees it.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// privateState is the private state of a resource as a create or an update
// leaves it.
type privateState interface {
	privateReader
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// forget empties an entry, because the framework cannot remove one.
func forget(ctx context.Context, private privateState, name string) diag.Diagnostics {
	if text, diags := private.GetKey(ctx, name); text == nil {
		return diags
	}
	return private.SetKey(ctx, name, []byte("null"))
}

// importedName marks a resource that was imported and not applied since.
const importedName = "imported"

// uploadedName is where the private state keeps the public key that was last
// uploaded from a write-only argument. After drift, the state has another key: the
// one that the number shows.
const uploadedName = "uploaded"

func rememberUploaded(ctx context.Context, private privateState, key pemkey.PublicKey) diag.Diagnostics {
	text, _ := json.Marshal(key.PEM()) // of a string, which cannot fail
	return private.SetKey(ctx, uploadedName, text)
}

// uploadedKey is the key that a repair of drift uploads. For a resource that was
// imported, or had a plain key until now, none is remembered, and it is the key in
// the state.
func uploadedKey(ctx context.Context, private privateReader, state businessEncryptionModel) (key publicKeyValue, remembered bool, diags diag.Diagnostics) {
	text, diags := private.GetKey(ctx, uploadedName)
	var pem string
	if json.Unmarshal(text, &pem) == nil && pem != "" {
		return newPublicKeyValue(pem), true, diags
	}
	return state.PublicKey, false, diags
}

// checkNotLost is for a write-only key whose version has not changed, and which is
// not remembered. Every upload of such a key is remembered in the private data, but
// Terraform loses these when the plugin dies in the middle of an update. The state
// then has whatever the number showed. That may be the key of somebody else, so it is
// not taken for the uploaded one.
func checkNotLost(given publicKeyValue, version types.Number, state businessEncryptionModel) (diags diag.Diagnostics) {
	if version.IsNull() || !version.Equal(state.PublicKeyWOVer) || given.sameKey(state.PublicKey) {
		return nil
	}
	key, _ := state.PublicKey.key()
	diags.AddAttributeError(path.Root(attrPublicKeyWOVer), "The uploaded key is not known any more",
		fmt.Sprintf("Phone number ID %s was last seen with %s. Whether that is the key that was uploaded for %s %s is not known, because Terraform has lost the private data of the resource, as it does when the provider ends in the middle of an update. "+
			"Nothing was changed. Change %s to take the key of the configuration.", state.PhoneNumberID.ValueString(), describeKey(key), attrPublicKeyWOVer, version.ValueBigFloat().Text('f', -1), attrPublicKeyWOVer))
	return diags
}

// writeOnlyKey is the key that the configuration gives as a write-only argument.
// It is null when the key is given as a plain one.
func writeOnlyKey(ctx context.Context, config tftypes.Value, diags *diag.Diagnostics) publicKeyValue {
	var all map[string]tftypes.Value
	var plain, writeOnly publicKeyValue
	err := errors.Join(config.As(&all),
		take(ctx, publicKeyType{}, all[attrPublicKey], &plain),
		take(ctx, publicKeyType{}, all[attrPublicKeyWO], &writeOnly))
	if err != nil {
		diags.Append(unexpectedData(err))
	}
	if !plain.IsNull() {
		return publicKeyValue{}
	}
	return writeOnly
}

// planWriteOnly says which key an update would leave on the number, or that it
// is known only during apply.
//
// Terraform evaluates an ephemeral value once while planning and once while
// applying, and the two may differ. So a key of the configuration is planned as
// known only where a difference must stop the apply.
func planWriteOnly(given publicKeyValue, version types.Number, state businessEncryptionModel, uploaded publicKeyValue) publicKeyValue {
	same := given.sameKey(uploaded)
	switch {
	case same && state.PublicKeyWOVer.IsNull(): // also a switch from a plain key that adds a version
		return uploaded
	case !version.IsNull() && version.Equal(state.PublicKeyWOVer):
		return uploaded
	case !version.IsNull():
		return newUnknownPublicKeyValue()
	case same:
		return uploaded
	case given.IsUnknown():
		return newUnknownPublicKeyValue()
	}
	return given
}

// keyToUpload is the planned key, or, where the plan did not know it, the key of
// the write-only argument.
func keyToUpload(plan businessEncryptionModel, writeOnly publicKeyValue, diags *diag.Diagnostics) pemkey.PublicKey {
	text, attribute := plan.PublicKey, path.Root(attrPublicKey)
	if plan.PublicKey.IsUnknown() {
		text, attribute = writeOnly, path.Root(attrPublicKeyWO)
	}
	key, err := text.key() // unchecked until now if it was unknown at plan time
	if err != nil {
		diags.Append(invalidKey(attribute, err))
		return key
	}
	if !writeOnly.IsNull() && plan.PublicKeyWOVer.IsNull() && !writeOnly.sameKey(text) {
		diags.AddAttributeError(path.Root(attrPublicKeyWO), "The key changed between plan and apply",
			"The source of "+attrPublicKeyWO+" returned one key for the plan and a different one for the apply, so nothing was uploaded. "+
				"If it returns a different key each time it is read, set "+attrPublicKeyWOVer+", so that a new key is taken only when the version changes. If the key was changed just now, plan again.")
	}
	return key
}
