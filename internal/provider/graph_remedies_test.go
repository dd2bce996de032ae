// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestWhyACallGaveUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		gaveUp graph.GaveUp
		want   string
	}{
		{graph.GaveUp{}, ""},
		{
			graph.GaveUp{Why: graph.WaitTooLong, Wait: 37 * time.Minute, Asked: true, Allowed: 2 * time.Minute},
			"The server asks to wait 37 minutes, and the longest wait that is configured (retry_max_wait) is 2 minutes.",
		},
		{
			graph.GaveUp{Why: graph.WaitPastDeadline, Wait: 90 * time.Second, Asked: true},
			"The server asks to wait 90 seconds, and the operation times out before then.",
		},
		{
			graph.GaveUp{Why: graph.WaitPastDeadline, Wait: time.Second},
			"The next try would be in 1 second, and the operation times out before then.",
		},
		{graph.GaveUp{Why: graph.WaitInterrupted, Wait: time.Second}, "The wait before the next try was interrupted."},
		{graph.GaveUp{Why: graph.OutcomeUnknown, Wait: time.Second}, "The request was not sent again, because the provider could not read whether it had taken effect."},
		{
			graph.GaveUp{Why: graph.WaitPastDeadline, Wait: 2 * time.Second, MetBy: "1"},
			"The request for 1 hit the limit, and this request was not sent. The next try would be in 2 seconds, and the operation times out before then.",
		},
	} {
		if got := gaveUp(test.gaveUp); got != test.want {
			t.Errorf("%+v\ngot  %s\nwant %s", test.gaveUp, got, test.want)
		}
	}
}

// Waits are rounded up.
func TestInWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                   "0 seconds",
		time.Millisecond:                    "1 second",
		time.Second:                         "1 second",
		time.Second + 1:                     "2 seconds",
		90 * time.Second:                    "90 seconds",
		90*time.Second + time.Millisecond:   "2 minutes",
		2 * time.Minute:                     "2 minutes",
		2*time.Minute + 10*time.Millisecond: "3 minutes",
		time.Hour:                           "60 minutes",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%s: %s, not %s", d, got, want)
		}
	}
}

// Some codes, and then the listing of an account, need a different remedy from
// that of the class.
func TestRemedies(t *testing.T) {
	t.Parallel()
	listing := graph.Call{Edge: "phone_numbers"}
	flow := graph.Call{Method: "GET"}
	for name, test := range map[string]struct {
		e    graph.Error
		want string
	}{
		"class":              {graph.Error{Class: graph.ClassPermission}, remedyOfClass[graph.ClassPermission]},
		"listing":            {graph.Error{Class: graph.ClassPermission, Call: listing}, remedyOfListing[graph.ClassPermission]},
		"listing like class": {graph.Error{Class: graph.ClassAuth, Call: listing}, remedyOfClass[graph.ClassAuth]},
		"code":               {graph.Error{Class: graph.ClassRateLimit, HasCode: true, Code: 133016}, remedyOfCode[133016]},
		"code in a listing":  {graph.Error{Class: graph.ClassNotRegistered, HasCode: true, Code: 133015, Call: listing}, remedyOfCode[133015]},
		"Flow":               {graph.Error{Class: graph.ClassPermission, Call: flow}, remedyOfFlow[graph.ClassPermission]},
		"Flow like class":    {graph.Error{Class: graph.ClassAuth, Call: flow}, remedyOfClass[graph.ClassAuth]},
		"no code":            {graph.Error{Class: graph.ClassAuth, Code: 133015}, remedyOfClass[graph.ClassAuth]},
		"other":              {graph.Error{Class: graph.ClassOther, HasCode: true, Code: 131008, Message: "m"}, ""},
		"other, for a user":  {graph.Error{Class: graph.ClassOther, UserMessage: "u"}, ""},
		"other, details":     {graph.Error{Class: graph.ClassOther, Details: "d"}, ""},
		"other, no reason":   {graph.Error{Class: graph.ClassOther, HasCode: true, Code: 131008}, "Apply again in a few minutes. If the answer is the same, check base_url, and whether a proxy or gateway answers in place of the Graph API."},
		"path":               {graph.Error{Class: graph.ClassWrongPath}, "The API does not know the path of the request, or no longer serves it. Check base_url and api_version."},
		"newer version": {graph.Error{Class: graph.ClassWrongPath, NewerVersion: "v99.0"}, "Version v99.0 of the Graph API was asked for, and this version of the provider knows v26.0 as the newest one. " +
			"If Meta has not released v99.0, set api_version or WHATSAPP_API_VERSION to v26.0 or an earlier version."},
	} {
		if got := remedy(&test.e); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if remedyOfListing[graph.ClassPermission] == remedyOfClass[graph.ClassPermission] || remedyOfFlow[graph.ClassPermission] == remedyOfClass[graph.ClassPermission] || remedyOfCode[133016] == remedyOfClass[graph.ClassRateLimit] {
		t.Error("the remedies cannot be told apart")
	}
}

func TestTrimHint(t *testing.T) {
	t.Parallel()
	for env, hint := range map[string]string{
		"":             "; a trailing newline often comes from reading a file, and trimspace() removes it",
		envAccessToken: "; a trailing newline often comes from a secret that was pasted with its line break: set " + envAccessToken + " again without it",
	} {
		for _, check := range []func(string) error{graph.CheckAccessToken, graph.CheckAppSecret} {
			if err := withTrimHint("fine", env, check); err != nil {
				t.Error(err)
			}
			if err := withTrimHint("wrong\n", env, check); err == nil || err.Error() != errors.Unwrap(err).Error()+hint {
				t.Error(err)
			}
			// Nothing to trim.
			for _, secret := range []string{"in side", `"quoted"`, "bearer token", ""} {
				if err := withTrimHint(secret, env, check); err == nil || strings.Contains(err.Error(), "newline") {
					t.Errorf("%q: %v", secret, err)
				}
			}
		}
	}
}
