// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
)

var _ provider.ProviderWithFunctions = (*whatsappProvider)(nil)

// Functions need no configured provider: Terraform calls them on one that is not.
func (p *whatsappProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newPublicKeyFunction, newPublicKeyFingerprintFunction}
}
