// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const (
	number = "106540352242922"
	token  = "EAATestToken"
)

func testKey(t testing.TB) pemkey.PublicKey {
	t.Helper()
	text, err := os.ReadFile("../pemkey/testdata/rsa2048_a.spki.pem")
	if err != nil {
		t.Fatal(err)
	}
	key, err := pemkey.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newClient(t testing.TB, baseURL string) *graph.Client {
	t.Helper()
	client, err := graph.New(graph.Config{AccessToken: token, BaseURL: baseURL, UserAgent: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answering starts a server that gives every request the same answer.
func answering(t testing.TB, status int, contentType, body string) *graph.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL)
}

func startMock(t testing.TB) *graphmock.Server {
	t.Helper()
	server := graphmock.NewServer(graphmock.Options{Token: token}, number)
	t.Cleanup(server.Close)
	return server
}

// waits are those that a client has announced.
type waits struct {
	mu  sync.Mutex
	all []graph.Wait
}

func (w *waits) add(_ context.Context, wait graph.Wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, wait)
}

// retrying returns a client that tries again, and whose waits take no time.
func retrying(t testing.TB, server *graphmock.Server, change func(*graph.Config)) (*graph.Client, *fakeclock.Clock) {
	t.Helper()
	clock := fakeclock.New()
	config := graph.Config{AccessToken: token, BaseURL: server.URL(), MaxRetries: graph.DefaultMaxRetries, Clock: clock}
	if change != nil {
		change(&config)
	}
	client, err := graph.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, clock
}

// announcing is retrying, with the waits that the client announces.
func announcing(t testing.TB, server *graphmock.Server) (*graph.Client, *waits) {
	t.Helper()
	announced := &waits{}
	client, _ := retrying(t, server, func(c *graph.Config) { c.OnWait = announced.add })
	return client, announced
}

func methods(server *graphmock.Server) string {
	var all []string
	for _, r := range server.Requests() {
		all = append(all, r.Method)
	}
	return strings.Join(all, " ")
}

func errorBody(code int) string {
	return graphmock.ErrorBody(code, 0, "OAuthException", "message", nil)
}

// transport carries requests in a test without a server.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// response is an answer for a transport.
func response(status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

// over returns a client over a transport, and its clock.
func over(t testing.TB, carry transport, change func(*graph.Config)) (*graph.Client, *fakeclock.Clock) {
	t.Helper()
	clock := fakeclock.New()
	config := graph.Config{AccessToken: token, Clock: clock, Transport: carry}
	if change != nil {
		change(&config)
	}
	client, err := graph.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, clock
}

// mustFail returns the error of a call as the client's own.
func mustFail(t testing.TB, err error) *graph.Error {
	t.Helper()
	e, ok := errors.AsType[*graph.Error](err)
	if !ok {
		t.Fatalf("the error is %v", err)
	}
	return e
}
