// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// endpointCheck is what has to be proven before a number gets another key.
type endpointCheck struct {
	uris         []string
	proof        flowendpoint.Proof
	mayBeUnclear bool // an inconclusive answer is only a warning
}

// endpointCheckOf reads the argument. The check is nil when there is none.
func endpointCheckOf(ctx context.Context, m businessEncryptionModel, diags *diag.Diagnostics) *endpointCheck {
	if m.EndpointCheck.IsNull() || m.EndpointCheck.IsUnknown() {
		return nil
	}
	var given endpointCheckModel
	diags.Append(m.EndpointCheck.As(ctx, &given, basetypes.ObjectAsOptions{})...)
	check := &endpointCheck{
		proof:        flowendpoint.Proof{Answers: defaultAnswers, Wait: given.wait()},
		mayBeUnclear: given.Inconclusive.ValueString() == inconclusiveWarning,
	}
	if !given.Answers.IsNull() {
		answers, _ := given.Answers.ValueBigFloat().Int64()
		check.proof.Answers = int(answers)
	}
	diags.Append(given.EndpointURIs.ElementsAs(ctx, &check.uris, false)...)
	slices.Sort(check.uris)
	check.uris = slices.Compact(check.uris)
	return check
}

// verdict is what came of the proof of one endpoint.
type verdict struct {
	endpoint string // as it may be shown
	answer   flowendpoint.Answer
	err      error  // why the proof ended early
	by       string // the number that the endpoint was asked for
}

// passed reports whether the proof lets the upload go on.
func (c *endpointCheck) passed(v verdict) bool {
	return v.err == nil && (v.answer.Verdict.Decrypts() || c.mayBeUnclear && v.answer.Verdict.Inconclusive())
}

// checkEndpoints asks every endpoint whether it can decrypt with the private key
// that belongs to the key of the upload. It reports an error when one does not
// prove it.
func (u *upload) checkEndpoints(ctx context.Context, diags *diag.Diagnostics) bool {
	verdicts := make([]verdict, len(u.check.uris))
	var all sync.WaitGroup
	for i, uri := range u.check.uris {
		all.Go(func() { verdicts[i] = u.provider.prove(ctx, u.number(), uri, u.key, u.check.proof) })
	}
	all.Wait()

	var failed []verdict
	for _, v := range verdicts {
		switch {
		case !u.check.passed(v):
			failed = append(failed, v)
		case v.answer.Verdict != flowendpoint.Proven && v.by == u.number():
			diags.AddAttributeWarning(path.Root(attrPhoneNumberID), "An endpoint did not pass the whole check",
				fmt.Sprintf("The key with the SHA-256 fingerprint %s is uploaded all the same.\n\n%s", u.key.Fingerprint(), v.explain()))
		}
	}
	if len(failed) > 0 {
		diags.AddAttributeError(path.Root(attrPhoneNumberID), "The endpoint did not prove that it can decrypt", u.notProven(failed))
	}
	return len(failed) == 0
}

func (u *upload) notProven(failed []verdict) string {
	if by := failed[0].by; by != u.number() && !slices.ContainsFunc(failed, func(v verdict) bool { return v.by != by }) {
		return fmt.Sprintf("Nothing was uploaded to %s: see the error for %s.", u.number(), by)
	}
	within := ""
	if u.check.proof.Wait > 0 {
		within = " within " + inWords(u.check.proof.Wait)
	}
	parts := []string{fmt.Sprintf("Phone number ID %s was to get %s, but not every endpoint proved%s that it has the private key of it. No key was uploaded, and the number is as it was.", u.number(), describeKey(u.key), within)}
	for _, v := range failed {
		parts = append(parts, v.explain())
	}
	return strings.Join(parts, "\n\n")
}

// explain says what the endpoint answered, and what to do.
func (v verdict) explain() string {
	text := v.endpoint + ": " + v.answer.Reason
	switch {
	case v.err != nil && v.answer.Reason == "":
		return v.endpoint + ": The check was interrupted, or the operation timed out, before there was an answer."
	case v.err != nil:
		text += " Then the check was interrupted, or the operation timed out."
	}
	return text + " " + endpointRemedy(v.answer)
}

// proofs are those of one run. An endpoint is asked once for a key, however many
// numbers get that key.
type proofs struct {
	mu  sync.Mutex // guards all
	all map[proofKey]*sharedProof
}

type proofKey struct {
	uri   string
	key   pemkey.PublicKey
	proof flowendpoint.Proof
}

// sharedProof is made by whoever has the turn. Those who wait for the turn find it
// done, unless it was interrupted.
type sharedProof struct {
	turn    chan struct{}
	done    bool
	verdict verdict
}

func (p *proofs) of(k proofKey) *sharedProof {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[proofKey]*sharedProof{}
	}
	shared, ok := p.all[k]
	if !ok {
		shared = &sharedProof{turn: make(chan struct{}, 1)}
		p.all[k] = shared
	}
	return shared
}

func (d *providerData) prove(ctx context.Context, number, uri string, key pemkey.PublicKey, proof flowendpoint.Proof) verdict {
	endpoint, err := flowendpoint.New(uri, d.endpoints)
	if err != nil { // the URI was not known when it could be validated
		return verdict{endpoint: "One of endpoint_uris", answer: flowendpoint.Answer{Verdict: flowendpoint.NotAnEndpoint, Reason: sentence(err.Error())}, by: number}
	}
	shared := d.run.proofs.of(proofKey{uri, key, proof})
	select {
	case shared.turn <- struct{}{}:
		defer func() { <-shared.turn }()
	case <-ctx.Done():
		return verdict{endpoint: endpoint.String(), err: context.Cause(ctx), by: number}
	}
	if shared.done {
		return shared.verdict
	}
	answer, err := endpoint.Prove(ctx, key, proof)
	shared.verdict = verdict{endpoint: endpoint.String(), answer: answer, err: err, by: number}
	shared.done = err == nil
	return shared.verdict
}

// uploadTimeout is the default time for an upload: the check comes on top.
func (c *endpointCheck) uploadTimeout() time.Duration {
	if c == nil {
		return defaultUploadTimeout
	}
	return defaultUploadTimeout + c.proof.Wait
}
