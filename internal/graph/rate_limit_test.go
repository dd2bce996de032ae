// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
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
		if !ok || !e.NotSent || e.Object != id || e.Class != graph.ClassRateLimit || e.Tries != 0 ||
			e.GaveUp != (graph.GaveUp{Why: graph.WaitTooLong, Wait: 37 * time.Minute, Asked: true, Allowed: 2 * time.Minute, MetBy: number}) {
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

// limitedOnce returns a client whose first request met a limit of a minute, the
// count of its requests, and what carries the next ones.
func limitedOnce(t *testing.T, next transport) (client *graph.Client, clock *fakeclock.Clock, sent *int) {
	t.Helper()
	sent = new(int)
	client, clock = over(t, func(r *http.Request) (*http.Response, error) {
		if *sent++; *sent == 1 {
			return response(429, http.Header{"Retry-After": {"60"}}, ""), nil
		}
		return next(r)
	}, nil)
	if _, err := client.BusinessEncryption(t.Context(), number); graph.ClassOf(err) != graph.ClassRateLimit {
		t.Fatal(err)
	}
	return client, clock, sent
}

func TestAHeldRequestWaitsForTheRestOfTheLimit(t *testing.T) {
	client, clock, sent := limitedOnce(t, func(*http.Request) (*http.Response, error) { return response(200, nil, "{}"), nil })
	clock.Advance(20 * time.Second)
	for range 2 {
		if _, err := client.BusinessEncryption(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	if waits := clock.Waits(); !slices.Equal(waits, []time.Duration{40 * time.Second}) || *sent != 3 {
		t.Errorf("waited %v, sent %d", waits, *sent)
	}
}

func TestAHeldRequestThatHasNoTime(t *testing.T) {
	client, clock, sent := limitedOnce(t, nil)
	ctx, cancel := context.WithDeadline(t.Context(), clock.Now().Add(59*time.Second))
	defer cancel()
	for object, metBy := range map[string]string{"1": number, number: ""} {
		_, err := client.BusinessEncryption(ctx, object)
		want := graph.GaveUp{Why: graph.WaitPastDeadline, Wait: time.Minute, Asked: true, Allowed: 2 * time.Minute, MetBy: metBy}
		if e := mustFail(t, err); e.GaveUp != want || !e.NotSent || e.Tries != 0 || e.Object != object || e.Uncertain() {
			t.Errorf("%+v", e)
		}
	}
	if *sent != 1 || len(clock.Waits()) != 0 {
		t.Errorf("sent %d", *sent)
	}
}

func TestAHeldRequestThatIsInterrupted(t *testing.T) {
	stopped := errors.New("stopped")
	client, clock, sent := limitedOnce(t, nil)
	clock.Interrupt(stopped)
	e := mustFail(t, client.SetBusinessPublicKey(t.Context(), "1", testKey(t)))
	want := graph.Call{Method: "POST", Object: "1", Edge: "whatsapp_business_encryption"}
	if e.Class != graph.ClassInterrupted || !e.NotSent || e.Uncertain() || e.Call != want || !errors.Is(e, stopped) || *sent != 1 {
		t.Errorf("%+v", e)
	}
}

// While the probe is under way, a request waits for it no longer than its
// context lasts.
func TestARequestThatWaitsForTheProbeIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		client, clock, sent := limitedOnce(t, func(*http.Request) (*http.Response, error) {
			<-release
			return response(200, nil, "{}"), nil
		})
		clock.Advance(time.Minute)
		var probe, waiting error
		var wg sync.WaitGroup
		wg.Go(func() { _, probe = client.BusinessEncryption(t.Context(), "1") })
		synctest.Wait()

		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, waiting = client.BusinessEncryption(ctx, "2")
		}()
		synctest.Wait()
		if *sent != 2 {
			t.Errorf("%d requests were sent", *sent)
		}
		cancel(stopped)
		<-done
		if e := mustFail(t, waiting); e.Class != graph.ClassInterrupted || !e.NotSent || e.Object != "2" || !errors.Is(e, stopped) {
			t.Errorf("%+v", e)
		}
		close(release)
		wg.Wait()
		if probe != nil || *sent != 2 {
			t.Errorf("%v after %d requests", probe, *sent)
		}
	})
}

// Registrations are limited for days: the request is not sent again, and the
// others are held back like after any limit.
func TestALimitOfRegistrations(t *testing.T) {
	sent := 0
	client, _ := over(t, func(*http.Request) (*http.Response, error) {
		sent++
		return response(400, http.Header{"Retry-After": {"300"}}, errorBody(133016)), nil
	}, func(c *graph.Config) { c.MaxRetries = 5 })
	for range 2 {
		_, err := client.BusinessEncryption(t.Context(), number)
		if graph.ClassOf(err) != graph.ClassRateLimit {
			t.Error(err)
		}
	}
	if sent != 1 {
		t.Errorf("sent %d times", sent)
	}
}
