// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestTokenIsTakenOutOfTheServersWords(t *testing.T) {
	_, err := answering(t, 400, "application/json", `{"error":{"code":190,"message":"Malformed access token `+token+`"}}`).BusinessEncryption(t.Context(), number)
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), token) {
		t.Errorf("%+v", err)
	}
}

func TestTransportErrorsDoNotRepeatTheURL(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := newClient(t, server.URL).BusinessEncryption(t.Context(), number)
	if graph.ClassOf(err) != graph.ClassTransient || strings.Contains(err.Error(), "http://") {
		t.Error(err)
	}
}

func TestTLSFailureIsNotRetried(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	clock := fakeclock.New()
	client, err := graph.New(graph.Config{AccessToken: token, BaseURL: server.URL, MaxRetries: 5, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	err = client.SetBusinessPublicKey(t.Context(), number, testKey(t))
	e, ok := errors.AsType[*graph.Error](err)
	if !ok || e.Class != graph.ClassCertificate || e.Uncertain() || len(clock.Waits()) != 0 {
		t.Errorf("%+v", e)
	}
}
