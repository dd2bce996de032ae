// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

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
	d.logWait(ctx, graph.Wait{Object: secret, Reason: "the server said " + secret, For: time.Second})
	d.logAnswer(ctx, graph.Answer{})
	tflog.Info(d.masked(ctx), "A message with "+secret)
	if strings.Contains(log.String(), secret) || strings.Count(log.String(), "\n") != 3 {
		t.Errorf("the log is\n%s", &log)
	}
}
