// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

func dial(t *testing.T, s *endpointmock.Server) net.Conn {
	t.Helper()
	_, addr, _ := strings.Cut(s.URL(), "://")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if pool := s.CertPool(); pool != nil {
		return tls.Client(conn, &tls.Config{RootCAs: pool, ServerName: "localhost"})
	}
	return conn
}

func TestTheServerKeepsItsPort(t *testing.T) {
	first := start(t, endpointmock.Options{}, keyA())
	addr := strings.TrimPrefix(first.URL(), "http://")

	second := endpointmock.NewUnstartedServer(endpointmock.Options{}, keyA())
	t.Cleanup(second.Close)
	if got := second.URL(); got != "" {
		t.Errorf("before the start, the URL is %q", got)
	}
	if err := second.Start(addr); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a port in use: %v", err)
	}
	first.Close()
	first.Close()
	<-first.Done()
	if err := second.Start(addr); err != nil {
		t.Fatal(err)
	}
	if second.URL() != first.URL() {
		t.Errorf("%s has become %s", first.URL(), second.URL())
	}
	wantPing(t, second, keyA(), 200)
	if err := second.Start(""); err == nil {
		t.Error("it started twice")
	}
}

func TestOnlyLoopback(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0:0": "only loopback", ":0": "only loopback", "192.0.2.1:80": "only loopback", "example.com:80": "only loopback",
		"127.0.0.1": "missing port", "127.0.0.1:none": "unknown port",
	} {
		s := endpointmock.NewUnstartedServer(endpointmock.Options{})
		if err := s.Start(addr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addr, err)
		}
	}
	s := endpointmock.NewUnstartedServer(endpointmock.Options{})
	s.Close()
	if err := s.Start(""); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after Close: %v", err)
	}
}
