// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

var _ function.Function = publicKeyFunction{}

// The positions of the arguments, which errors name.
const (
	argPEM             = 0
	argFirstPassphrase = 1
)

type publicKeyFunction struct{}

func newPublicKeyFunction() function.Function { return publicKeyFunction{} }

func (publicKeyFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "public_key"
}

func (publicKeyFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Returns the public key of a private key or a certificate",
		MarkdownDescription: "Takes a private key, a certificate or a public key in PEM, and returns the public key in the form that WhatsApp accepts: " +
			"one block labelled `PUBLIC KEY`, ending with a newline. It does what `openssl rsa -pubout` and `openssl x509 -pubkey` do, and sends nothing. " +
			"The key must be an RSA key of 2048 bits, because WhatsApp accepts no other.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name: "pem",
				MarkdownDescription: "One PEM block: a private key in PKCS#1 or PKCS#8, an X.509 certificate or a public key. " +
					"Line endings, line lengths and whitespace around the block make no difference.",
			},
		},
		VariadicParameter: function.StringParameter{
			Name:                "passphrase",
			MarkdownDescription: "The passphrase of an encrypted private key. At most one can be given, and `null` counts as none. As with OpenSSL, it is ignored when the key is not encrypted.",
			AllowNullValue:      true,
		},
		Return: function.StringReturn{},
	}
}

func (publicKeyFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var pem string
	var optional []*string
	resp.Error = req.Arguments.Get(ctx, &pem, &optional)
	if resp.Error != nil {
		return
	}
	var passphrase []string
	var positions []int64
	for i, p := range optional {
		if p != nil {
			passphrase, positions = append(passphrase, *p), append(positions, argFirstPassphrase+int64(i))
		}
	}
	key, err := pemkey.Derive(pem, passphrase...)
	if err != nil {
		resp.Error = keyArgumentError(err, positions...)
		return
	}
	resp.Error = resp.Result.Set(ctx, key.PEM())
}

// keyArgumentError names the argument that an error of pemkey is about, which
// may be one of the passphrases that were given in these positions.
func keyArgumentError(err error, passphrases ...int64) *function.FuncError {
	position := int64(argPEM)
	if keyError, ok := errors.AsType[*pemkey.Error](err); ok {
		switch keyError.Kind {
		case pemkey.KindWrongPassphrase:
			position = passphrases[0]
		case pemkey.KindSeveralPassphrases:
			position = passphrases[1]
		}
	}
	// The CLI ends the sentence.
	return function.NewArgumentFuncError(position, strings.TrimSuffix(err.Error(), "."))
}
