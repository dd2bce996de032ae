// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"crypto/tls"
	"crypto/x509"
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
	const roundTrip = 200 * time.Millisecond
	d, err := newDistance(strings.TrimPrefix(server.URL, "https://"), roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
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
		// No more than it should be, by less than one trip more.
		if took := time.Since(began); took < least || took >= least+roundTrip {
			t.Errorf("request %d took %s", i+1, took)
		}
	}
	if n := d.bytes.Load(); n < 1000 || n > 20_000 {
		t.Errorf("%d bytes", n)
	}
}
