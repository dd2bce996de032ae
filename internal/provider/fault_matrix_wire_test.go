// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// wireFault keeps a run of the CLI from reaching the mock server.
type wireFault struct {
	class graph.Class // which the error names

	// environment starts what stands in the way, and returns the variables that
	// lead there.
	environment func(*testing.T) []string
}

// neverMeta is a host that no server has, so that a run reaches nobody.
const neverMeta = "https://graph.invalid"

// wireFaults are those that a request meets before anything is written. What
// happens after that is among the faults of the mock server, and what a server of
// HTTP/2 says about a stream is tried in the tests of the client.
func wireFaults() map[string]matrixFault {
	proxy := func(answer string) func(*testing.T) []string {
		return func(t *testing.T) []string {
			t.Helper()
			address := listening(t, func(conn net.Conn) {
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.WriteString(conn, answer)
				}
			})
			return []string{envBaseURL + "=" + neverMeta, "HTTPS_PROXY=http://user:" + testToken + "@" + address}
		}
	}
	server := func(change func(*tls.Config)) func(*testing.T) []string {
		return func(t *testing.T) []string {
			t.Helper()
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			s.StartTLS()
			if change != nil {
				change(s.TLS)
			}
			t.Cleanup(s.Close)
			return []string{envBaseURL + "=" + s.URL}
		}
	}
	tcp := func(serve func(net.Conn)) func(*testing.T) []string {
		return func(t *testing.T) []string {
			t.Helper()
			return []string{envBaseURL + "=https://" + listening(t, serve)}
		}
	}
	page := "\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"

	faults := map[string]matrixFault{}
	for name, f := range map[string]wireFault{
		"CONNECT 403":     {graph.ClassProxy, proxy("HTTP/1.1 403 Forbidden" + page)},
		"CONNECT 407":     {graph.ClassProxy, proxy("HTTP/1.1 407 Proxy Authentication Required" + page)},
		"CONNECT 502":     {graph.ClassNoConnection, proxy("HTTP/1.1 502 Bad Gateway" + page)},
		"CONNECT a page":  {graph.ClassNoConnection, proxy("<html>")},
		"unknown host":    {graph.ClassNoConnection, func(*testing.T) []string { return []string{envBaseURL + "=" + neverMeta} }},
		"refused dial":    {graph.ClassNoConnection, func(*testing.T) []string { return []string{envBaseURL + "=https://127.0.0.1:1"} }},
		"reset dial":      {graph.ClassNoConnection, tcp(func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) })},
		"no TLS":          {graph.ClassCertificate, tcp(func(conn net.Conn) { _, _ = io.WriteString(conn, "220 smtp.example.com ESMTP\r\n") })},
		"untrusted":       {graph.ClassCertificate, server(nil)},
		"alert, version":  {graph.ClassCertificate, server(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })},
		"alert, protocol": {graph.ClassCertificate, server(func(c *tls.Config) { c.NextProtos = []string{"spdy/1"} })},
	} {
		faults[name] = matrixFault{wire: &f}
	}
	return faults
}

// listening accepts connections and serves each.
func listening(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// mustName checks that the output names the class of the fault, and a key that
// was not changed.
func (f *wireFault) mustName(t *testing.T, output string) {
	t.Helper()
	for _, want := range []string{"Kind of error: " + string(f.class) + ".", "The key on the number was not changed."} {
		if !strings.Contains(inOneLine(output), want) {
			t.Errorf("%q is not in:\n%s", want, output)
		}
	}
}
