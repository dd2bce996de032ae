// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// warnOfReplacedKey says that the apply puts a key on the number in place of a
// different one, because the private key of the old one is still needed for a
// while. It does so once for each number: Terraform plans a replacement both as
// an update and as a create. All warnings have the same summary, so that
// Terraform folds a long list of them.
//
// Terraform plans once more while it applies, and prints the warnings of that
// plan after the apply, which with allow_overwrite are only those of the first
// numbers. The text is true at both times.
func (d *providerData) warnOfReplacedKey(number string, old pemkey.PublicKey, planned publicKeyValue, more string, diags *diag.Diagnostics) {
	if !d.run.number(number).firstReplacement() {
		return
	}
	what := "a key that is known only during apply, and if that is a different one, it replaces " + describeKey(old)
	if key, err := planned.key(); err == nil {
		what = fmt.Sprintf("%s, which replaces %s", describeKey(key), describeKey(old))
	}
	detail := fmt.Sprintf("Phone number ID %s gets %s. The endpoint needs the new private key before the apply, and the old one for some time after it, because WhatsApp clients go on using the old key until they fetch the new one.", number, what)
	if more != "" {
		detail += "\n\n" + more
	}
	diags.AddAttributeWarning(path.Root(attrPublicKey), "A different key on the number is replaced", detail)
}

// warnOfReplacedKeyInUpdate is for an update in place. The old key is the one
// that the number was last seen with.
func (d *providerData) warnOfReplacedKeyInUpdate(ctx context.Context, private privateReader, plan, state businessEncryptionModel, writeOnly publicKeyValue, diags *diag.Diagnostics) {
	if state.PublicKey.IsNull() || plan.PublicKey.sameKey(state.PublicKey) || !plan.PhoneNumberID.Equal(state.PhoneNumberID) {
		return
	}
	old, _ := state.PublicKey.key() // a damaged key is described as one
	imported, more := private.GetKey(ctx, importedName)
	diags.Append(more...)
	var advice string
	switch {
	case string(imported) == "true":
		advice = "Terraform imported the old key. To keep it, put it into the configuration."
	case !writeOnly.IsNull() && plan.PublicKeyWOVer.IsNull() && !plan.PublicKey.IsUnknown():
		advice = "The new key comes from " + attrPublicKeyWO + ". If its source returns a different key each time it is read, set " + attrPublicKeyWOVer + ": without it, the apply stops before it uploads."
	}
	d.warnOfReplacedKey(state.PhoneNumberID.ValueString(), old, plan.PublicKey, advice, diags)
}
