// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// setting is one provider argument, from the configuration or from the
// environment. The configuration takes precedence, even when it is empty.
type setting struct {
	value    string
	unknown  bool
	argument string
	source   string
}

func (d *providerData) setting(argument string, configured types.String, env string) setting {
	switch {
	case configured.IsUnknown():
		d.unknown = append(d.unknown, argument)
		return setting{unknown: true, argument: argument}
	case configured.IsNull():
		return setting{value: os.Getenv(env), argument: argument, source: "the environment variable " + env}
	default:
		return setting{value: configured.ValueString(), argument: argument, source: "the argument " + argument}
	}
}

// check reports an error without pointing at the argument: Terraform prints the
// source line of an argument that an error points at, with the secret in it.
func (s setting) check(check func(string) error, diags *diag.Diagnostics) {
	if s.value == "" {
		return
	}
	if err := check(s.value); err != nil {
		diags.AddError("Invalid "+s.argument, "The value comes from "+s.source+". "+sentence(err.Error()))
	}
}

// digits makes a text of a number, so that it can be a setting like the others.
func digits(n types.Int64) types.String {
	switch {
	case n.IsUnknown():
		return types.StringUnknown()
	case n.IsNull():
		return types.StringNull()
	default:
		return types.StringValue(strconv.FormatInt(n.ValueInt64(), 10))
	}
}

func (s setting) number(byDefault int) int {
	if n, err := strconv.Atoi(s.value); err == nil {
		return n
	}
	return byDefault
}

func (s setting) duration() time.Duration {
	d, _ := time.ParseDuration(s.value) // checked before; empty is zero
	return d
}

func checkMaxRetries(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n < 0 || n > mostRetries {
		return fmt.Errorf("%q is not a whole number from 0 to %d", s, mostRetries)
	}
	return nil
}
