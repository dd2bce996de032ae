// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// trusting is a client that trusts the servers of this process.
func trusting(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(graphmock.CertificateAuthority())) {
		t.Fatal("the authority has no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: http2}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func send(client *http.Client, r *http.Request) (proto, body string, err error) {
	resp, err := client.Do(r)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return resp.Proto, string(text), err
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server, client bool // speak HTTP/2
		proto          string
	}{
		"HTTP/2":                        {true, true, "HTTP/2.0"},
		"HTTP/1.1, asked of the client": {true, false, "HTTP/1.1"},
		"HTTP/1.1, asked of the server": {false, true, "HTTP/1.1"},
		"HTTP/1.1, with each other":     {false, false, "HTTP/1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, graphmock.Options{Token: token, TLS: true, HTTP1: !test.server})
			if !strings.HasPrefix(s.URL(), "https://127.0.0.1:") {
				t.Errorf("the address is %s", s.URL())
			}
			client := trusting(t, test.client)
			for range 2 {
				proto, body, err := send(client, request(t, s, http.MethodGet, edge, ""))
				if err != nil || proto != test.proto || !strings.Contains(body, "signature_status") {
					t.Errorf("%s: %s, %v", proto, body, err)
				}
			}
			if r := s.Requests(); len(r) != 2 || r[0].Proto != test.proto {
				t.Errorf("recorded %+v", r)
			}
			if s.Connections() != 1 || s.Handshakes() != 1 {
				t.Errorf("%d connections, %d handshakes", s.Connections(), s.Handshakes())
			}
			s.ResetRequests()
			if s.Handshakes() != 0 {
				t.Error("a reset does not reset the handshakes")
			}
			// Nobody else trusts the certificate.
			if _, err := try(request(t, s, http.MethodGet, edge, "")); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("without the authority: %v", err)
			}
		})
	}
}

// Over HTTP/2, a fault ends the stream and not the connection, which other
// requests use.
func TestDropsOverHTTP2(t *testing.T) {
	t.Parallel()
	for drop, stored := range map[graphmock.Drop]bool{graphmock.DropOnRequest: false, graphmock.DropAfterRequest: true, graphmock.DropMidBody: true} {
		s := start(t, graphmock.Options{Token: token, TLS: true})
		s.Script(graphmock.Fault{Drop: drop, Apply: true})
		client := trusting(t, true)
		if _, _, err := send(client, request(t, s, http.MethodPost, edge, form(keyA()))); err == nil || !strings.Contains(err.Error(), "stream error") {
			t.Errorf("%d: %v", drop, err)
		}
		if p, _ := s.Key(number); stored != (p != "") {
			t.Errorf("%d: stored %q", drop, p)
		}
		if _, _, err := send(client, request(t, s, http.MethodGet, edge, "")); err != nil || s.Connections() != 1 {
			t.Errorf("%d: after it %v, %d connections", drop, err, s.Connections())
		}
	}
}
