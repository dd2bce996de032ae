// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// checkSignature checks a signature with the library that Terraform and OpenTofu
// check it with, so that what passes here can be installed.
func checkSignature(signed, signature, armoredKey []byte) error {
	keys, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(armoredKey))
	if err != nil {
		return fmt.Errorf("the public key: %w", err)
	}
	signer, err := openpgp.CheckDetachedSignature(keys, bytes.NewReader(signed), bytes.NewReader(signature), nil)
	if err != nil {
		return err
	}
	// https://developer.hashicorp.com/terraform/registry/providers/publishing
	switch signer.PrimaryKey.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoDSA:
		return nil
	default:
		return errors.New("the key is neither RSA nor DSA: the Terraform registry takes no other")
	}
}
