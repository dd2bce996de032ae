// SPDX-License-Identifier: MPL-2.0

package flowendpoint

import (
	"context"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// Proof is how much is asked of an endpoint.
type Proof struct {
	// Answers is how many answers in a row have to open, each to a question on a
	// connection of its own. An endpoint may be a fleet of which some instances do
	// not have the key.
	Answers int

	// Wait is how long to go on asking an endpoint that does not prove that it has
	// the key. Zero means that the first such answer ends the proof.
	Wait time.Duration
}

// Wait tells a listener why an endpoint is asked again.
type Wait struct {
	Endpoint string // see [Endpoint.String]
	Answer   Answer
	For      time.Duration // until it is asked again
	Left     time.Duration // until the last question
}

// The time between two rounds grows from the first to the longest.
const (
	firstPause   = time.Second
	longestPause = 10 * time.Second
)

// Prove asks until the endpoint has proven that it has the private key, or the
// wait is over. It returns the last answer, or, when all that are asked for open,
// one that fails the health check, if there is one. The error is the cause of the
// context's end; the answer is then the last one before it, if there was one.
func (e *Endpoint) Prove(ctx context.Context, key pemkey.PublicKey, p Proof) (Answer, error) {
	var last Answer
	end := e.config.Clock.Now().Add(p.Wait)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		answer, err := e.round(ctx, key, p.Answers)
		if err != nil {
			return last, err
		}
		last = answer
		left := end.Sub(e.config.Clock.Now())
		if answer.Verdict.Decrypts() || left <= 0 {
			return answer, nil
		}
		next := min(pause, left)
		if e.config.OnWait != nil {
			e.config.OnWait(ctx, Wait{Endpoint: e.String(), Answer: answer, For: next, Left: left})
		}
		if err := e.config.Clock.Sleep(ctx, next); err != nil {
			return last, err
		}
	}
}

// round asks for a number of answers in a row.
func (e *Endpoint) round(ctx context.Context, key pemkey.PublicKey, answers int) (Answer, error) {
	worst := Answer{Verdict: Proven}
	for i := range answers {
		answer, err := e.Ask(ctx, key)
		if err != nil || !answer.Verdict.Decrypts() {
			return answer, err
		}
		if i == 0 || answer.Verdict != Proven {
			worst = answer
		}
	}
	return worst, nil
}
