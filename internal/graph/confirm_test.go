// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// sleeps records how long a client sleeps between two requests.
type sleeps struct {
	*testClock
	all []time.Duration
}

func (s *sleeps) Sleep(ctx context.Context, d time.Duration) error {
	s.all = append(s.all, d)
	return s.testClock.Sleep(ctx, d)
}

func otherKey(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../pemkey/testdata/rsa2048_b.spki.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func confirming(t *testing.T, server *graphmock.Server) (*graph.Client, *sleeps) {
	t.Helper()
	clock := &sleeps{testClock: &testClock{}}
	client, _ := retrying(t, server, func(config *graph.Config) { config.Clock = clock })
	return client, clock
}

func TestConfirmReadsUntilKeyAndSignatureAreThere(t *testing.T) {
	for name, test := range map[string]struct {
		lag   func(*graphmock.Server)
		waits []time.Duration
	}{
		"at once":               {func(*graphmock.Server) {}, nil},
		"the signature is late": {func(s *graphmock.Server) { s.SetSignatureLag(1) }, []time.Duration{time.Second}},
		"the key is late":       {func(s *graphmock.Server) { s.SetKeyLag(3) }, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMock(t)
			test.lag(server)
			client, clock := confirming(t, server)
			if err := client.SetBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
				t.Fatal(err)
			}
			if err := client.Confirm(t.Context(), number, testKey(t)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(clock.all, test.waits) {
				t.Errorf("waited %v, not %v", clock.all, test.waits)
			}
			if got, want := methods(server), "POST GET"+strings.Repeat(" GET", len(test.waits)); got != want {
				t.Errorf("sent %s, not %s", got, want)
			}
		})
	}
}

// The waits grow and come to two minutes; the last thing is a read.
func TestConfirmGivesUpAfterTwoMinutes(t *testing.T) {
	server := startMock(t)
	server.SetKey(number, testKey(t).PEM(), graph.SignatureMismatch)
	client, clock := confirming(t, server)
	err := client.Confirm(t.Context(), number, testKey(t))
	unconfirmed, ok := errors.AsType[*graph.UnconfirmedError](err)
	if !ok {
		t.Fatalf("the error is %v", err)
	}
	if !unconfirmed.Slot.Holds(testKey(t)) || unconfirmed.Slot.SignatureStatus != "MISMATCH" || unconfirmed.Err != nil {
		t.Errorf("the error is %+v", unconfirmed)
	}
	var sum time.Duration
	for _, d := range clock.all {
		sum += d
	}
	if sum != 2*time.Minute || !slices.IsSorted(clock.all) {
		t.Errorf("waited %v: %v", sum, clock.all)
	}
	if n := len(server.Requests()); n != len(clock.all)+1 || n != unconfirmed.Reads {
		t.Errorf("%d reads, %d of them reported, with %d waits", n, unconfirmed.Reads, len(clock.all))
	}
	if got := err.Error(); got != "the key is not confirmed after 9 reads" {
		t.Error(got)
	}
}

// Another key with a valid signature confirms nothing, and neither does an
// empty place.
func TestConfirmWantsTheVeryKey(t *testing.T) {
	for name, stored := range map[string]string{"another key": otherKey(t), "damaged": "nonsense", "none": ""} {
		t.Run(name, func(t *testing.T) {
			server := startMock(t)
			if stored != "" {
				server.SetKey(number, stored, graph.SignatureValid)
			}
			client, _ := confirming(t, server)
			if _, ok := errors.AsType[*graph.UnconfirmedError](client.Confirm(t.Context(), number, testKey(t))); !ok {
				t.Error("confirmed")
			}
		})
	}
}

func TestConfirmEndsWithTheContext(t *testing.T) {
	server := startMock(t)
	client, clock := confirming(t, server)
	stopped := errors.New("stopped")
	clock.stop = stopped
	err := client.Confirm(t.Context(), number, testKey(t))
	if unconfirmed, ok := errors.AsType[*graph.UnconfirmedError](err); !ok || unconfirmed.Reads != 1 || !errors.Is(err, stopped) {
		t.Errorf("the error is %v", err)
	}
	if got := err.Error(); got != "the key is not confirmed after 1 reads: stopped" {
		t.Error(got)
	}
}

func TestConfirmPassesOnTheErrorOfARead(t *testing.T) {
	server := startMock(t)
	server.Script(graphmock.Fault{Method: "GET", Status: 403, Body: errorBody(10)})
	client, _ := confirming(t, server)
	if err := client.Confirm(t.Context(), number, testKey(t)); graph.ClassOf(err) != graph.ClassPermission {
		t.Errorf("the error is %v", err)
	}
}
