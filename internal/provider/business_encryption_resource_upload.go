// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// What an upload is for. Each completes "Could not …".
const (
	actionCreate = "set the key"
	actionUpdate = "update the key"
)

// upload puts the key of a plan on a number.
type upload struct {
	action    string // actionCreate or actionUpdate
	provider  *providerData
	client    *graph.Client
	writeOnly publicKeyValue // null when the key is a plain argument
	key       pemkey.PublicKey
	check     *endpointCheck // nil when the endpoints are not asked

	plan    tfsdk.Plan
	planned businessEncryptionModel // what plan has
	model   businessEncryptionModel // the same, and after send what is on the number
}

// newUpload reads the plan. It reports an error where nothing can be uploaded.
func (r *businessEncryptionResource) newUpload(ctx context.Context, action string, plan tfsdk.Plan, config tfsdk.Config, diags *diag.Diagnostics) *upload {
	r.provider.run.applies.Store(true)
	u := &upload{action: action, provider: r.provider, plan: plan}
	diags.Append(u.planned.get(ctx, plan.Raw)...)
	u.model = u.planned
	u.model.ID = u.model.PhoneNumberID
	u.writeOnly = writeOnlyKey(ctx, config.Raw, diags)
	u.client = r.provider.requireClient(diags)
	u.key = keyToUpload(u.planned, u.writeOnly, diags)
	u.check = endpointCheckOf(ctx, u.planned, diags)
	return u
}

func (u *upload) number() string { return u.model.PhoneNumberID.ValueString() }

// guarded reports whether the upload must not replace a different key.
func (u *upload) guarded() bool {
	return u.action == actionCreate && !u.model.AllowOverwrite.ValueBool()
}

// mayUpload asks the overwrite guard and the endpoints. It reports an error when
// one of them says no.
func (u *upload) mayUpload(ctx context.Context, diags *diag.Diagnostics) bool {
	guarded := u.guarded()
	if !guarded && u.check == nil {
		return true
	}
	slot, fresh := u.provider.run.number(u.number()).seen(u.client.Now())
	if !fresh && !u.read(ctx, &slot, diags) {
		return false
	}
	if guarded && !u.mayReplace(slot, diags) {
		return false
	}
	if u.check == nil || slot.Holds(u.key) {
		return true
	}
	if !u.checkEndpoints(ctx, diags) {
		return false
	}
	// That may have taken minutes.
	return !guarded || u.read(ctx, &slot, diags) && u.mayReplace(slot, diags)
}

// read sees what the number holds now.
func (u *upload) read(ctx context.Context, slot *graph.Slot, diags *diag.Diagnostics) bool {
	seen, err := u.client.BusinessEncryption(ctx, u.number())
	if err != nil {
		diags.Append(graphError("check which key the number holds", u.number(), err))
		return false
	}
	*slot = seen
	return true
}

// send uploads the key and waits until key and signature are on the number. It
// reports whether the key was uploaded. The model then has what was seen last,
// so that the state never claims more than that.
func (u *upload) send(ctx context.Context, diags *diag.Diagnostics) bool {
	number := u.number()
	u.provider.run.number(number).uploads()
	set := u.client.SetBusinessPublicKey
	if u.guarded() {
		set = u.client.SetFirstBusinessPublicKey
	}
	err := set(ctx, number, u.key)
	if occupied, ok := errors.AsType[*graph.OccupiedError](err); ok {
		u.refuseLate(occupied, diags)
		return false
	}
	if err != nil {
		diags.Append(graphError(u.action, number, err))
		return false
	}
	if u.model.PublicKey.IsUnknown() {
		u.model.PublicKey = newPublicKeyValue(u.key.PEM())
	}
	u.model.Fingerprint = types.StringValue(u.key.Fingerprint())
	u.model.SignatureStatus = types.StringNull()

	err = u.client.Confirm(ctx, number, u.key)
	if unconfirmed, ok := errors.AsType[*graph.UnconfirmedError](err); ok {
		u.model.see(unconfirmed.Slot)
		diags.AddAttributeError(path.Root(attrSignatureStatus), "The key was uploaded but is not confirmed", u.notConfirmed(unconfirmed))
	} else if err != nil {
		diags.Append(graphErrorAfterUpload("confirm the key after it was uploaded", number, err))
	} else {
		u.model.SignatureStatus = types.StringValue(graph.SignatureValid)
	}
	return true
}

// notConfirmed says what the number shows instead of the uploaded key, what
// clients do meanwhile, and what to do next.
func (u *upload) notConfirmed(e *graph.UnconfirmedError) string {
	var shows, clients string
	switch {
	case !e.Slot.HasKey():
		shows, clients = "the number shows "+describeSlot(e.Slot), "WhatsApp clients cannot encrypt for this number until it shows one."
	case e.Slot.Key.IsZero():
		shows, clients = "the number shows "+describeSlot(e.Slot), "WhatsApp clients cannot use that key."
	case e.Slot.Holds(u.key):
		shows, clients = fmt.Sprintf("the signature of the key has the status %q, and not %q", e.Slot.SignatureStatus, graph.SignatureValid), "Until the signature is valid, WhatsApp clients may refuse the key."
	case e.Slot.SignatureStatus == graph.SignatureValid:
		shows, clients = "the number shows another key, the one with the SHA-256 fingerprint "+e.Slot.Key.Fingerprint(), "Its signature is valid: WhatsApp clients go on encrypting with that key, and the endpoint needs its private key."
	default:
		shows, clients = fmt.Sprintf("the number shows another key, the one with the SHA-256 fingerprint %s, whose signature has the status %q, and not %q", e.Slot.Key.Fingerprint(), e.Slot.SignatureStatus, graph.SignatureValid), "WhatsApp clients may refuse that key."
	}

	reads := fmt.Sprintf("%d reads", e.Reads)
	if e.Reads == 1 {
		reads = "one read"
	}
	what := fmt.Sprintf("Phone number ID %s accepted the key with the SHA-256 fingerprint %s, but after %s %s. %s", u.number(), u.key.Fingerprint(), reads, shows, clients)
	var failed string
	switch _, isCall := errors.AsType[*graph.Error](e.Err); {
	case e.Err == nil:
	case isCall && graph.ClassOf(e.Err) != graph.ClassInterrupted:
		what += " The next read failed."
		failed = "\n\n" + graphErrorDetail(u.number(), "", e.Err)
	default:
		what += " The provider stopped reading because the run was cancelled or the operation timed out."
	}
	return what + " What the number shows is saved in the state.\n\n" + u.afterNotConfirmed(e.Slot) + failed
}

func (u *upload) afterNotConfirmed(slot graph.Slot) string {
	another := slot.HasKey() && !slot.Holds(u.key)
	const somebody = " If it goes on showing another key, something else sets the key of this number: another resource, another state or another tool."
	switch {
	case u.action == actionCreate && another:
		return "The resource is tainted, and the next apply would replace it, which is refused as long as the number shows another key. Run terraform untaint, and plan again in a few minutes: whatever is left to do is then an update." + somebody
	case u.action == actionCreate:
		return "The resource is tainted, so the next apply replaces it. That uploads the same key again and is harmless. To keep the resource instead, run terraform untaint."
	case !slot.HasKey():
		return "Run plan again in a few minutes: if the number still shows no key, the apply uploads the key again."
	case another:
		return "Run plan again in a few minutes: if the number still shows another key, the apply uploads the key of the configuration again." + somebody
	default:
		return fmt.Sprintf("Run plan again in a few minutes: if the status is still not %q, the apply uploads the key again, and WhatsApp signs it again.", graph.SignatureValid)
	}
}

// save writes the state, the identity and the private data of an upload, or of
// an update that had nothing to upload.
func (u *upload) save(ctx context.Context, state *tfsdk.State, identity *tfsdk.ResourceIdentity, private privateState) diag.Diagnostics {
	// The framework takes ten times as long for a whole model as for one
	// attribute, and mostly the state is what was planned.
	state.Raw = u.plan.Raw
	diags := u.model.writeChanges(ctx, u.planned, state)
	diags.Append(setIdentity(ctx, identity, u.model.PhoneNumberID)...)
	diags.Append(forget(ctx, private, importedName)...)
	if u.writeOnly.IsNull() {
		diags.Append(forget(ctx, private, uploadedName)...) // the configuration has the key
	} else {
		diags.Append(rememberUploaded(ctx, private, u.key)...)
	}
	return diags
}

// see takes over what the number holds. A key that parses is kept in its
// canonical form, whatever the server's wrapping is.
func (m *businessEncryptionModel) see(slot graph.Slot) {
	seen := newPublicKeyValue(slot.Text)
	m.Fingerprint = types.StringNull()
	if !slot.Key.IsZero() {
		seen = newPublicKeyValue(slot.Key.PEM())
		m.Fingerprint = types.StringValue(slot.Key.Fingerprint())
	}
	if !m.PublicKey.sameKey(seen) {
		m.PublicKey = seen
	}
	m.SignatureStatus = types.StringValue(slot.SignatureStatus)
}

// writeChanges writes what differs from before of the attributes that the
// provider computes. The framework takes ten times as long for a whole model as
// for one attribute, and mostly nothing has changed.
func (m businessEncryptionModel) writeChanges(ctx context.Context, before businessEncryptionModel, to attributeSetter) diag.Diagnostics {
	var diags diag.Diagnostics
	if !m.ID.Equal(before.ID) {
		diags.Append(to.SetAttribute(ctx, path.Root(attrID), m.ID)...)
	}
	if !m.PublicKey.Equal(before.PublicKey) {
		diags.Append(to.SetAttribute(ctx, path.Root(attrPublicKey), m.PublicKey)...)
	}
	if !m.SignatureStatus.Equal(before.SignatureStatus) {
		diags.Append(to.SetAttribute(ctx, path.Root(attrSignatureStatus), m.SignatureStatus)...)
	}
	if !m.Fingerprint.Equal(before.Fingerprint) {
		diags.Append(to.SetAttribute(ctx, path.Root(attrFingerprint), m.Fingerprint)...)
	}
	return diags
}
