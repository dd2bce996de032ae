// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var _ validator.Number = wholeNumber{}

// wholeNumber refuses a number with a fraction. The attributes that it is for are
// of the type number, because the framework reports a fraction in one of the type
// int64 as a mistake of the provider.
type wholeNumber struct {
	// least and most bound the number when most is not zero.
	least, most int64
}

func (v wholeNumber) Description(context.Context) string {
	if v.most == 0 {
		return "must be a whole number"
	}
	return fmt.Sprintf("must be a whole number from %d to %d", v.least, v.most)
}

func (v wholeNumber) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v wholeNumber) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	number := req.ConfigValue.ValueBigFloat()
	n, _ := number.Int64()
	if !number.IsInt() || v.most != 0 && (n < v.least || n > v.most) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), fmt.Sprintf("The value %s %s.", number.Text('g', 20), v.Description(ctx)))
	}
}
