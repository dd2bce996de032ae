// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// configureOnly configures the provider with these arguments and nothing else, and
// returns the summaries and details of what it says.
func (p *protocol) configureOnly(given map[string]tftypes.Value) []string {
	p.t.Helper()
	resp, err := p.ConfigureProvider(p.t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.12.0", Config: p.object(p.schema.Provider.ValueType(), given)})
	if err != nil {
		p.t.Fatal(err)
	}
	var printed []string
	for _, d := range resp.Diagnostics {
		printed = append(printed, d.Summary+": "+d.Detail)
	}
	return printed
}

// Where a value comes from when argument and environment are given, empty, or
// neither. The server sees the token, and that it is asked at all shows where
// the URL came from.
func TestSettingsFromArgumentAndEnvironment(t *testing.T) {
	const none = "(none)"
	for name, test := range map[string]struct {
		token, tokenEnv, url, urlEnv string
		says                         string // what the error says; empty when there is none
	}{
		"arguments":                   {testToken, none, "URL", none, ""},
		"environment":                 {none, testToken, none, "URL", ""},
		"arguments over environment":  {testToken, "wrong", "URL", "https://wrong.example", ""},
		"empty arguments":             {"", testToken, "", "URL", ""},
		"empty environment":           {testToken, "", "URL", "", ""},
		"no token":                    {none, none, "URL", none, "Missing WhatsApp access token: The Graph API needs an access token, and none was given."},
		"empty token":                 {"", none, "URL", none, "and the argument access_token is empty."},
		"empty token in both":         {"", "", "URL", none, "and the argument access_token and the environment variable WHATSAPP_ACCESS_TOKEN are empty."},
		"empty token in the variable": {none, "", "URL", none, "and the environment variable WHATSAPP_ACCESS_TOKEN is empty."},
		"blank token":                 {" ", testToken, "URL", none, "The value comes from the argument access_token. The access token contains white space"},
		"blank token in the variable": {none, "\t", "URL", none, "The value comes from the environment variable WHATSAPP_ACCESS_TOKEN. The access token contains white space"},
		"empty URL":                   {testToken, none, "", none, "Empty base_url: No URL was given for the Graph API: the argument base_url is empty."},
		"empty URL in the variable":   {testToken, none, none, "", "the environment variable WHATSAPP_BASE_URL is empty. The default is not used"},
		"empty URL in both":           {testToken, none, "", "", "the argument base_url and the environment variable WHATSAPP_BASE_URL are empty."},
		"blank URL":                   {testToken, none, " ", "URL", "Invalid base_url: The value comes from the argument base_url."},
		"blank URL in the variable":   {testToken, none, none, " ", "Invalid base_url: The value comes from the environment variable WHATSAPP_BASE_URL."},
		"no URL, and a token that is not sent anywhere by configuring": {testToken, none, none, none, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.protocol()
			given := map[string]tftypes.Value{}
			for _, s := range []struct{ argument, value, env, inEnv string }{{"access_token", test.token, envAccessToken, test.tokenEnv}, {"base_url", test.url, envBaseURL, test.urlEnv}} {
				if s.value != none {
					given[s.argument] = text(strings.Replace(s.value, "URL", w.URL(), 1))
				}
				if s.inEnv != none {
					t.Setenv(s.env, strings.Replace(s.inEnv, "URL", w.URL(), 1))
				}
			}
			printed := p.configureOnly(given)
			if test.says != "" {
				if len(printed) != 1 || !strings.Contains(printed[0], test.says) {
					t.Errorf("printed %q", printed)
				}
				return
			}
			if len(printed) > 0 {
				t.Fatalf("printed %q", printed)
			}
			if test.url == none && test.urlEnv == none {
				return
			}
			w.SetKey(testNumber, keyA(t), "VALID")
			p.check(nil, p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t))})).Diagnostics)
			if err := w.expectRequests(map[string]string{testNumber: "GET"}); err != nil {
				t.Error(err)
			}
		})
	}
}

// Each of the other settings, too, takes an empty value for none, and refuses a
// blank one.
func TestEmptyAndBlankSettings(t *testing.T) {
	for _, test := range []struct{ argument, env string }{
		{"app_secret", envAppSecret}, {"api_version", envAPIVersion}, {"retry_max_wait", envRetryMaxWait}, {"max_retries", envMaxRetries},
	} {
		for _, value := range []string{"", " "} {
			for _, inEnv := range []bool{false, true} {
				if !inEnv && test.argument == "max_retries" {
					continue // is a number
				}
				t.Run(test.argument+" "+value+map[bool]string{true: " in the environment"}[inEnv], func(t *testing.T) {
					p := newWorld(t).protocol()
					given := map[string]tftypes.Value{"access_token": text(testToken)}
					if inEnv {
						t.Setenv(test.env, value)
					} else {
						given[test.argument] = text(value)
					}
					printed := p.configureOnly(given)
					refused := slices.ContainsFunc(printed, func(s string) bool { return strings.HasPrefix(s, "Invalid "+test.argument) })
					if refused != (value == " ") || !refused && len(printed) > 0 {
						t.Errorf("printed %q", printed)
					}
				})
			}
		}
	}
}
