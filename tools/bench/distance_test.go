// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A request takes a round trip, and the first one two more: one for TCP, and one
// for TLS 1.3.
func TestDistance(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "answer") }))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	// A busy machine adds to the times now and then, and not each time.
	var tooLong string
	for range 20 {
		if tooLong = requestsOver(t, strings.TrimPrefix(server.URL, "https://"), roots); tooLong == "" {
			return
		}
	}
	t.Error(tooLong)
}

// requestsOver fails the test when a request is too fast, and says when one takes a
// round trip more than it should.
func requestsOver(t *testing.T, server string, roots *x509.CertPool) (tooLong string) {
	t.Helper()
	const roundTrip = 200 * time.Millisecond
	d, err := newDistance(server, roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for i, trips := range []int{3, 1} {
		least := roundTrip * time.Duration(trips)
		began := time.Now()
		resp, err := client.Get("https://" + d.address())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		took := time.Since(began)
		if took < least {
			t.Fatalf("request %d took only %s", i+1, took)
		}
		if took >= least+roundTrip {
			tooLong = fmt.Sprintf("request %d took %s", i+1, took)
		}
	}
	if n := d.bytes.Load(); n < 1000 || n > 20_000 {
		t.Errorf("%d bytes", n)
	}
	return tooLong
}
