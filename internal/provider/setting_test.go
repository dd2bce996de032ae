// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// configure configures the provider with an access token and these arguments.
func (p *protocol) configure(given map[string]tftypes.Value) []*tfprotov6.Diagnostic {
	p.t.Helper()
	given["access_token"] = text(testToken)
	resp, err := p.ConfigureProvider(p.t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(p.schema.Provider.ValueType(), given)})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.Diagnostics
}

// A value that is not allowed is refused wherever it comes from, with one error
// that names its source and points at no line.
func TestInvalidSettings(t *testing.T) {
	for _, test := range []struct{ argument, env, value, says string }{
		{"api_version", envAPIVersion, "25", "is not a Graph API version"},
		{"base_url", envBaseURL, "http://graph.facebook.com", "must use https"},
		{"app_secret", envAppSecret, "a secret", "white space"},
		{"retry_max_wait", envRetryMaxWait, "soon", `"soon" is not a duration greater than zero`},
		{"retry_max_wait", envRetryMaxWait, "0s", `"0s" is not a duration greater than zero`},
		{"retry_max_wait", envRetryMaxWait, "-1m", `"-1m" is not a duration greater than zero`},
		{"retry_max_wait", envRetryMaxWait, "999ms", `"999ms" is not between 1s and 60m`},
		{"retry_max_wait", envRetryMaxWait, "61m", `"61m" is not between 1s and 60m`},
		{"max_retries", envMaxRetries, "-1", `"-1" is not a whole number from 0 to 20`},
		{"max_retries", envMaxRetries, "21", `"21" is not a whole number from 0 to 20`},
		{"max_retries", envMaxRetries, "1.5", `"1.5" is not a whole number from 0 to 20`},
	} {
		refused := func(source string, diags []*tfprotov6.Diagnostic) {
			t.Helper()
			if len(diags) != 1 || diags[0].Summary != "Invalid "+test.argument || diags[0].Attribute != nil ||
				!strings.HasPrefix(diags[0].Detail, "The value comes from "+source+". ") || !strings.Contains(diags[0].Detail, test.says) {
				t.Errorf("%s %q: %+v", test.argument, test.value, diags)
			}
		}
		p := newWorld(t).protocol()
		if test.argument != "max_retries" { // a number, which the type and a validator of the framework check
			refused("the argument "+test.argument, p.configure(map[string]tftypes.Value{test.argument: text(test.value)}))
		}
		t.Run(test.argument, func(t *testing.T) {
			t.Setenv(test.env, test.value)
			refused("the environment variable "+test.env, p.configure(map[string]tftypes.Value{}))
		})
	}
}

func TestValidSettings(t *testing.T) {
	for _, test := range []struct{ argument, env, value string }{
		{"api_version", envAPIVersion, "v26.0"},
		{"retry_max_wait", envRetryMaxWait, "1s"},
		{"retry_max_wait", envRetryMaxWait, "1h"},
		{"retry_max_wait", envRetryMaxWait, ""},
		{"max_retries", envMaxRetries, "0"},
		{"max_retries", envMaxRetries, "20"},
		{"max_retries", envMaxRetries, ""},
	} {
		p := newWorld(t).protocol()
		if test.argument != "max_retries" {
			p.check(nil, p.configure(map[string]tftypes.Value{test.argument: text(test.value)}))
		}
		t.Run(test.argument, func(t *testing.T) {
			t.Setenv(test.env, test.value)
			p.check(nil, p.configure(map[string]tftypes.Value{}))
		})
	}
}

// A function of the configuration cannot change an environment variable.
func TestALineBreakAtTheEndOfASecret(t *testing.T) {
	for _, test := range []struct{ argument, env string }{
		{"access_token", envAccessToken},
		{"app_secret", envAppSecret},
		{"flow_app_secret", envFlowAppSecret},
	} {
		t.Run(test.argument, func(t *testing.T) {
			const secret = "0123456789abcdef0123456789abcdef\n"
			p := newWorld(t).protocol()
			detail := func(given map[string]tftypes.Value) string {
				t.Helper()
				resp, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.object(p.schema.Provider.ValueType(), given)})
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range resp.Diagnostics {
					if d.Summary == "Invalid "+test.argument {
						return d.Detail
					}
				}
				t.Fatalf("%+v", resp.Diagnostics)
				return ""
			}
			if got := detail(map[string]tftypes.Value{test.argument: text(secret)}); !strings.Contains(got, "trimspace() removes it") || strings.Contains(got, test.env) {
				t.Errorf("in the configuration: %s", got)
			}
			t.Setenv(test.env, secret)
			if got := detail(map[string]tftypes.Value{}); strings.Contains(got, "trimspace") || !strings.Contains(got, "set "+test.env+" again without it") {
				t.Errorf("in the environment: %s", got)
			}
		})
	}
}

// The number of retries takes effect, and that of the configuration goes before
// that of the environment.
func TestMaxRetries(t *testing.T) {
	for name, test := range map[string]struct {
		env   string
		given tftypes.Value
		sent  int
	}{
		"default":     {"", tftypes.NewValue(tftypes.Number, nil), 6},
		"environment": {"2", tftypes.NewValue(tftypes.Number, nil), 3},
		"argument":    {"", tftypes.NewValue(tftypes.Number, 1), 2},
		"both":        {"2", tftypes.NewValue(tftypes.Number, 0), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(envMaxRetries, test.env)
			w := newWorld(t)
			w.Script(graphmock.Fault{Times: -1, Status: 503})
			p := w.protocol()
			p.check(nil, p.configure(map[string]tftypes.Value{"base_url": text(w.URL()), "max_retries": test.given}))
			p.planCreate(keyA(t))
			if n := w.Count("GET", testNumber); n != test.sent {
				t.Errorf("%d requests, not %d", n, test.sent)
			}
		})
	}
}

// Validation sees what is wrong before anything is configured, and points at the
// argument unless its line may hold a password.
func TestProviderValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		argument string
		value    tftypes.Value
		says     string // empty when it is valid
		points   bool
	}{
		"version":             {"api_version", text("25"), "is not a Graph API version", true},
		"version, right":      {"api_version", text("v25.0"), "", false},
		"version, empty":      {"api_version", text(""), "", false},
		"version, unknown":    {"api_version", tftypes.NewValue(tftypes.String, tftypes.UnknownValue), "", false},
		"URL":                 {"base_url", text("http://graph.facebook.com"), "must use https", false},
		"URL with a password": {"base_url", text("https://me:secret@graph.facebook.com"), "must not contain a user name", false},
		"wait":                {"retry_max_wait", text("soon"), "is not a duration", true},
		"wait, too long":      {"retry_max_wait", text("2h"), "is not between", true},
		"retries":             {"max_retries", tftypes.NewValue(tftypes.Number, 21), "The value 21 must be a whole number from 0 to 20.", true},
		"retries, right":      {"max_retries", tftypes.NewValue(tftypes.Number, 20), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newWorld(t).protocol()
			resp, err := p.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{
				Config: p.object(p.schema.Provider.ValueType(), map[string]tftypes.Value{test.argument: test.value}),
			})
			if err != nil {
				t.Fatal(err)
			}
			if test.says == "" {
				if len(resp.Diagnostics) != 0 {
					t.Errorf("%+v", resp.Diagnostics[0])
				}
				return
			}
			if len(resp.Diagnostics) != 1 || !strings.HasPrefix(resp.Diagnostics[0].Summary, "Invalid ") || !strings.Contains(resp.Diagnostics[0].Detail, test.says) ||
				(resp.Diagnostics[0].Attribute != nil) != test.points || strings.Contains(resp.Diagnostics[0].Detail, "secret") {
				t.Errorf("%+v", resp.Diagnostics)
			}
		})
	}
}
