// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestConfigIsChecked(t *testing.T) {
	valid := graph.Config{AccessToken: token}
	if _, err := graph.New(valid); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*graph.Config){
		"version v0":          func(c *graph.Config) { c.APIVersion = "v0.0" },
		"version no minor":    func(c *graph.Config) { c.APIVersion = "v25" },
		"no token":            func(c *graph.Config) { c.AccessToken = "" },
		"token with newline":  func(c *graph.Config) { c.AccessToken = token + "\n" },
		"token with a space":  func(c *graph.Config) { c.AccessToken = " " + token },
		"token not ASCII":     func(c *graph.Config) { c.AccessToken = token + "é" },
		"version without v":   func(c *graph.Config) { c.APIVersion = "25.0" },
		"version path":        func(c *graph.Config) { c.APIVersion = "v25.0/../v1.0" },
		"relative URL":        func(c *graph.Config) { c.BaseURL = "graph.facebook.com" },
		"http":                func(c *graph.Config) { c.BaseURL = "http://graph.facebook.com" },
		"http, looks local":   func(c *graph.Config) { c.BaseURL = "http://localhost.example.com" },
		"http, private range": func(c *graph.Config) { c.BaseURL = "http://10.0.0.1" },
		"other scheme":        func(c *graph.Config) { c.BaseURL = "ftp://127.0.0.1" },
		"password in URL":     func(c *graph.Config) { c.BaseURL = "https://user:secret@graph.facebook.com" },
		"query":               func(c *graph.Config) { c.BaseURL = "https://graph.facebook.com?x=secret" },
		"version in URL":      func(c *graph.Config) { c.BaseURL = "https://graph.facebook.com/v25.0" },
		"fragment":            func(c *graph.Config) { c.BaseURL = "https://graph.facebook.com#x" },
		"not a URL":           func(c *graph.Config) { c.BaseURL = "https://user:secret@%zz" },
	} {
		t.Run(name, func(t *testing.T) {
			config := valid
			change(&config)
			_, err := graph.New(config)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats a secret: %v", err)
			}
		})
	}
	for _, base := range []string{"https://graph.facebook.com/", "https://proxy.example.com/graph", "http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:1", "http://localhost:8080"} {
		if err := graph.CheckBaseURL(base); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

func TestWhatIsWrongWithAConfig(t *testing.T) {
	const (
		scheme = "it must be https, or http to a loopback address"
		where  = `the base URL is not an absolute URL; the usual one is "https://graph.facebook.com"`
		query  = "the base URL must not contain a query or a fragment"
	)
	for base, want := range map[string]string{
		"":                                   where,
		"graph.facebook.com":                 where,
		"https://%zz":                        where,
		"https:///path":                      where,
		"https://user@graph.facebook.com":    "the base URL must not contain a user name or password",
		"https://graph.facebook.com?":        query,
		"https://graph.facebook.com?a=b":     query,
		"https://graph.facebook.com#a":       query,
		"https://graph.facebook.com/v25.0":   "the base URL must not end with a version, which is added to it",
		"https://graph.facebook.com/v25.0/":  "the base URL must not end with a version, which is added to it",
		"http://graph.facebook.com":          "the base URL must use https, because the access token is sent there; http is allowed only to a loopback address such as 127.0.0.1",
		"http://127.0.0.1.example.com":       "the base URL must use https, because the access token is sent there; http is allowed only to a loopback address such as 127.0.0.1",
		"ftp://127.0.0.1":                    `the base URL has the scheme "ftp"; ` + scheme,
		"https://graph.facebook.com":         "",
		"https://proxy.example.com/v25.0/on": "",
		"http://[::1]:8080":                  "",
	} {
		got := ""
		if err := graph.CheckBaseURL(base); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s", base, got)
		}
	}

	for secret, want := range map[string]string{
		"":           "the access token is empty",
		"a b":        "the access token contains white space, a line break or another character that no access token has",
		"a\x7f":      "the access token contains white space, a line break or another character that no access token has",
		"a\x1f":      "the access token contains white space, a line break or another character that no access token has",
		"!~":         "",
		`"EAA"`:      "the access token contains a quotation mark, which no access token has: it must be given without the marks around it",
		"'EAA'":      "the access token contains a quotation mark, which no access token has: it must be given without the marks around it",
		"EAA\"":      "the access token contains a quotation mark, which no access token has: it must be given without the marks around it",
		"Bearer EAA": "the access token begins with \"Bearer\": it must be given without that word, which is added to it",
		"bearer EAA": "the access token begins with \"Bearer\": it must be given without that word, which is added to it",
		"BearerEAA":  "",
	} {
		got := ""
		if err := graph.CheckAccessToken(secret); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s", secret, got)
		}
	}
	if err := graph.CheckAppSecret(""); err == nil || err.Error() != "the app secret is empty" {
		t.Error(err)
	}
	if err := graph.CheckAPIVersion("25"); err == nil || err.Error() != `"25" is not a Graph API version; one looks like "v25.0"` {
		t.Error(err)
	}
}

func TestAllThatIsWrongIsReported(t *testing.T) {
	_, err := graph.New(graph.Config{AccessToken: "a b", AppSecret: "c d", APIVersion: "25", BaseURL: "x"})
	if err == nil {
		t.Fatal("accepted")
	}
	const odd = "contains white space, a line break or another character that no"
	want := "the access token " + odd + " access token has\n" +
		"\"25\" is not a Graph API version; one looks like \"v25.0\"\n" +
		"the base URL is not an absolute URL; the usual one is \"https://graph.facebook.com\"\n" +
		"the app secret " + odd + " app secret has"
	if err.Error() != want {
		t.Error(err)
	}
}

// Without a configuration nothing is tried again; a wait that a caller allows is
// two minutes.
func TestDefaults(t *testing.T) {
	tries := 0
	limited := func(*http.Request) (*http.Response, error) {
		tries++
		return response(429, http.Header{"Retry-After": {"120"}}, ""), nil
	}
	client, _ := over(t, limited, nil)
	_, err := client.BusinessEncryption(t.Context(), number)
	if tries != 1 || mustFail(t, err).GaveUp != (graph.GaveUp{}) {
		t.Errorf("%d tries, %+v", tries, err)
	}

	client, clock := over(t, limited, func(c *graph.Config) { c.MaxRetries = 1 })
	_, err = client.BusinessEncryption(t.Context(), number)
	if waits := clock.Waits(); !slices.Equal(waits, []time.Duration{2 * time.Minute}) || mustFail(t, err).Tries != 2 {
		t.Errorf("waited %v, %+v", waits, err)
	}
}
