// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type businessEncryptionModel struct {
	ID              types.String   `tfsdk:"id"`
	PhoneNumberID   types.String   `tfsdk:"phone_number_id"`
	PublicKey       publicKeyValue `tfsdk:"business_public_key"`
	PublicKeyWO     publicKeyValue `tfsdk:"business_public_key_wo"` // null except in the configuration
	PublicKeyWOVer  types.Number   `tfsdk:"business_public_key_wo_version"`
	SignatureStatus types.String   `tfsdk:"business_public_key_signature_status"`
	Fingerprint     types.String   `tfsdk:"business_public_key_fingerprint"`
	AllowOverwrite  types.Bool     `tfsdk:"allow_overwrite"`
	EndpointCheck   types.Object   `tfsdk:"endpoint_check"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
}

// get reads the attributes of a configuration, a plan or a state. The framework
// can fill the struct, too, but it then compiles a regular expression for each
// field, every time (isValidFieldName in its package internal/reflect). That was
// more than half of what the plan of a number allocated on top of the framework's
// own. When it no longer does, this can be Get with the struct.
func (m *businessEncryptionModel) get(ctx context.Context, raw tftypes.Value) (diags diag.Diagnostics) {
	var all map[string]tftypes.Value
	err := raw.As(&all)
	err = errors.Join(err,
		take(ctx, types.StringType, all[attrID], &m.ID),
		take(ctx, types.StringType, all[attrPhoneNumberID], &m.PhoneNumberID),
		take(ctx, publicKeyType{}, all[attrPublicKey], &m.PublicKey),
		take(ctx, publicKeyType{}, all[attrPublicKeyWO], &m.PublicKeyWO),
		take(ctx, types.NumberType, all[attrPublicKeyWOVer], &m.PublicKeyWOVer),
		take(ctx, types.StringType, all[attrSignatureStatus], &m.SignatureStatus),
		take(ctx, types.StringType, all[attrFingerprint], &m.Fingerprint),
		take(ctx, types.BoolType, all[attrAllowOverwrite], &m.AllowOverwrite),
		take(ctx, endpointCheckType(), all[attrEndpointCheck], &m.EndpointCheck),
		take(ctx, timeoutsType(), all[attrTimeouts], &m.Timeouts),
	)
	if err != nil {
		diags.Append(unexpectedData(err))
	}
	return diags
}

func unexpectedData(err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Unexpected provider data", sentence(err.Error())+" This is a bug in the provider. Please report it.")
}

// setIdentity names the number in the identity of its resource, of which it is the
// only attribute. SetAttribute of the framework does the same, and takes longer for
// it than a read takes for the rest of the attributes.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, number types.String) (diags diag.Diagnostics) {
	value, err := number.ToTerraformValue(ctx)
	if err != nil {
		diags.Append(unexpectedData(err))
		return diags
	}
	typ := identity.Schema.Type().TerraformType(ctx)
	identity.Raw = tftypes.NewValue(typ, map[string]tftypes.Value{attrPhoneNumberID: value})
	return diags
}

var (
	endpointCheckType = sync.OnceValue(func() attr.Type { return endpointCheckAttribute().GetType() })
	timeoutsType      = sync.OnceValue(func() attr.Type { return timeoutsAttribute(context.Background()).GetType() })
)

func take[T attr.Value](ctx context.Context, typ attr.Type, from tftypes.Value, to *T) error {
	value, err := typ.ValueFromTerraform(ctx, from)
	if err != nil {
		return err
	}
	taken, ok := value.(T)
	if !ok {
		return fmt.Errorf("unexpected value of type %T", value)
	}
	*to = taken
	return nil
}
