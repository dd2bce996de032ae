// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklog"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"
)

// storyLog is what the provider, and the framework for it, log at TRACE, in every
// second history. Each line is judged when it is written. What the server of the
// protocol logs is not there: it is in the log of TestCLI_secretsAreNowhere.
type storyLog struct{ *simulation }

func (l storyLog) Write(line []byte) (int, error) {
	text := string(line)
	l.judgeSecrecy("the log", text)
	if strings.Contains(text, partOfABody) {
		l.violated("the log has the body of a request: %s", text)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts["lines of the log"]++
	return len(line), nil
}

// partOfABody is in each upload.
const partOfABody = "business_public_key="

// logging is a context in which the provider logs as it does with TF_LOG=TRACE.
func (s *simulation) logging(ctx context.Context) context.Context {
	return tfsdklogtest.RootLogger(tflogtest.RootLogger(ctx, storyLog{s}), storyLog{s})
}

// A history finds what somebody lets the provider log by mistake.
func TestHistoriesReadTheLog(t *testing.T) {
	t.Parallel()
	newHistoryFixtures(t)
	s := newSimulation(nil)
	ctx := s.logging(t.Context())
	tflog.Trace(ctx, "hello")
	tfsdklog.Trace(ctx, "hello")
	if s.counts["lines of the log"] != 2 || len(s.violations) != 0 {
		t.Errorf("%d lines, %v", s.counts["lines of the log"], s.violations)
	}
	for _, secret := range append(storySecrets(), partOfABody+"x") {
		s.violations = nil
		tflog.Trace(ctx, "hello", map[string]any{"field": secret})
		if len(s.violations) == 0 {
			t.Errorf("%q was logged", secret)
		}
	}
}
