// SPDX-License-Identifier: MPL-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

// Without the flag, the provider refuses to run outside of the CLI.
func TestVersionFlag(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	args, flags, stdout, built := os.Args, flag.CommandLine, os.Stdout, version
	t.Cleanup(func() { os.Args, flag.CommandLine, os.Stdout, version = args, flags, stdout, built })
	os.Args, os.Stdout, version = []string{"terraform-provider-whatsapp", "-version"}, out, "1.2.3"
	flag.CommandLine = flag.NewFlagSet("", flag.ContinueOnError)
	main()
	if got := read(t, out.Name()); got != "terraform-provider-whatsapp 1.2.3\n" {
		t.Errorf("-version prints %q", got)
	}
}

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
