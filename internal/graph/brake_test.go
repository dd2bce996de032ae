// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
)

var start = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func limitMetBy(object string) *Error {
	return &Error{Call: Call{Method: http.MethodGet, Object: object}, Class: ClassRateLimit}
}

// mustPass asks for a passage and checks whether it is the probe.
func mustPass(t *testing.T, b *brake, at int, probe bool) passage {
	t.Helper()
	pass, held := b.ask(after(at))
	if held != nil {
		t.Fatalf("held for %s by %s", held.left, held.cause.Object)
	}
	if pass.probe != probe {
		t.Fatalf("the passage is the probe: %t", pass.probe)
	}
	return pass
}

func mustHold(t *testing.T, b *brake, at, left int, cause string) *hold {
	t.Helper()
	_, held := b.ask(after(at))
	if held == nil {
		t.Fatal("not held")
	}
	if held.left != time.Duration(left)*time.Second || held.cause.Object != cause {
		t.Fatalf("held for %s by %s", held.left, held.cause.Object)
	}
	return held
}

func hasEnded(h *hold) bool {
	select {
	case <-h.probed:
		return true
	default:
		return false
	}
}

func TestAFreeBrakeLetsEveryRequestPass(t *testing.T) {
	var b brake
	for range 3 {
		mustPass(t, &b, 0, false).answered()
	}
	mustPass(t, &b, 0, false).unanswered()
	mustPass(t, &b, 0, false)
}

func TestALimitHoldsTheOthersUntilItsEnd(t *testing.T) {
	var b brake
	mustPass(t, &b, 0, false).limited(after(60), limitMetBy("1"))
	mustHold(t, &b, 0, 60, "1")
	mustHold(t, &b, 59, 1, "1")
	mustPass(t, &b, 60, true)
}

func TestOneProbeIsSent(t *testing.T) {
	var b brake
	mustPass(t, &b, 0, false).limited(after(60), limitMetBy("1"))
	probe := mustPass(t, &b, 61, true)
	for at := 61; at < 100; at += 10 {
		if held := mustHold(t, &b, at, 60-at, "1"); hasEnded(held) {
			t.Error("the probe has ended")
		}
	}
	held := mustHold(t, &b, 100, -40, "1")
	probe.answered()
	if !hasEnded(held) {
		t.Error("those that wait for the probe are not told of its end")
	}
	for range 3 {
		mustPass(t, &b, 100, false)
	}
}

// Whether the limit is gone, a probe without an answer does not tell.
func TestAProbeWithoutAnAnswerReleasesNobody(t *testing.T) {
	var b brake
	mustPass(t, &b, 0, false).limited(after(60), limitMetBy("1"))
	probe := mustPass(t, &b, 61, true)
	held := mustHold(t, &b, 61, -1, "1")
	probe.unanswered()
	if !hasEnded(held) {
		t.Error("those that wait for the probe are not told of its end")
	}
	mustPass(t, &b, 61, true)
	if again := mustHold(t, &b, 61, -1, "1"); hasEnded(again) {
		t.Error("the second probe has ended")
	}
}

func TestAProbeThatIsLimitedHoldsTheOthersAgain(t *testing.T) {
	var b brake
	mustPass(t, &b, 0, false).limited(after(60), limitMetBy("1"))
	probe := mustPass(t, &b, 60, true)
	held := mustHold(t, &b, 60, 0, "1")
	probe.limited(after(90), limitMetBy("2"))
	if !hasEnded(held) {
		t.Error("those that wait for the probe are not told of its end")
	}
	mustHold(t, &b, 60, 30, "2")
	mustPass(t, &b, 90, true).answered()
	mustPass(t, &b, 90, false)
}

// Requests that were under way together meet the limit one after the other.
func TestTheLongestLimitHolds(t *testing.T) {
	var b brake
	first, second, third := mustPass(t, &b, 0, false), mustPass(t, &b, 0, false), mustPass(t, &b, 0, false)
	first.limited(after(60), limitMetBy("1"))
	second.limited(after(30), limitMetBy("2"))
	mustHold(t, &b, 0, 60, "1")
	third.limited(after(90), limitMetBy("3"))
	mustHold(t, &b, 0, 90, "3")
}

// A request that was sent before the limit was met says nothing about it, and
// does not end a probe that is not its own.
func TestAnEarlierRequestReleasesNobody(t *testing.T) {
	var b brake
	early, another, limited := mustPass(t, &b, 0, false), mustPass(t, &b, 0, false), mustPass(t, &b, 0, false)
	limited.limited(after(60), limitMetBy("1"))
	early.answered()
	mustHold(t, &b, 1, 59, "1")

	probe := mustPass(t, &b, 60, true)
	another.unanswered()
	if held := mustHold(t, &b, 60, 0, "1"); hasEnded(held) {
		t.Error("the probe has ended")
	}
	probe.answered()
	mustPass(t, &b, 60, false)
}

func TestALimitAfterALimit(t *testing.T) {
	var b brake
	mustPass(t, &b, 0, false).limited(after(60), limitMetBy("1"))
	mustPass(t, &b, 60, true).answered()
	mustPass(t, &b, 60, false).limited(after(70), limitMetBy("2"))
	mustHold(t, &b, 65, 5, "2")
	mustPass(t, &b, 70, true)
}

// The request that met the limit goes on to change its error.
func TestTheBrakeKeepsACopyOfTheCause(t *testing.T) {
	var b brake
	cause := limitMetBy("1")
	mustPass(t, &b, 0, false).limited(after(60), cause)
	cause.Object = "2"
	mustHold(t, &b, 0, 60, "1")
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What the client tells the brake after each kind of failure: what the next
// request finds.
func TestWhatAFailureTellsTheBrake(t *testing.T) {
	status := func(status int) transportFunc {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}, nil
		}
	}
	lost := transportFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection lost") })

	for name, test := range map[string]struct {
		probe transportFunc
		want  string
	}{
		"answered":          {status(http.StatusOK), "free"},
		"refused":           {status(http.StatusForbidden), "free"},
		"failed":            {status(http.StatusServiceUnavailable), "free"},
		"limited":           {status(http.StatusTooManyRequests), "held"},
		"without an answer": {lost, "probing"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := fakeclock.New()
			next := status(http.StatusTooManyRequests)
			client, err := New(Config{AccessToken: "x", Clock: clock, Transport: transportFunc(func(r *http.Request) (*http.Response, error) { return next(r) })})
			if err != nil {
				t.Fatal(err)
			}
			send := func() {
				_ = client.do(context.Background(), request{method: http.MethodGet, decode: func([]byte) error { return nil }})
			}
			send()
			clock.Advance(DefaultRetryMaxWait)
			next = test.probe
			send()

			got := "free"
			switch pass, held := client.brake.ask(clock.Now()); {
			case held != nil:
				got = "held"
			case pass.probe:
				got = "probing"
			}
			if got != test.want {
				t.Errorf("the next request is %s, not %s", got, test.want)
			}
		})
	}
}
