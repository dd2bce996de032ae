// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// settled is a configuration and the state that applying it leaves.
func (p *protocol) settled(number, key string) (config, state *tfprotov6.DynamicValue) {
	p.t.Helper()
	given := map[string]tftypes.Value{attrPhoneNumberID: text(number), attrPublicKey: text(key)}
	stored := maps.Clone(given)
	stored[attrAllowOverwrite] = tftypes.NewValue(tftypes.Bool, false)
	stored[attrSignatureStatus] = text(graphmock.StatusValid)
	stored[attrFingerprint] = text(fingerprintOf(p.t, key))
	return p.values(given), p.values(stored)
}

// A plan of one number with nothing to do and without a refresh, which sends no
// request.
func BenchmarkPlan(b *testing.B) {
	w := newWorld(b)
	p := w.protocol()
	config, state := p.settled(testNumber, keyA(b))
	b.ReportAllocs()
	for b.Loop() {
		resp, err := p.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: resourceType, PriorState: state, ProposedNewState: state, Config: config,
		})
		if err != nil || len(resp.Diagnostics) > 0 {
			b.Fatal(err, resp.Diagnostics)
		}
	}
	if n := w.Count("", ""); n > 0 {
		b.Errorf("%d requests", n)
	}
}

func BenchmarkValidate(b *testing.B) {
	p := newWorld(b).protocol()
	config, _ := p.settled(testNumber, keyA(b))
	b.ReportAllocs()
	for b.Loop() {
		resp, err := p.ValidateResourceConfig(b.Context(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: resourceType, Config: config, ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
		if err != nil || len(resp.Diagnostics) > 0 {
			b.Fatal(err, resp.Diagnostics)
		}
	}
}

// A refresh of one number. Most of the time goes to its request to the mock
// server in the same process.
func BenchmarkRefresh(b *testing.B) {
	w := newWorld(b)
	w.SetKey(testNumber, keyA(b), graphmock.StatusValid)
	p := w.protocol()
	_, state := p.settled(testNumber, keyA(b))
	b.ReportAllocs()
	for b.Loop() {
		if resp := p.read(state); len(resp.Diagnostics) > 0 {
			b.Fatal(resp.Diagnostics[0])
		}
	}
}
