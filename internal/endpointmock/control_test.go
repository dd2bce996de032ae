// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"crypto/x509"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

func control(t *testing.T, s *endpointmock.Server, method, path, body string, edits ...edit) (status int, text string) {
	t.Helper()
	r := request(t, s, body, append([]edit{func(r *http.Request) {
		r.Method = method
		r.URL = must(r.URL.Parse("/_control/" + path))
		r.Header.Del("Content-Type")
	}}, edits...)...)
	res, err := try(fresh(s), r)
	if err != nil {
		t.Fatal(err)
	}
	return res.status, res.body
}

func instances(t *testing.T, text string) []endpointmock.Instance {
	t.Helper()
	var out []endpointmock.Instance
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

func TestAPersonControlsTheServer(t *testing.T) {
	s := start(t, endpointmock.Options{Control: true, Instances: 2, AppSecret: secret}, keyA())
	keyText := block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(keyB())))
	var everything strings.Builder
	do := func(method, path, body string) string {
		t.Helper()
		status, text := control(t, s, method, path, body)
		if status != 200 {
			t.Fatalf("%s %s: %d %s", method, path, status, text)
		}
		everything.WriteString(text)
		return text
	}

	b := endpointmock.Fingerprint(&keyB().PublicKey)
	if got := instances(t, do(http.MethodPost, "keys?instance=2", keyText)); len(got) != 2 || len(got[0].Keys) != 1 || len(got[1].Keys) != 2 || got[1].Keys[1] != b {
		t.Errorf("with a key on the second: %+v", got)
	}
	if got := instances(t, do(http.MethodPost, "keys?after=1h", keyText)); len(got[0].Keys) != 1 {
		t.Errorf("with a key that arrives in an hour: %+v", got)
	}
	if got := instances(t, do(http.MethodPost, "keys", keyText)); len(got[0].Keys) != 2 || len(got[1].Keys) != 2 {
		t.Errorf("with a key on both: %+v", got)
	}
	if got := instances(t, do(http.MethodDelete, "keys?instance=1&fingerprint="+b, "")); len(got[0].Keys) != 1 || len(got[1].Keys) != 2 {
		t.Errorf("without the key on the first: %+v", got)
	}
	if got := instances(t, do(http.MethodDelete, "keys?instance=1", "")); len(got[0].Keys) != 0 || len(got[1].Keys) != 2 {
		t.Errorf("without keys on the first: %+v", got)
	}
	if got := instances(t, do(http.MethodPost, "behaviour?name=421&instance=1", "")); got[0].Behaviour != endpointmock.Status421 || got[1].Behaviour != endpointmock.Normal {
		t.Errorf("with a behaviour of the first: %+v", got)
	}

	// None of these calls took a turn or was recorded.
	m := encrypt(&keyB().PublicKey, ping)
	for i, want := range []int{421, 200} {
		res := post(t, s, m.body, header(endpointmock.SignatureHeader, sign(secret, m.body)))
		if res.status != want || last(t, s).Connection != i+1 || last(t, s).Instance != i+1 {
			t.Errorf("%d, recorded as %+v", res.status, last(t, s))
		}
	}
	var requests []endpointmock.Request
	if err := json.Unmarshal([]byte(do(http.MethodGet, "requests", "")), &requests); err != nil || len(requests) != 2 ||
		requests[1].Action != "ping" || !requests[1].Decrypted || requests[1].Signature != endpointmock.SignatureValid {
		t.Errorf("%v, %+v", err, requests)
	}
	if got := instances(t, do(http.MethodDelete, "requests", "")); len(got) != 2 || len(s.Requests()) != 0 {
		t.Errorf("%d requests are left", len(s.Requests()))
	}
	if text := do(http.MethodGet, "behaviours", ""); !strings.Contains(text, `"old-iv": "encrypts with the nonce`) {
		t.Error(text)
	}
	instances(t, do(http.MethodGet, "instances", ""))

	for name, private := range map[string]string{"app secret": secret, "signature": sign(secret, m.body)[7:], "private key": keyText[60:100]} {
		if strings.Contains(everything.String(), private) {
			t.Errorf("the control interface shows the %s", name)
		}
	}
}

func TestControlRefuses(t *testing.T) {
	s := start(t, endpointmock.Options{Control: true, Instances: 2}, keyA())
	keyText := block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(keyB())))
	for _, tt := range []struct {
		method, path, body string
		edit               edit
		status             int
		text               string
	}{
		{http.MethodPost, "keys", "no key", nil, 400, "not PEM"},
		{http.MethodPost, "keys", strings.Repeat(keyText, 50), nil, 400, "too large"},
		{http.MethodPost, "keys?after=soon", keyText, nil, 400, `\"soon\" is not a duration`},
		{http.MethodPost, "keys?after=-1s", keyText, nil, 400, "is not a duration"},
		{http.MethodPost, "keys?instance=3", keyText, nil, 400, `no instance \"3\"`},
		{http.MethodPost, "keys?instance=x", keyText, nil, 400, `no instance \"x\"`},
		{http.MethodDelete, "keys?instance=0", "", nil, 400, `no instance \"0\"`},
		{http.MethodPost, "behaviour?name=4321", "", nil, 400, `no behaviour \"4321\"`},
		{http.MethodGet, "nothing", "", nil, 404, "there is no GET /_control/nothing"},
		{http.MethodPost, "keys", keyText, func(r *http.Request) { r.Host = "rebound.example" }, 403, "only for callers on this machine"},
		{http.MethodPost, "keys", keyText, header("Origin", "https://page.example"), 403, "cross-origin"},
	} {
		edits := []edit{}
		if tt.edit != nil {
			edits = append(edits, tt.edit)
		}
		if status, text := control(t, s, tt.method, tt.path, tt.body, edits...); status != tt.status || !strings.Contains(text, tt.text) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, status, text)
		}
	}
	if got := s.Instances(); len(got[0].Keys) != 1 || len(got[1].Keys) != 1 || got[0].Behaviour != endpointmock.Normal {
		t.Errorf("something was changed: %+v", got)
	}
	without := start(t, endpointmock.Options{}, keyA())
	if status, _ := control(t, without, http.MethodGet, "instances", ""); status != 405 || len(without.Requests()) != 1 {
		t.Errorf("without the option: %d", status)
	}
}

// Each command is for a shell; here its address is called.
func TestTheCommandsExist(t *testing.T) {
	s := start(t, endpointmock.Options{Control: true}, keyA())
	for _, c := range s.ControlCommands() {
		method, body := http.MethodGet, ""
		if _, rest, found := strings.Cut(c.Curl, "-X "); found {
			method, _, _ = strings.Cut(rest, " ")
		}
		if strings.Contains(c.Curl, "--data-binary") {
			method, body = http.MethodPost, block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(keyB())))
		}
		_, path, found := strings.Cut(strings.TrimSuffix(c.Curl, "'"), s.URL()+"/_control/")
		if status, text := control(t, s, method, path, body); !found || status != 200 {
			t.Errorf("%s: %d %s", c.Curl, status, text)
		}
	}
	tls := start(t, endpointmock.Options{Control: true, Certificate: endpointmock.ValidCertificate})
	if got := tls.ControlCommands()[0].Curl; !strings.HasPrefix(got, "curl -s -k https://127.0.0.1:") {
		t.Error(got)
	}
}
