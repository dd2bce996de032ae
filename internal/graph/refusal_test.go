// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// scripted answers each request with a status and a body, and counts requests.
type scripted struct {
	mu      sync.Mutex
	objects []string
	answer  func(n int, r *http.Request) (status int, body string)
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects = append(s.objects, r.Method+" "+strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")[1])
	status, body := s.answer(len(s.objects), r)
	return response(status, nil, body), nil
}

func (s *scripted) sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.objects)
}

const noKey = `{"data":[{"business_public_key":"","business_public_key_signature_status":"MISMATCH"}]}`

func refusing(code int) func(int, *http.Request) (int, string) {
	return func(int, *http.Request) (int, string) { return http.StatusBadRequest, errorBody(code) }
}

func refusedWith(text string) string {
	return `{"error":{"message":` + strconv.Quote(text) + `,"type":"OAuthException","code":200,"fbtrace_id":"A"}}`
}

func object(i int) string { return fmt.Sprintf("1065403522%05d", i) }

// After these refusals, no other call would fare better.
func TestACallThatWouldBeRefusedIsNotSent(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(int, *http.Request) (int, string)
		sent   int
		class  graph.Class
	}{
		"expired token": {refusing(190), 1, graph.ClassAuth},
		"code 0":        {refusing(0), 1, graph.ClassAuth},
		"code 102":      {refusing(102), 1, graph.ClassAuth},
		"no token": {func(int, *http.Request) (int, string) {
			return 400, `{"error":{"message":"An active access token must be used","code":2500}}`
		}, 1, graph.ClassAuth},
		"app secret proof": {func(int, *http.Request) (int, string) {
			return 400, `{"error":{"message":"Invalid appsecret_proof provided in the API argument","code":100}}`
		}, 1, graph.ClassAppSecretProof},
		"missing capability": {refusing(3), 1, graph.ClassPermission},
		"code 10":            {refusing(10), 4, graph.ClassPermission},
		"code 200":           {refusing(200), 4, graph.ClassPermission},
		"code 131005":        {refusing(131005), 4, graph.ClassPermission},
	} {
		t.Run(name, func(t *testing.T) {
			script := &scripted{answer: test.answer}
			client, _ := over(t, script.RoundTrip, nil)
			for i := range 1000 {
				_, err := client.BusinessEncryption(t.Context(), object(i))
				e := mustFail(t, err)
				if e.Class != test.class {
					t.Fatalf("call %d: the class is %q", i, e.Class)
				}
				wantSame := object(0)
				if i == 0 {
					wantSame = ""
				}
				if e.Object != object(i) || e.SameAs != wantSame || e.NotSent != (i >= test.sent) || e.NotSent && e.Tries != 0 {
					t.Fatalf("call %d: object %s, same as %q, not sent %t, %d tries", i, e.Object, e.SameAs, e.NotSent, e.Tries)
				}
				if e.Uncertain() {
					t.Fatalf("call %d: uncertain", i)
				}
			}
			if script.sent() != test.sent {
				t.Errorf("%d requests were sent, not %d", script.sent(), test.sent)
			}
		})
	}
}

// The token is one for all calls, whatever they do.
func TestARefusedTokenHoldsBackEveryKindOfCall(t *testing.T) {
	script := &scripted{answer: refusing(190)}
	client, _ := over(t, script.RoundTrip, nil)
	_, _ = client.PhoneNumbers(t.Context(), object(0))
	if err := client.SetBusinessPublicKey(t.Context(), object(1), testKey(t)); mustFail(t, err).SameAs != object(0) || graph.ClassOf(err) != graph.ClassAuth {
		t.Error(err)
	}
	if _, err := client.BusinessEncryption(t.Context(), object(2)); mustFail(t, err).SameAs != object(0) {
		t.Error(err)
	}
	if script.sent() != 1 {
		t.Errorf("%d requests were sent", script.sent())
	}
}

// None of these tells anything about the next number.
func TestWhatConcernsOneNumberHoldsBackNobody(t *testing.T) {
	for name, answer := range map[string]func(n int, r *http.Request) (int, string){
		"wrong object": func(int, *http.Request) (int, string) {
			return 400, `{"error":{"message":"Unsupported get request. Object with ID '1' does not exist","code":100,"error_subcode":33}}`
		},
		"not registered":               refusing(133010),
		"number deleted":               refusing(33),
		"policy":                       refusing(368),
		"temporary":                    refusing(2),
		"code 190 of a broken gateway": func(int, *http.Request) (int, string) { return 502, errorBody(190) },
		"HTTP 401 without a code":      func(int, *http.Request) (int, string) { return 401, `{}` },
		"permission for some numbers": func(n int, _ *http.Request) (int, string) {
			if n == 1 {
				return 200, noKey
			}
			return 400, errorBody(200)
		},
		"permission for a number in between": func(n int, _ *http.Request) (int, string) {
			if n == 3 {
				return 200, noKey
			}
			return 400, errorBody(200)
		},
		"two reasons in turn": func(n int, _ *http.Request) (int, string) {
			if n < 4 {
				return 400, errorBody(200)
			}
			return 400, errorBody(10)
		},
	} {
		t.Run(name, func(t *testing.T) {
			script := &scripted{answer: answer}
			client, _ := over(t, script.RoundTrip, nil)
			for i := range 20 {
				_, _ = client.BusinessEncryption(t.Context(), object(i))
			}
			if script.sent() != 20 {
				t.Errorf("%d requests were sent, not 20", script.sent())
			}
		})
	}
}

// The permission to read is not the one to write, and one number asked four
// times is still one number.
func TestAPermissionIsForOneKindOfCall(t *testing.T) {
	script := &scripted{answer: refusing(200)}
	client, _ := over(t, script.RoundTrip, nil)
	for range 6 {
		_, _ = client.BusinessEncryption(t.Context(), object(0))
	}
	for i := range 3 {
		_, _ = client.BusinessEncryption(t.Context(), object(i))
	}
	if script.sent() != 9 {
		t.Fatalf("%d requests were sent", script.sent())
	}
	_, _ = client.BusinessEncryption(t.Context(), object(4))
	_, _ = client.BusinessEncryption(t.Context(), object(5)) // not sent
	_ = client.SetBusinessPublicKey(t.Context(), object(6), testKey(t))
	if script.sent() != 11 {
		t.Errorf("%d requests were sent", script.sent())
	}
}

// Another text may have another remedy.
func TestAnErrorWithAnotherTextIsNotTheSame(t *testing.T) {
	script := &scripted{answer: func(n int, _ *http.Request) (int, string) { return 403, refusedWith(fmt.Sprintf("reason %d", n%2)) }}
	client, _ := over(t, script.RoundTrip, nil)
	for i, want := range []string{"", "", object(0)} {
		_, err := client.BusinessEncryption(t.Context(), object(i))
		if got := mustFail(t, err).SameAs; got != want {
			t.Errorf("call %d is the same as %q, not %q", i, got, want)
		}
	}
}

// Calls that are under way when the token is refused get their own answers.
func TestRefusalsOfParallelCalls(t *testing.T) {
	script := &scripted{answer: refusing(190)}
	client, _ := over(t, script.RoundTrip, nil)
	var wg sync.WaitGroup
	var first atomic.Int32
	for i := range 50 {
		wg.Go(func() {
			_, err := client.BusinessEncryption(t.Context(), object(i))
			if mustFail(t, err).SameAs == "" {
				first.Add(1)
			}
		})
	}
	wg.Wait()
	if first.Load() != 1 {
		t.Errorf("%d errors are the first", first.Load())
	}
}
