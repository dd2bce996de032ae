// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"testing"
)

// Logs are switched off only where nobody has asked for any.
func TestSilenceUnreadLogs(t *testing.T) {
	names := []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_PROVIDER_WHATSAPP"}
	for name, test := range map[string]struct {
		set, sdk, ours string
	}{
		"nothing asked for": {"", "OFF", "OFF"},
		"all logs":          {"TF_LOG", "", ""},
		"logs of providers": {"TF_LOG_PROVIDER", "", ""},
		"the level of one":  {"TF_LOG_SDK", "INFO", "OFF"},
		"the level of ours": {"TF_LOG_PROVIDER_WHATSAPP", "OFF", "INFO"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range names {
				t.Setenv(n, "")
			}
			if test.set != "" {
				t.Setenv(test.set, "INFO")
			}
			silenceUnreadLogs()
			if sdk, ours := os.Getenv("TF_LOG_SDK"), os.Getenv("TF_LOG_PROVIDER_WHATSAPP"); sdk != test.sdk || ours != test.ours {
				t.Errorf("the levels are %q and %q, not %q and %q", sdk, ours, test.sdk, test.ours)
			}
		})
	}
}
