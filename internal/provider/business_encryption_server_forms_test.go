// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// bare is the base64 of a PEM without its armour.
func bare(pem string) string {
	lines := strings.Split(strings.TrimSpace(pem), "\n")
	return strings.Join(lines[1:len(lines)-1], "")
}

func replacing(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }

// serverForms are forms in which a server may return the key that it got. Which
// one Meta's has is not documented.
var serverForms = map[string]func(pem string) string{
	"one line":                 replacing("\n", ""),
	"spaces for line breaks":   replacing("\n", " "),
	"plus for line breaks":     replacing("\n", "+"),
	"plus for whitespace":      replacing("\n", "+", " ", "+"),
	`\n`:                       replacing("\n", `\n`),
	`\r\n`:                     replacing("\n", `\r\n`),
	"no armour":                bare,
	"no armour, lines":         func(pem string) string { return strings.SplitAfterN(strings.Split(pem, "\n-----END")[0], "\n", 2)[1] },
	"76 columns":               graphmock.StoreRewrapped,
	"percent-encoded":          url.QueryEscape,
	"percent-encoded path":     url.PathEscape,
	"base64 of PEM":            func(pem string) string { return base64.StdEncoding.EncodeToString([]byte(pem)) },
	"escaped as in JSON":       func(pem string) string { return strings.ReplaceAll(strings.Trim(strconv.Quote(pem), `"`), "/", `\/`) },
	"escaped by code":          replacing("\n", `\u000a`, "+", `\u002b`),
	"double quotes":            strconv.Quote,
	"single quotes":            func(pem string) string { return "'" + pem + "'" },
	"HTML entities":            replacing("\n", "&#10;", "+", "&#43;", "/", "&#x2F;"),
	"indented":                 replacing("\n", "\n    "),
	"no-break spaces":          replacing("\n", "\u00a0\n", " ", "\u00a0"),
	"zero-width spaces inside": replacing("\n", "\n\u200b"),
}

// A key that comes back in another form is the key: the upload is confirmed, the
// state has the text of the configuration, and there is nothing left to do.
func TestServerForms(t *testing.T) {
	t.Parallel()
	for name, store := range serverForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			w.SetStore(store)
			p := w.protocol()
			config := p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(a)})
			planned, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: config, Config: config,
			})
			p.check(err, planned.Diagnostics)
			applied, err := p.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
				TypeName: resourceType, PriorState: p.nothing(), PlannedState: planned.PlannedState, Config: config, PlannedPrivate: planned.PlannedPrivate,
			})
			p.check(err, applied.Diagnostics)
			if stored, _ := w.Key(testNumber); stored == a {
				t.Fatal("the server returns the key as it was sent")
			}
			checkState := func(what string, state map[string]tftypes.Value) {
				if got := p.text(state[attrPublicKey]); got != a {
					t.Errorf("%s: the key is %q", what, got)
				}
				if got := p.text(state[attrFingerprint]); got != fingerprintOf(t, a) {
					t.Errorf("%s: the fingerprint is %q", what, got)
				}
				if got := p.text(state[attrSignatureStatus]); got != "VALID" {
					t.Errorf("%s: the status is %q", what, got)
				}
			}
			checkState("created", p.state(applied.NewState))

			read, err := p.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: resourceType, CurrentState: applied.NewState, Private: applied.Private})
			p.check(err, read.Diagnostics)
			checkState("read", p.state(read.NewState))
			again, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: resourceType, PriorState: read.NewState, ProposedNewState: read.NewState, Config: config, PriorPrivate: read.Private,
			})
			p.check(err, again.Diagnostics)
			if len(again.RequiresReplace) > 0 {
				t.Errorf("the next plan replaces: %v", again.RequiresReplace)
			}
			checkState("planned again", p.state(again.PlannedState))
			if n := w.Count("POST", ""); n != 1 {
				t.Errorf("%d uploads", n)
			}
		})
	}
}

// The same with the real CLI, for a resource and for the data source, which
// shows the canonical form. An import finds nothing to change either.
func TestAccBusinessEncryption_serverForms(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"no armour", "plus for whitespace", `\r\n`, "HTML entities", "no-break spaces"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			w.SetStore(serverForms[name])
			const data = "data \"whatsapp_business_encryption\" \"test\" {\n  phone_number_id = \"" + testNumber + "\"\n  depends_on = [" + address + "]\n}\n"
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: w.factories(),
				Steps: []resource.TestStep{
					{
						Config: w.config(numberWith(quote(a)), data),
						ConfigStateChecks: []statecheck.StateCheck{
							value(attrPublicKey, a), value(attrSignatureStatus, "VALID"), value(attrFingerprint, fingerprintOf(t, a)),
							statecheck.ExpectKnownValue("data."+address, at(attrPublicKey), knownvalue.StringExact(a)),
						},
					},
					{
						PreConfig:         w.forget(),
						Config:            w.config(numberWith(quote(a))),
						ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
						ConfigStateChecks: []statecheck.StateCheck{w.received("GET")},
					},
				},
			})
		})
	}
}

// A damaged text is no key, in whatever form it comes, and neither is a private
// key or a certificate that somebody has uploaded by other means.
func TestServerForms_noKey(t *testing.T) {
	t.Parallel()
	a := keyA(t)
	for name, returned := range map[string]string{
		"one character less": strings.Replace(bare(a), bare(a)[100:101], "", 1),
		"two keys":           strings.ReplaceAll(a+keyB(t), "\n", `\n`),
		"a private key":      bare(fixture(t, "rsa2048_a.private_pkcs1.pem")),
		"a certificate":      url.QueryEscape(fixture(t, "certificate.pem")),
	} {
		w := newWorld(t)
		w.SetKey(testNumber, returned, "VALID")
		p := w.protocol()
		state := p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(a), attrFingerprint: text(fingerprintOf(t, a)), attrSignatureStatus: text("VALID")})
		read, err := p.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: resourceType, CurrentState: state})
		p.check(err, read.Diagnostics)
		if fingerprint := p.state(read.NewState)[attrFingerprint]; !fingerprint.IsNull() {
			t.Errorf("%s has the fingerprint %s", name, fingerprint)
		}
	}
}
