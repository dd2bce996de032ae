// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
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

// The proof is a parameter like any other: of the query, or of the form.
func TestWhereTheProofIsSent(t *testing.T) {
	// printf EAATestToken | openssl dgst -sha256 -hmac 0123456789abcdef
	const proof = "17b3fb406af4fd9474b806693324cb87335227c12dc2d01be947972a5ac6872d"
	client, _ := over(t, func(r *http.Request) (*http.Response, error) {
		query := r.URL.RawQuery
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if got := r.Form["appsecret_proof"]; !slices.Equal(got, []string{proof}) {
			t.Errorf("%s has the proof %q", r.Method, got)
		}
		if inQuery := strings.Contains(query, proof); inQuery != (r.Method == http.MethodGet) {
			t.Errorf("%s has the proof in its query: %t", r.Method, inQuery)
		}
		if strings.Contains(r.URL.String()+r.Form.Encode(), "0123456789abcdef") {
			t.Error("the secret is sent")
		}
		return response(200, nil, `{"success":true,"data":[]}`), nil
	}, func(c *graph.Config) { c.AppSecret = "0123456789abcdef" })
	if err := client.SetBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
		t.Error(err)
	}
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Error(err)
	}
	if _, err := client.PhoneNumbers(t.Context(), waba); err != nil {
		t.Error(err)
	}
}
