// SPDX-License-Identifier: MPL-2.0

package main

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/provider"
)

// The floor costs what the CLI and the framework cost for this schema, so it has
// to be that of the provider, texts aside.
func TestSchemaIsThatOfTheProvider(t *testing.T) {
	ours, floors := served(t, provider.NewServer("test")()), served(t, providerserver.NewProtocol6(floor{})())
	compare(t, "provider", floors.provider, ours.provider)
	compare(t, "resource", floors.resources["floor_business_encryption"], ours.resources["whatsapp_business_encryption"])
	if got, want := floors.identities["floor_business_encryption"], ours.identities["whatsapp_business_encryption"]; !reflect.DeepEqual(got, want) {
		t.Errorf("the identity has the attributes %v, and the provider's %v", got, want)
	}
}

// schemas are attributes by their names, of each schema that a provider serves.
type schemas struct {
	provider   map[string]attribute
	resources  map[string]map[string]attribute
	identities map[string]map[string]string
}

// attribute is all of an attribute that the CLI acts upon.
type attribute struct {
	Type                                               string
	Required, Optional, Computed, Sensitive, WriteOnly bool
}

func served(t *testing.T, server tfprotov6.ProviderServer) schemas {
	t.Helper()
	resp, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	identities, err := server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s := schemas{attributes(t, resp.Provider), map[string]map[string]attribute{}, map[string]map[string]string{}}
	for name, schema := range resp.ResourceSchemas {
		s.resources[name] = attributes(t, schema)
	}
	for name, schema := range identities.IdentitySchemas {
		s.identities[name] = map[string]string{}
		for _, a := range schema.IdentityAttributes {
			s.identities[name][a.Name] = a.Type.String()
		}
	}
	return s
}

func attributes(t *testing.T, schema *tfprotov6.Schema) map[string]attribute {
	t.Helper()
	if len(schema.Block.BlockTypes) > 0 {
		t.Fatal("the schema has blocks, which this test does not compare")
	}
	all := map[string]attribute{}
	for _, a := range schema.Block.Attributes {
		all[a.Name] = attribute{a.ValueType().String(), a.Required, a.Optional, a.Computed, a.Sensitive, a.WriteOnly}
	}
	return all
}

func compare(t *testing.T, what string, got, want map[string]attribute) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("the %s has no schema", what)
	}
	for name, a := range want {
		if got[name] != a {
			t.Errorf("%s: %s is %+v, and the provider's %+v", what, name, got[name], a)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: the provider has no %s", what, name)
		}
	}
}
