// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/numbervalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// The names and the rule that resource, data source and diagnostics share.
const (
	attrID              = "id"
	attrPhoneNumberID   = "phone_number_id"
	attrPublicKey       = "business_public_key"
	attrPublicKeyWO     = "business_public_key_wo"
	attrPublicKeyWOVer  = "business_public_key_wo_version"
	attrSignatureStatus = "business_public_key_signature_status"
	attrFingerprint     = "business_public_key_fingerprint"
	attrAllowOverwrite  = "allow_overwrite"
	attrTimeouts        = "timeouts"
)

// graphID matches the ID of any object of the Graph API.
var graphID = regexp.MustCompile(`^[0-9]{5,25}$`)

const phoneNumberIDRule = "must be a phone number ID, which has 5 to 25 digits and is not the phone number itself; the app dashboard shows it under WhatsApp > API Setup"

func (r *businessEncryptionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Version: 1,
		MarkdownDescription: "Sets the public key that WhatsApp clients use to encrypt what they send to the Flow endpoint of one business phone number. " +
			"WhatsApp signs the key; when the signature or the key on the number is no longer right, the plan shows the repair.",
		Attributes: map[string]schema.Attribute{
			attrID: schema.StringAttribute{
				MarkdownDescription: "The same as `" + attrPhoneNumberID + "`. Terraform shows it where it shows no other attribute: in the progress of an apply and in folded plans.",
				Computed:            true,
			},
			attrPhoneNumberID: schema.StringAttribute{
				MarkdownDescription: "The ID of the business phone number: the phone number ID, not the phone number and not the ID of the WhatsApp Business Account. Changing it forces a new resource.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(graphID, phoneNumberIDRule)},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			attrPublicKey: schema.StringAttribute{
				MarkdownDescription: "The RSA public key of exactly 2048 bits, in PEM (`BEGIN PUBLIC KEY` or `BEGIN RSA PUBLIC KEY`). " +
					"It is compared as a key: line endings, wrapping and a trailing newline make no difference. A private key is refused before anything is sent. " +
					"Set exactly one of this and `" + attrPublicKeyWO + "`; with the latter, this attribute shows the key on the number.",
				Optional:   true,
				Computed:   true,
				CustomType: publicKeyType{},
				Validators: []validator.String{publicKeyValidator{}},
			},
			attrPublicKeyWO: schema.StringAttribute{
				MarkdownDescription: "The same as a write-only argument. Use it for a key that comes from an ephemeral value, so that the private key is neither in the plan nor in the state. It needs Terraform 1.11 or OpenTofu 1.11. " +
					"Without `" + attrPublicKeyWOVer + "`, the key itself is compared with the one that was uploaded, which suits a source that returns the same key on every run, such as a secret store.",
				Optional:   true,
				WriteOnly:  true,
				CustomType: publicKeyType{},
				Validators: []validator.String{publicKeyValidator{}},
			},
			attrPublicKeyWOVer: schema.NumberAttribute{
				MarkdownDescription: "Set this for a source that returns a different key on every run, such as one that generates it. With a version, a new key is taken from `" + attrPublicKeyWO + "` only when the version changes, up or down. Otherwise the uploaded key stays, and drift is repaired with it.",
				Optional:            true,
				Validators:          []validator.Number{wholeNumber{}, numbervalidator.AlsoRequires(path.MatchRoot(attrPublicKeyWO))},
			},
			attrSignatureStatus: schema.StringAttribute{
				MarkdownDescription: "Whether WhatsApp's signature matches the key and the number: `" + graph.SignatureValid + "` or `" + graph.SignatureMismatch + "`. " +
					"When it is not `" + graph.SignatureValid + "`, for example after the number was registered again, the next apply uploads the same key again, and WhatsApp signs it again.",
				Computed: true,
			},
			attrFingerprint: schema.StringAttribute{
				MarkdownDescription: "The SHA-256 of the key's SPKI DER encoding (what a `BEGIN PUBLIC KEY` block holds in base64), in lower-case hexadecimal. It is known at plan time when the key is.",
				Computed:            true,
			},
			attrAllowOverwrite: schema.BoolAttribute{
				MarkdownDescription: "Whether a create may replace a different key that is already on the number. " +
					"A number holds one key, so replacing it breaks the Flows whose endpoint has only the old private key. An update always puts the key of the configuration on the number. Defaults to `false`.",
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(false),
			},
			attrEndpointCheck: endpointCheckAttribute(),
			attrTimeouts:      timeoutsAttribute(ctx),
		},
	}
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
