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
	"net/url"
	"strings"
	"sync"
	"testing"

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
