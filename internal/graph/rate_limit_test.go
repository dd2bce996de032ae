// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Ten parallel operations, and the first meets a limit that the server says
// will last: the others are not sent at all.
func TestARateLimitHoldsBackAllOthers(t *testing.T) {
	server := startMock(t)
	client, _ := retrying(t, server, nil)
	server.Script(graphmock.RateLimit(80008, 37))
	if _, err := client.BusinessEncryption(t.Context(), number); err == nil {
		t.Fatal("no error")
	}
	for i := range 10 {
		id := fmt.Sprintf("2000000%d", i)
		_, err := client.BusinessEncryption(t.Context(), id)
		e, ok := errors.AsType[*graph.Error](err)
		if !ok || !e.NotSent || e.Object != id || e.Class != graph.ClassRateLimit || e.GaveUp.Why != graph.WaitTooLong || e.GaveUp.MetBy != number || e.GaveUp.Wait < 36*time.Minute || e.GaveUp.Wait > 37*time.Minute {
			t.Errorf("%+v", e)
		}
	}
	if n := server.Count("", ""); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// When the wait is over, one request finds out; while it is under way, or when
// it meets the limit again, no other is sent.
func TestOneRequestTriesTheEndOfARateLimit(t *testing.T) {
	server := startMock(t)
	client, _ := retrying(t, server, func(c *graph.Config) { c.MaxRetries = 10 })
	server.Script(graphmock.Fault{Times: 3, Status: 400, Body: errorBody(4)})
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	if n := server.Count("", ""); n != 4 {
		t.Errorf("%d requests", n)
	}

	server.ResetRequests()
	// One is limited; then twenty arrive.
	server.Script(graphmock.Fault{Times: 1, Status: 400, Body: errorBody(4)})
	limited, _ := retrying(t, server, func(c *graph.Config) { c.MaxRetries = 0 })
	if _, err := limited.BusinessEncryption(t.Context(), number); err == nil {
		t.Fatal("no error")
	}
	release, firstCame := make(chan struct{}), make(chan struct{})
	server.Script(graphmock.Fault{Status: 400, Body: errorBody(4), Hook: func() { close(firstCame); <-release }})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _, _ = limited.BusinessEncryption(t.Context(), number) })
	}
	<-firstCame
	time.Sleep(50 * time.Millisecond) // time for a second one to go wrong
	if n := server.Count("", ""); n != 2 {
		t.Errorf("%d requests while one finds out whether the limit is gone", n)
	}
	close(release)
	wg.Wait()
	if n := server.Count("", ""); n != 2+19 {
		t.Errorf("%d requests in the end", n)
	}
}
