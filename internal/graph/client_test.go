// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

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
		if got := r.Header.Get("Accept"); got != "application/json" {
			t.Errorf("Accept %q", got)
		}
		if len(r.Query) != 0 {
			t.Errorf("request %d has a query: %v", i, r.Query)
		}
	}
	if got := requests[0].Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
		t.Errorf("Content-Type %q", got)
	}
	if got := requests[1].Header.Get("Content-Type"); got != "" {
		t.Errorf("a request without a body has the Content-Type %q", got)
	}
	if got := requests[0].Form.Get("business_public_key"); got != key.PEM() {
		t.Errorf("the form has the key %q", got)
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

func TestVersionThatAnswersIsReported(t *testing.T) {
	server := graphmock.NewServer(graphmock.Options{Token: token, OldestVersion: "v21.0"}, number)
	t.Cleanup(server.Close)
	var answers []graph.Answer
	client, _ := retrying(t, server, func(c *graph.Config) {
		c.APIVersion = "v19.0"
		c.OnAnswer = func(_ context.Context, a graph.Answer) { answers = append(answers, a) }
	})
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	if len(answers) != 1 || answers[0].AskedVersion != "v19.0" || answers[0].ServedVersion != "v21.0" || answers[0].HTTPStatus != 200 {
		t.Errorf("%+v", answers)
	}
}

func TestCompressedAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		body   string
		repeat int
		fails  bool
	}{
		"small": {`{"data":[]}`, 1, false},
		"bomb":  {strings.Repeat("\x00", 1<<16), 1 << 10, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				gz := gzip.NewWriter(w)
				for range test.repeat {
					if _, err := io.WriteString(gz, test.body); err != nil {
						return
					}
				}
				_ = gz.Close()
			}))
			t.Cleanup(server.Close)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := newClient(t, server.URL).BusinessEncryption(t.Context(), number)
			runtime.ReadMemStats(&after)
			if (err != nil) != test.fails {
				t.Error(err)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
				t.Errorf("%d bytes allocated", grown)
			}
		})
	}
}

// Two hundred numbers on fifty slots, with faults all over: each ends as it
// should, and no goroutine is left.
func TestManyNumbersInParallel(t *testing.T) {
	before := runtime.NumGoroutine()
	const slots, numbers = 50, 200
	var ids []string
	for i := range numbers {
		ids = append(ids, fmt.Sprintf("200000%03d", i))
	}
	server := graphmock.NewServer(graphmock.Options{Token: token}, ids...)
	server.Script(
		graphmock.Fault{Method: "POST", After: 20, Times: 3, Status: 503},
		graphmock.Fault{Method: "POST", After: 60, Times: 2, Status: 400, Body: errorBody(80008)},
		graphmock.Fault{Method: "GET", After: 100, Times: 2, Drop: graphmock.DropAfterRequest},
	)
	client, _ := retrying(t, server, nil)
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
	for _, id := range ids {
		work <- id
	}
	close(work)
	wg.Wait()
	if i := slices.IndexFunc(ids, func(id string) bool { _, status := server.Key(id); return status != "VALID" }); i >= 0 {
		t.Errorf("%s has no valid key", ids[i])
	}
	// See TestConnectionsAreReused for the bound.
	if n := server.Connections(); n > 2*slots {
		t.Errorf("%d connections", n)
	}
	server.Close()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
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
	if graph.ClassOf(err) != graph.ClassNoConnection || strings.Contains(err.Error(), "http://") {
		t.Error(err)
	}
}

// Ten parallel slots need about ten connections, however many numbers there are.
// TestConnectionsOfManyRequests has the exact number, in virtual time: on a busy
// machine, net/http closes a connection now and then instead of using it again.
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
	if got := server.Connections(); got > 2*slots {
		t.Errorf("%d connections for %d slots", got, slots)
	}
	if got := len(server.Requests()); got != 2*numbers {
		t.Errorf("%d requests", got)
	}
}

func TestURLs(t *testing.T) {
	for name, test := range map[string]struct{ base, version, object, want string }{
		"default":      {"", "", "1", "https://graph.facebook.com/v25.0/1/whatsapp_business_encryption"},
		"version":      {"", "v26.0", "1", "https://graph.facebook.com/v26.0/1/whatsapp_business_encryption"},
		"with a path":  {"https://proxy.example.com/graph/", "", "1", "https://proxy.example.com/graph/v25.0/1/whatsapp_business_encryption"},
		"odd object":   {"", "", "a/../b?c#d", "https://graph.facebook.com/v25.0/a%2F..%2Fb%3Fc%23d/whatsapp_business_encryption"},
		"local server": {"http://127.0.0.1:8080", "", "1", "http://127.0.0.1:8080/v25.0/1/whatsapp_business_encryption"},
	} {
		var got string
		client, _ := over(t, func(r *http.Request) (*http.Response, error) {
			got = r.URL.String()
			if auth := r.Header.Values("Authorization"); !slices.Equal(auth, []string{"Bearer " + token}) {
				t.Errorf("%s: Authorization %q", name, auth)
			}
			return response(200, nil, "{}"), nil
		}, func(c *graph.Config) { c.BaseURL, c.APIVersion = test.base, test.version })
		if _, err := client.BusinessEncryption(t.Context(), test.object); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// An answer is read up to a bound, and the whole of it within.
func TestLongAnswers(t *testing.T) {
	const bound = 1 << 20
	for length, understood := range map[int]bool{bound - 1: true, bound: true, bound + 1: false} {
		client, _ := over(t, func(*http.Request) (*http.Response, error) {
			return response(200, nil, "{}"+strings.Repeat(" ", length-2)), nil
		}, nil)
		_, err := client.BusinessEncryption(t.Context(), number)
		if (err == nil) != understood {
			t.Errorf("%d bytes: %v", length, err)
		}
		if !understood && mustFail(t, err).Reason() != "The server's answer was not understood: the answer is longer than 1048576 bytes." {
			t.Error(err)
		}
	}
}

func TestWhatAStatusMeans(t *testing.T) {
	const redirect = "The server's answer was not understood: the server answered with a redirect, which is not followed because it would carry the access token to another place."
	for status, want := range map[int]string{
		199: "The server answered HTTP 199  with a body without a Graph API error.",
		200: "",
		201: "",
		299: "",
		300: redirect,
		304: redirect,
		399: redirect,
		400: "The server answered HTTP 400 Bad Request with a body without a Graph API error.",
	} {
		client, _ := over(t, func(*http.Request) (*http.Response, error) { return response(status, nil, `{"data":[]}`), nil }, nil)
		_, err := client.BusinessEncryption(t.Context(), number)
		got := ""
		if err != nil {
			e := mustFail(t, err)
			if got = e.Reason(); e.HTTPStatus != status || e.Class != graph.ClassNotUnderstood {
				t.Errorf("HTTP %d: %+v", status, e)
			}
		}
		if got != want {
			t.Errorf("HTTP %d: %s", status, got)
		}
	}
}

// A server that does not answer uses up one try of a minute, and not the time
// of the whole call.
func TestAServerThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		client, _ := over(t, func(r *http.Request) (*http.Response, error) {
			if tries++; tries == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return response(200, nil, "{}"), nil
		}, func(c *graph.Config) { c.MaxRetries = 1 })
		start := time.Now()
		if _, err := client.BusinessEncryption(t.Context(), number); err != nil || tries != 2 {
			t.Errorf("%v after %d tries", err, tries)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("the first try took %s", took)
		}

		tries = 0
		client, _ = over(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, nil)
		e := mustFail(t, client.SetBusinessPublicKey(t.Context(), number, testKey(t)))
		if e.Class != graph.ClassTransient || !e.Uncertain() || e.Reason() != "There was no answer: the server did not answer within 60 seconds" {
			t.Errorf("%+v", e)
		}
	})
}

// A body that breaks off is no answer, although there was a status.
func TestABodyThatBreaksOff(t *testing.T) {
	client, _ := over(t, func(*http.Request) (*http.Response, error) {
		r := response(200, nil, "")
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF)))
		return r, nil
	}, nil)
	e := mustFail(t, client.SetBusinessPublicKey(t.Context(), number, testKey(t)))
	if e.Class != graph.ClassTransient || e.HTTPStatus != 200 || !e.Uncertain() || !errors.Is(e, io.ErrUnexpectedEOF) {
		t.Errorf("%+v", e)
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestBodiesAreReadToTheEndAndClosed(t *testing.T) {
	body := &closing{Reader: strings.NewReader("{} \n \n")}
	client, _ := over(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body}, nil
	}, nil)
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(body); err != nil || len(rest) != 0 || !body.closed {
		t.Errorf("%q is left; closed: %t", rest, body.closed)
	}
}

// The listener is told of each answer, and of nothing else.
func TestAnswersAreTold(t *testing.T) {
	var clock *fakeclock.Clock // made below
	var told []graph.Answer
	tries := 0
	var client *graph.Client
	client, clock = over(t, func(*http.Request) (*http.Response, error) {
		clock.Advance(70 * time.Millisecond)
		switch tries++; tries {
		case 1:
			return response(503, nil, ""), nil
		case 2:
			return nil, errors.New("connection lost")
		default:
			return response(200, http.Header{"Facebook-Api-Version": {"v26.0"}}, "{}"), nil
		}
	}, func(c *graph.Config) {
		c.MaxRetries, c.APIVersion = 2, "v25.0"
		c.OnAnswer = func(_ context.Context, a graph.Answer) { told = append(told, a) }
	})
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	call := graph.Call{Method: "GET", Object: number, Edge: "whatsapp_business_encryption"}
	want := []graph.Answer{
		{Call: call, HTTPStatus: 503, Took: 70 * time.Millisecond, AskedVersion: "v25.0"},
		{Call: call, HTTPStatus: 200, Took: 70 * time.Millisecond, AskedVersion: "v25.0", ServedVersion: "v26.0"},
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %+v", told)
	}
}

func TestNowIsTheClocks(t *testing.T) {
	client, clock := over(t, nil, nil)
	clock.Advance(time.Hour)
	if !client.Now().Equal(clock.Now()) {
		t.Errorf("%s, not %s", client.Now(), clock.Now())
	}
}

// A path that the API does not know, together with a version that this package
// does not know either, is noted as what it most likely is.
func TestNewerVersion(t *testing.T) {
	const unknownPath = `{"error":{"code":2500,"message":"Unknown path components: /whatsapp_business_encryption"}}`
	for _, test := range []struct{ version, body, want string }{
		{"v27.0", unknownPath, "v27.0"},
		{"v260.0", unknownPath, "v260.0"},
		{"v26.0", unknownPath, ""},
		{"v9.0", unknownPath, ""},
		{"v27.0", `{"error":{"code":190,"message":"expired"}}`, ""},
	} {
		client, _ := over(t, func(*http.Request) (*http.Response, error) { return response(400, nil, test.body), nil },
			func(c *graph.Config) { c.APIVersion = test.version })
		_, err := client.BusinessEncryption(t.Context(), number)
		if e := mustFail(t, err); e.NewerVersion != test.want {
			t.Errorf("%s: %q, not %q", test.version, e.NewerVersion, test.want)
		}
	}
	if got := graph.NewestKnown(); got != "v26.0" {
		t.Error(got)
	}
}
