// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestAppSecretProof(t *testing.T) {
	const secret = "0123456789abcdef"
	server := graphmock.NewServer(graphmock.Options{Token: token, AppSecret: secret}, number)
	t.Cleanup(server.Close)

	without, _ := retrying(t, server, nil)
	if _, err := without.BusinessEncryption(t.Context(), number); graph.ClassOf(err) != graph.ClassAppSecretProof {
		t.Errorf("without: %v", err)
	}
	wrong, _ := retrying(t, server, func(c *graph.Config) { c.AppSecret = "another" })
	if _, err := wrong.BusinessEncryption(t.Context(), number); graph.ClassOf(err) != graph.ClassAppSecretProof {
		t.Errorf("wrong: %v", err)
	}
	right, _ := retrying(t, server, func(c *graph.Config) { c.AppSecret = secret })
	if err := right.SetBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
		t.Error(err)
	}
	if _, err := right.BusinessEncryption(t.Context(), number); err != nil {
		t.Error(err)
	}
}

func TestAppSecretProofIsNotInErrors(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client, err := graph.New(graph.Config{AccessToken: token, AppSecret: "secret", BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.BusinessEncryption(t.Context(), number)
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "appsecret_proof") {
		t.Errorf("%+v", err)
	}
}
