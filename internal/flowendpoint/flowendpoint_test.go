// SPDX-License-Identifier: MPL-2.0

package flowendpoint_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const secret = "0123456789abcdef0123456789abcdef"

var pair = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func public(t *testing.T) pemkey.PublicKey {
	t.Helper()
	key, err := pemkey.FromRSA(&pair().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ask(t *testing.T, uri string, c flowendpoint.Config) flowendpoint.Answer {
	t.Helper()
	answer, err := endpoint(t, uri, c).Ask(t.Context(), public(t))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func endpoint(t *testing.T, uri string, c flowendpoint.Config) *flowendpoint.Endpoint {
	t.Helper()
	if c.Clock == nil {
		c.Clock = fakeclock.New()
	}
	e, err := flowendpoint.New(uri, c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// serve starts an endpoint that decrypts the message and answers with what reply
// makes of it.
func serve(t *testing.T, reply func(w http.ResponseWriter, payload string, s flowmessage.Session)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message flowmessage.Request
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			t.Error(err)
		}
		payload, session, err := flowmessage.Decrypt(pair(), message)
		if err != nil {
			t.Error(err)
		}
		reply(w, string(payload), session)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func encrypted(t *testing.T, s flowmessage.Session, payload string) string {
	t.Helper()
	text, err := s.EncryptResponse([]byte(payload))
	if err != nil {
		t.Error(err)
	}
	return text
}

const active = `{"data":{"status":"active"}}`

// The table of verdicts of the documentation.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	status := func(code int, body string) func(http.ResponseWriter, string, flowmessage.Session) {
		return func(w http.ResponseWriter, _ string, _ flowmessage.Session) {
			if code >= 300 && code < 400 {
				w.Header().Set("Location", "/elsewhere")
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	opens := func(code int, payload string, change func(string) string) func(http.ResponseWriter, string, flowmessage.Session) {
		return func(w http.ResponseWriter, _ string, s flowmessage.Session) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, change(encrypted(t, s, payload)))
		}
	}
	same := func(s string) string { return s }
	for name, test := range map[string]struct {
		reply   func(http.ResponseWriter, string, flowmessage.Session)
		verdict flowendpoint.Verdict
		status  int
		reason  string
	}{
		"health check":                   {opens(200, active, same), "proven", 200, "answered the health check"},
		"with white space around":        {opens(200, " "+active+"\n", func(s string) string { return "\ufeff\n" + s + "\r\n" }), "proven", 200, ""},
		"more than is asked for":         {opens(200, `{"version":"3.0","data":{"status":"active","x":1}}`, same), "proven", 200, ""},
		"a screen":                       {opens(200, `{"screen":"WELCOME","data":{}}`, same), "no_health_check", 200, "did not answer the health check"},
		"pong":                           {opens(200, `pong`, same), "no_health_check", 200, ""},
		"the answer with another status": {opens(201, active, same), "no_health_check", 201, "The status was 201"},
		"an error that opens":            {opens(427, `{"error_msg":"x"}`, same), "no_health_check", 427, ""},
		"old nonce":                      {nil, "old_protocol", 200, "without inverting"},
		"JSON string":                    {opens(200, active, func(s string) string { return `"` + s + `"` }), "not_encrypted", 200, "quotation marks"},
		"plain JSON":                     {status(200, active), "not_encrypted", 200, "not encrypted"},
		"HTML":                           {status(200, "<!doctype html><p>secret-of-the-page"), "not_encrypted", 200, ""},
		"empty":                          {status(200, ""), "not_encrypted", 200, ""},
		"204":                            {status(204, ""), "not_encrypted", 204, ""},
		"base64 of something else":       {status(200, "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ="), "not_encrypted", 200, ""},
		"too long":                       {status(200, strings.Repeat("A", 1<<20+1)), "not_encrypted", 200, "more than 1048576 bytes"},
		"421":                            {status(421, ""), "wrong_key", 421, "no private key that it has"},
		"432":                            {status(432, ""), "refused", 432, "app secret"},
		"401":                            {status(401, ""), "refused", 401, ""},
		"403":                            {status(403, "<html>firewall"), "refused", 403, ""},
		"400":                            {status(400, ""), "failing", 400, ""},
		"415":                            {status(415, ""), "failing", 415, ""},
		"422":                            {status(422, ""), "failing", 422, ""},
		"427":                            {status(427, ""), "failing", 427, ""},
		"429":                            {status(429, ""), "failing", 429, ""},
		"500":                            {status(500, "secret-of-the-page"), "failing", 500, "cannot decrypt"},
		"502":                            {status(502, ""), "failing", 502, ""},
		"404":                            {status(404, ""), "not_an_endpoint", 404, "no Flow endpoint"},
		"405":                            {status(405, ""), "not_an_endpoint", 405, ""},
		"410":                            {status(410, ""), "not_an_endpoint", 410, ""},
		"redirect":                       {status(301, ""), "not_an_endpoint", 301, "not followed"},
		"redirect of a POST":             {status(308, ""), "not_an_endpoint", 308, "not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := test.reply
			if reply == nil {
				reply = func(w http.ResponseWriter, _ string, s flowmessage.Session) {
					_, _ = io.WriteString(w, oldProtocol(t, s))
				}
			}
			got := ask(t, serve(t, reply), flowendpoint.Config{})
			if got.Verdict != test.verdict || got.HTTPStatus != test.status {
				t.Errorf("%+v", got)
			}
			if !strings.Contains(got.Reason, test.reason) || !strings.HasSuffix(got.Reason, ".") || strings.Contains(got.Reason, "secret-of-the-page") {
				t.Errorf("the reason is %q", got.Reason)
			}
			if decrypts := test.verdict == "proven" || test.verdict == "no_health_check"; got.Verdict.Decrypts() != decrypts {
				t.Errorf("decrypts: %t", got.Verdict.Decrypts())
			}
			if inconclusive := test.verdict == "refused" || test.verdict == "failing"; got.Verdict.Inconclusive() != inconclusive {
				t.Errorf("inconclusive: %t", got.Verdict.Inconclusive())
			}
			if !slices.Contains(flowendpoint.Verdicts(), got.Verdict) {
				t.Error("the verdict is not in the list of all")
			}
		})
	}
}

// What is sent is what Meta sends.
func TestRequest(t *testing.T) {
	t.Parallel()
	for name, appSecret := range map[string]string{"secret": secret, "no secret": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var escaped bool
			connections := map[string]bool{}
			signatures := map[string]bool{}
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				connections[r.RemoteAddr] = true
				signature := r.Header.Get("X-Hub-Signature-256")
				signatures[signature] = true
				if !regexp.MustCompile(`^sha256=[0-9a-f]{64}$`).MatchString(signature) {
					t.Errorf("the signature is %q", signature)
				}
				mac := hmac.New(sha256.New, []byte(secret))
				mac.Write(body)
				if is := signature == "sha256="+hex.EncodeToString(mac.Sum(nil)); is != (appSecret != "") {
					t.Errorf("signed with the secret: %t", is)
				}
				if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.URL.RequestURI() != "/flow?key=1" || r.ContentLength != int64(len(body)) {
					t.Errorf("%s %s %s, length %d", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.ContentLength)
				}
				if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" || r.Header.Get("User-Agent") != "test/1" {
					t.Errorf("%v", r.Header)
				}
				if regexp.MustCompile(`[^\\]/`).Match(body) {
					t.Errorf("a slash is not escaped: %s", body)
				}
				escaped = escaped || strings.Contains(string(body), `\/`)
				var fields map[string]string
				if err := json.Unmarshal(body, &fields); err != nil || len(fields) != 3 {
					t.Errorf("%v: %s", err, body)
				}
				payload, _, err := flowmessage.Decrypt(pair(), flowmessage.Request{EncryptedFlowData: fields["encrypted_flow_data"], EncryptedAESKey: fields["encrypted_aes_key"], InitialVector: fields["initial_vector"]})
				if err != nil || string(payload) != `{"version":"3.0","action":"ping"}` {
					t.Errorf("%q, %v", payload, err)
				}
			}))
			t.Cleanup(server.Close)
			for range 10 {
				ask(t, server.URL+"/flow?key=1", flowendpoint.Config{AppSecret: appSecret, UserAgent: "test/1"})
			}
			if !escaped || len(connections) != 10 || len(signatures) != 10 {
				t.Errorf("escaped: %t, %d connections, %d signatures", escaped, len(connections), len(signatures))
			}
		})
	}
}

func TestURIs(t *testing.T) {
	t.Parallel()
	for uri, says := range map[string]string{
		"https://example.com/flow": "", "https://user:pw@example.com/flow?token=t": "", "http://127.0.0.1:8080/": "", "http://LOCALHOST/": "", "http://[::1]:1/": "",
		"": "not an absolute URL", "example.com/flow": "not an absolute URL", "https://": "not an absolute URL", "https://:443/": "not an absolute URL", "https://exa mple.com/hidden": "not an absolute URL", "://": "not an absolute URL",
		"http://example.com/hidden": "must use https", "ftp://example.com/hidden": `scheme "ftp"`, "https://example.com/#hidden": "fragment",
	} {
		err := flowendpoint.CheckURI(uri)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hidden")) {
			t.Errorf("%q: %v", uri, err)
		}
	}
	e := endpoint(t, "https://user:pw@example.com:8443/a%2Fb?token=t", flowendpoint.Config{})
	if e.String() != "https://example.com:8443/a%2Fb" {
		t.Errorf("shown as %q", e)
	}
}

// Whatever goes wrong on the wire, nothing secret is repeated.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	closing := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(closing.Close)
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for uri, says := range map[string]string{
		gone.URL:      "could not be opened",
		closing.URL:   "closed",
		untrusted.URL: "TLS",
		strings.Replace(plain.URL, "http:", "https:", 1): "TLS",
		"https://name.invalid":                           "the name of the host",
	} {
		got := ask(t, strings.Replace(uri, "://", "://user:hidden-password@", 1)+"/?token=hidden-token", flowendpoint.Config{AppSecret: secret})
		if got.Verdict != flowendpoint.Unreachable || got.HTTPStatus != 0 || !strings.Contains(got.Reason, says) || strings.Contains(got.Reason, "hidden") {
			t.Errorf("%s: %+v", uri, got)
		}
	}
}

// The caller's end is an error; the endpoint's slowness is an answer.
func TestTheContextEnds(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	defer close(release)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("enough"))
	defer cancel()
	_, err := endpoint(t, server.URL, flowendpoint.Config{}).Ask(ctx, public(t))
	if err == nil || err.Error() != "enough" {
		t.Errorf("%v", err)
	}
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	if _, err := endpoint(t, "http://127.0.0.1:1", flowendpoint.Config{}).Ask(t.Context(), pemkey.PublicKey{}); err == nil {
		t.Error("asked without a key")
	}
}

// oldProtocol encrypts an answer without inverting the nonce.
func oldProtocol(t *testing.T, s flowmessage.Session) string {
	t.Helper()
	text, err := s.EncryptResponseWithSameNonce([]byte(active))
	if err != nil {
		t.Error(err)
	}
	return text
}
