// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// A run warns once that another version answers, however many numbers there are.
// That a version has ended is known before anything is sent.
func TestCLI_versionWarnings(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(5)
	w := &world{t: t, Server: graphmock.NewServer(graphmock.Options{Token: testToken, OldestVersion: "v25.0"}, numbers...)}
	t.Cleanup(w.Close)
	for version, want := range map[string][]string{
		"v25.0": nil,
		"v24.0": {"Warning: The Graph API answers with another version", "The provider asked for version v24.0, and the Graph API answered with v25.0", envAPIVersion},
		"v19.0": {"Warning: The Graph API version has ended", "Warning: The Graph API answers with another version"},
	} {
		c := w.cli(strings.Replace(eachNumber(numbers, quote(keyA(t))), "resource", "provider \"whatsapp\" {\n  api_version = \""+version+"\"\n}\n\nresource", 1))
		c.actions()
		printed := c.printed()
		for _, s := range want {
			if !strings.Contains(printed, s) {
				t.Errorf("%s: not printed: %s", version, s)
			}
		}
		warnings := 0
		for _, s := range want {
			if strings.HasPrefix(s, "Warning") {
				warnings++
			}
		}
		if n := strings.Count(printed, "Warning: "); n != warnings {
			t.Errorf("%s: %d warnings: %s", version, n, printed)
		}
	}
}

// A secret that gets into a log line is masked there.
func TestSecretsAreMaskedInTheLog(t *testing.T) {
	t.Parallel()
	const secret = "EAASecretThatNobodyMayRead"
	d := &providerData{secrets: []string{secret}}
	var log bytes.Buffer
	ctx := tflogtest.RootLogger(t.Context(), &log)
	d.logWait(ctx, graph.Wait{Call: graph.Call{Object: secret}, Reason: "the server said " + secret, For: time.Second})
	d.logAnswer(ctx, graph.Answer{ServedVersion: secret})
	tflog.Info(d.masked(ctx), "A message with "+secret)
	if strings.Contains(log.String(), secret) || strings.Count(log.String(), "\n") != 3 {
		t.Errorf("the log is\n%s", &log)
	}
}

// The mask knows the secrets that the provider is configured with. The server
// sends them back in the one header that is logged.
func TestConfiguredSecretsAreMaskedInTheLog(t *testing.T) {
	t.Parallel()
	const appSecret = "5f4dcc3b5aa765d61d8327deb882cf99"
	w := &world{t: t, clock: fakeclock.New(), Server: graphmock.NewServer(graphmock.Options{Token: testToken, AppSecret: appSecret}, testNumber)}
	t.Cleanup(w.Close)
	w.Script(graphmock.Fault{Times: -1, Header: http.Header{"Facebook-Api-Version": {"of " + testToken + " and " + appSecret}}})
	p := w.protocol()
	configured, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(p.schema.Provider.ValueType(), map[string]tftypes.Value{
		"base_url": text(w.URL()), "access_token": text(testToken), "app_secret": text(appSecret),
	})})
	p.check(err, configured.Diagnostics)
	var log bytes.Buffer
	read, err := p.ReadResource(tflogtest.RootLogger(t.Context(), &log), &tfprotov6.ReadResourceRequest{
		TypeName: resourceType, CurrentState: p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))}),
	})
	p.check(err, read.Diagnostics)
	if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
		t.Error(err)
	}
	for _, secret := range []string{testToken, appSecret} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
	if !strings.Contains(log.String(), `"api_version":"of *** and ***"`) {
		t.Errorf("the answer is not logged:\n%s", &log)
	}
}

// Each line says what was asked for and what came of it.
func TestLogLines(t *testing.T) {
	t.Parallel()
	d := &providerData{}
	var log bytes.Buffer
	ctx := tflogtest.RootLogger(t.Context(), &log)
	for _, call := range []graph.Call{
		{Method: "GET", Object: testNumber, Edge: "whatsapp_business_encryption"},
		{Method: "POST", Object: testNumber, Edge: "whatsapp_business_encryption"},
		{Method: "GET", Object: testWABA, Edge: "phone_numbers"},
		{Method: "GET", Object: testFlow},
	} {
		d.logWait(ctx, graph.Wait{Call: call, Reason: "HTTP 503", For: 1100 * time.Millisecond})
	}
	d.logAnswer(ctx, graph.Answer{
		Call: graph.Call{Method: "GET", Object: testNumber, Edge: "whatsapp_business_encryption"}, HTTPStatus: 200, Took: 1200 * time.Millisecond, ServedVersion: "v25.0",
	})
	entries, err := tflogtest.MultilineJSONDecode(&log)
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"@level": "info", "phone_number_id": testNumber, "waba_id": nil, "flow_id": nil, "reason": "HTTP 503", "seconds": 2.0},
		{"@level": "info", "phone_number_id": testNumber, "waba_id": nil, "flow_id": nil, "reason": "HTTP 503", "seconds": 2.0},
		{"@level": "info", "phone_number_id": nil, "waba_id": testWABA, "flow_id": nil, "reason": "HTTP 503", "seconds": 2.0},
		{"@level": "info", "phone_number_id": nil, "waba_id": nil, "flow_id": testFlow, "reason": "HTTP 503", "seconds": 2.0},
		{"@level": "debug", "method": "GET", "object": testNumber, "edge": "whatsapp_business_encryption", "http_status": 200.0, "took_ms": 1200.0, "api_version": "v25.0"},
	}
	if len(entries) != len(want) {
		t.Fatalf("%d lines", len(entries))
	}
	for i, fields := range want {
		for name, value := range fields {
			if got := entries[i][name]; got != value {
				t.Errorf("line %d: %s is %v, not %v", i+1, name, got, value)
			}
		}
	}
}

// Whatever is called first says that another version answers, and nothing says
// it again.
func TestServedVersionIsSaidOnce(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*protocol) []*tfprotov6.Diagnostic{
		"plan of a create": func(p *protocol) []*tfprotov6.Diagnostic { return p.planCreate(keyA(t)) },
		"create":           func(p *protocol) []*tfprotov6.Diagnostic { return p.create(testNumber, keyA(t), true).Diagnostics },
		"update":           func(p *protocol) []*tfprotov6.Diagnostic { return p.update(keyB(t), keyA(t), nil).Diagnostics },
		"read": func(p *protocol) []*tfprotov6.Diagnostic {
			return p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))})).Diagnostics
		},
		"data source of a number":   readingData(resourceType, map[string]tftypes.Value{attrPhoneNumberID: text(testNumber)}),
		"data source of an account": readingData("whatsapp_phone_numbers", map[string]tftypes.Value{attrWABAID: text(testWABA)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, clock: fakeclock.New(), Server: graphmock.NewServer(graphmock.Options{Token: testToken, OldestVersion: "v26.0"}, testNumber)}
			t.Cleanup(w.Close)
			w.AddWABA(testWABA)
			w.SetKey(testNumber, keyA(t), "VALID")
			p := w.protocol()
			diags := call(p)
			if len(diags) != 1 || diags[0].Summary != "The Graph API answers with another version" ||
				!strings.HasPrefix(diags[0].Detail, "The provider asked for version v25.0, and the Graph API answered with v26.0,") {
				t.Errorf("%+v", diags)
			}
			if diags := call(p); len(diags) != 0 {
				t.Errorf("again: %+v", diags)
			}
		})
	}
}
