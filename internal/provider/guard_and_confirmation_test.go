// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Here the protocol is spoken without Terraform, because Terraform plans once
// more before each create and so hides what the create itself does.

func (p *protocol) state(resp *tfprotov6.DynamicValue) map[string]tftypes.Value {
	p.t.Helper()
	return p.fields(p.schema.ResourceSchemas[resourceType].ValueType(), resp)
}

// planCreate plans a create of key A.
func (p *protocol) planCreate(key string) []*tfprotov6.Diagnostic {
	p.t.Helper()
	config := map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(key)}
	resp, err := p.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: p.values(config), Config: p.values(config),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.Diagnostics
}

// update applies an update from key A to another key.
func (p *protocol) update(from, to string, timeouts *tftypes.Value) *tfprotov6.ApplyResourceChangeResponse {
	p.t.Helper()
	values := func(key string) map[string]tftypes.Value {
		v := map[string]tftypes.Value{
			attrPhoneNumberID: text(testNumber), attrPublicKey: text(key), attrAllowOverwrite: tftypes.NewValue(tftypes.Bool, false),
			attrSignatureStatus: text("VALID"), attrFingerprint: text(fingerprintOf(p.t, key)),
		}
		if timeouts != nil {
			v[attrTimeouts] = *timeouts
		}
		return v
	}
	config := values(to)
	delete(config, attrSignatureStatus)
	delete(config, attrFingerprint)
	resp, err := p.ApplyResourceChange(p.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: p.values(values(from)), PlannedState: p.values(values(to)), Config: p.values(config),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp
}

func timeoutsWith(name, value string) *tftypes.Value {
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"create": tftypes.String, "read": tftypes.String, "update": tftypes.String}}
	values := map[string]tftypes.Value{}
	for n := range typ.AttributeTypes {
		values[n] = tftypes.NewValue(tftypes.String, nil)
	}
	values[name] = text(value)
	v := tftypes.NewValue(typ, values)
	return &v
}

// A create that cannot look does not upload.
func TestCreateThatCannotLookDoesNotUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyB(t), "VALID")
	w.Script(graphmock.Fault{Method: "GET", Times: -1, Status: 401, Body: graphmock.ErrorBody(190, 0, "OAuthException", "expired", nil)})
	resp := w.protocol().create(testNumber, keyA(t), false)
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "Could not check which key the number holds" {
		t.Errorf("%+v", resp.Diagnostics)
	}
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
}

// Which errors fail the plan of a create, and which only warn.
func TestPlanOfACreateBySeverity(t *testing.T) {
	t.Parallel()
	const warning, failure = tfprotov6.DiagnosticSeverityWarning, tfprotov6.DiagnosticSeverityError
	for name, test := range map[string]struct {
		code     int
		severity tfprotov6.DiagnosticSeverity
	}{
		"token":          {190, failure},
		"permission":     {10, failure},
		"wrong object":   {100, failure},
		"policy":         {368, failure},
		"other":          {131008, failure},
		"rate limit":     {133016, warning},
		"not registered": {133010, warning},
		"transient":      {2, warning},
		"deleted":        {33, warning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Script(graphmock.Fault{Times: -1, Status: 400, Body: graphmock.ErrorBody(test.code, 33, "OAuthException", "message", nil)})
			diags := w.protocol().planCreate(keyA(t))
			if len(diags) != 1 || diags[0].Severity != test.severity {
				t.Errorf("%+v", diags)
			}
		})
	}
}

// An update over a key that is still shown as valid waits for the new one.
func TestUpdateWaitsForTheNewKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	w.SetKeyLag(2)
	resp := w.protocol().update(keyA(t), keyB(t), nil)
	if len(resp.Diagnostics) > 0 {
		t.Fatalf("%+v", resp.Diagnostics[0])
	}
	if err := w.expectRequests(map[string]string{testNumber: "POST GET GET GET"}); err != nil {
		t.Error(err)
	}
}

// The upload succeeds and the read behind it does not: the state has the key,
// and claims nothing of the signature.
func TestConfirmationThatFailsKeepsTheState(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*protocol) *tfprotov6.ApplyResourceChangeResponse{
		"create": func(p *protocol) *tfprotov6.ApplyResourceChangeResponse { return p.create(testNumber, keyB(t), true) },
		"update": func(p *protocol) *tfprotov6.ApplyResourceChangeResponse { return p.update(keyA(t), keyB(t), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Script(graphmock.Fault{Method: "GET", Times: -1, Status: 403, Body: graphmock.ErrorBody(10, 0, "OAuthException", "no", nil)})
			p := w.protocol()
			resp := act(p)
			if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "Could not confirm the key after it was uploaded" || !strings.Contains(resp.Diagnostics[0].Detail, "The key was uploaded.") {
				t.Fatalf("%+v", resp.Diagnostics)
			}
			state := p.state(resp.NewState)
			if got := p.text(state[attrPublicKey]); got != keyB(t) {
				t.Errorf("the key in state is %q", got)
			}
			if !state[attrSignatureStatus].IsNull() {
				t.Errorf("the state claims the status %s", state[attrSignatureStatus])
			}
		})
	}
}

// What the state has after an upload that is not confirmed is what was seen.
func TestUnconfirmedUploadSavesWhatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	w.SetKeyLag(-1)
	p := w.protocol()
	resp := p.update(keyA(t), keyB(t), nil)
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "The key was uploaded but is not confirmed" || strings.Contains(resp.Diagnostics[0].Detail, "tainted") {
		t.Fatalf("%+v", resp.Diagnostics)
	}
	state := p.state(resp.NewState)
	if got := p.text(state[attrFingerprint]); got != fingerprintOf(t, keyA(t)) {
		t.Errorf("the fingerprint in state is %s", got)
	}
}

// Each operation has its own timeout.
func TestTimeoutsOfUpdateAndRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), "VALID")
	w.Script(graphmock.Fault{Times: -1, Delay: 30 * time.Second})
	p := w.protocol()
	interrupted := func(diags []*tfprotov6.Diagnostic) {
		t.Helper()
		if len(diags) != 1 || !strings.Contains(diags[0].Detail, "The operation timed out") {
			t.Errorf("%+v", diags)
		}
	}
	interrupted(p.update(keyA(t), keyB(t), timeoutsWith("update", "50ms")).Diagnostics)
	interrupted(p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrTimeouts: *timeoutsWith("read", "50ms")})).Diagnostics)

	config := map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrTimeouts: *timeoutsWith("read", "50ms")}
	planned, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: p.values(config), Config: p.values(config),
	})
	if err != nil {
		t.Fatal(err)
	}
	interrupted(planned.Diagnostics)
}

// To import a number that was deleted is an error, and no silence.
func TestImportOfADeletedNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DeleteNumber(testNumber)
	p := w.protocol()
	resp := p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}))
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError || !strings.Contains(resp.Diagnostics[0].Detail, "deleted") {
		t.Errorf("%+v", resp.Diagnostics)
	}
}

// A damaged key on the number is read, with a warning.
func TestDataSourceWarnsOfADamagedKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, "nonsense", "VALID")
	p := w.protocol()
	resp, err := p.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: resourceType,
		Config:   p.object(p.schema.DataSourceSchemas[resourceType].ValueType(), map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning || resp.Diagnostics[0].Summary != "The number holds a damaged key" {
		t.Errorf("%+v", resp.Diagnostics)
	}
}

// The words of a server may be in any language.
func TestWordsOfAServerAreNotDamaged(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Срок действия истёк": "Срок действия истёк.", "有効期限が切れました。": "有効期限が切れました。", "the key": "The key.", "": "", "Why?": "Why?",
	} {
		if got := sentence(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}
