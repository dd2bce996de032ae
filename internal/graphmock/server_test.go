// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

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

func TestAServerStartsOnce(t *testing.T) {
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

func TestResetKeepsNothingButTheNumbers(t *testing.T) {
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
