// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// checkTheEndpoint adds endpoint_check to the configuration, and rotates to a
// key that the endpoint does not have yet.
func (d *demo) checkTheEndpoint(ctx context.Context) error {
	endpoint := endpointmock.NewServer(endpointmock.Options{})
	defer endpoint.Close()
	learn := func() error {
		state, err := d.tf.StatePull(ctx)
		if err != nil {
			return err
		}
		keys, err := privateKeys(state)
		for _, key := range keys {
			endpoint.AddKey(key)
		}
		return err
	}
	if err := learn(); err != nil {
		return err
	}

	d.say("The numbers wait from now on until the endpoint has proven that it can decrypt", "apply")
	file := filepath.Join(d.tf.WorkingDir(), "main.tf")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	const key = "  business_public_key = tls_private_key.flows.public_key_pem\n"
	checked := strings.Replace(string(text), key, key+fmt.Sprintf("\n  endpoint_check = {\n    endpoint_uris = [%q]\n  }\n", endpoint.URL()), 1)
	if checked == string(text) {
		return errors.New("the configuration does not have the line after which endpoint_check belongs")
	}
	if err := os.WriteFile(file, []byte(checked), 0o600); err != nil {
		return err
	}
	before, _ := d.server.Key(support)
	d.server.ResetRequests()
	if err := d.tf.Apply(ctx); err != nil {
		return err
	}
	if n := d.server.Count("POST", ""); n != 0 {
		return fmt.Errorf("the argument alone uploaded %d keys", n)
	}

	d.say("A new pair, whose private key the endpoint does not have: refused, and nothing is sent", "apply -replace="+pairAddress)
	err = d.tf.Apply(ctx, tfexec.Replace(pairAddress))
	if err == nil || !strings.Contains(err.Error(), "The endpoint did not prove that it can decrypt") {
		return fmt.Errorf("the apply was not refused: %w", err)
	}
	show(err.Error())
	if after, _ := d.server.Key(support); after != before || d.server.Count("POST", "") != 0 {
		return errors.New("a key was uploaded without a proof")
	}

	d.say("The endpoint gets the new private key, and the next apply passes", "apply")
	if err := learn(); err != nil {
		return err
	}
	if err := d.apply(ctx, map[string]tfjson.Actions{
		supportAddress: {tfjson.ActionUpdate},
		ordersAddress:  {tfjson.ActionUpdate},
		pairAddress:    {tfjson.ActionDelete}, // the old pair
	}); err != nil {
		return err
	}

	d.say("A message goes through: encrypted with the key on the number, answered by the endpoint", "")
	return d.exchange(ctx, endpoint.URL())
}

// exchange sends a message as a WhatsApp client does.
func (d *demo) exchange(ctx context.Context, endpoint string) error {
	stored, _ := d.server.Key(support)
	key, err := pemkey.Parse(stored)
	if err != nil {
		return err
	}
	message, err := flowmessage.EncryptRequest(key.RSA(), []byte(`{"version":"3.0","action":"ping"}`))
	if err != nil {
		return err
	}
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(endpointmock.SignatureHeader, "sha256="+strings.Repeat("0", 64)) // this endpoint has no app secret
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	opened, err := message.DecryptResponse(strings.TrimSpace(string(answer)))
	if err != nil {
		return fmt.Errorf("the answer of the endpoint, HTTP %d, cannot be decrypted: %w", resp.StatusCode, err)
	}
	fmt.Printf("    answered %s\n", opened)
	return nil
}
