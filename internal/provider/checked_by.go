// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var _ validator.String = checkedBy{}

// checkedBy validates a string with a function that returns an error for a value
// that is not allowed.
type checkedBy struct {
	check       func(string) error
	description string
	secret      bool // the line of the configuration must not be shown
	mayBeEmpty  bool // an empty value counts as none
}

func (v checkedBy) Description(context.Context) string         { return v.description }
func (v checkedBy) MarkdownDescription(context.Context) string { return v.description }

func (v checkedBy) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || req.ConfigValue.ValueString() == "" && v.mayBeEmpty {
		return
	}
	if err := v.check(req.ConfigValue.ValueString()); err != nil {
		if v.secret {
			resp.Diagnostics.AddError("Invalid "+req.Path.String(), sentence(err.Error()))
			return
		}
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), sentence(err.Error()))
	}
}
