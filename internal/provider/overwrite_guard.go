// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// The rule: a create never replaces a different key, unless allow_overwrite is
// true. There is no exception, not even for a key that the state has, had or is
// about to lose: Terraform creates and destroys in any order, so an exception
// would apply in one run and not in the next. A new key needs no replacement
// anyway, because it is an update in place.

// guardPlan applies the rule to the plan of a create, as far as the key is known
// there. replaced is the number of the resource that the create replaces, or
// empty. What cannot be read now is read again before the upload.
//
// With allow_overwrite it only says which key will be replaced. Terraform plans
// each resource once more while it applies, and mostly that was said in the plan, so
// it is not worth a call then. What the plan could not say is then not said for each
// number: what an unknown number holds, or a key that arrived after a saved plan.
// But an apply is known to be one only when it has begun to create or update
// something.
func (d *providerData) guardPlan(ctx context.Context, plan businessEncryptionModel, candidate publicKeyValue, replaced string, diags *diag.Diagnostics) {
	if plan.PhoneNumberID.IsUnknown() || d.client == nil || plan.AllowOverwrite.ValueBool() && d.run.applies.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(ctx, plan.Timeouts.Read, defaultReadTimeout))
	defer cancel()
	defer d.served.warnOnce(diags)

	number := plan.PhoneNumberID.ValueString()
	slot, err := d.client.BusinessEncryption(ctx, number)
	if err != nil {
		d.guardCannotRead(plan, err, diags)
		return
	}
	d.run.number(number).see(slot, d.client.Now())

	key, err := candidate.key()
	known := err == nil
	switch c := d.circumstance(number, replaced); {
	case !slot.HasKey() || known && slot.Holds(key) || !known && !candidate.IsUnknown():
	case plan.AllowOverwrite.IsUnknown():
		d.warnOfReplacedKey(number, slot.Key, candidate, "If "+attrAllowOverwrite+", which is known only during apply, turns out to be false, the apply stops before it uploads.", diags)
	case plan.AllowOverwrite.ValueBool():
		d.warnOfReplacedKey(number, slot.Key, candidate, "", diags)
	case known:
		refuseOverwrite(number, slot, key, c, diags)
	case replaced != "":
		diags.AddAttributeError(path.Root(attrPublicKey), "The number already holds a key",
			fmt.Sprintf("Phone number ID %s holds %s. The plan replaces this resource, and the key of the configuration is known only during apply. "+
				"If it turned out to be a different key, the apply would stop halfway, so the plan fails now. The key on the number was not changed.\n\n%s",
				number, describeSlot(slot), waysOn(number, slot, c)))
	default:
		diags.AddAttributeWarning(path.Root(attrPublicKey), "The number already holds a key",
			fmt.Sprintf("Phone number ID %s holds %s, and the key of the configuration is known only during apply. "+
				"If it turns out to be a different key, the apply stops before it uploads, so decide before the apply.\n\n%s", number, describeSlot(slot), waysOn(number, slot, c)))
	}
}

// guardCannotRead says what it means for the plan of a create that the number
// could not be read.
func (d *providerData) guardCannotRead(plan businessEncryptionModel, err error, diags *diag.Diagnostics) {
	const action = "check which key the number holds"
	number := plan.PhoneNumberID.ValueString()
	switch graph.ClassOf(err) {
	case graph.ClassTransient, graph.ClassNoConnection, graph.ClassRateLimit, graph.ClassInterrupted,
		graph.ClassNotRegistered, // which another resource of this plan may be about to change
		graph.ClassNumberDeleted: // an error would stop a destroy, too, which plans like this first
		consequence := "Apply checks again before it uploads, and stops if the number holds a different key."
		if plan.AllowOverwrite.ValueBool() {
			consequence = "The plan cannot say whether the apply replaces a key."
		}
		diags.Append(graphWarning(action, number, consequence, err))
		return
	}
	d.run.fail()
	diags.Append(graphError(action, number, err))
}

// mayReplace applies the rule to a create, before its upload.
func (u *upload) mayReplace(slot graph.Slot, diags *diag.Diagnostics) bool {
	refuseOverwrite(u.number(), slot, u.key, u.provider.circumstance(u.number(), ""), diags)
	return !diags.HasError()
}

// refuseLate is for a number that got a different key after mayReplace, while the
// upload was tried again.
func (u *upload) refuseLate(e *graph.OccupiedError, diags *diag.Diagnostics) {
	tried := "Nothing was uploaded."
	if e.Uncertain {
		tried = "Whether an earlier try uploaded it is not known; if it did, the number has got the other key since."
	}
	diags.AddAttributeError(path.Root(attrPublicKey), "The number already holds a different key",
		fmt.Sprintf("Phone number ID %s has got %s while the provider tried to upload %s. The upload was not tried again, because it would replace the key on the number. %s\n\n%s",
			u.number(), describeKey(e.Slot.Key), describeKey(u.key), tried, waysOn(u.number(), e.Slot, numberIsNew)))
}

// refuseOverwrite reports an error when the number holds a different key.
func refuseOverwrite(number string, slot graph.Slot, key pemkey.PublicKey, c circumstance, diags *diag.Diagnostics) {
	if !slot.HasKey() || slot.Holds(key) {
		return
	}
	diags.AddAttributeError(path.Root(attrPublicKey), "The number already holds a different key",
		fmt.Sprintf("Phone number ID %s holds %s. The configuration has %s. Uploading it would replace the key on the number, "+
			"and Flows whose endpoint has only the old private key would fail at once. Nothing was uploaded.\n\n%s",
			number, describeSlot(slot), describeKey(key), waysOn(number, slot, c)))
}

// circumstance is what is known about a create that is refused. It changes the
// advice and never the decision.
type circumstance int

const (
	numberIsNew      circumstance = iota // no resource with the number was seen in the state
	numberIsInState                      // under another address, or at this one and tainted
	numberWasWritten                     // by another resource of this run
	resourceReplaced                     // by one with the same number
	numberChanged                        // in a replacement, to this number
)

func (d *providerData) circumstance(number, replaced string) circumstance {
	n := d.run.number(number)
	switch {
	case replaced == number:
		return resourceReplaced
	case n.wasUploaded():
		return numberWasWritten
	case replaced != "":
		return numberChanged
	case n.isInState():
		return numberIsInState
	default:
		return numberIsNew
	}
}

// waysOn says what can be done about a create that is refused.
func waysOn(number string, slot graph.Slot, c circumstance) string {
	replace := fmt.Sprintf("If the key on the number may be replaced, set %s = true and plan again.", attrAllowOverwrite)
	const moved = "If a resource at another address in the state has managed this number until now, add a moved block from that address to this one: then nothing is replaced, and a new key is an update in place."
	switch {
	case c == resourceReplaced:
		return "A new key needs no replacement, because it is an update in place: plan without -replace, and remove what triggers the replacement from the lifecycle block. " +
			"If the key on the number is to be signed again, the guide \"Monitoring\" shows how. " + replace
	case c == numberWasWritten:
		return "Another resource has uploaded its key to the number in this run. A number holds one key, so only one resource can manage it: remove the other from the configuration."
	case c == numberChanged:
		return moved + " " + replace
	case c == numberIsInState:
		return "If this resource is tainted, terraform untaint keeps it, and the key on the number with it. " + moved + " " + replace
	case slot.Key.IsZero(): // cannot be put into a configuration
		return replace + " " + moved
	default:
		return replace + " " + moved + " If no resource manages the number yet, import it, and put the key that it holds into the configuration:\n\n" +
			fmt.Sprintf("  import {\n    to = whatsapp_business_encryption.NAME\n    id = %q\n  }", number)
	}
}

func describeSlot(slot graph.Slot) string {
	if !slot.HasKey() {
		return "no key"
	}
	return describeKey(slot.Key)
}

// describeKey names a key by its fingerprint. The zero value is a key that
// cannot be read.
func describeKey(key pemkey.PublicKey) string {
	if key.IsZero() {
		return "a key that is not a readable RSA public key of 2048 bits"
	}
	return "the key with the SHA-256 fingerprint " + key.Fingerprint()
}

// managedName is where the private data has the phone number ID of a resource
// that the state has, as a JSON string. The plan of an update sets it. Terraform
// plans a replacement as an update and then as a create, which gets the private
// data of the update: this is how the create is recognised as part of a
// replacement.
const managedName = "managed"

func rememberManaged(ctx context.Context, private privateState, number types.String) diag.Diagnostics {
	text, _ := json.Marshal(number.ValueString()) // of a string, which cannot fail
	return private.SetKey(ctx, managedName, text)
}

// managedNumber is empty for a create of something new.
func managedNumber(ctx context.Context, private privateReader) (string, diag.Diagnostics) {
	text, diags := private.GetKey(ctx, managedName)
	var number string
	_ = json.Unmarshal(text, &number) // nothing is there, or what rememberManaged wrote
	return number, diags
}
