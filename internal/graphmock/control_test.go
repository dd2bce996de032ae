// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestControlChangesNumbers(t *testing.T) {
	const at = "/_mock/numbers/" + number
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		key, signature           string
		code                     int // that GET on the Graph API answers afterwards
	}{
		{"set a key", "POST", at + "/key", "business_public_key=K2&status=MISMATCH", 200, "K2", "MISMATCH", 0},
		{"set a key without a status", "POST", at + "/key", "business_public_key=K2", 200, "K2", "VALID", 0},
		{"take the key away", "DELETE", at + "/key", "", 200, "", "MISMATCH", 0},
		{"reregister", "POST", at + "/reregister", "", 200, "K1", "MISMATCH", 0},
		{"deregister", "POST", at + "/deregister", "", 200, "K1", "VALID", 133010},
		{"delete", "DELETE", at, "", 200, "K1", "VALID", 33},
		{"reset", "POST", "/_mock/reset", "", 200, "", "MISMATCH", 0},
		{"unknown number", "POST", "/_mock/numbers/999/reregister", "", 404, "K1", "VALID", 0},
		{"unknown path", "GET", "/_mock/nonsense", "", 404, "K1", "VALID", 0},
		{"wrong method", "DELETE", "/_mock/reset", "", 404, "K1", "VALID", 0},
		{"no key", "POST", at + "/key", "status=VALID", 400, "K1", "VALID", 0},
		{"misspelled field", "POST", at + "/key", "business_public_key=K2&Status=MISMATCH", 400, "K1", "VALID", 0},
		{"field twice", "POST", at + "/key", "business_public_key=K2&business_public_key=K3", 400, "K1", "VALID", 0},
		{"needless field", "POST", at + "/reregister", "status=VALID", 400, "K1", "VALID", 0},
		{"query", "POST", at + "/reregister?really=1", "", 400, "K1", "VALID", 0},
		{"fault without a name", "POST", "/_mock/faults", "times=1", 400, "K1", "VALID", 0},
		{"unknown fault", "POST", "/_mock/faults", "name=x", 400, "K1", "VALID", 0},
		{"fault given twice", "POST", "/_mock/faults", "name=slow&name=lagging", 400, "K1", "VALID", 0},
		{"bad form", "POST", at + "/key", "business_public_key=%zz", 400, "K1", "VALID", 0},
		{"endless form", "POST", at + "/key", "business_public_key=" + strings.Repeat("x", 70<<10), 400, "K1", "VALID", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{Token: token, Control: true})
			s.SetKey(number, "K1", "VALID")
			got := do(t, s, tt.method, tt.path, tt.body, header("Authorization", ""))
			if got.status != tt.status || got.header.Get("Content-Type") != "application/json" || !json.Valid([]byte(got.text)) {
				t.Errorf("%d %s", got.status, got.text)
			}
			if failed := tt.status != 200; failed != (got.body["error"] != nil) {
				t.Errorf("%s", got.text)
			}
			wantKey(t, s, tt.key, tt.signature)
			if got := get(t, s, edge); got.code() != tt.code {
				t.Errorf("afterwards: %s", got.text)
			}
		})
	}
}

func TestControlListsRequestsAndNumbers(t *testing.T) {
	s := start(t, graphmock.Options{Token: token, Control: true})
	post(t, s, keyA())
	for range 2 {
		// The control calls must not show up among the requests.
		var requests []graphmock.Request
		text := get(t, s, "/_mock/requests").text
		if err := json.Unmarshal([]byte(text), &requests); err != nil || len(requests) != 1 || requests[0].Method != http.MethodPost || requests[0].Status != 200 {
			t.Errorf("%v: %s", err, text)
		}
		if strings.Contains(text, token) {
			t.Errorf("the token is in %s", text)
		}
	}
	var numbers []map[string]any
	text := get(t, s, "/_mock/numbers").text
	if err := json.Unmarshal([]byte(text), &numbers); err != nil || len(numbers) != 1 || numbers[0]["id"] != number || numbers[0]["waba_id"] != waba ||
		numbers[0]["business_public_key"] != keyA() || numbers[0]["business_public_key_signature_status"] != "VALID" || numbers[0]["registered"] != true {
		t.Errorf("%v: %s", err, text)
	}
}

func TestControlIsOffByDefault(t *testing.T) {
	s := start(t, graphmock.Options{})
	if got := get(t, s, "/_mock/numbers"); got.code() != 2500 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestControlServesThisMachineOnly(t *testing.T) {
	s := graphmock.NewUnstartedServer(graphmock.Options{Control: true})
	for _, tt := range []struct {
		remote, host string
		status       int
	}{
		{"127.0.0.1:5", "127.0.0.1:80", 200},
		{"[::1]:5", "localhost:80", 200},
		{"127.0.0.1:5", "localhost", 200},
		{"192.0.2.1:5", "127.0.0.1:80", 403},
		{"127.0.0.1:5", "evil.example:80", 403},
		{"", "localhost", 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "/_mock/numbers", nil)
		r.RemoteAddr, r.Host = tt.remote, tt.host
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s asking %s: %d, want %d", tt.remote, tt.host, w.Code, tt.status)
		}
	}
}

func TestControlWantsAForm(t *testing.T) {
	s := start(t, graphmock.Options{Control: true})
	got := do(t, s, http.MethodPost, "/_mock/faults", `{"name":"slow"}`, header("Content-Type", "application/json"))
	if got.status != 400 || !strings.Contains(got.text, "application/x-www-form-urlencoded") {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// Each command that is listed works as it is printed for curl.
func TestControlListsItsCommands(t *testing.T) {
	s := start(t, graphmock.Options{Control: true})
	var listed []graphmock.Command
	if err := json.Unmarshal([]byte(get(t, s, "/_mock/").text), &listed); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(listed, graphmock.Commands()) || len(listed) == 0 {
		t.Errorf("listed: %v", listed)
	}
	for _, c := range listed {
		words := strings.Fields(c.Curl("http://mock", number))
		method, body := http.MethodGet, ""
		for i, word := range words {
			switch word {
			case "-X":
				method = words[i+1]
			case "-d", "--data-urlencode":
				method = http.MethodPost
				body += "&" + strings.Replace(words[i+1], "@public.pem", "=K", 1)
			}
		}
		path, ok := strings.CutPrefix(words[len(words)-1], "http://mock")
		got := do(t, s, method, path, strings.TrimPrefix(body, "&"))
		if !ok || method != c.Method || got.status != 200 {
			t.Errorf("%q: %d %s", words, got.status, got.text)
		}
	}
}
