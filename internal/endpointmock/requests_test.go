// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
)

func TestARequestIsRecorded(t *testing.T) {
	clock := fakeclock.New()
	s := start(t, endpointmock.Options{Now: clock.Now}, keyA())
	m := encrypt(&keyA().PublicKey, ping)
	r := request(t, s, m.body,
		header("Authorization", "Bearer secret-token"), header("Cookie", "session=secret"),
		header("User-Agent", "probe/1"), header(endpointmock.SignatureHeader, sign(secret, m.body)))
	r.URL.RawQuery = "a=b"
	if _, err := try(fresh(s), r); err != nil {
		t.Fatal(err)
	}
	got := last(t, s)
	if !got.Time.Equal(clock.Now()) || got.Method != http.MethodPost || got.Path != "/flow" || "http://"+got.Host != s.URL() ||
		string(got.Body) != m.body || got.Connection != 1 || got.Instance != 1 || got.Behaviour != endpointmock.Normal ||
		got.Signature != endpointmock.SignatureUnchecked || !got.Decrypted || got.Action != "ping" || string(got.Payload) != ping ||
		got.Key != endpointmock.Fingerprint(&keyA().PublicKey) || got.Status != 200 {
		t.Errorf("recorded as %+v", got)
	}
	for name, want := range map[string]string{
		"Authorization": endpointmock.Redacted, "Cookie": endpointmock.Redacted,
		"User-Agent": "probe/1", "Content-Type": "application/json",
		endpointmock.SignatureHeader: sign(secret, m.body),
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is recorded as %q", name, got.Header.Get(name))
		}
	}

	got.Header.Set("User-Agent", "changed")
	if last(t, s).Header.Get("User-Agent") != "probe/1" {
		t.Error("the record is not a copy")
	}
	s.ResetRequests()
	if got := s.Requests(); len(got) != 0 {
		t.Errorf("still recorded: %+v", got)
	}
}

func TestTheHookIsCalledBeforeTheKeysAreLookedUp(t *testing.T) {
	calls := make(chan int, 10)
	s := start(t, endpointmock.Options{})
	s.SetHook(func(n int) {
		calls <- n
		switch n {
		case 2:
			s.AddKey(keyA())
		case 3:
			s.SetBehaviour(endpointmock.Status500)
		case 4:
			s.Close()
		}
	})
	if got := statuses(t, s, 3); !slices.Equal(got, []int{421, 200, 500}) {
		t.Errorf("the endpoint answers %v", got)
	}
	if _, err := try(fresh(s), request(t, s, "{}")); err == nil {
		t.Error("a closed server answers")
	}
	for want := 1; want <= 4; want++ {
		if got := <-calls; got != want {
			t.Errorf("the hook was called with %d, not %d", got, want)
		}
	}
}
