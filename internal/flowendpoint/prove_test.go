// SPDX-License-Identifier: MPL-2.0

package flowendpoint_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
)

// scripted answers the n-th question as the n-th letter says, and the later ones
// as the last: p proves, s answers a screen, k lacks the key, f fails.
func scripted(t *testing.T, script string) (uri string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	return serve(t, func(w http.ResponseWriter, _ string, s flowmessage.Session) {
		switch script[min(int(asked.Add(1)), len(script))-1] {
		case 'p':
			_, _ = io.WriteString(w, encrypted(t, s, active))
		case 's':
			_, _ = io.WriteString(w, encrypted(t, s, `{"screen":"A"}`))
		case 'k':
			w.WriteHeader(http.StatusMisdirectedRequest)
		case 'f':
			w.WriteHeader(http.StatusInternalServerError)
		}
	}), asked
}

func TestProve(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for name, test := range map[string]struct {
		script  string
		answers int
		wait    time.Duration
		verdict flowendpoint.Verdict
		asked   int32
		waits   []time.Duration
	}{
		"proven at once":                        {"p", 3, 0, flowendpoint.Proven, 3, nil},
		"one answer is asked for":               {"p", 1, 0, flowendpoint.Proven, 1, nil},
		"the third instance lacks the key":      {"ppkp", 3, 0, flowendpoint.WrongKey, 3, nil},
		"without a wait, the first answer ends": {"kp", 3, 0, flowendpoint.WrongKey, 1, nil},
		"the key arrives":                       {"kkp", 3, time.Minute, flowendpoint.Proven, 5, []time.Duration{s, 2 * s}},
		"half rolled out: in a row counts":      {"pkppkppp", 3, time.Minute, flowendpoint.Proven, 8, []time.Duration{s, 2 * s}},
		"the wait is not exceeded":              {"k", 3, 10 * s, flowendpoint.WrongKey, 5, []time.Duration{s, 2 * s, 4 * s, 3 * s}},
		"the pauses stop growing":               {"k", 1, 40 * s, flowendpoint.WrongKey, 8, []time.Duration{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s, 5 * s}},
		"one screen among the answers":          {"psp", 3, 0, flowendpoint.NoHealthCheck, 3, nil},
		"a screen comes first":                  {"spp", 3, 0, flowendpoint.NoHealthCheck, 3, nil},
		"an error goes away":                    {"fp", 1, time.Minute, flowendpoint.Proven, 2, []time.Duration{s}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri, asked := scripted(t, test.script)
			clock := fakeclock.New()
			var announced []time.Duration
			e := endpoint(t, uri, flowendpoint.Config{Clock: clock, OnWait: func(_ context.Context, w flowendpoint.Wait) { announced = append(announced, w.For) }})
			got, err := e.Prove(t.Context(), public(t), flowendpoint.Proof{Answers: test.answers, Wait: test.wait})
			if err != nil || got.Verdict != test.verdict {
				t.Errorf("%+v, %v", got, err)
			}
			if waits := clock.Waits(); asked.Load() != test.asked || !slices.Equal(waits, test.waits) || !slices.Equal(announced, test.waits) {
				t.Errorf("asked %d times, with the waits %v, of which %v were announced", asked.Load(), waits, announced)
			}
		})
	}
}

// A wait that is interrupted returns the last answer, too.
func TestProve_interrupted(t *testing.T) {
	t.Parallel()
	uri, _ := scripted(t, "k")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped")
	e := endpoint(t, uri, flowendpoint.Config{OnWait: func(context.Context, flowendpoint.Wait) { cancel(stop) }})
	got, err := e.Prove(ctx, public(t), flowendpoint.Proof{Answers: 3, Wait: time.Minute})
	if !errors.Is(err, stop) || got.Verdict != flowendpoint.WrongKey {
		t.Errorf("%+v, %v", got, err)
	}
}
