// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

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
		"date":    {}, // of the clock, below
		"minutes": {"X-Business-Use-Case-Usage": {`{"1":[{"type":"whatsapp","call_count":100,"estimated_time_to_regain_access":0}],"2":[{"type":"x","estimated_time_to_regain_access":1.5}]}`}},
		"longer":  {"Retry-After": {"3"}, "X-Business-Use-Case-Usage": {`{"1":[{"estimated_time_to_regain_access":"1.5"}]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMock(t)
			client, clock := retrying(t, server, nil)
			if name == "date" {
				header.Set("Retry-After", clock.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
			}
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

// A wait that ends with the longest one that is allowed, or with the context, is
// made; one that is longer is not.
func TestTheLongestWait(t *testing.T) {
	const second = time.Second
	for name, test := range map[string]struct {
		asked, allowed, deadline time.Duration
		want                     graph.GaveUp
	}{
		"allowed":             {60 * second, 60 * second, 0, graph.GaveUp{}},
		"too long":            {61 * second, 60 * second, 0, graph.GaveUp{Why: graph.WaitTooLong, Wait: 61 * second, Asked: true, Allowed: 60 * second}},
		"until the deadline":  {60 * second, 60 * second, 60 * second, graph.GaveUp{}},
		"beyond the deadline": {60 * second, 60 * second, 59 * second, graph.GaveUp{Why: graph.WaitPastDeadline, Wait: 60 * second, Asked: true, Allowed: 60 * second}},
		"both":                {61 * second, 60 * second, 59 * second, graph.GaveUp{Why: graph.WaitTooLong, Wait: 61 * second, Asked: true, Allowed: 60 * second}},
		// Nobody asks, and five seconds are the least after a rate limit.
		"not asked for": {0, 5 * second, 4 * second, graph.GaveUp{Why: graph.WaitPastDeadline, Wait: 5 * second, Allowed: 5 * second}},
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			client, clock := over(t, func(*http.Request) (*http.Response, error) {
				if tries++; tries > 1 {
					return response(200, nil, "{}"), nil
				}
				header := http.Header{}
				if test.asked > 0 {
					header.Set("Retry-After", strconv.Itoa(int(test.asked.Seconds())))
				}
				return response(429, header, ""), nil
			}, func(c *graph.Config) { c.MaxRetries, c.RetryMaxWait = 1, test.allowed })
			ctx := t.Context()
			if test.deadline > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithDeadline(ctx, clock.Now().Add(test.deadline))
				defer cancel()
			}
			_, err := client.BusinessEncryption(ctx, number)
			if test.want == (graph.GaveUp{}) {
				if waits := clock.Waits(); err != nil || !slices.Equal(waits, []time.Duration{test.asked}) {
					t.Errorf("waited %v: %v", waits, err)
				}
				return
			}
			if e := mustFail(t, err); e.GaveUp != test.want || e.Tries != 1 || e.NotSent || len(clock.Waits()) != 0 {
				t.Errorf("%+v", e)
			}
		})
	}
}

// The last try is not followed by a read: nothing comes after it.
func TestTheLastTryIsTheLastRequest(t *testing.T) {
	server := startMock(t)
	client, _ := retrying(t, server, func(c *graph.Config) { c.MaxRetries = 1 })
	server.Script(graphmock.Fault{Method: "POST", Times: -1, Status: 500})
	e := mustFail(t, client.SetBusinessPublicKey(t.Context(), number, testKey(t)))
	if got := methods(server); got != "POST GET POST" || e.Tries != 2 || e.GaveUp != (graph.GaveUp{}) || !e.Uncertain() {
		t.Errorf("received %s, %+v", got, e)
	}
}

// What the read between two uploads finds, and what then happens.
func TestTheReadBetweenTwoUploads(t *testing.T) {
	for name, test := range map[string]struct {
		key, status, want string
	}{
		"the key, signed":     {testKey(t).PEM(), "VALID", "POST GET"},
		"the key, not signed": {testKey(t).PEM(), "MISMATCH", "POST GET POST"},
		"another key":         {otherKey(t), "VALID", "POST GET POST"},
		"no key":              {"", "MISMATCH", "POST GET POST"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMock(t)
			client, _ := retrying(t, server, nil)
			if test.key != "" {
				server.SetKey(number, test.key, test.status)
			}
			server.Script(graphmock.Fault{Method: "POST", Status: 500})
			if err := client.SetBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
				t.Fatal(err)
			}
			if got := methods(server); got != test.want {
				t.Errorf("received %s", got)
			}
		})
	}
}

// A failure that is no answer is waited for and tried again like any other, and
// its wait is announced with what is known of it.
func TestWaitsAreAnnounced(t *testing.T) {
	tries := 0
	var announced waits
	client, clock := over(t, func(*http.Request) (*http.Response, error) {
		switch tries++; tries {
		case 1:
			return nil, errors.New("connection lost")
		case 2:
			return response(503, http.Header{"Retry-After": {"7"}}, ""), nil
		case 3:
			return response(400, http.Header{"Retry-After": {"9"}}, errorBody(4)), nil
		default:
			return response(200, nil, "{}"), nil
		}
	}, func(c *graph.Config) { c.MaxRetries, c.OnWait = 5, announced.add })
	if _, err := client.BusinessEncryption(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	slept := clock.Waits()
	if len(slept) != 3 || slept[0] > time.Second {
		t.Fatalf("waited %v", slept)
	}
	read := graph.Call{Method: "GET", Object: number, Edge: "whatsapp_business_encryption"}
	want := []graph.Wait{
		{Call: read, Reason: "temporary failure", For: slept[0]},
		{Call: read, Reason: "temporary failure (HTTP 503)", For: 7 * time.Second},
		{Call: read, Reason: "rate limit (code 4)", For: 9 * time.Second},
	}
	if !slices.Equal(announced.all, want) {
		t.Errorf("announced %+v", announced.all)
	}
}

// What was certainly not sent is sent again without a read.
func TestAnUploadThatFoundNoConnectionIsSentAgain(t *testing.T) {
	var sent []string
	client, _ := over(t, func(r *http.Request) (*http.Response, error) {
		if sent = append(sent, r.Method); len(sent) == 1 {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		}
		return response(200, nil, `{"success":true}`), nil
	}, func(c *graph.Config) { c.MaxRetries = 1 })
	if err := client.SetBusinessPublicKey(t.Context(), number, testKey(t)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"POST", "POST"}; !slices.Equal(sent, want) {
		t.Errorf("sent %q", sent)
	}
}

// A try that was not sent does not take back that an earlier one may have put the
// key on the number.
func TestADoubtStays(t *testing.T) {
	for name, last := range map[string]func() (*http.Response, error){
		"not sent": func() (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		},
		"refused": func() (*http.Response, error) { return response(400, nil, errorBody(190)), nil },
		"held back": func() (*http.Response, error) {
			return response(400, http.Header{"Retry-After": {"3600"}}, errorBody(4)), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			posts := 0
			client, _ := over(t, func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet {
					return response(200, nil, `{"data":[]}`), nil
				}
				if posts++; posts == 1 {
					return response(500, nil, errorBody(1)), nil
				}
				return last()
			}, func(c *graph.Config) { c.MaxRetries = 1 })
			e := mustFail(t, client.SetBusinessPublicKey(t.Context(), number, testKey(t)))
			if posts != 2 || !e.Uncertain() {
				t.Errorf("%d uploads, uncertain %t: %v", posts, e.Uncertain(), e)
			}
		})
	}
}
