// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
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
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// waits are those that a client has announced.
type waits struct {
	mu  sync.Mutex
	all []graph.Wait
}

func (w *waits) add(_ context.Context, wait graph.Wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, wait)
}

// retrying returns a client that tries again, and whose waits take no time.
func retrying(t testing.TB, server *graphmock.Server, change func(*graph.Config)) (*graph.Client, *fakeclock.Clock) {
	t.Helper()
	clock := fakeclock.New()
	config := graph.Config{AccessToken: token, BaseURL: server.URL(), MaxRetries: graph.DefaultMaxRetries, Clock: clock}
	if change != nil {
		change(&config)
	}
	client, err := graph.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, clock
}

// announcing is retrying, with the waits that the client announces.
func announcing(t testing.TB, server *graphmock.Server) (*graph.Client, *waits) {
	t.Helper()
	announced := &waits{}
	client, _ := retrying(t, server, func(c *graph.Config) { c.OnWait = announced.add })
	return client, announced
}

func methods(server *graphmock.Server) string {
	var all []string
	for _, r := range server.Requests() {
		all = append(all, r.Method)
	}
	return strings.Join(all, " ")
}

func errorBody(code int) string {
	return graphmock.ErrorBody(code, 0, "OAuthException", "message", nil)
}

func TestTransientErrorsAreRetriedShortly(t *testing.T) {
	server := startMock(t)
	client, announced := announcing(t, server)
	server.Script(graphmock.Fault{Times: 3, Status: 503})
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	if got := methods(server); got != "GET GET GET GET" {
		t.Errorf("received %s", got)
	}
	if len(announced.all) != 3 {
		t.Errorf("announced %+v", announced.all)
	}
	for i, w := range announced.all {
		if ceiling := time.Second << i; w.For > ceiling || w.Object != number || w.Reason != "temporary failure (HTTP 503)" {
			t.Errorf("wait %d is %+v", i, w)
		}
	}
}

func TestRetriesEnd(t *testing.T) {
	server := startMock(t)
	for retries, want := range map[int]int{0: 1, 2: 3} {
		server.ClearFaults()
		server.ResetRequests()
		client, _ := retrying(t, server, func(c *graph.Config) { c.MaxRetries = retries })
		server.Script(graphmock.Fault{Times: -1, Status: 500, Body: errorBody(2)})
		_, err := client.BusinessEncryption(t.Context(), number)
		e, ok := errors.AsType[*graph.Error](err)
		if !ok || e.Tries != want || server.Count("", "") != want {
			t.Errorf("max %d: %d requests, error %+v", retries, server.Count("", ""), e)
		}
	}
}

func TestWhatNoRetryMendsIsSentOnce(t *testing.T) {
	for _, code := range []int{100, 33, 190, 10, 200, 368, 133010, 133015, 133016, 131008} {
		server := startMock(t)
		client, _ := retrying(t, server, nil)
		server.Script(graphmock.Fault{Times: -1, Status: 400, Body: errorBody(code)})
		if _, err := client.BusinessEncryption(t.Context(), number); err == nil {
			t.Errorf("code %d: no error", code)
		}
		if n := server.Count("", ""); n != 1 {
			t.Errorf("code %d was sent %d times", code, n)
		}
	}
}

func TestRateLimitsWaitLong(t *testing.T) {
	server := startMock(t)
	client, announced := announcing(t, server)
	server.Script(graphmock.Fault{Times: 2, Status: 400, Body: errorBody(4)})
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	if len(announced.all) != 2 {
		t.Fatalf("announced %+v", announced.all)
	}
	for _, w := range announced.all {
		if w.For < 5*time.Second || w.For > graph.DefaultRetryMaxWait || w.Reason != "rate limit (code 4)" {
			t.Errorf("wait %+v", w)
		}
	}
}

func TestTheServersWaitIsHonoured(t *testing.T) {
	for name, header := range map[string]http.Header{
		"seconds": {"Retry-After": {"90"}},
		"date":    {"Retry-After": {time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)}},
		"minutes": {"X-Business-Use-Case-Usage": {`{"1":[{"type":"whatsapp","call_count":100,"estimated_time_to_regain_access":0}],"2":[{"type":"x","estimated_time_to_regain_access":1.5}]}`}},
		"longer":  {"Retry-After": {"3"}, "X-Business-Use-Case-Usage": {`{"1":[{"estimated_time_to_regain_access":"1.5"}]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMock(t)
			client, clock := retrying(t, server, nil)
			server.Script(graphmock.Fault{Status: 400, Header: header, Body: errorBody(80008)})
			if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
				t.Fatal(err)
			}
			// A date has no fractions of a second.
			if waits := clock.Waits(); len(waits) != 1 || waits[0] <= 89*time.Second || waits[0] > 90*time.Second {
				t.Errorf("waited %v", waits)
			}
		})
	}
	t.Run("after an outage", func(t *testing.T) {
		server := startMock(t)
		client, clock := retrying(t, server, nil)
		server.Script(graphmock.Fault{Status: 503, Header: http.Header{"Retry-After": {"17"}}, Body: "x"})
		if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
			t.Fatal(err)
		}
		if waits := clock.Waits(); !slices.Equal(waits, []time.Duration{17 * time.Second}) {
			t.Errorf("waited %v", waits)
		}
	})
}

func TestAWaitThatIsTooLongFailsAtOnce(t *testing.T) {
	t.Run("for the bound", func(t *testing.T) {
		server := startMock(t)
		client, clock := retrying(t, server, nil)
		server.Script(graphmock.RateLimit(80008, 37))
		_, err := client.BusinessEncryption(t.Context(), number)
		e, ok := errors.AsType[*graph.Error](err)
		if !ok || e.GaveUp != (graph.GaveUp{Why: graph.WaitTooLong, Wait: 37 * time.Minute, Asked: true, Allowed: 2 * time.Minute}) {
			t.Errorf("%+v", e)
		}
		if waits := clock.Waits(); len(waits) != 0 || server.Count("", "") != 1 {
			t.Errorf("%d requests, waited %v", server.Count("", ""), waits)
		}
	})
	t.Run("for the timeout", func(t *testing.T) {
		server := startMock(t)
		client, clock := retrying(t, server, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		server.Script(graphmock.Fault{Status: 429, Header: http.Header{"Retry-After": {"100"}}, Body: "x"})
		_, err := client.BusinessEncryption(ctx, number)
		e, ok := errors.AsType[*graph.Error](err)
		if !ok || e.GaveUp != (graph.GaveUp{Why: graph.WaitPastDeadline, Wait: 100 * time.Second, Asked: true, Allowed: 2 * time.Minute}) || len(clock.Waits()) != 0 {
			t.Errorf("%+v", e)
		}
	})
}

func TestInterruptionEndsAWait(t *testing.T) {
	server := startMock(t)
	client, clock := retrying(t, server, nil)
	clock.Interrupt(context.Canceled)
	server.Script(graphmock.Fault{Times: -1, Status: 503})
	_, err := client.BusinessEncryption(t.Context(), number)
	e, ok := errors.AsType[*graph.Error](err)
	if !ok || e.Class != graph.ClassTransient || e.GaveUp.Why != graph.WaitInterrupted || server.Count("", "") != 1 {
		t.Errorf("%+v", e)
	}

	// With the real clock, the context alone ends it.
	ctx, cancel := context.WithCancel(t.Context())
	client, _ = retrying(t, server, func(c *graph.Config) {
		c.Clock = nil
		c.OnWait = func(context.Context, graph.Wait) { cancel() }
	})
	server.ClearFaults()
	server.Script(graphmock.Fault{Times: -1, Status: 503, Header: http.Header{"Retry-After": {"100"}}})
	started := time.Now()
	if _, err := client.BusinessEncryption(ctx, number); err == nil || time.Since(started) > 50*time.Second {
		t.Errorf("%v after %s", err, time.Since(started))
	}
}

// An upload may have had its effect although it failed: the number is read
// before the key is sent again.
func TestUncertainUploadsAreReadBeforeTheyAreSentAgain(t *testing.T) {
	for name, test := range map[string]struct {
		fault graphmock.Fault
		want  string
	}{
		"500, stored":               {graphmock.Fault{Status: 500, Apply: true}, "POST GET"},
		"500, not stored":           {graphmock.Fault{Status: 500}, "POST GET POST"},
		"calculation failed":        {graphmock.Fault{Status: 500, Body: errorBody(131000)}, "POST GET POST"},
		"answer lost, stored":       {graphmock.Fault{Drop: graphmock.DropAfterRequest, Apply: true}, "POST GET"},
		"answer lost, not stored":   {graphmock.Fault{Drop: graphmock.DropAfterRequest}, "POST GET POST"},
		"half an answer":            {graphmock.Fault{Drop: graphmock.DropMidBody}, "POST GET"},
		"rate limit, not uncertain": {graphmock.Fault{Status: 400, Body: errorBody(80008)}, "POST POST"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMock(t)
			client, _ := retrying(t, server, nil)
			test.fault.Method = "POST"
			server.Script(test.fault)
			if err := client.SetBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
				t.Fatal(err)
			}
			if got := methods(server); got != test.want {
				t.Errorf("received %s", got)
			}
			if _, status := server.Key(number); status != "VALID" {
				t.Errorf("the status is %s", status)
			}
		})
	}
	t.Run("the read fails", func(t *testing.T) {
		server := startMock(t)
		client, _ := retrying(t, server, nil)
		server.Script(graphmock.Fault{Method: "POST", Status: 500}, graphmock.Fault{Method: "GET", Times: -1, Status: 400, Body: errorBody(190)})
		err := client.SetBusinessPublicKey(t.Context(), number, testKey(t))
		e, ok := errors.AsType[*graph.Error](err)
		if !ok || !e.Uncertain() || e.GaveUp.Why != graph.OutcomeUnknown || methods(server) != "POST GET" {
			t.Errorf("%+v after %s", e, methods(server))
		}
	})
}

func TestUncertain(t *testing.T) {
	for name, test := range map[string]struct {
		e    graph.Error
		want bool
	}{
		"transient POST":      {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassTransient}, true},
		"interrupted POST":    {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassInterrupted}, true},
		"200 without success": {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassNotUnderstood, HTTPStatus: 200}, true},
		"redirect":            {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassNotUnderstood, HTTPStatus: 302}, false},
		"refused":             {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassKeyRefused}, false},
		"rate limit":          {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassRateLimit}, false},
		"never sent":          {graph.Error{Call: graph.Call{Method: "POST"}, Class: graph.ClassTransient, NotSent: true}, false},
		"GET":                 {graph.Error{Call: graph.Call{Method: "GET"}, Class: graph.ClassTransient}, false},
	} {
		if got := test.e.Uncertain(); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// Ten parallel operations, and the first meets a limit that the server says
// will last: the others are not sent at all.
func TestARateLimitHoldsBackAllOthers(t *testing.T) {
	server := startMock(t)
	client, _ := retrying(t, server, nil)
	server.Script(graphmock.RateLimit(80008, 37))
	if _, err := client.BusinessEncryption(t.Context(), number); err == nil {
		t.Fatal("no error")
	}
	for i := range 10 {
		id := fmt.Sprintf("2000000%d", i)
		_, err := client.BusinessEncryption(t.Context(), id)
		e, ok := errors.AsType[*graph.Error](err)
		if !ok || !e.NotSent || e.Object != id || e.Class != graph.ClassRateLimit || e.GaveUp.Why != graph.WaitTooLong || e.GaveUp.MetBy != number || e.GaveUp.Wait < 36*time.Minute || e.GaveUp.Wait > 37*time.Minute {
			t.Errorf("%+v", e)
		}
	}
	if n := server.Count("", ""); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// When the wait is over, one request finds out; while it is under way, or when
// it meets the limit again, no other is sent.
func TestOneRequestTriesTheEndOfARateLimit(t *testing.T) {
	server := startMock(t)
	client, _ := retrying(t, server, func(c *graph.Config) { c.MaxRetries = 10 })
	server.Script(graphmock.Fault{Times: 3, Status: 400, Body: errorBody(4)})
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	if n := server.Count("", ""); n != 4 {
		t.Errorf("%d requests", n)
	}

	server.ResetRequests()
	// One is limited; then twenty arrive.
	server.Script(graphmock.Fault{Times: 1, Status: 400, Body: errorBody(4)})
	limited, _ := retrying(t, server, func(c *graph.Config) { c.MaxRetries = 0 })
	if _, err := limited.BusinessEncryption(t.Context(), number); err == nil {
		t.Fatal("no error")
	}
	release, firstCame := make(chan struct{}), make(chan struct{})
	server.Script(graphmock.Fault{Status: 400, Body: errorBody(4), Hook: func() { close(firstCame); <-release }})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _, _ = limited.BusinessEncryption(t.Context(), number) })
	}
	<-firstCame
	time.Sleep(50 * time.Millisecond) // time for a second one to go wrong
	if n := server.Count("", ""); n != 2 {
		t.Errorf("%d requests while one finds out whether the limit is gone", n)
	}
	close(release)
	wg.Wait()
	if n := server.Count("", ""); n != 2+19 {
		t.Errorf("%d requests in the end", n)
	}
}

func TestAppSecretProof(t *testing.T) {
	const secret = "0123456789abcdef"
	server := graphmock.NewServer(graphmock.Options{Token: token, AppSecret: secret}, number)
	t.Cleanup(server.Close)

	without, _ := retrying(t, server, nil)
	if _, err := without.BusinessEncryption(t.Context(), number); graph.ClassOf(err) != graph.ClassAppSecretProof {
		t.Errorf("without: %v", err)
	}
	wrong, _ := retrying(t, server, func(c *graph.Config) { c.AppSecret = "another" })
	if _, err := wrong.BusinessEncryption(t.Context(), number); graph.ClassOf(err) != graph.ClassAppSecretProof {
		t.Errorf("wrong: %v", err)
	}
	right, _ := retrying(t, server, func(c *graph.Config) { c.AppSecret = secret })
	if err := right.SetBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
		t.Error(err)
	}
	if _, err := right.BusinessEncryption(t.Context(), number); err != nil {
		t.Error(err)
	}
}

func TestAppSecretProofIsNotInErrors(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client, err := graph.New(graph.Config{AccessToken: token, AppSecret: "secret", BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.BusinessEncryption(t.Context(), number)
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "appsecret_proof") {
		t.Errorf("%+v", err)
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

func TestExpired(t *testing.T) {
	day := func(s string) time.Time {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, test := range []struct {
		version, at string
		want        bool
	}{
		{"v21.0", "2027-01-20", false},
		{"v21.0", "2027-01-22", true},
		{"v25.0", "2028-07-28", false},
		{"v25.0", "2028-07-30", true},
		{"v26.0", "2040-01-01", false},
		{"v20.0", "2026-11-24", true},
		{"v9.0", "2026-11-24", true},
		{"v100.0", "2026-11-24", false},
	} {
		if got := graph.Expired(test.version, day(test.at)); (got != "") != test.want {
			t.Errorf("%s on %s: %q", test.version, test.at, got)
		}
	}
}

func TestTLSFailureIsNotRetried(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	clock := fakeclock.New()
	client, err := graph.New(graph.Config{AccessToken: token, BaseURL: server.URL, MaxRetries: 5, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	err = client.SetBusinessPublicKey(t.Context(), number, testKey(t))
	e, ok := errors.AsType[*graph.Error](err)
	if !ok || e.Class != graph.ClassCertificate || e.Uncertain() || len(clock.Waits()) != 0 {
		t.Errorf("%+v", e)
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
	if n := server.Connections(); n > slots+2 { // two were dropped
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
