// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

const (
	defaultReadTimeout   = 2 * time.Minute
	defaultUploadTimeout = 5 * time.Minute
)

// timeoutsAttribute gives the library's attribute the descriptions of ours.
func timeoutsAttribute(ctx context.Context) schema.Attribute {
	attribute, ok := timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true, Update: true}).(schema.SingleNestedAttribute)
	if !ok {
		panic("timeouts.Attributes no longer returns a SingleNestedAttribute")
	}
	attribute.MarkdownDescription = "How long an operation on the number may take, including all its requests, as a duration such as `90s` or `5m`."
	describe := func(name, what string, byDefault time.Duration) {
		attribute.Attributes[name] = schema.StringAttribute{
			MarkdownDescription: fmt.Sprintf("The time for %s. Defaults to `%s`.", what, shortDuration(byDefault)),
			Optional:            true,
			Validators:          []validator.String{checkedBy{check: checkDuration, description: "must be a duration greater than zero such as `90s` or `5m`"}},
		}
	}
	describe("create", "the first upload and its confirmation", defaultUploadTimeout)
	describe("read", "reading the key, at plan and refresh", defaultReadTimeout)
	describe("update", "a later upload and its confirmation", defaultUploadTimeout)
	return attribute
}

// timeoutOf is the duration that one of the methods of timeouts.Value gives. A
// text that is not a duration gives the default: what the configuration has was
// validated, and what an earlier version left in the state must not stop a
// refresh, which is the only way to get it out of there.
func timeoutOf(ctx context.Context, get func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), byDefault time.Duration) time.Duration {
	timeout, diags := get(ctx, byDefault)
	if diags.HasError() || timeout <= 0 {
		return byDefault
	}
	return timeout
}
