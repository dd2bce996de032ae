// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// What each fault that can be played by name looks like to the client. Each is
// started as a person would, over the control interface.
func TestPlayedFaults(t *testing.T) {
	tried := map[string]bool{}
	for _, tt := range []struct {
		fault   string // as a form
		seconds int    // how long the upload may take; 0 = as long as it likes

		class     graph.Class // of the upload; "" when it succeeds
		code      int
		asked     time.Duration // the wait that the server asks for
		uncertain bool
		stored    bool // the key is on the number, whatever the client was told
		methods   string
		unsure    string // the status that Confirm ends with; "" when it succeeds
	}{
		{fault: "name=rate-limit", class: graph.ClassRateLimit, code: 80008, asked: 5 * time.Minute, methods: "POST"},
		{fault: "name=rate-limit&minutes=1&times=1", stored: true, methods: "POST POST GET"},
		{fault: "name=rate-limit&code=130429&minutes=7", class: graph.ClassRateLimit, code: 130429, asked: 7 * time.Minute, methods: "POST"},
		// The header with the minutes is not about the limit of an app.
		{fault: "name=rate-limit&code=4", class: graph.ClassRateLimit, code: 4, methods: "POST POST POST POST POST POST"},
		{fault: "name=server-error", class: graph.ClassTransient, code: 2, uncertain: true, methods: "POST" + strings.Repeat(" GET", 6)},
		{fault: "name=server-error&method=POST", class: graph.ClassTransient, code: 2, uncertain: true, methods: "POST GET POST GET POST GET POST GET POST GET POST"},
		{fault: "name=server-error&times=1", stored: true, methods: "POST GET POST GET"},
		{fault: "name=bad-gateway&status=504", class: graph.ClassTransient, uncertain: true, methods: "POST" + strings.Repeat(" GET", 6)},
		{fault: "name=bad-gateway&status=403", class: graph.ClassNotUnderstood, methods: "POST"},
		{fault: "name=slow&delay=1h", seconds: 1, class: graph.ClassInterrupted, uncertain: true, methods: "POST"},
		{fault: "name=slow&delay=1ms", stored: true, methods: "POST GET"},
		{fault: "name=lost-request&method=POST&times=1", stored: true, methods: "POST GET POST GET"},
		{fault: "name=lost-answer", stored: true, methods: "POST GET GET"},
		{fault: "name=lost-answer&method=any", class: graph.ClassTransient, uncertain: true, stored: true},
		{fault: "name=cut-answer", stored: true, methods: "POST GET GET"},
		{fault: "name=expired-token", class: graph.ClassAuth, code: 190, methods: "POST"},
		{fault: "name=no-permission", class: graph.ClassPermission, code: 10, methods: "POST"},
		{fault: "name=graph-error&code=133010", class: graph.ClassNotRegistered, code: 133010, methods: "POST"},
		{fault: "name=graph-error&code=100&subcode=33", class: graph.ClassWrongObject, code: 100, methods: "POST"},
		{fault: "name=graph-error&code=1&transient=true&status=503&times=1", stored: true, methods: "POST GET POST GET"},
		{fault: "name=mismatch", stored: true, unsure: "MISMATCH", methods: "POST" + strings.Repeat(" GET", 9)},
		{fault: "name=mismatch&reads=2", stored: true, methods: "POST GET GET GET"},
		{fault: "name=lagging", stored: true, methods: "POST GET GET GET GET"},
		{fault: "name=lagging&reads=always", stored: true, unsure: "MISMATCH", methods: "POST" + strings.Repeat(" GET", 9)},
		{fault: "name=call-budget&calls=1", stored: true, class: graph.ClassRateLimit, code: 80008, asked: time.Hour, methods: "POST GET"},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			server := graphmock.NewServer(graphmock.Options{Token: token, Control: true}, number)
			t.Cleanup(server.Close)
			tried[control(t, server, "/_mock/faults", tt.fault)] = true
			client, _ := retrying(t, server, nil)
			ctx := t.Context()
			if tt.seconds > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Duration(tt.seconds)*time.Second)
				defer cancel()
			}

			key := testKey(t)
			err := client.SetBusinessPublicKey(ctx, number, key)
			if err == nil {
				err = client.Confirm(ctx, number, key)
			}
			unconfirmed, isUnconfirmed := errors.AsType[*graph.UnconfirmedError](err)
			switch {
			case tt.unsure != "":
				if !isUnconfirmed || unconfirmed.Slot.SignatureStatus != tt.unsure {
					t.Errorf("the error is %v", err)
				}
			case tt.class == "":
				if err != nil {
					t.Error(err)
				}
			default:
				e := mustFail(t, err)
				if e.Class != tt.class || e.Code != tt.code || e.AskedWait != tt.asked || e.Uncertain() != tt.uncertain {
					t.Errorf("class %q, code %d, wait %s, uncertain %t: %v", e.Class, e.Code, e.AskedWait, e.Uncertain(), e)
				}
			}
			if stored, _ := server.Key(number); tt.stored != (stored != "") {
				t.Errorf("the number holds %q", stored)
			}
			if got := methods(server); tt.methods != "" && got != tt.methods {
				t.Errorf("the requests were %s, not %s", got, tt.methods)
			}

			control(t, server, "/_mock/reset", "")
			client, _ = retrying(t, server, nil)
			if err := client.SetBusinessPublicKey(t.Context(), number, key); err != nil {
				t.Errorf("after a reset: %v", err)
			}
			if err := client.Confirm(t.Context(), number, key); err != nil {
				t.Errorf("after a reset: %v", err)
			}
		})
	}
	for _, p := range graphmock.Presets() {
		if !tried[p.Name] {
			t.Errorf("%s is not tried", p.Name)
		}
	}
}

// control posts a form to the control interface, and returns its field name.
func control(t *testing.T, server *graphmock.Server, path, form string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL()+path, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: HTTP %d", path, form, resp.StatusCode)
	}
	fields, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	return fields.Get("name")
}
