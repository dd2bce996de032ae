// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// rollout is a deployment of private keys to a fleet, one instance after the
// other. Whoever starts it does not wait for its end.
type rollout struct {
	*httptest.Server
	fleet *endpointmock.Server
	pace  time.Duration
	known map[string]bool
	done  sync.WaitGroup
}

func newRollout(t *testing.T, fleet *endpointmock.Server, pace time.Duration) *rollout {
	t.Helper()
	r := &rollout{fleet: fleet, pace: pace, known: map[string]bool{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		text, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		var learns []string
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			if one := string(pem.EncodeToMemory(block)); !r.known[one] {
				r.known[one] = true
				learns = append(learns, one)
			}
		}
		r.done.Go(func() {
			for i := range fleet.Instances() {
				time.Sleep(r.pace)
				for _, one := range learns {
					key, err := endpointmock.ParsePrivateKey([]byte(one))
					if err != nil {
						t.Error(err)
					}
					fleet.AddKey(key, i+1)
				}
			}
		})
	}))
	t.Cleanup(func() { r.done.Wait(); r.Close() })
	return r
}

// clients send messages to an endpoint with the key that is on the number at this
// moment, and every second one with the key that it had at the start, which is in
// the cache of a client.
type clients struct {
	sent, withOldKey, lost int
}

func (c *clients) send(t *testing.T, endpoint string, key pemkey.PublicKey) {
	t.Helper()
	message, err := flowmessage.EncryptRequest(key.RSA(), []byte(`{"version":"3.0","action":"INIT"}`))
	if err != nil {
		t.Error(err)
		return
	}
	body, err := json.Marshal(message)
	if err != nil {
		t.Error(err)
		return
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(endpointmock.SignatureHeader, "sha256="+strings.Repeat("0", 64))
	resp, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	c.sent++
	if _, err := message.DecryptResponse(strings.TrimSpace(string(answer))); err != nil {
		c.lost++
	}
}

// during sends messages until the function returns.
func (c *clients) during(t *testing.T, w *world, number, endpoint string, f func()) {
	t.Helper()
	keyOf := func() pemkey.PublicKey {
		text, _ := w.Key(number)
		key, err := pemkey.Parse(text)
		if err != nil {
			t.Error(err)
		}
		return key
	}
	cached := keyOf()
	stop := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			key := cached
			if i%2 == 0 {
				key = keyOf()
			} else {
				c.withOldKey++
			}
			c.send(t, endpoint, key)
		}
	})
	f()
	close(stop)
	sending.Wait()
}

// The endpoint learns the new key, and the numbers get it, in one apply. With the
// check, no message is lost while the fleet is half rolled out; without it, the
// same rollout loses messages.
func TestCLI_rotationInOneApply(t *testing.T) {
	t.Parallel()
	numbers := []string{"106540352242922", "106540352242923"}
	for _, checked := range []bool{true, false} {
		t.Run(fmt.Sprintf("checked %t", checked), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, numbers...)
			fleet := newEndpoint(t, endpointmock.Options{Instances: 3})
			pace := 700 * time.Millisecond
			if !checked {
				pace = 2 * time.Second // also on a slow machine, the rollout ends after the upload
			}
			deployment := newRollout(t, fleet, pace)
			deploys := fmt.Sprintf(`  triggers_replace = [for generation, pair in tls_private_key.flows : pair.public_key_fingerprint_sha256]

  provisioner "local-exec" {
    command     = "curl -sSf --data-binary \"$KEYS\" %s"
    environment = { KEYS = join("", [for pair in tls_private_key.flows : pair.private_key_pem]) }
  }
`, deployment.URL)
			config := example(t, "rotation/main.tf")
			with := strings.Replace(config, "  lifecycle {\n    precondition {\n      condition     = length(local.stranded) == 0", deploys+"\n  lifecycle {\n    precondition {\n      condition     = length(local.stranded) == 0", 1)
			if with == config {
				t.Fatal("the example has no resource to deploy from")
			}
			c := w.cli(with)
			apply := func(generations, active string, more ...string) {
				t.Helper()
				c.mustRun(append([]string{"apply", "-auto-approve", "-var=generations=" + generations, "-var=active=" + active}, more...)...)
			}
			apply(`["2026"]`, "2026")
			deployment.done.Wait()
			fleet.ResetRequests()

			var more []string
			if checked {
				more = []string{"-var=endpoint_uri=" + fleet.URL()}
			}
			var c1 clients
			c1.during(t, w, numbers[0], fleet.URL(), func() {
				apply(`["2026","2027"]`, "2027", more...)
				time.Sleep(time.Second) // clients go on
				deployment.done.Wait()
			})
			t.Logf("%d messages, %d with the old key, %d lost", c1.sent, c1.withOldKey, c1.lost)
			// On two idle cores, more than 500. On busy ones, less than half of that.
			if c1.sent < 80 || c1.withOldKey < 25 {
				t.Errorf("only %d messages were sent, %d of them with the old key", c1.sent, c1.withOldKey)
			}
			if checked && c1.lost > 0 {
				t.Errorf("%d messages of %d were lost", c1.lost, c1.sent)
			}
			if !checked && c1.lost == 0 {
				t.Error("the same rollout loses nothing without the check, so this test proves nothing")
			}
			for _, id := range numbers {
				if _, status := w.Key(id); status != "VALID" {
					t.Errorf("%s: %s", id, status)
				}
			}
			apply(`["2027"]`, "2027", more...)
			c.mustRun(append([]string{"plan", "-detailed-exitcode", "-var=generations=[\"2027\"]", "-var=active=2027"}, more...)...)
		})
	}
}
