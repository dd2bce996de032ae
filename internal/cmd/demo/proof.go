// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// proveDecryption encrypts a request with the key on each number and decrypts it
// with the private key in the outputs.
func (d *demo) proveDecryption(ctx context.Context, numbers ...string) error {
	outputs, err := d.tf.Output(ctx)
	if err != nil {
		return err
	}
	var text string
	if err := json.Unmarshal(outputs["private_key_pem"].Value, &text); err != nil {
		return err
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("the output private_key_pem is not PEM")
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return err
	}

	const payload = `{"version":"3.0","action":"ping"}`
	for _, number := range numbers {
		stored, _ := d.server.Key(number)
		block, _ := pem.Decode([]byte(stored))
		if block == nil {
			return fmt.Errorf("the key on %s is not PEM", number)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return err
		}
		public, ok := parsed.(*rsa.PublicKey)
		if !ok {
			return fmt.Errorf("the key on %s is not an RSA key", number)
		}
		request, err := flowmessage.EncryptRequest(public, []byte(payload))
		if err != nil {
			return err
		}
		plain, _, err := flowmessage.Decrypt(private, request)
		if err != nil {
			return fmt.Errorf("a request to %s cannot be decrypted: %w", number, err)
		}
		if string(plain) != payload {
			return fmt.Errorf("a request to %s was decrypted to something else", number)
		}
		fmt.Printf("    %s: sent %s\n    %s  read %s\n", number, payload, strings.Repeat(" ", len(number)), plain)
	}
	return nil
}

func foreignKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	public, err := pemkey.FromRSA(&key.PublicKey)
	return public.PEM(), err
}
