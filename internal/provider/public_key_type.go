// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

var (
	_ basetypes.StringTypable  = publicKeyType{}
	_ basetypes.StringValuable = publicKeyValue{}
	_ validator.String         = publicKeyValidator{}
)

// publicKeyType is a string that holds a PEM public key.
//
// It has no StringSemanticEquals. The framework does not call it while planning,
// so that ModifyPlan has to compare keys anyway, and a read compares the key that
// the number holds with that of the state before it writes one. All that it would
// add is its cost: for each call, the framework quotes the text for a log that is
// usually off.
//
// It does not validate. The framework validates a custom type whenever a value
// is written to state too, so that a damaged key on the number would make
// refresh fail, where it has to show up as drift. The validator of the
// attribute sees only the configuration.
type publicKeyType struct{ basetypes.StringType }

func (t publicKeyType) Equal(o attr.Type) bool {
	other, ok := o.(publicKeyType)
	return ok && t.StringType.Equal(other.StringType)
}

func (t publicKeyType) String() string { return "publicKeyType" }

func (t publicKeyType) ValueType(context.Context) attr.Value { return publicKeyValue{} }

func (t publicKeyType) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return publicKeyValue{in}, nil
}

func (t publicKeyType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	s, ok := value.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("unexpected value of type %T", value)
	}
	return publicKeyValue{s}, nil
}

type publicKeyValue struct{ basetypes.StringValue }

func newPublicKeyValue(pem string) publicKeyValue {
	return publicKeyValue{basetypes.NewStringValue(pem)}
}

func newUnknownPublicKeyValue() publicKeyValue {
	return publicKeyValue{basetypes.NewStringUnknown()}
}

func (v publicKeyValue) Type(context.Context) attr.Type { return publicKeyType{} }

func (v publicKeyValue) Equal(o attr.Value) bool {
	other, ok := o.(publicKeyValue)
	return ok && v.StringValue.Equal(other.StringValue)
}

// sameKey reports whether both texts are the same key: line ends, wrapping and
// PKCS#1 or SPKI armour make no difference. Equal texts are compared
// without parsing, which is all that a plan without changes needs.
func (v publicKeyValue) sameKey(other publicKeyValue) bool {
	if v.ValueString() != "" && v.ValueString() == other.ValueString() {
		return true
	}
	a, errA := v.key()
	b, errB := other.key()
	return errA == nil && errB == nil && a == b
}

// key parses the text. It is the one way from the text of a configuration, a
// plan or a state to a key.
func (v publicKeyValue) key() (pemkey.PublicKey, error) { return pemkey.Parse(v.ValueString()) }

// publicKeyValidator refuses, before anything is sent, whatever is not exactly
// one RSA-2048 public key.
type publicKeyValidator struct{}

func (publicKeyValidator) Description(context.Context) string {
	return "must be one RSA public key of 2048 bits in PEM"
}

func (v publicKeyValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (publicKeyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := (publicKeyValue{req.ConfigValue}).key(); err != nil {
		resp.Diagnostics.Append(invalidKey(req.Path, err))
	}
}

// invalidKey points at the attribute only when the text is known to hold no
// private key: Terraform prints the source lines of the attribute that a
// diagnostic points at, and a key that was pasted by mistake would be there.
func invalidKey(attribute path.Path, err error) diag.Diagnostic {
	summary := "Invalid " + attribute.String()
	if keyError, ok := errors.AsType[*pemkey.Error](err); ok && slices.Contains(surelyPublic, keyError.Kind) {
		return diag.NewAttributeErrorDiagnostic(attribute, summary, keyError.Error())
	}
	return diag.NewErrorDiagnostic(summary, sentence(err.Error()))
}

// surelyPublic are the kinds of error that are found only after the text was
// decoded and shown to be public. A label is no proof: people put a private key
// between the lines of a public one.
var surelyPublic = []pemkey.Kind{
	pemkey.KindEmpty, pemkey.KindCertificate, pemkey.KindCertificateRequest, pemkey.KindOpenSSH, pemkey.KindSSH2,
	pemkey.KindWrongLabel, pemkey.KindNotRSA, pemkey.KindWrongSize, pemkey.KindUnusableNumbers,
}
