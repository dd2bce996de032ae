// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"fmt"
	"os"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// A key is put on every number of an account that does not have it.
func Example() {
	server := graphmock.NewServer(graphmock.Options{Token: token})
	defer server.Close()
	server.AddWABA("102290129340398")
	server.AddNumber(graphmock.Number{ID: "106540352242922", WABAID: "102290129340398"})
	server.AddNumber(graphmock.Number{ID: "106540352242923", WABAID: "102290129340398"})
	text, err := os.ReadFile("../pemkey/testdata/rsa2048_a.spki.pem")
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := pemkey.Parse(string(text))
	if err != nil {
		fmt.Println(err)
		return
	}
	server.SetKey("106540352242922", key.PEM(), graph.SignatureValid)

	ctx := context.Background()
	client, err := graph.New(graph.Config{AccessToken: token, BaseURL: server.URL(), MaxRetries: graph.DefaultMaxRetries})
	if err != nil {
		fmt.Println(err)
		return
	}
	numbers, err := client.PhoneNumbers(ctx, "102290129340398")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, number := range numbers {
		slot, err := client.BusinessEncryption(ctx, number.ID)
		if err != nil {
			fmt.Println(err)
			return
		}
		if slot.Confirms(key) {
			fmt.Println(number.ID, "has the key")
			continue
		}
		if err := client.SetBusinessPublicKey(ctx, number.ID, key); err != nil {
			fmt.Println(err)
			return
		}
		if err := client.Confirm(ctx, number.ID, key); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(number.ID, "was given the key")
	}
	// Output:
	// 106540352242922 has the key
	// 106540352242923 was given the key
}
