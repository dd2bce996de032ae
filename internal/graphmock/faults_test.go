// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// fresh gives each request a connection of its own: Go's client repeats a GET by
// itself when a reused connection is dropped.
func fresh(r *http.Request) { r.Close = true }

func TestAFaultFiresForMatchingRequests(t *testing.T) {
	const other = "2"
	// Each call is "METHOD object" and is answered with its fault's status, or 200.
	for _, tt := range []struct {
		name   string
		faults []graphmock.Fault
		calls  string
		want   []int
		left   int
	}{
		{"once by default", []graphmock.Fault{{Status: 500}}, "GG", []int{500, 200}, 0},
		{"times", []graphmock.Fault{{Status: 500, Times: 2}}, "GGG", []int{500, 500, 200}, 0},
		{"for ever", []graphmock.Fault{{Status: 500, Times: -1}}, "GGGG", []int{500, 500, 500, 500}, 1},
		{"after", []graphmock.Fault{{Status: 500, After: 2}}, "GGGG", []int{200, 200, 500, 200}, 0},
		{"after and times", []graphmock.Fault{{Status: 500, After: 1, Times: 2}}, "GGGG", []int{200, 500, 500, 200}, 0},
		{"method", []graphmock.Fault{{Status: 500, Method: "POST"}}, "GPP", []int{200, 500, 200}, 0},
		{"after counts matches only", []graphmock.Fault{{Status: 500, Method: "POST", After: 1}}, "GPGP", []int{200, 200, 200, 500}, 0},
		{"object", []graphmock.Fault{{Status: 500, Object: other}}, "GgG", []int{200, 500, 200}, 0},
		{"method and object", []graphmock.Fault{{Status: 500, Method: "POST", Object: other}}, "PgpP", []int{200, 200, 500, 200}, 0},
		{"in order", []graphmock.Fault{{Status: 500}, {Status: 503}}, "GGG", []int{500, 503, 200}, 0},
		{"one fault a request", []graphmock.Fault{{Status: 500}, {Status: 503, After: 1}}, "GGG", []int{500, 200, 503}, 0},
		{"passed on to the next", []graphmock.Fault{{Status: 500, After: 1}, {Status: 503}}, "GGG", []int{503, 500, 200}, 0},
		{"no match", []graphmock.Fault{{Status: 500, Object: "7"}}, "GP", []int{200, 200}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			s.AddNumber(graphmock.Number{ID: other})
			s.Script(tt.faults...)
			for i, c := range tt.calls {
				object, method := number, http.MethodGet
				if c >= 'a' {
					object = other
				}
				if c == 'P' || c == 'p' {
					method = http.MethodPost
				}
				got := do(t, s, method, "/v25.0/"+object+"/whatsapp_business_encryption", form(keyA()))
				if got.status != tt.want[i] {
					t.Errorf("call %d: %d, want %d", i+1, got.status, tt.want[i])
				}
			}
			if n := s.PendingFaults(); n != tt.left {
				t.Errorf("%d faults left, want %d", n, tt.left)
			}
			s.ClearFaults()
			if got := get(t, s, edge); got.status != 200 || s.PendingFaults() != 0 {
				t.Error("a fault survived ClearFaults")
			}
		})
	}
}

func TestFaultAnswers(t *testing.T) {
	const page = "<html>502 Bad Gateway</html>"
	for _, tt := range []struct {
		name   string
		fault  graphmock.Fault
		status int
		text   string
		header http.Header // nil value: absent
	}{
		{
			"a proxy's page",
			graphmock.Fault{Status: 502, Body: page, Header: http.Header{"Content-Type": {"text/html"}, "facebook-api-version": nil}},
			502, page,
			http.Header{"Content-Type": {"text/html"}, "Facebook-Api-Version": nil},
		},
		{"empty", graphmock.Fault{Status: 500}, 500, "", http.Header{"Facebook-Api-Version": {"v25.0"}}},
		{"body alone is 200", graphmock.Fault{Body: "{}"}, 200, "{}", nil},
		{"no content", graphmock.Fault{Status: 204}, 204, "", nil},
		{
			"header alone keeps the answer",
			graphmock.Fault{Header: http.Header{"retry-after": {"7"}}},
			200, `{"success":true}`,
			http.Header{"Retry-After": {"7"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			s.Script(tt.fault)
			got := post(t, s, keyA())
			if got.status != tt.status || got.text != tt.text {
				t.Errorf("%d %q", got.status, got.text)
			}
			for k, v := range tt.header {
				if strings.Join(got.header[k], ",") != strings.Join(v, ",") {
					t.Errorf("%s: %q, want %q", k, got.header[k], v)
				}
			}
			if r := s.Requests(); len(r) != 1 || r[0].Status != tt.status {
				t.Errorf("recorded %+v", r)
			}
		})
	}
}

func TestFaultReplacesEveryCheck(t *testing.T) {
	s := start(t, graphmock.Options{Token: token})
	s.Script(graphmock.Fault{Status: 503, Body: "x"})
	if got := get(t, s, "/nowhere", header("Authorization", "")); got.status != 503 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestWhetherAFaultyRequestIsCarriedOut(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  graphmock.Fault
		stored bool
	}{
		{"answered without", graphmock.Fault{Status: 500}, false},
		{"answered with", graphmock.Fault{Status: 500, Apply: true}, true},
		{"refused success", graphmock.Fault{Body: `{"success":false}`}, false},
		{"as usual", graphmock.Fault{Delay: 1}, true},
		{"as usual, early", graphmock.Fault{Delay: 1, Apply: true}, true},
		{"dropped on request", graphmock.Fault{Drop: graphmock.DropOnRequest}, false},
		{"dropped on request whatever Apply says", graphmock.Fault{Drop: graphmock.DropOnRequest, Apply: true}, false},
		{"dropped after, without", graphmock.Fault{Drop: graphmock.DropAfterRequest}, false},
		{"dropped after, with", graphmock.Fault{Drop: graphmock.DropAfterRequest, Apply: true}, true},
		{"dropped in the real answer", graphmock.Fault{Drop: graphmock.DropMidBody}, true},
		{"dropped in a scripted answer", graphmock.Fault{Drop: graphmock.DropMidBody, Status: 500, Body: "xx"}, false},
		{"dropped in a scripted answer, with", graphmock.Fault{Drop: graphmock.DropMidBody, Status: 500, Body: "xx", Apply: true}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			s.Script(tt.fault)
			_, err := try(request(t, s, http.MethodPost, edge, form(keyA()), fresh))
			if dropped := tt.fault.Drop != graphmock.DropNone; dropped != (err != nil) {
				t.Errorf("error %v", err)
			}
			if pem, _ := s.Key(number); tt.stored != (pem == keyA()) {
				t.Errorf("stored %q", pem)
			}
		})
	}
}

func TestAnAppliedRequestIsStillChecked(t *testing.T) {
	s := start(t, graphmock.Options{})
	s.Script(graphmock.Fault{Apply: true, Delay: 1}, graphmock.Fault{Apply: true, Status: 500})
	if got := post(t, s, "nonsense"); got.code() != 100 {
		t.Errorf("%d %s", got.status, got.text)
	}
	post(t, s, "nonsense")
	wantKey(t, s, "", "MISMATCH")
}

// errResetOnWindows is WSAECONNRESET, which Windows gives in place of
// ECONNRESET. No other system has an error with this number.
const errResetOnWindows = syscall.Errno(10054)

func TestDroppedConnections(t *testing.T) {
	for _, tt := range []struct {
		name  string
		drop  graphmock.Drop
		body  string
		check func(result, error) bool
		form  bool // was the body read?
	}{
		{"on request", graphmock.DropOnRequest, "", func(_ result, err error) bool { return err != nil }, false},
		{"after request", graphmock.DropAfterRequest, "", func(_ result, err error) bool {
			return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, errResetOnWindows)
		}, true},
		{"mid body", graphmock.DropMidBody, "", func(r result, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && r.status == 200 && r.text == `{"succes`
		}, true},
		{"mid body, empty", graphmock.DropMidBody, " ", func(r result, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && r.text == ""
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			s.Script(graphmock.Fault{Drop: tt.drop, Body: tt.body})
			res, err := try(request(t, s, http.MethodPost, edge, form(keyA()), fresh))
			if !tt.check(res, err) {
				t.Errorf("%+v, error %v", res, err)
			}
			r := s.Requests()
			if len(r) != 1 || r[0].Status != 0 || tt.form != r[0].Form.Has("business_public_key") {
				t.Errorf("recorded %+v", r)
			}
			if got := get(t, s, edge); got.status != 200 {
				t.Errorf("the server is unwell: %d %s", got.status, got.text)
			}
		})
	}
}

func TestDropsWithoutAConnection(t *testing.T) {
	for _, d := range []graphmock.Drop{graphmock.DropOnRequest, graphmock.DropAfterRequest, graphmock.DropMidBody} {
		s := graphmock.NewUnstartedServer(graphmock.Options{})
		s.Script(graphmock.Fault{Drop: d})
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
					t.Errorf("drop %d: recovered %v", d, err)
				}
			}()
			s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, edge, nil))
		}()
	}
}

func TestADelayComesBeforeTheAnswer(t *testing.T) {
	s := start(t, graphmock.Options{})
	const delay = 60 * time.Millisecond
	s.Script(graphmock.Fault{Delay: delay})
	begin := time.Now()
	if got := get(t, s, edge); got.status != 200 || time.Since(begin) < delay {
		t.Errorf("%d after %v", got.status, time.Since(begin))
	}
}

func TestDelayStopsWhenTheClientLeaves(t *testing.T) {
	for _, apply := range []bool{false, true} {
		s := start(t, graphmock.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		s.Script(graphmock.Fault{Delay: time.Hour, Apply: apply, Hook: cancel})
		r := request(t, s, http.MethodPost, edge, form(keyA())).WithContext(ctx)
		if _, err := try(r); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		// The next request is alone in flight only once the first one has gone.
		deadline := time.Now().Add(time.Minute)
		for {
			s.ResetRequests()
			if get(t, s, edge); s.MaxInFlight() == 1 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the delay went on")
			}
			time.Sleep(time.Millisecond)
		}
		if pem, _ := s.Key(number); apply != (pem != "") {
			t.Errorf("apply %t: stored %q", apply, pem)
		}
	}
}

func TestHook(t *testing.T) {
	s := start(t, graphmock.Options{})
	seen := make(chan string, 1)
	look := func() {
		pem, _ := s.Key(number)
		seen <- pem
	}
	for _, tt := range []struct {
		name  string
		fault graphmock.Fault
		seen  string
	}{
		{"before it is carried out", graphmock.Fault{Hook: look}, "before"},
		{"after Apply", graphmock.Fault{Hook: look, Apply: true}, keyA()},
		{"on request", graphmock.Fault{Hook: look, Drop: graphmock.DropOnRequest}, "before"},
	} {
		s.SetKey(number, "before", "VALID")
		s.Script(tt.fault)
		_, _ = try(request(t, s, http.MethodPost, edge, form(keyA()), fresh))
		if got := <-seen; got != tt.seen {
			t.Errorf("%s: the hook saw %q", tt.name, got)
		}
	}
	t.Run("may change the state", func(t *testing.T) {
		s.Script(graphmock.Fault{Method: http.MethodGet, Hook: func() { s.SetKey(number, "evil", "VALID") }})
		if got := get(t, s, edge); !strings.Contains(got.text, "evil") {
			t.Error(got.text)
		}
	})
}
