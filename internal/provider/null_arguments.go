// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// withNullArguments writes out the arguments that are null. OpenTofu 1.12 sends
// nothing for such an argument (CallFunction in its package plugin6), and the
// framework takes that for a mistake in itself. A new request is returned, because
// the old one is the caller's.
func withNullArguments(req *tfprotov6.CallFunctionRequest) *tfprotov6.CallFunctionRequest {
	explicit := *req
	explicit.Arguments = slices.Clone(req.Arguments)
	for i, argument := range explicit.Arguments {
		if argument == nil || len(argument.MsgPack) == 0 && len(argument.JSON) == 0 {
			explicit.Arguments[i] = &tfprotov6.DynamicValue{MsgPack: []byte{0xc0}} // nil
		}
	}
	return &explicit
}
