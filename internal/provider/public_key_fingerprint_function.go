// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

var _ function.Function = publicKeyFingerprintFunction{}

type publicKeyFingerprintFunction struct{}

func newPublicKeyFingerprintFunction() function.Function { return publicKeyFingerprintFunction{} }

func (publicKeyFingerprintFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "public_key_fingerprint"
}

func (publicKeyFingerprintFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Returns the fingerprint of a public key",
		MarkdownDescription: "Returns the fingerprint of an RSA public key of 2048 bits as `business_public_key_fingerprint` has it: the SHA-256 of its DER encoding (SubjectPublicKeyInfo), in lower-case hexadecimal digits. " +
			"It computes what `openssl pkey -pubin -outform DER | sha256sum` prints, and sends nothing.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name: "pem",
				MarkdownDescription: "One public key in PEM, labelled `PUBLIC KEY` or `RSA PUBLIC KEY`. Different encodings of the same key have the same fingerprint. " +
					"For a certificate or a private key, pass the result of the function `public_key`.",
			},
		},
		Return: function.StringReturn{},
	}
}

func (publicKeyFingerprintFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var pem string
	resp.Error = req.Arguments.Get(ctx, &pem)
	if resp.Error != nil {
		return
	}
	key, err := pemkey.Parse(pem)
	if err != nil {
		resp.Error = keyArgumentError(err)
		return
	}
	resp.Error = resp.Result.Set(ctx, key.Fingerprint())
}
