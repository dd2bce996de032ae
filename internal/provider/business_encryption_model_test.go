// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"math/big"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// get reads what the framework itself reads into the struct, of every attribute.
func TestBusinessEncryptionModel_get(t *testing.T) {
	t.Parallel()
	var schema resource.SchemaResponse
	newBusinessEncryptionResource().Schema(t.Context(), resource.SchemaRequest{}, &schema)
	typ, ok := schema.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	if !ok {
		t.Fatal("the schema is not an object")
	}
	for name, value := range map[string]func(tftypes.Type, string) tftypes.Value{
		"known":   someValue,
		"unknown": func(typ tftypes.Type, _ string) tftypes.Value { return tftypes.NewValue(typ, tftypes.UnknownValue) },
		"null":    func(typ tftypes.Type, _ string) tftypes.Value { return tftypes.NewValue(typ, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := map[string]tftypes.Value{}
			for name, attribute := range typ.AttributeTypes {
				values[name] = value(attribute, name)
			}
			plan := tfsdk.Plan{Schema: schema.Schema, Raw: tftypes.NewValue(typ, values)}
			var got, want businessEncryptionModel
			if diags := got.get(t.Context(), plan.Raw); diags.HasError() {
				t.Fatal(diags)
			}
			if diags := plan.Get(t.Context(), &want); diags.HasError() {
				t.Fatal(diags)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nnot\n%+v", got, want)
			}
			fields := reflect.ValueOf(got)
			for i := range fields.NumField() {
				if name == "known" && fields.Field(i).IsZero() {
					t.Errorf("%s was not read", fields.Type().Field(i).Name)
				}
			}
		})
	}
}

// someValue is different for each name.
func someValue(typ tftypes.Type, name string) tftypes.Value {
	switch typ := typ.(type) {
	case tftypes.Object:
		values := map[string]tftypes.Value{}
		for inner, attribute := range typ.AttributeTypes {
			values[inner] = someValue(attribute, name+"."+inner)
		}
		return tftypes.NewValue(typ, values)
	case tftypes.List:
		return tftypes.NewValue(typ, []tftypes.Value{someValue(typ.ElementType, name)})
	}
	switch {
	case typ.Is(tftypes.Bool):
		return tftypes.NewValue(typ, true)
	case typ.Is(tftypes.Number):
		return tftypes.NewValue(typ, big.NewFloat(float64(len(name))))
	}
	return tftypes.NewValue(typ, name)
}
