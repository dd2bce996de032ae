// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// providerData is what Configure hands to resources and data sources.
type providerData struct {
	client    *graph.Client // nil while an argument is unknown
	endpoints flowendpoint.Config
	unknown   []string // the names of those arguments
	secrets   []string // never to be logged, and none is empty

	run    run
	served servedVersion
}

// providerDataFrom asserts the type of the data that Configure of a resource or
// data source receives. The data is nil while Terraform only validates.
func providerDataFrom(given any, diags *diag.Diagnostics) *providerData {
	if given == nil {
		return nil
	}
	data, ok := given.(*providerData)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("Got %T. This is a bug in the provider. Please report it.", given))
	}
	return data
}

// requireClient reports an error when there is no client yet.
func (d *providerData) requireClient(diags *diag.Diagnostics) *graph.Client {
	if d.client == nil {
		diags.AddError("Provider configuration not known yet",
			fmt.Sprintf("The Graph API has to be called now, but the provider argument %s is known only after another resource has been applied. "+
				"Apply that resource first, with -target, or use a value that does not depend on a resource.", strings.Join(d.unknown, " and ")))
	}
	return d.client
}
