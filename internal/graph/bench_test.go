// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// A read of one number over TLS, to a server in the same process, which is part of
// what is measured.
func BenchmarkRead(b *testing.B) {
	answer := encryptionAnswer(b)
	for _, protocol := range []string{"HTTP/2", "HTTP/1.1"} {
		b.Run(protocol, func(b *testing.B) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Proto != protocol && r.Proto != protocol+".0" {
					b.Errorf("the request came over %s", r.Proto)
				}
				_, _ = w.Write(answer)
			}))
			server.EnableHTTP2 = protocol == "HTTP/2"
			server.StartTLS()
			b.Cleanup(server.Close)
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			transport := newConnections()
			transport.open = func() *http.Transport {
				t := newTransport()
				t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
				return t
			}
			client, err := New(Config{AccessToken: "EAATestToken", BaseURL: server.URL, Transport: transport})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.BusinessEncryption(b.Context(), "1"); err != nil {
					b.Fatal(err)
				}
			}
			transport.CloseIdleConnections()
		})
	}
}

func encryptionAnswer(b *testing.B) []byte {
	b.Helper()
	pem, err := os.ReadFile("../pemkey/testdata/rsa2048_a.spki.pem")
	if err != nil {
		b.Fatal(err)
	}
	answer, err := json.Marshal(map[string]any{"data": []any{map[string]any{
		"business_public_key": string(pem), "business_public_key_signature_status": SignatureValid,
	}}})
	if err != nil {
		b.Fatal(err)
	}
	return answer
}

func BenchmarkDecodeBusinessEncryption(b *testing.B) {
	answer := encryptionAnswer(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeBusinessEncryption(answer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeError(b *testing.B) {
	answer := []byte(`{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":100,"error_subcode":33,"fbtrace_id":"A1B2C3","error_data":{"details":"Business public key is invalid"}}}`)
	b.ReportAllocs()
	for b.Loop() {
		if !(&Error{}).readBody(answer, func(s string) string { return s }) {
			b.Fatal("not taken as an error")
		}
	}
}
