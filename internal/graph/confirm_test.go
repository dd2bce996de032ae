// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func otherKey(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../pemkey/testdata/rsa2048_b.spki.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
			client, clock := retrying(t, server, nil)
			if err := client.SetBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
				t.Fatal(err)
			}
			if err := client.Confirm(t.Context(), number, testKey(t)); err != nil {
				t.Fatal(err)
			}
			if got := clock.Waits(); !slices.Equal(got, test.waits) {
				t.Errorf("waited %v, not %v", got, test.waits)
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
	client, clock := retrying(t, server, nil)
	err := client.Confirm(t.Context(), number, testKey(t))
	unconfirmed, ok := errors.AsType[*graph.UnconfirmedError](err)
	if !ok {
		t.Fatalf("the error is %v", err)
	}
	if !unconfirmed.Slot.Holds(testKey(t)) || unconfirmed.Slot.SignatureStatus != "MISMATCH" || unconfirmed.Err != nil {
		t.Errorf("the error is %+v", unconfirmed)
	}
	var sum time.Duration
	waits := clock.Waits()
	for _, d := range waits {
		sum += d
	}
	if sum != 2*time.Minute || !slices.IsSorted(waits) {
		t.Errorf("waited %v: %v", sum, waits)
	}
	if n := len(server.Requests()); n != len(waits)+1 || n != unconfirmed.Reads {
		t.Errorf("%d reads, %d of them reported, with %d waits", n, unconfirmed.Reads, len(waits))
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
			client, _ := retrying(t, server, nil)
			if _, ok := errors.AsType[*graph.UnconfirmedError](client.Confirm(t.Context(), number, testKey(t))); !ok {
				t.Error("confirmed")
			}
		})
	}
}

func TestConfirmEndsWithTheContext(t *testing.T) {
	server := startMock(t)
	client, clock := retrying(t, server, nil)
	stopped := errors.New("stopped")
	clock.Interrupt(stopped)
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
	client, _ := retrying(t, server, nil)
	if err := client.Confirm(t.Context(), number, testKey(t)); graph.ClassOf(err) != graph.ClassPermission {
		t.Errorf("the error is %v", err)
	}
}

// Whatever the reads before the one that fails have seen: the error has the last of
// it, and why no other read followed.
func TestConfirmKeepsWhatWasSeenBeforeAReadFails(t *testing.T) {
	type sight struct{ key, status string }
	uploaded := testKey(t).PEM()
	for name, seen := range map[string][]sight{
		"no valid signature":                     {{uploaded, graph.SignatureMismatch}},
		"another key":                            {{otherKey(t), graph.SignatureValid}},
		"no key":                                 {{"", graph.SignatureMismatch}},
		"the old key, then the new one":          {{otherKey(t), graph.SignatureValid}, {uploaded, graph.SignatureMismatch}},
		"the new key, and the old one once more": {{uploaded, graph.SignatureMismatch}, {otherKey(t), graph.SignatureValid}},
	} {
		for failure, fault := range map[string]graphmock.Fault{
			"refused":   {Method: "GET", Status: 403, Body: errorBody(10)},
			"an outage": {Method: "GET", Times: -1, Status: 500},
			"no answer": {Method: "GET", Times: -1, Drop: graphmock.DropOnRequest},
		} {
			t.Run(name+", then "+failure, func(t *testing.T) {
				server := startMock(t)
				reads := 0
				server.Script(graphmock.Fault{Method: "GET", Times: len(seen), Hook: func() {
					if s := seen[reads]; s.key == "" {
						server.ClearKey(number)
					} else {
						server.SetKey(number, s.key, s.status)
					}
					reads++
				}}, fault)
				client, _ := retrying(t, server, nil)
				err := client.Confirm(t.Context(), number, testKey(t))
				unconfirmed, ok := errors.AsType[*graph.UnconfirmedError](err)
				if !ok {
					t.Fatalf("the error is %v", err)
				}
				last := seen[len(seen)-1]
				if got := unconfirmed.Slot; got.HasKey() != (last.key != "") || got.HasKey() && strings.TrimSpace(got.Text) != strings.TrimSpace(last.key) || got.SignatureStatus != last.status {
					t.Errorf("the slot is %+v", got)
				}
				if _, isRead := errors.AsType[*graph.Error](unconfirmed.Err); !isRead || unconfirmed.Reads != len(seen) {
					t.Errorf("after %d reads, the cause is %v", unconfirmed.Reads, unconfirmed.Err)
				}
			})
		}
	}
}
