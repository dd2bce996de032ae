// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const (
	number = "106540352242922"
	token  = "EAATestToken"
)

func testKey(t testing.TB) pemkey.PublicKey {
	t.Helper()
	text, err := os.ReadFile("../pemkey/testdata/rsa2048_a.spki.pem")
	if err != nil {
		t.Fatal(err)
	}
	key, err := pemkey.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newClient(t testing.TB, baseURL string) *graph.Client {
	t.Helper()
	client, err := graph.New(graph.Config{AccessToken: token, BaseURL: baseURL, UserAgent: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answering starts a server that gives every request the same answer.
func answering(t testing.TB, status int, contentType, body string) *graph.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL)
}

func startMock(t testing.TB) *graphmock.Server {
	t.Helper()
	server := graphmock.NewServer(graphmock.Options{Token: token}, number)
	t.Cleanup(server.Close)
	return server
}

func TestRequestsAreWhatTheAPIDocuments(t *testing.T) {
	server := startMock(t)
	client := newClient(t, server.URL())
	key := testKey(t)

	if err := client.SetBusinessPublicKey(t.Context(), number, key); err != nil {
		t.Fatal(err)
	}
	slot, err := client.BusinessEncryption(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	if !slot.Holds(key) || slot.SignatureStatus != graph.SignatureValid {
		t.Errorf("the slot is %+v", slot)
	}

	requests := server.Requests()
	if len(requests) != 2 {
		t.Fatalf("%d requests", len(requests))
	}
	for i, method := range []string{http.MethodPost, http.MethodGet} {
		r := requests[i]
		if want := "/" + graph.DefaultAPIVersion + "/" + number + "/whatsapp_business_encryption"; r.Method != method || r.Path != want {
			t.Errorf("request %d is %s %s", i, r.Method, r.Path)
		}
		if got := r.Header.Get("User-Agent"); got != "test/1" {
			t.Errorf("User-Agent %q", got)
		}
		if len(r.Query) != 0 {
			t.Errorf("request %d has a query: %v", i, r.Query)
		}
	}
	if got := requests[0].Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
		t.Errorf("Content-Type %q", got)
	}
	if got := requests[0].Form.Get("business_public_key"); got != key.PEM() {
		t.Errorf("the form has the key %q", got)
	}
}

// Every shape in which a slot may come, and what it must be read as.
func TestBusinessEncryptionDecoding(t *testing.T) {
	const pem = `-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n`
	const text = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
	for name, test := range map[string]struct {
		body, key, status string
		fails             bool
	}{
		"wrapped":                 {body: `{"data":[{"business_public_key":"` + pem + `","business_public_key_signature_status":"VALID"}]}`, key: text, status: "VALID"},
		"flat":                    {body: `{"business_public_key":"` + pem + `","business_public_key_signature_status":"MISMATCH"}`, key: text, status: "MISMATCH"},
		"data is an object":       {body: `{"data":{"business_public_key":"` + pem + `","business_public_key_signature_status":"VALID"}}`, key: text, status: "VALID"},
		"unknown status":          {body: `{"data":[{"business_public_key":"` + pem + `","business_public_key_signature_status":"PENDING"}]}`, key: text, status: "PENDING"},
		"status missing":          {body: `{"data":[{"business_public_key":"` + pem + `"}]}`, key: text},
		"more fields":             {body: ` {"id":"1","data":[{"business_public_key":"` + pem + `","x":[1]}],"paging":{}} `, key: text},
		"unset, blank":            {body: `{"data":[{"business_public_key":"","business_public_key_signature_status":"MISMATCH"}]}`, status: "MISMATCH"},
		"unset, a space":          {body: `{"data":[{"business_public_key":" ","business_public_key_signature_status":"MISMATCH"}]}`, status: "MISMATCH"},
		"unset, null":             {body: `{"data":[{"business_public_key":null,"business_public_key_signature_status":"MISMATCH"}]}`, status: "MISMATCH"},
		"unset, absent":           {body: `{"data":[{"business_public_key_signature_status":"MISMATCH"}]}`, status: "MISMATCH"},
		"unset, flat":             {body: `{"business_public_key":"","business_public_key_signature_status":"MISMATCH"}`, status: "MISMATCH"},
		"unset, empty data":       {body: `{"data":[]}`},
		"unset, null data":        {body: `{"data":null}`},
		"unset, empty object":     {body: `{}`},
		"unset, no fields":        {body: `{"data":[{}]}`},
		"a null instead of a key": {body: `{"data":[null]}`},

		"please log in":         {body: `{"message":"Please log in"}`, fails: true},
		"only an ID":            {body: `{"id":"106540352242922"}`, fails: true},
		"a list of errors":      {body: `{"errors":["x"]}`, fails: true},
		"other fields in data":  {body: `{"data":{"error_message":"x"}}`, fails: true},
		"other fields in list":  {body: `{"data":[{"name":"x"}]}`, fails: true},
		"empty":                 {body: "", fails: true},
		"white space":           {body: " \n", fails: true},
		"a page":                {body: "<!doctype html><p>Welcome", fails: true},
		"an array":              {body: `[]`, fails: true},
		"null":                  {body: `null`, fails: true},
		"cut off":               {body: `{"data":[{"business_public_key":"---`, fails: true},
		"something behind":      {body: `{"data":[]} {}`, fails: true},
		"key is a number":       {body: `{"data":[{"business_public_key":7}]}`, fails: true},
		"key is an object":      {body: `{"business_public_key":{}}`, fails: true},
		"data is a string":      {body: `{"data":"none"}`, fails: true},
		"data is a list of str": {body: `{"data":["none"]}`, fails: true},
		"two keys":              {body: `{"data":[{"business_public_key":"a"},{"business_public_key":"b"}]}`, fails: true},
		"huge":                  {body: `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			slot, err := answering(t, 200, "application/json", test.body).BusinessEncryption(t.Context(), number)
			if test.fails {
				if got := graph.ClassOf(err); err == nil || got != graph.ClassNotUnderstood {
					t.Fatalf("class %q of %v", got, err)
				}
				if slot.HasKey() {
					t.Error("an answer that is not understood gave a key")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if slot.Text != test.key || slot.SignatureStatus != test.status || slot.HasKey() != (test.key != "") {
				t.Errorf("got %+v", slot)
			}
		})
	}
}

func TestSuccessDecoding(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"success":true}`:              true,
		`{"success":"true"}`:            true,
		`{"success":1}`:                 true,
		`{"success":false}`:             false,
		`{"success":"false"}`:           false,
		`{"success":null}`:              false,
		`{}`:                            false,
		``:                              false,
		`true`:                          false,
		`<html>`:                        false,
		`{"error":{"code":100}}`:        false,
		`{"success":true,"error":"no"}`: false,
	} {
		t.Run(body, func(t *testing.T) {
			err := answering(t, 200, "application/json", body).SetBusinessPublicKey(t.Context(), number, testKey(t))
			if (err == nil) != ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestErrorFields(t *testing.T) {
	const body = `{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":"100","error_subcode":2388,
		"error_data":{"messaging_product":"whatsapp","details":"Business public key is invalid"},
		"error_user_title":"Title","error_user_msg":"For the user","is_transient":false,"fbtrace_id":"AbC123"}}`
	err := answering(t, 400, "application/json", body).SetBusinessPublicKey(t.Context(), number, testKey(t))

	var got *graph.Error
	if !errors.As(err, &got) {
		t.Fatalf("%T", err)
	}
	want := graph.Error{
		Call:  graph.Call{Method: "POST", Object: number, Edge: "whatsapp_business_encryption"},
		Class: graph.ClassKeyRefused, HTTPStatus: 400, HasCode: true, Code: 100, Subcode: 2388, Type: "OAuthException",
		Message: "(#100) Invalid parameter", Details: "Business public key is invalid", UserMessage: "For the user", FBTraceID: "AbC123", Tries: 1,
	}
	if *got != want {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
	if text := "POST " + number + "/whatsapp_business_encryption: Business public key is invalid (HTTP 400, code 100, subcode 2388, type OAuthException, fbtrace_id AbC123)"; err.Error() != text {
		t.Errorf("the text is %s", err)
	}
}

func TestErrorClasses(t *testing.T) {
	for _, test := range []struct {
		method, body string
		status       int
		class        graph.Class
	}{
		{"POST", `{"error":{"code":100,"message":"Business public key is invalid"}}`, 400, graph.ClassKeyRefused},
		{"POST", `{"error":{"code":100,"error_data":"Business public key is invalid"}}`, 400, graph.ClassKeyRefused},
		{"GET", `{"error":{"code":100,"message":"Invalid parameter"}}`, 400, graph.ClassOther},
		{"GET", `{"error":{"code":100,"error_subcode":33}}`, 400, graph.ClassWrongObject},
		{"POST", `{"error":{"code":100,"error_subcode":33}}`, 404, graph.ClassWrongObject},
		{"GET", `{"error":{"code":100,"message":"API calls from the server require an appsecret_proof argument","type":"GraphMethodException"}}`, 400, graph.ClassAppSecretProof},
		{"GET", `{"error":{"code":33,"message":"The business phone number has been deleted"}}`, 400, graph.ClassNumberDeleted},
		{"GET", `{"error":{"code":0}}`, 401, graph.ClassAuth},
		{"GET", `{"error":{"code":190,"error_subcode":463}}`, 401, graph.ClassAuth},
		{"GET", `{"error":{"code":102}}`, 400, graph.ClassAuth},
		{"GET", `{"error":{"code":104}}`, 400, graph.ClassAuth},
		{"GET", `{"error":{"code":3}}`, 400, graph.ClassPermission},
		{"GET", `{"error":{"code":10}}`, 403, graph.ClassPermission},
		{"GET", `{"error":{"code":200}}`, 403, graph.ClassPermission},
		{"GET", `{"error":{"code":299}}`, 403, graph.ClassPermission},
		{"GET", `{"error":{"code":300}}`, 403, graph.ClassOther},
		{"POST", `{"error":{"code":131005}}`, 403, graph.ClassPermission},
		{"POST", `{"error":{"code":368,"is_transient":true}}`, 400, graph.ClassPolicy},
		{"POST", `{"error":{"code":131031}}`, 400, graph.ClassPolicy},
		{"POST", `{"error":{"code":130497}}`, 400, graph.ClassPolicy},
		{"POST", `{"error":{"code":133010}}`, 400, graph.ClassNotRegistered},
		{"POST", `{"error":{"code":133015}}`, 400, graph.ClassNotRegistered},
		{"GET", `{"error":{"code":4,"is_transient":true}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":17}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":32}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":341}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":613}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":80007}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":80008}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":130429}}`, 429, graph.ClassRateLimit},
		{"POST", `{"error":{"code":133016}}`, 400, graph.ClassRateLimit},
		{"GET", `slow down`, 429, graph.ClassRateLimit},
		{"GET", `{"error":{"code":12345,"is_transient":true}}`, 400, graph.ClassTransient},
		{"GET", `{"error":{"code":1}}`, 500, graph.ClassTransient},
		{"GET", `{"error":{"code":1}}`, 400, graph.ClassOther},
		{"GET", `{"error":{"code":2}}`, 400, graph.ClassTransient},
		{"POST", `{"error":{"code":131000}}`, 500, graph.ClassTransient},
		{"POST", `{"error":{"code":131016}}`, 400, graph.ClassTransient},
		{"POST", `{"error":{"code":131057}}`, 400, graph.ClassTransient},
		{"POST", `{"error":{"code":133004}}`, 400, graph.ClassTransient},
		{"GET", ``, 502, graph.ClassTransient},
		{"GET", `<html>`, 408, graph.ClassTransient},
		{"POST", `{"error":{"code":131008}}`, 400, graph.ClassOther},
		{"GET", `{"error":{"code":131099}}`, 503, graph.ClassTransient},
		{"POST", `{"error":{"code":100,"message":"x"}}`, 500, graph.ClassTransient},
		{"GET", `{"error":{"code":190}}`, 500, graph.ClassAuth},
		{"POST", `{"error":{"message":"no code at all"}}`, 400, graph.ClassOther},
		{"GET", `{"error":"invalid"}`, 400, graph.ClassOther},
		{"GET", `<html>`, 403, graph.ClassNotUnderstood},
		{"GET", ``, 404, graph.ClassNotUnderstood},
		{"GET", `{"data":[]}`, 400, graph.ClassNotUnderstood},
		{"GET", `{"error":{"code":190}}`, 200, graph.ClassAuth},
	} {
		t.Run(fmt.Sprintf("%s %d %s", test.method, test.status, test.body), func(t *testing.T) {
			client := answering(t, test.status, "application/json", test.body)
			var err error
			if test.method == http.MethodPost {
				err = client.SetBusinessPublicKey(t.Context(), number, testKey(t))
			} else {
				_, err = client.BusinessEncryption(t.Context(), number)
			}
			if got := graph.ClassOf(err); err == nil || got != test.class {
				t.Errorf("class %q of %v", got, err)
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()

	_, err := newClient(t, server.URL).BusinessEncryption(t.Context(), number)
	if graph.ClassOf(err) != graph.ClassNotUnderstood {
		t.Error(err)
	}
}

func TestTokenIsTakenOutOfTheServersWords(t *testing.T) {
	_, err := answering(t, 400, "application/json", `{"error":{"code":190,"message":"Malformed access token `+token+`"}}`).BusinessEncryption(t.Context(), number)
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), token) {
		t.Errorf("%+v", err)
	}
}

func TestTransportErrorsDoNotRepeatTheURL(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := newClient(t, server.URL).BusinessEncryption(t.Context(), number)
	if graph.ClassOf(err) != graph.ClassTransient || strings.Contains(err.Error(), "http://") {
		t.Error(err)
	}
}

func TestInterruption(t *testing.T) {
	server := startMock(t)
	server.Script(graphmock.Fault{Delay: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := newClient(t, server.URL()).BusinessEncryption(ctx, number)
	if graph.ClassOf(err) != graph.ClassInterrupted || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// Ten parallel slots must not need more than ten connections, however many
// numbers there are.
func TestConnectionsAreReused(t *testing.T) {
	server := startMock(t)
	client := newClient(t, server.URL())
	const slots, numbers = 10, 200
	work := make(chan string)
	var wg sync.WaitGroup
	for range slots {
		wg.Go(func() {
			for id := range work {
				if err := client.SetBusinessPublicKey(t.Context(), id, testKey(t)); err != nil {
					t.Error(err)
				}
				if _, err := client.BusinessEncryption(t.Context(), id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range numbers {
		id := fmt.Sprintf("2000000%d", i)
		server.AddNumber(graphmock.Number{ID: id})
		work <- id
	}
	close(work)
	wg.Wait()
	if got := server.Connections(); got > slots {
		t.Errorf("%d connections for %d slots", got, slots)
	}
	if got := len(server.Requests()); got != 2*numbers {
		t.Errorf("%d requests", got)
	}
}

func TestConfigIsChecked(t *testing.T) {
	valid := graph.Config{AccessToken: token}
	if _, err := graph.New(valid); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*graph.Config){
		"no token":            func(c *graph.Config) { c.AccessToken = "" },
		"token with newline":  func(c *graph.Config) { c.AccessToken = token + "\n" },
		"token with a space":  func(c *graph.Config) { c.AccessToken = " " + token },
		"token not ASCII":     func(c *graph.Config) { c.AccessToken = token + "é" },
		"version without v":   func(c *graph.Config) { c.APIVersion = "25.0" },
		"version path":        func(c *graph.Config) { c.APIVersion = "v25.0/../v1.0" },
		"relative URL":        func(c *graph.Config) { c.BaseURL = "graph.facebook.com" },
		"http":                func(c *graph.Config) { c.BaseURL = "http://graph.facebook.com" },
		"http, looks local":   func(c *graph.Config) { c.BaseURL = "http://localhost.example.com" },
		"http, private range": func(c *graph.Config) { c.BaseURL = "http://10.0.0.1" },
		"other scheme":        func(c *graph.Config) { c.BaseURL = "ftp://127.0.0.1" },
		"password in URL":     func(c *graph.Config) { c.BaseURL = "https://user:secret@graph.facebook.com" },
		"query":               func(c *graph.Config) { c.BaseURL = "https://graph.facebook.com?x=secret" },
		"version in URL":      func(c *graph.Config) { c.BaseURL = "https://graph.facebook.com/v25.0" },
		"fragment":            func(c *graph.Config) { c.BaseURL = "https://graph.facebook.com#x" },
		"not a URL":           func(c *graph.Config) { c.BaseURL = "https://user:secret@%zz" },
	} {
		t.Run(name, func(t *testing.T) {
			config := valid
			change(&config)
			_, err := graph.New(config)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats a secret: %v", err)
			}
		})
	}
	for _, base := range []string{"https://graph.facebook.com/", "https://proxy.example.com/graph", "http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:1", "http://localhost:8080"} {
		if err := graph.CheckBaseURL(base); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}
