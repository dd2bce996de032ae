// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// A state of version 0 gets the id, and keeps everything else.
func TestUpgradeFromVersion0(t *testing.T) {
	t.Parallel()
	before := map[string]any{
		attrPhoneNumberID: testNumber, attrPublicKey: keyA(t), attrPublicKeyWO: nil, attrPublicKeyWOVer: json.Number("2"),
		attrSignatureStatus: "MISMATCH", attrFingerprint: fingerprintOf(t, keyA(t)), attrAllowOverwrite: true,
		attrTimeouts: map[string]any{"create": "5m", "read": nil, "update": nil},
	}
	after := maps.Clone(before)
	after[attrID] = testNumber

	w := newWorld(t)
	p := w.protocol()
	upgraded := p.upgrade(0, before)
	current := p.upgrade(1, after)
	for name, value := range p.state(current.UpgradedState) {
		if got := p.state(upgraded.UpgradedState)[name]; !got.Equal(value) {
			t.Errorf("%s is %s, not %s", name, got, value)
		}
	}
	if err := w.expectRequests(nil); err != nil {
		t.Error(err)
	}
}

func (p *protocol) upgrade(version int64, state any) *tfprotov6.UpgradeResourceStateResponse {
	p.t.Helper()
	raw, err := json.Marshal(state)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := p.UpgradeResourceState(p.t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: resourceType, Version: version, RawState: &tfprotov6.RawState{JSON: raw}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.check(nil, resp.Diagnostics)
	return resp
}
