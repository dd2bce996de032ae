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
// environment. The configuration takes precedence. An empty value in either
// counts as none, because that is what a variable that was not set gives.
type setting struct {
	value    string
	unknown  bool
	argument string
	source   string   // where the value comes from
	env      string   // the environment variable that it comes from, or empty
	empty    []string // where an empty value was given
}

func (d *providerData) setting(argument string, configured types.String, env string) setting {
	s := setting{argument: argument}
	if configured.IsUnknown() {
		d.unknown = append(d.unknown, argument)
		s.unknown = true
		return s
	}
	fromEnv, inEnv := os.LookupEnv(env)
	for _, from := range []struct {
		value, source, env string
		given              bool
	}{
		{configured.ValueString(), "the argument " + argument, "", !configured.IsNull()},
		{fromEnv, "the environment variable " + env, env, inEnv},
	} {
		switch {
		case !from.given:
		case from.value == "":
			s.empty = append(s.empty, from.source)
		case s.value == "":
			s.value, s.source, s.env = from.value, from.source, from.env
		}
	}
	return s
}

// missing says why there is no value.
func (s setting) missing() string {
	switch len(s.empty) {
	case 0:
		return "none was given"
	case 1:
		return s.empty[0] + " is empty"
	default:
		return s.empty[0] + " and " + s.empty[1] + " are empty"
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

// checkSecret also says how to remove a line break at the end.
func (s setting) checkSecret(check func(string) error, diags *diag.Diagnostics) {
	s.check(func(secret string) error { return withTrimHint(secret, s.env, check) }, diags)
}

// digits converts a number to text, so that it can be a setting like the others.
func digits(n types.Number) types.String {
	switch {
	case n.IsUnknown():
		return types.StringUnknown()
	case n.IsNull():
		return types.StringNull()
	default:
		return types.StringValue(n.ValueBigFloat().Text('f', -1))
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
