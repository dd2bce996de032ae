// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"errors"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Minutes can pass between two tries. Whatever the number has got meanwhile is not
// replaced. A key that is there already is uploaded nevertheless, unless an earlier
// try may have put it there.
func TestSetFirstBusinessPublicKeyLooksBeforeEachTry(t *testing.T) {
	const foreign = "-----BEGIN PUBLIC KEY-----\nanother\n-----END PUBLIC KEY-----\n"
	for name, test := range map[string]struct {
		fault     graphmock.Fault
		key       string // that the number gets meanwhile
		want      string
		occupied  bool
		uncertain bool
	}{
		"rate limit":                 {graphmock.RateLimit(80008, 1), "", "POST GET POST", false, false},
		"rate limit, another key":    {graphmock.RateLimit(80008, 1), foreign, "POST GET", true, false},
		"rate limit, the same key":   {graphmock.RateLimit(80008, 1), testKey(t).PEM(), "POST GET POST", false, false},
		"outage, another key":        {graphmock.Fault{Status: 500}, foreign, "POST GET", true, true},
		"it may pass, another key":   {graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(100, 0, "", "", map[string]any{"is_transient": true})}, foreign, "POST GET", true, true},
		"answer lost, stored":        {graphmock.Fault{Drop: graphmock.DropAfterRequest, Apply: true}, "", "POST GET", false, false},
		"request refused, no answer": {graphmock.Fault{Drop: graphmock.DropOnRequest}, "", "POST GET POST", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMock(t)
			client, _ := retrying(t, server, nil)
			test.fault.Method = "POST"
			if test.key != "" {
				test.fault.Hook = func() { server.SetKey(number, test.key, "VALID") }
			}
			server.Script(test.fault)
			err := client.SetFirstBusinessPublicKey(t.Context(), number, testKey(t))
			occupied, ok := errors.AsType[*graph.OccupiedError](err)
			if ok != test.occupied || !ok && err != nil || ok && (occupied.Uncertain != test.uncertain || occupied.Slot.Text == "") {
				t.Errorf("%v", err)
			}
			if got := methods(server); got != test.want {
				t.Errorf("received %s", got)
			}
			if stored, _ := server.Key(number); test.key != "" && stored != test.key {
				t.Error("the key on the number was replaced")
			}
		})
	}
}

// A request that the brake holds back for another number is sent only after
// another look, too.
func TestSetFirstBusinessPublicKeyLooksAfterItWasHeldBack(t *testing.T) {
	server := startMock(t)
	server.AddNumber(graphmock.Number{ID: "106540352242999"})
	client, _ := retrying(t, server, func(c *graph.Config) { c.MaxRetries = 0 })
	server.Script(graphmock.RateLimit(80008, 1))
	_, _ = client.BusinessEncryption(t.Context(), "106540352242999")
	if err := client.SetFirstBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
		t.Fatal(err)
	}
	if got := methods(server); got != "GET GET POST" {
		t.Errorf("received %s", got)
	}
}
