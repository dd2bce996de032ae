// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

var (
	_ resource.ResourceWithConfigValidators = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithConfigure        = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithIdentity         = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithImportState      = (*businessEncryptionResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*businessEncryptionResource)(nil)
)

const (
	defaultReadTimeout   = 2 * time.Minute
	defaultUploadTimeout = 5 * time.Minute
)

// The names and the rule that resource, data source and diagnostics share.
const (
	attrPhoneNumberID   = "phone_number_id"
	attrPublicKey       = "business_public_key"
	attrPublicKeyWO     = "business_public_key_wo"
	attrPublicKeyWOVer  = "business_public_key_wo_version"
	attrSignatureStatus = "business_public_key_signature_status"
	attrFingerprint     = "business_public_key_fingerprint"
	attrAllowOverwrite  = "allow_overwrite"
	attrTimeouts        = "timeouts"
)

// graphID is what the ID of any object of the Graph API looks like.
var graphID = regexp.MustCompile(`^[0-9]{5,25}$`)

const phoneNumberIDRule = "must be a phone number ID, which has only digits and is not the phone number itself; WhatsApp Manager shows it under API setup"

type businessEncryptionResource struct {
	provider *providerData
}

type businessEncryptionModel struct {
	PhoneNumberID   types.String   `tfsdk:"phone_number_id"`
	PublicKey       publicKeyValue `tfsdk:"business_public_key"`
	PublicKeyWO     publicKeyValue `tfsdk:"business_public_key_wo"` // null but in the configuration
	PublicKeyWOVer  types.Int64    `tfsdk:"business_public_key_wo_version"`
	SignatureStatus types.String   `tfsdk:"business_public_key_signature_status"`
	Fingerprint     types.String   `tfsdk:"business_public_key_fingerprint"`
	AllowOverwrite  types.Bool     `tfsdk:"allow_overwrite"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
}

func newBusinessEncryptionResource() resource.Resource { return &businessEncryptionResource{} }

func (r *businessEncryptionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_business_encryption"
}

func (r *businessEncryptionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sets the public key that WhatsApp clients use to encrypt what they send to the Flow endpoint of one business phone number. " +
			"WhatsApp signs the key; when the signature or the key on the number is no longer as it should be, the plan shows the repair.",
		Attributes: map[string]schema.Attribute{
			attrPhoneNumberID: schema.StringAttribute{
				MarkdownDescription: "The ID of the business phone number: the phone number ID, not the phone number and not the ID of the WhatsApp Business Account. Changing it forces a new resource.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, phoneNumberIDRule)},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			attrPublicKey: schema.StringAttribute{
				MarkdownDescription: "The RSA public key of exactly 2048 bits, in PEM (`BEGIN PUBLIC KEY` or `BEGIN RSA PUBLIC KEY`). " +
					"It is compared as a key: line ends, wrapping and a trailing newline make no difference. A private key is refused before anything is sent. " +
					"Exactly one of this and `" + attrPublicKeyWO + "` is given; with the latter, this shows the key on the number.",
				Optional:   true,
				Computed:   true,
				CustomType: publicKeyType{},
				Validators: []validator.String{publicKeyValidator{}},
			},
			attrPublicKeyWO: schema.StringAttribute{
				MarkdownDescription: "The same as a write-only argument, for a key that comes from an ephemeral value, so that its private half is in no plan and in no state. It needs Terraform 1.11 or OpenTofu 1.11. " +
					"Without `" + attrPublicKeyWOVer + "`, the key itself is compared with the one that was uploaded, which is right for a source that gives the same key on every run, such as a secret store.",
				Optional:   true,
				WriteOnly:  true,
				CustomType: publicKeyType{},
				Validators: []validator.String{publicKeyValidator{}},
			},
			attrPublicKeyWOVer: schema.Int64Attribute{
				MarkdownDescription: "For a source that gives another key on every run, such as one that generates it. With a version, a new key is taken from `" + attrPublicKeyWO + "` only when the version changes, up or down; otherwise the key that was uploaded stays, and its drift is repaired with that key.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.AlsoRequires(path.MatchRoot(attrPublicKeyWO))},
			},
			attrSignatureStatus: schema.StringAttribute{
				MarkdownDescription: "Whether WhatsApp's signature fits the key and the number: `" + graph.SignatureValid + "` or `" + graph.SignatureMismatch + "`. " +
					"When it is not `" + graph.SignatureValid + "`, for example after the number was registered again, the next apply uploads the same key again, which signs it again.",
				Computed: true,
			},
			attrFingerprint: schema.StringAttribute{
				MarkdownDescription: "The SHA-256 of the key's SPKI DER encoding, in lower-case hexadecimal. It is known at plan time when the key is.",
				Computed:            true,
			},
			attrAllowOverwrite: schema.BoolAttribute{
				MarkdownDescription: "Whether the first apply may replace a different key that is already on the number. " +
					"A number holds one key, so replacing it breaks the Flows whose endpoint has only the old private key. Later applies always put back the key of the configuration. Defaults to `false`.",
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(false),
			},
			attrTimeouts: timeoutsAttribute(ctx),
		},
	}
}

// timeoutsAttribute gives the library's attribute the descriptions of ours.
func timeoutsAttribute(ctx context.Context) schema.Attribute {
	attribute, ok := timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true, Update: true}).(schema.SingleNestedAttribute)
	if !ok {
		panic("timeouts.Attributes no longer returns a SingleNestedAttribute")
	}
	attribute.MarkdownDescription = "How long an operation on the number may take, all its requests together, as a duration such as `90s` or `5m`."
	describe := func(name, what string, byDefault time.Duration) {
		attribute.Attributes[name] = schema.StringAttribute{
			MarkdownDescription: fmt.Sprintf("The time for %s. Defaults to `%s`.", what, shortDuration(byDefault)),
			Optional:            true,
			Validators:          []validator.String{checkedBy{checkDuration, "must be a duration greater than zero such as `90s` or `5m`", false}},
		}
	}
	describe("create", "the first upload and its confirmation", defaultUploadTimeout)
	describe("read", "reading the key, at plan and refresh", defaultReadTimeout)
	describe("update", "a later upload and its confirmation", defaultUploadTimeout)
	return attribute
}

func checkDuration(s string) error {
	if d, err := time.ParseDuration(s); err != nil || d <= 0 {
		return fmt.Errorf("%q is not a duration greater than zero; write one such as \"90s\", \"5m\" or \"1h\"", s)
	}
	return nil
}

func shortDuration(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

func (r *businessEncryptionResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			attrPhoneNumberID: identityschema.StringAttribute{
				Description:       "The ID of the business phone number.",
				RequiredForImport: true,
			},
		},
	}
}

func (r *businessEncryptionResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{
		resourcevalidator.ExactlyOneOf(path.MatchRoot(attrPublicKey), path.MatchRoot(attrPublicKeyWO)),
	}
}

func (r *businessEncryptionResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// ModifyPlan says what apply will do: it keeps an equal key in its old words,
// plans a valid signature, and looks whether a first apply would overwrite
// somebody's key.
func (r *businessEncryptionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan, state businessEncryptionModel
	var writeOnly publicKeyValue
	creating, destroying := req.State.Raw.IsNull(), req.Plan.Raw.IsNull()
	if !creating {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if !destroying {
		resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
		writeOnly = writeOnlyKey(ctx, req.Config, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !creating {
		r.provider.manage(state)
	}
	if destroying {
		resp.Diagnostics.Append(keyStays(state.PhoneNumberID, state.Fingerprint))
		return
	}

	proposed := plan
	candidate := plan.PublicKey // what a create would upload, as far as it is known
	if !writeOnly.IsNull() {
		candidate = writeOnly
		plan.PublicKey = newUnknownPublicKeyValue()
		if !creating {
			uploaded, diags := uploadedKey(ctx, req.Private, state)
			resp.Diagnostics.Append(diags...)
			plan.PublicKey = planWriteOnly(writeOnly, plan.PublicKeyWOVer, state, uploaded, &resp.Diagnostics)
		}
	}
	if !creating {
		resp.Diagnostics.Append(warnOfImportedKey(ctx, req.Private, plan, state)...)
	}
	// Semantic equality does not run while planning, so without this a newline
	// added to the configuration would be planned as an upload.
	if !creating && plan.PublicKey.sameKey(state.PublicKey) {
		plan.PublicKey = state.PublicKey
	}
	plan.SignatureStatus = types.StringValue(graph.SignatureValid)
	plan.Fingerprint = types.StringUnknown()
	if key, err := plan.PublicKey.key(); err == nil {
		plan.Fingerprint = types.StringValue(key.Fingerprint())
	}
	resp.Diagnostics.Append(plan.writeChanges(ctx, proposed, &resp.Plan)...)

	switch {
	case creating:
		r.provider.planOverwrite(ctx, plan, candidate, !writeOnly.IsNull(), &resp.Diagnostics)
	case !plan.PhoneNumberID.Equal(state.PhoneNumberID):
		// No plan of its own is asked for the destroying half of a replacement.
		resp.Diagnostics.Append(keyStays(state.PhoneNumberID, state.Fingerprint))
	}
}

const keyStaysSummary = "The key stays active on the phone number"

// keyStays has the same summary for every number, so that Terraform folds a
// long list of them into one warning.
func keyStays(number, fingerprint types.String) diag.Diagnostic {
	which := "its key"
	if f := fingerprint.ValueString(); f != "" {
		which = "the key with the SHA-256 fingerprint " + f
	}
	return diag.NewWarningDiagnostic(keyStaysSummary,
		fmt.Sprintf("The Graph API cannot delete a key. Destroying this resource only removes it from the Terraform state: phone number ID %s keeps %s, "+
			"and WhatsApp clients go on encrypting with it. Keep the private key as long as a Flow of this number is in use.", number.ValueString(), which))
}

// toUpload is what a create and an update start from.
func (r *businessEncryptionResource) toUpload(ctx context.Context, planned tfsdk.Plan, config tfsdk.Config, diags *diag.Diagnostics) (plan businessEncryptionModel, writeOnly publicKeyValue, client *graph.Client, key pemkey.PublicKey) {
	diags.Append(planned.Get(ctx, &plan)...)
	writeOnly = writeOnlyKey(ctx, config, diags)
	return plan, writeOnly, r.provider.requireClient(diags), keyToUpload(plan, writeOnly, diags)
}

func (r *businessEncryptionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan, writeOnly, client, key := r.toUpload(ctx, req.Plan, req.Config, &resp.Diagnostics)
	timeout, diags := plan.Timeouts.Create(ctx, defaultUploadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer r.provider.served.warnOnce(&resp.Diagnostics)

	number := plan.PhoneNumberID.ValueString()
	defer r.provider.locks.lock(number)()
	if !plan.AllowOverwrite.ValueBool() && !r.provider.mayUpload(ctx, client, number, key, !writeOnly.IsNull(), &resp.Diagnostics) {
		return
	}
	planned := plan
	if r.upload(ctx, client, "set the key", &plan, key, true, &resp.Diagnostics) {
		resp.State.Raw = req.Plan.Raw
		resp.Diagnostics.Append(plan.writeChanges(ctx, planned, &resp.State)...)
		r.remember(ctx, plan, key, writeOnly, resp.Identity, resp.Private, &resp.Diagnostics)
	}
}

// Update uploads when the key changes or the signature is not valid, and not
// when only what Terraform itself keeps has changed, such as a timeout.
func (r *businessEncryptionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var before businessEncryptionModel
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(attrPublicKey), &before.PublicKey)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(attrSignatureStatus), &before.SignatureStatus)...)
	plan, writeOnly, client, key := r.toUpload(ctx, req.Plan, req.Config, &resp.Diagnostics)
	timeout, diags := plan.Timeouts.Update(ctx, defaultUploadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer r.provider.served.warnOnce(&resp.Diagnostics)

	defer r.provider.locks.lock(plan.PhoneNumberID.ValueString())()
	planned := plan
	inPlace := plan.PublicKey.sameKey(before.PublicKey) && before.SignatureStatus.ValueString() == graph.SignatureValid
	if inPlace || r.upload(ctx, client, "update the key", &plan, key, false, &resp.Diagnostics) {
		resp.State.Raw = req.Plan.Raw
		resp.Diagnostics.Append(plan.writeChanges(ctx, planned, &resp.State)...)
		r.remember(ctx, plan, key, writeOnly, resp.Identity, resp.Private, &resp.Diagnostics)
	}
}

// writeChanges writes what differs from before of the attributes that the
// provider computes. The framework takes ten times as long for a whole model as
// for one attribute, and mostly nothing has changed.
func (m businessEncryptionModel) writeChanges(ctx context.Context, before businessEncryptionModel, to attributeSetter) diag.Diagnostics {
	var diags diag.Diagnostics
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

// remember writes what is kept beside the state.
func (r *businessEncryptionResource) remember(ctx context.Context, model businessEncryptionModel, key pemkey.PublicKey, writeOnly publicKeyValue, identity *tfsdk.ResourceIdentity, private privateState, diags *diag.Diagnostics) {
	diags.Append(identity.SetAttribute(ctx, path.Root(attrPhoneNumberID), model.PhoneNumberID)...)
	diags.Append(forget(ctx, private, importedName)...)
	if writeOnly.IsNull() {
		diags.Append(forget(ctx, private, uploadedName)...) // the configuration has the key
	} else {
		diags.Append(rememberUploaded(ctx, private, key)...)
	}
}

// upload sends the key and reads it back until key and signature are as
// planned. It reports whether the key was sent, and then the model holds what
// was seen last, so that state never claims more than that.
func (r *businessEncryptionResource) upload(ctx context.Context, client *graph.Client, action string, model *businessEncryptionModel, key pemkey.PublicKey, creating bool, diags *diag.Diagnostics) bool {
	number := model.PhoneNumberID.ValueString()
	r.provider.looks.distrust(number)
	if err := client.SetBusinessPublicKey(ctx, number, key); err != nil {
		diags.Append(graphError(action, number, err))
		return false
	}
	if model.PublicKey.IsUnknown() {
		model.PublicKey = newPublicKeyValue(key.PEM())
	}
	model.Fingerprint = types.StringValue(key.Fingerprint())
	model.SignatureStatus = types.StringNull()

	err := client.Confirm(ctx, number, key)
	if unconfirmed, ok := errors.AsType[*graph.UnconfirmedError](err); ok {
		model.see(unconfirmed.Slot)
		diags.AddAttributeError(path.Root(attrSignatureStatus), "The key was uploaded but is not confirmed", notConfirmed(number, key, unconfirmed, creating))
	} else if err != nil {
		diags.Append(graphErrorAfterUpload("confirm the key after it was uploaded", number, err))
	} else {
		model.SignatureStatus = types.StringValue(graph.SignatureValid)
	}
	return true
}

func notConfirmed(number string, key pemkey.PublicKey, e *graph.UnconfirmedError, creating bool) string {
	why := fmt.Sprintf("Phone number ID %s accepted the key with the SHA-256 fingerprint %s, but after %d reads the number shows %s with the signature status %q, not %q.",
		number, key.Fingerprint(), e.Reads, describeSlot(e.Slot), e.Slot.SignatureStatus, graph.SignatureValid)
	if e.Err != nil {
		why += " The provider would have gone on reading, but the run was cancelled or the timeout of the operation was reached."
	}
	next := fmt.Sprintf("Run plan again in a few minutes: if the status is still not %q, apply uploads the key again, which signs it again.", graph.SignatureValid)
	if creating {
		next = "The resource is tainted, so the next apply replaces it, which uploads the same key again and is harmless. To keep it instead, run terraform untaint."
	}
	return why + " Until that changes, WhatsApp clients may refuse the key. What was seen is saved in the state.\n\n" + next
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

func (r *businessEncryptionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state businessEncryptionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	resp.Diagnostics.Append(diags...)
	client := r.provider.requireClient(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	defer r.provider.served.warnOnce(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	// Before anything else, because the framework wants an identity even from a
	// read that removes the resource.
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(attrPhoneNumberID), state.PhoneNumberID)...)

	number := state.PhoneNumberID.ValueString()
	importing := state.PublicKey.IsNull()
	slot, err := client.BusinessEncryption(ctx, number)
	switch {
	case graph.ClassOf(err) == graph.ClassNumberDeleted && !importing:
		resp.Diagnostics.AddAttributeWarning(path.Root(attrPhoneNumberID), "The phone number was deleted",
			graphErrorDetail(number, "", err)+"\n\nThe resource is removed from the Terraform state. Remove it from the configuration, too.")
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.Append(graphError("read the key", number, err))
		return
	case !slot.HasKey() && importing:
		resp.Diagnostics.AddAttributeError(path.Root(attrPhoneNumberID), "Nothing to import",
			fmt.Sprintf("Phone number ID %s holds no key. Remove the import and apply: that sets the key of the configuration.", number))
		return
	case !slot.HasKey():
		resp.State.RemoveResource(ctx)
		return
	}
	before := state
	state.see(slot)
	r.provider.manage(state)
	resp.Diagnostics.Append(state.writeChanges(ctx, before, &resp.State)...)
}

// Delete has nothing to call. Terraform removes the resource from the state. It
// cannot fold warnings of a destroy into one, so only the first number warns;
// the plan has named each.
func (r *businessEncryptionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state businessEncryptionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.provider.released.add(state)
	r.provider.warnOfDestroy.Do(func() {
		resp.Diagnostics.AddWarning(keyStaysSummary,
			fmt.Sprintf("The Graph API cannot delete a key. Phone number ID %s, and every other number that this run destroys, keeps its key. "+
				"WhatsApp clients go on encrypting with it, so keep the private keys as long as a Flow of these numbers is in use.", state.PhoneNumberID.ValueString()))
	})
}

func (r *businessEncryptionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	number := types.StringValue(req.ID)
	if req.ID == "" {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root(attrPhoneNumberID), &number)...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	if !graphID.MatchString(number.ValueString()) {
		resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("The import ID %q %s.", number.ValueString(), phoneNumberIDRule))
		return
	}
	resp.Diagnostics.Append(setImported(ctx, &resp.State, resp.Identity, number)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedName, []byte("true"))...)
}

// setImported sets what an import knows of a number before it is read.
func setImported(ctx context.Context, state attributeSetter, identity *tfsdk.ResourceIdentity, number types.String) diag.Diagnostics {
	diags := state.SetAttribute(ctx, path.Root(attrPhoneNumberID), number)
	// The default, because a null here would be planned as a change.
	diags.Append(state.SetAttribute(ctx, path.Root(attrAllowOverwrite), false)...)
	diags.Append(identity.SetAttribute(ctx, path.Root(attrPhoneNumberID), number)...)
	return diags
}

// attributeSetter is a plan, a state, or the resource of a listing.
type attributeSetter interface {
	SetAttribute(ctx context.Context, path path.Path, value any) diag.Diagnostics
}
