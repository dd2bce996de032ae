// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestRequestsAreRecorded(t *testing.T) {
	s := start(t, graphmock.Options{})
	begin := time.Now()
	post(t, s, keyA(), header("User-Agent", "probe"))
	get(t, s, "/v24.0/1%2F2/phone_numbers?limit=3")

	r := s.Requests()
	if len(r) != 2 {
		t.Fatalf("%d requests", len(r))
	}
	p, g := r[0], r[1]
	if p.Method != http.MethodPost || p.Path != edge || p.Version != "v25.0" || p.Object != number || p.Edge != "whatsapp_business_encryption" ||
		p.Status != 200 || p.Form.Get("business_public_key") != keyA() || p.Header.Get("User-Agent") != "probe" ||
		p.Time.Before(begin) || !strings.HasPrefix(p.Conn, "127.0.0.1:") {
		t.Errorf("%+v", p)
	}
	if g.Method != http.MethodGet || g.Path != "/v24.0/1%2F2/phone_numbers" || g.Object != "1/2" || g.Edge != "phone_numbers" ||
		g.Status != 400 || g.Query.Get("limit") != "3" || g.Form != nil {
		t.Errorf("%+v", g)
	}

	p.Header.Set("User-Agent", "changed")
	p.Form.Set("business_public_key", "changed")
	g.Query["limit"][0] = "changed"
	again := s.Requests()
	if again[0].Header.Get("User-Agent") != "probe" || again[0].Form.Get("business_public_key") != keyA() || again[1].Query.Get("limit") != "3" {
		t.Error("a caller can change the record")
	}
}

func TestRecordHoldsNoSecrets(t *testing.T) {
	s := start(t, graphmock.Options{})
	do(t, s, http.MethodPost, edge+"?appsecret_proof=S3CRET-1&access_token=S3CRET-2", "appsecret_proof=S3CRET-3&access_token=S3CRET-4&x=y",
		header("Authorization", "Bearer S3CRET-5"))
	r := s.Requests()[0]
	if text := fmt.Sprintf("%+v", r); strings.Contains(text, "S3CRET") {
		t.Error(text)
	}
	if r.Header.Get("Authorization") != "REDACTED" || r.Query.Get("appsecret_proof") != "REDACTED" ||
		r.Form.Get("appsecret_proof") != "REDACTED" || r.Form.Get("x") != "y" {
		t.Errorf("%+v", r)
	}
	get(t, s, edge, header("Authorization", ""))
	if h := s.Requests()[1].Header; h["Authorization"] != nil {
		t.Errorf("an absent header was invented: %v", h)
	}
}

func TestCountByMethodAndObject(t *testing.T) {
	s := start(t, graphmock.Options{})
	get(t, s, edge)
	get(t, s, edge)
	post(t, s, keyA())
	get(t, s, "/v25.0/2/whatsapp_business_encryption")
	for _, tt := range []struct {
		method, object string
		want           int
	}{
		{"", "", 4},
		{"GET", "", 3},
		{"", number, 3},
		{"GET", number, 2},
		{"POST", "2", 0},
		{"DELETE", "", 0},
	} {
		if got := s.Count(tt.method, tt.object); got != tt.want {
			t.Errorf("Count(%q, %q) = %d, want %d", tt.method, tt.object, got, tt.want)
		}
	}
	s.ResetRequests()
	if s.Count("", "") != 0 || len(s.Requests()) != 0 || s.Requests() == nil {
		t.Error("requests survived the reset, or an empty list is nil")
	}
}

func TestConnections(t *testing.T) {
	s := start(t, graphmock.Options{})
	c := http.Client{Transport: &http.Transport{}}
	defer c.CloseIdleConnections()
	call := func(edits ...edit) {
		t.Helper()
		resp, err := c.Do(request(t, s, http.MethodGet, edge, "", edits...))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	call()
	call()
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections for a client that keeps its own, want 1", n)
	}
	r := s.Requests()
	if r[0].Conn != r[1].Conn {
		t.Errorf("%s and %s over one connection", r[0].Conn, r[1].Conn)
	}
	call(fresh)
	call(fresh)
	if n := s.Connections(); n != 2 {
		t.Errorf("%d connections, want 2: the kept one is used up first", n)
	}
	s.ResetRequests()
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections after the reset", n)
	}
}

func TestMaxInFlight(t *testing.T) {
	s := start(t, graphmock.Options{})
	var together, done sync.WaitGroup
	together.Add(3)
	s.Script(graphmock.Fault{Times: 3, Hook: func() { together.Done(); together.Wait() }})
	for range 3 {
		r := request(t, s, http.MethodGet, edge, "")
		done.Go(func() { _, _ = try(r) })
	}
	done.Wait()
	if n := s.MaxInFlight(); n != 3 {
		t.Errorf("%d in flight, want 3", n)
	}
	s.ResetRequests()
	for range 50 {
		get(t, s, edge)
	}
	if n := s.MaxInFlight(); n != 1 {
		t.Errorf("%d in flight for one caller, want 1", n)
	}
}

// writerFunc calls onWrite when the answer begins.
type writerFunc struct {
	*httptest.ResponseRecorder
	onWrite func()
}

func (w writerFunc) WriteHeader(status int) {
	w.onWrite()
	w.ResponseRecorder.WriteHeader(status)
}

func TestAnAnsweredRequestIsNoLongerInFlight(t *testing.T) {
	s := graphmock.NewUnstartedServer(graphmock.Options{})
	call := func(w http.ResponseWriter) {
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, edge, nil))
	}
	call(writerFunc{httptest.NewRecorder(), func() { call(httptest.NewRecorder()) }})
	if n := s.MaxInFlight(); n != 1 || s.Count("", "") != 2 {
		t.Errorf("%d in flight, want 1", n)
	}
}
