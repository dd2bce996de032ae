// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// outputPrivateKey returns the private key in the outputs.
func (d *demo) outputPrivateKey(ctx context.Context) (string, error) {
	outputs, err := d.tf.Output(ctx)
	if err != nil {
		return "", err
	}
	return string(outputs["private_key_pem"].Value), nil
}

var privatePEM = regexp.MustCompile(`(?s)-----BEGIN RSA PRIVATE KEY-----.*?-----END RSA PRIVATE KEY-----`)

// privateKeys returns the private keys in a JSON text.
func privateKeys(text string) ([]*rsa.PrivateKey, error) {
	var keys []*rsa.PrivateKey
	for _, found := range privatePEM.FindAllString(strings.ReplaceAll(text, `\n`, "\n"), -1) {
		block, _ := pem.Decode([]byte(found + "\n"))
		if block == nil {
			return nil, errors.New("a private key is not PEM")
		}
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// proveDecryption encrypts a request with the key on each number, and decrypts it
// with one of the private keys in the text.
func (d *demo) proveDecryption(text string, numbers ...string) error {
	keys, err := privateKeys(text)
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
		var plain []byte
		err = flowmessage.ErrWrongKey
		for _, private := range keys {
			if plain, _, err = flowmessage.Decrypt(private, request); err == nil {
				break
			}
		}
		if err != nil {
			return fmt.Errorf("a request to %s cannot be decrypted with any of %d private keys: %w", number, len(keys), err)
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
