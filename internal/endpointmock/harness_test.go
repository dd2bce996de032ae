// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

const (
	ping   = `{"version":"3.0","action":"ping"}`
	active = `{"data":{"status":"active"}}`
	secret = "the app secret"
)

// Making RSA keys is slow under the race detector: the tests share these.
var keyA, keyB, keyC = sync.OnceValue(newKey), sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func start(t *testing.T, o endpointmock.Options, keys ...*rsa.PrivateKey) *endpointmock.Server {
	t.Helper()
	s := endpointmock.NewServer(o, keys...)
	t.Cleanup(s.Close)
	return s
}

// message is made by hand, from what Meta documents, so that a mistake that the
// endpoint shares with flowmessage does not pass.
type message struct {
	key, nonce []byte
	body       string // with escaped slashes
}

func encrypt(pub *rsa.PublicKey, payload string) message {
	m := message{key: make([]byte, 16), nonce: make([]byte, 16)}
	_, _ = rand.Read(m.key)
	_, _ = rand.Read(m.nonce)
	wrapped := must(rsa.EncryptOAEP(sha256.New(), rand.Reader, pub, m.key, nil))
	encode := base64.StdEncoding.EncodeToString
	m.body = fmt.Sprintf(`{"encrypted_flow_data":"%s","encrypted_aes_key":"%s","initial_vector":"%s"}`,
		encode(m.gcm().Seal(nil, m.nonce, []byte(payload), nil)), encode(wrapped), encode(m.nonce))
	m.body = strings.ReplaceAll(m.body, "/", `\/`)
	return m
}

func (m message) gcm() cipher.AEAD {
	return must(cipher.NewGCMWithNonceSize(must(aes.NewCipher(m.key)), 16))
}

// open decrypts an answer as a client does.
func (m message) open(answer string) (string, error) {
	inverted := make([]byte, len(m.nonce))
	for i := range inverted {
		inverted[i] = ^m.nonce[i]
	}
	return m.openWith(inverted, answer)
}

func (m message) openWith(nonce []byte, answer string) (string, error) {
	sealed, err := base64.StdEncoding.DecodeString(answer)
	if err != nil {
		return "", err
	}
	plain, err := m.gcm().Open(nil, nonce, sealed, nil)
	return string(plain), err
}

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// fresh opens a connection for each request, and does not follow redirects.
func fresh(s *endpointmock.Server) *http.Client {
	transport := &http.Transport{DisableKeepAlives: true}
	if pool := s.CertPool(); pool != nil {
		transport.TLSClientConfig = clientConfig(pool)
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type edit func(*http.Request)

func method(m string) edit { return func(r *http.Request) { r.Method = m } }

func header(k, v string) edit {
	return func(r *http.Request) {
		r.Header.Del(k)
		if v != "" {
			r.Header.Add(k, v)
		}
	}
}

func request(t *testing.T, s *endpointmock.Server, body string, edits ...edit) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/flow", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, e := range edits {
		e(r)
	}
	return r
}

type result struct {
	status int
	header http.Header
	body   string
}

func try(c *http.Client, r *http.Request) (result, error) {
	resp, err := c.Do(r)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return result{resp.StatusCode, resp.Header, string(body)}, err
}

func post(t *testing.T, s *endpointmock.Server, body string, edits ...edit) result {
	t.Helper()
	res, err := try(fresh(s), request(t, s, body, edits...))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// ask returns the status, and the decrypted answer if there is one.
func ask(t *testing.T, s *endpointmock.Server, key *rsa.PrivateKey, payload string, edits ...edit) (int, string) {
	t.Helper()
	m := encrypt(&key.PublicKey, payload)
	res := post(t, s, m.body, edits...)
	if res.status != http.StatusOK {
		return res.status, ""
	}
	text, err := m.open(res.body)
	if err != nil {
		t.Fatalf("%v in %q", err, res.body)
	}
	return res.status, text
}

func wantPing(t *testing.T, s *endpointmock.Server, key *rsa.PrivateKey, want int) {
	t.Helper()
	status, text := ask(t, s, key, ping)
	if status != want || status == http.StatusOK && text != active {
		t.Errorf("the ping is answered with %d %q, not %d", status, text, want)
	}
}

func last(t *testing.T, s *endpointmock.Server) endpointmock.Request {
	t.Helper()
	requests := s.Requests()
	if len(requests) == 0 {
		t.Fatal("nothing was received")
	}
	return requests[len(requests)-1]
}

// eventually is for what a server notices by itself.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after a minute still not: %s", what)
		}
	}
}
