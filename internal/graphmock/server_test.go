// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const (
	token  = "EAAB|token"
	number = "106540352242922"
	waba   = "102290129340398"

	edge = "/v25.0/" + number + "/whatsapp_business_encryption"
)

// Making RSA keys is slow under the race detector: the tests share these.
var (
	keyA  = sync.OnceValue(func() string { return rsaPEM(2048) })
	keyB  = sync.OnceValue(func() string { return rsaPEM(2048) })
	ecKey = sync.OnceValue(func() *ecdsa.PrivateKey {
		return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	})
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func rsaPEM(bits int) string {
	return spki(&must(rsa.GenerateKey(rand.Reader, bits)).PublicKey)
}

func spki(pub any) string {
	return block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(pub)))
}

func block(typ string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}))
}

func start(t *testing.T, o graphmock.Options) *graphmock.Server {
	t.Helper()
	s := graphmock.NewServer(o, number)
	t.Cleanup(s.Close)
	return s
}

type result struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// code is the Graph error code; 0 when the answer is no error.
func (r result) code() int { return int(r.num("code")) }

func (r result) num(field string) float64 {
	e, _ := r.body["error"].(map[string]any)
	n, _ := e[field].(float64)
	return n
}

func (r result) str(field string) string {
	e, _ := r.body["error"].(map[string]any)
	s, _ := e[field].(string)
	return s
}

func (r result) details() string {
	e, _ := r.body["error"].(map[string]any)
	d, _ := e["error_data"].(map[string]any)
	s, _ := d["details"].(string)
	return s
}

type edit func(*http.Request)

func header(k, v string) edit {
	return func(r *http.Request) {
		if v == "" {
			r.Header.Del(k)
			return
		}
		r.Header.Set(k, v)
	}
}

func request(t *testing.T, s *graphmock.Server, method, path, body string, edits ...edit) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, e := range edits {
		e(r)
	}
	return r
}

func try(r *http.Request) (result, error) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	res := result{status: resp.StatusCode, header: resp.Header, text: string(b)}
	_ = json.Unmarshal(b, &res.body)
	return res, err
}

func do(t *testing.T, s *graphmock.Server, method, path, body string, edits ...edit) result {
	t.Helper()
	res, err := try(request(t, s, method, path, body, edits...))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func get(t *testing.T, s *graphmock.Server, path string, edits ...edit) result {
	t.Helper()
	return do(t, s, http.MethodGet, path, "", edits...)
}

func form(key string) string { return url.Values{"business_public_key": {key}}.Encode() }

func post(t *testing.T, s *graphmock.Server, key string, edits ...edit) result {
	t.Helper()
	return do(t, s, http.MethodPost, edge, form(key), edits...)
}

func wantKey(t *testing.T, s *graphmock.Server, pem, status string) {
	t.Helper()
	if p, st := s.Key(number); p != pem || st != status {
		t.Errorf("stored %q %s, want %q %s", p, st, pem, status)
	}
}

func TestStartRefusesOtherMachines(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0", "127.0.0.1"} {
		s := graphmock.NewUnstartedServer(graphmock.Options{})
		if err := s.Start(addr); err == nil {
			s.Close()
			t.Errorf("%q was accepted", addr)
		}
		if s.URL() != "" {
			t.Errorf("%q: URL %q though it does not listen", addr, s.URL())
		}
	}
}

func TestStart(t *testing.T) {
	for _, addr := range []string{"", "127.0.0.1:0", "localhost:0"} {
		s := graphmock.NewUnstartedServer(graphmock.Options{})
		if err := s.Start(addr); err != nil {
			t.Fatalf("%q: %v", addr, err)
		}
		if !strings.HasPrefix(s.URL(), "http://") || strings.HasSuffix(s.URL(), "/") {
			t.Errorf("%q: URL %q", addr, s.URL())
		}
		if err := s.Start(""); err == nil {
			t.Error("started twice")
		}
		s.Close()
		s.Close()
		if _, err := try(request(t, s, http.MethodGet, edge, "")); err == nil {
			t.Error("still answers after Close")
		}
		if err := s.Start(""); err == nil {
			t.Error("started after Close")
		}
	}
}

func TestCloseEndsDelays(t *testing.T) {
	s := start(t, graphmock.Options{})
	fired := make(chan struct{})
	s.Script(graphmock.Fault{Delay: time.Hour, Hook: func() { close(fired) }})
	failed := make(chan error)
	r := request(t, s, http.MethodGet, edge, "")
	go func() { _, err := try(r); failed <- err }()
	<-fired
	s.Close()
	if err := <-failed; err == nil {
		t.Error("a delayed request was answered after Close")
	}
}

func TestCloseEndsDelaysOfAnotherListener(t *testing.T) {
	s := graphmock.NewUnstartedServer(graphmock.Options{})
	outer := httptest.NewServer(s)
	defer outer.Close()
	s.Script(graphmock.Fault{Delay: time.Hour, Hook: s.Close})
	resp, err := http.Get(outer.URL + edge)
	if err == nil {
		_ = resp.Body.Close()
		t.Errorf("a delayed request was answered after Close: %d", resp.StatusCode)
	}
}

func TestWorksAsAHandler(t *testing.T) {
	s := graphmock.NewUnstartedServer(graphmock.Options{}, number)
	r := httptest.NewRequest(http.MethodGet, edge, nil)
	r.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPaths(t *testing.T) {
	s := start(t, graphmock.Options{NewestVersion: "v26.0"})
	for _, tt := range []struct {
		path string
		code int
	}{
		{"/v25.0/" + number + "/whatsapp_business_encryption", 0},
		{"/v26.0/" + number + "/whatsapp_business_encryption", 0},
		{"/v2.12/" + number + "/whatsapp_business_encryption", 0},
		{"/v26.1/" + number + "/whatsapp_business_encryption", 2500},
		{"/v125.0/" + number + "/whatsapp_business_encryption", 2500},
		{"/" + number + "/whatsapp_business_encryption", 2500},
		{"/v25/" + number + "/whatsapp_business_encryption", 2500},
		{"/25.0/" + number + "/whatsapp_business_encryption", 2500},
		{"/v25.0//" + number + "/whatsapp_business_encryption", 2500},
		{"//v25.0/" + number + "/whatsapp_business_encryption", 2500},
		{"/v25.0/" + number + "/whatsapp_business_encryption/", 2500},
		{"/v25.0/" + number, 2500},
		{"/", 2500},
		{"/v25.0/" + number + "/nonsense", 2500},
		{"/v25.0/1/nonsense", 100},
		{"/v25.0/" + number + "%2Fwhatsapp_business_encryption", 2500},
		{"/v25.0/..%2F" + number + "/whatsapp_business_encryption", 100},
	} {
		if got := get(t, s, tt.path); got.code() != tt.code {
			t.Errorf("%s: code %d, want %d: %s", tt.path, got.code(), tt.code, got.text)
		}
	}
	if got := get(t, s, "/nowhere"); got.status != 400 || got.str("message") != "Unknown path components: /nowhere" || got.str("type") != "OAuthException" {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestVersionHeader(t *testing.T) {
	for _, tt := range []struct{ oldest, asked, want string }{
		{"", "v1.0", "v1.0"},
		{"v22.0", "v21.0", "v22.0"},
		{"v22.0", "v9.0", "v22.0"},
		{"v22.0", "v22.0", "v22.0"},
		{"v22.0", "v25.0", "v25.0"},
	} {
		s := start(t, graphmock.Options{OldestVersion: tt.oldest})
		got := get(t, s, "/"+tt.asked+"/"+number+"/whatsapp_business_encryption")
		if v := got.header.Get("facebook-api-version"); got.status != 200 || v != tt.want {
			t.Errorf("oldest %q, asked %s: %d, header %q, want %q", tt.oldest, tt.asked, got.status, v, tt.want)
		}
	}
}

func TestNewServerRefusesATypo(t *testing.T) {
	for _, o := range []graphmock.Options{{OldestVersion: "21.0"}, {NewestVersion: "v26"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was accepted", o)
				}
			}()
			graphmock.NewServer(o).Close()
		}()
	}
}

func TestMethods(t *testing.T) {
	s := start(t, graphmock.Options{})
	for _, tt := range []struct{ method, path, text string }{
		{http.MethodDelete, edge, "Unsupported delete request"},
		{http.MethodPut, edge, "Unsupported put request"},
		{http.MethodPatch, edge, "Unsupported patch request"},
		{http.MethodDelete, "/v25.0/" + waba + "/phone_numbers", "Unsupported delete request"},
		{http.MethodPost, "/v25.0/" + waba + "/phone_numbers", "Unsupported post request"},
	} {
		got := do(t, s, tt.method, tt.path, "")
		if got.status != 400 || got.code() != 100 || got.num("error_subcode") != 0 || !strings.HasPrefix(got.str("message"), tt.text) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, got.status, got.text)
		}
	}
}

func TestReset(t *testing.T) {
	s := start(t, graphmock.Options{})
	s.AddNumber(graphmock.Number{ID: "2", Unregistered: true})
	s.Reregister("2")
	s.SetShape(graphmock.ShapeFlat)
	s.SetCallBudget(1, time.Hour, nil)
	s.Script(graphmock.Fault{Times: -1, Delay: 1})
	post(t, s, keyA())
	s.Deregister(number)
	s.Reset()
	if got := get(t, s, edge); got.status != 200 || got.body["data"] == nil {
		t.Errorf("number or shape not reset: %s", got.text)
	}
	wantKey(t, s, "", "MISMATCH")
	if got := get(t, s, "/v25.0/2/whatsapp_business_encryption"); got.code() != 133010 {
		t.Errorf("an unregistered number stayed registered: %s", got.text)
	}
	if n := s.PendingFaults() + s.Count(http.MethodPost, ""); n != 0 {
		t.Errorf("%d faults and requests left", n)
	}
}

func TestConcurrentUse(t *testing.T) {
	s := start(t, graphmock.Options{})
	s.Script(graphmock.Fault{Times: -1, After: 3, Delay: time.Millisecond})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				_, _ = try(request(t, s, http.MethodPost, edge, form(keyA())))
				_, _ = try(request(t, s, http.MethodGet, edge, ""))
				s.Reregister(number)
				s.SetKey(number, "x", "VALID")
				s.Requests()
				s.Key(number)
				s.Count("", "")
				s.SetKeyLag(1)
				s.MaxInFlight()
			}
		})
	}
	wg.Wait()
	if n := s.Count("", ""); n != 40 {
		t.Errorf("%d requests, want 40", n)
	}
}
