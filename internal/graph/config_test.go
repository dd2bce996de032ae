// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestConfigIsChecked(t *testing.T) {
	valid := graph.Config{AccessToken: token}
	if _, err := graph.New(valid); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*graph.Config){
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
