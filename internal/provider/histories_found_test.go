// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Histories in which something was not as it has to be, when they were found.

// follow plays a history, and looks at how it ends.
func follow(t *testing.T, h history, then func(*simulation)) {
	t.Helper()
	th := newHistoryFixtures(t)
	synctest.Test(t, func(t *testing.T) {
		h.steps = append(h.steps, step{text: "look", do: then})
		s := th.play(h)
		if len(s.violations) > 0 {
			t.Errorf("%s\n\n%s", strings.Join(s.violations, "\n"), s.story())
		}
	})
}

// holding expects a key on a number.
func holding(t *testing.T, n int, want keyID) func(*simulation) {
	t.Helper()
	return func(s *simulation) {
		if text, _ := s.server.Key(number(n)); keys.identify(text) != want {
			t.Errorf("number %d holds %s, not %s", n, keys.identify(text), want)
		}
	}
}

// Somebody puts a key on a number while a create waits for the end of a rate limit.
// The create looked at the number a minute ago, when it was empty.
func TestHistory_aKeyThatArrivesDuringARateLimitIsKept(t *testing.T) {
	t.Parallel()
	foreign := putKey(0, keyForeign, 0, graphmock.StatusValid)
	follow(t, history{retries: 2, steps: []step{
		write(0, "a", block{number: 0, key: keyAlpha}),
		runs(0, command{mode: "apply", after: 2, trouble: &trouble{name: "a rate limit, and meanwhile " + foreign.text, fault: graphmock.RateLimit(80008, 1), event: &foreign}}),
	}}, holding(t, 0, keyForeign))
}

// The same while the answer to the first try of a create is lost.
func TestHistory_aKeyThatArrivesBetweenTwoTriesOfACreateIsKept(t *testing.T) {
	t.Parallel()
	foreign := putKey(0, keyForeign, 0, graphmock.StatusValid)
	follow(t, history{retries: 2, steps: []step{
		write(0, "a", block{number: 0, key: keyAlpha}),
		runs(0, command{mode: "apply", after: 2, trouble: &trouble{name: "an outage, and meanwhile " + foreign.text, fault: graphmock.Fault{Status: 500}, event: &foreign}}),
	}}, holding(t, 0, keyForeign))
}

// Two numbers are created at the same time. The last look at one of them meets a
// rate limit, which also holds back the upload to the other, and meanwhile both get
// a key. Nothing was wrong with the upload itself, so it is not a further try.
func TestHistory_aKeyThatArrivesWhileAnUploadIsHeldBackIsKept(t *testing.T) {
	t.Parallel()
	foreign := worldStep("somebody puts keys on both numbers", func(s *simulation) {
		s.server.SetKey(number(0), keys.text(keyForeign), graphmock.StatusValid)
		s.server.SetKey(number(1), keys.text(keyForeign), graphmock.StatusValid)
	})
	follow(t, history{seed: 2, retries: 2, steps: []step{
		write(0, "a", block{number: 0, key: keyAlpha}),
		write(0, "b", block{number: 1, key: keyBravo}),
		runs(0, command{mode: "apply", parallel: 2, after: 3, trouble: &trouble{name: "a rate limit, and meanwhile " + foreign.text, fault: graphmock.RateLimit(80008, 1), event: &foreign}}),
	}}, func(s *simulation) {
		holding(t, 0, keyForeign)(s)
		holding(t, 1, keyForeign)(s)
	})
}

// The plugin dies while a repair puts the remembered key back. Terraform then keeps
// the resource without its private data, and with it goes what was remembered. The
// key of somebody else must not be taken for it: the next plan says so, and fails.
func TestHistory_aForeignKeyIsNotRememberedAfterThePluginDied(t *testing.T) {
	t.Parallel()
	dies := graphmock.Fault{Method: http.MethodPost, Delay: 20 * time.Second}
	follow(t, history{steps: []step{
		write(0, "a", block{number: 0, key: keyAlpha, writeOnly: true, version: 1}),
		runs(0, command{mode: "apply"}),
		putKey(0, keyForeign, 0, graphmock.StatusValid),
		write(0, "a", block{number: 0, key: keyBravo, writeOnly: true, version: 1}),
		runs(0, command{mode: "apply", trouble: &trouble{name: "the plugin dies", fault: dies, kill: "provider"}}),
	}}, func(s *simulation) {
		if res := s.execute(s.projects[0], command{mode: "plan"}); !res.failed {
			t.Errorf("the next plan %s", res)
		}
	})
}

// Two numbers hold their keys already, and a resource is made for each. A rate limit
// that one of them meets holds back the upload to the other, which is preceded by one
// more look. A create uploads all the same, as it always does: WhatsApp signs the key
// again, which is what a replacement is for at times.
func TestHistory_aCreateThatWasHeldBackUploadsAKeyThatIsThere(t *testing.T) {
	t.Parallel()
	follow(t, history{seed: 2, retries: 2, steps: []step{
		putKey(0, keyAlpha, 0, graphmock.StatusValid),
		putKey(1, keyBravo, 0, graphmock.StatusValid),
		write(0, "a", block{number: 0, key: keyAlpha}),
		write(0, "b", block{number: 1, key: keyBravo}),
		runs(0, command{mode: "apply", parallel: 2, after: 3, trouble: &trouble{name: "a rate limit", fault: graphmock.RateLimit(80008, 1)}}),
	}}, func(s *simulation) {
		for _, n := range []int{0, 1} {
			if got := s.server.Count(http.MethodPost, number(n)); got != 1 {
				t.Errorf("number %d received %d uploads", n, got)
			}
		}
	})
}

// The answer to an upload is lost, a look finds that it was stored, and then the
// permission is gone. The state has the key, and claims nothing of its signature.
func TestHistory_theLookThatEndsAnUploadDoesNotConfirmIt(t *testing.T) {
	t.Parallel()
	gone := worldStep("after one more read, the permission is gone", func(s *simulation) {
		f := says(http.StatusForbidden, 10, 0)
		f.Method, f.After, f.Times = http.MethodGet, 1, -1
		s.server.Script(f)
	})
	lost := applied(graphmock.Fault{Drop: graphmock.DropAfterRequest})
	follow(t, history{retries: 2, steps: []step{
		write(0, "a", block{number: 0, key: keyAlpha}),
		runs(0, command{mode: "apply", trouble: &trouble{name: "the answer is lost, and stored, and " + gone.text, fault: lost, event: &gone}}),
	}}, func(s *simulation) {
		if got := string(s.projects[0].state["a"].json); !strings.Contains(got, `"business_public_key_signature_status":null`) {
			t.Errorf("the state is %s", got)
		}
	})
}

// The read that confirms an upload shows the key without a valid signature, and then
// the network is gone. The state has what was seen, as it has when the signature
// never becomes valid.
func TestHistory_whatWasSeenBeforeTheNetworkFailedIsKept(t *testing.T) {
	t.Parallel()
	for name, lags := range map[string]struct {
		key, signature int
		seen           string // after an update of a valid key
	}{
		"the signature":               {0, 1, graphmock.StatusMismatch},
		"the key, which was valid":    {1, 0, graphmock.StatusValid},
		"nothing was read after that": {0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := 2 // the read of the refresh, and the upload
			if lags.seen != "" {
				after = 3
			}
			follow(t, history{steps: []step{
				write(0, "a", block{number: 0, key: keyAlpha}),
				runs(0, command{mode: "apply"}),
				write(0, "a", block{number: 0, key: keyBravo}),
				lag(lags.key, lags.signature),
				runs(0, command{mode: "apply", after: after, trouble: &trouble{name: "connections are refused", refused: 1000}}),
			}}, func(s *simulation) {
				if got := string(s.projects[0].state["a"].json); lags.seen == "" != strings.Contains(got, `"business_public_key_signature_status":null`) || !strings.Contains(got, lags.seen) {
					t.Errorf("the state is %s", got)
				}
			})
		})
	}
}
