// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// childVariable has the base URL for a process that reads one number. net/http
// reads the proxies, and crypto/x509 the certificates, once in a process.
const childVariable = "GRAPH_TEST_CHILD"

func TestMain(m *testing.M) {
	if base := os.Getenv(childVariable); base != "" {
		fmt.Fprintln(os.Stdout, readOnce(base))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func readOnce(base string) string {
	client, err := New(Config{AccessToken: "EAATestToken", BaseURL: base})
	if err != nil {
		return "configuration: " + err.Error()
	}
	if _, err := client.BusinessEncryption(context.Background(), "1"); err != nil {
		return string(ClassOf(err)) + ": " + err.Error()
	}
	return "read"
}

// child reads a number in a process with these variables and no others.
func child(t *testing.T, base string, environment ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = slices.Concat(environment, []string{childVariable + "=" + base})
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	return strings.TrimSpace(out.String())
}

// tunnels is a proxy that opens tunnels to one server, and remembers what it was
// asked for.
type tunnels struct {
	mu    sync.Mutex
	asked []string
}

func (p *tunnels) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func startTunnels(t *testing.T, network, server, password string) (*tunnels, string) {
	t.Helper()
	p := &tunnels{}
	address := acceptingOn(t, network, func(_ int, conn net.Conn) {
		reader := bufio.NewReader(conn)
		r, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.Host)
		p.mu.Unlock()
		if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(password)); password != "" && r.Header.Get("Proxy-Authorization") != want {
			_, _ = io.WriteString(conn, "HTTP/1.1 407 "+r.Header.Get("Proxy-Authorization")+"\r\nContent-Length: 0\r\n\r\n")
			return
		}
		far, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer far.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(far, reader); _ = far.Close() }()
		_, _ = io.Copy(conn, far)
	})
	return p, address
}

// The environment decides on the proxy and on the certificates that are trusted.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("Go does not read SSL_CERT_FILE on every system")
	}
	cert, _ := identity(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback} })
	answer := func(t *testing.T, network string, config *tls.Config) string {
		t.Helper()
		return acceptingOn(t, network, func(_ int, conn net.Conn) {
			if config != nil {
				conn = handshake(conn, config)
			}
			reader := bufio.NewReader(conn)
			for {
				r, err := http.ReadRequest(reader)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"data\":[]}")
			}
		})
	}
	secure := answer(t, "tcp4", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	plain := answer(t, "tcp4", nil)
	_, plainPort, _ := net.SplitHostPort(plain)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	trusted := "SSL_CERT_FILE=" + ca
	const base = "https://" + wireHost
	const password = "user:pa55 word@"
	credentials := url.UserPassword("user", "pa55 word@").String()

	for name, test := range map[string]struct {
		base        string
		password    string
		environment []string // %s is the address of the proxy
		asked       string   // of the proxy
		want        string   // how the result begins
	}{
		"a proxy, and a certificate": {base, "", []string{"HTTPS_PROXY=http://%s", trusted}, "CONNECT " + wireHost + ":443", "read"},
		"in lower case":              {base, "", []string{"https_proxy=http://%s", trusted}, "CONNECT " + wireHost + ":443", "read"},
		"without a scheme":           {base, "", []string{"HTTPS_PROXY=%s", trusted}, "CONNECT " + wireHost + ":443", "read"},
		"with a password":            {base, password, []string{"HTTPS_PROXY=http://" + strings.ReplaceAll(credentials, "%", "%%") + "@%s", trusted}, "CONNECT " + wireHost + ":443", "read"},
		"with a wrong password":      {base, "user:other", []string{"HTTPS_PROXY=http://" + strings.ReplaceAll(credentials, "%", "%%") + "@%s", trusted}, "CONNECT " + wireHost + ":443", "refused by the proxy: "},
		"not for this host":          {base, "", []string{"HTTPS_PROXY=http://%s", "NO_PROXY=other.example.com,.example.com", trusted}, "", "no connection: "},
		"not for this address":       {"https://" + secure, "", []string{"HTTPS_PROXY=http://%s", trusted}, "", "read"},
		"not trusted":                {"https://" + secure, "", nil, "", "TLS failure: "},
		"localhost":                  {"http://LOCALHOST:" + plainPort, "", []string{"HTTP_PROXY=http://%s", "http_proxy=http://%s"}, "", "read"},
		"localhost, with a dot":      {"http://localhost.:" + plainPort, "", []string{"HTTP_PROXY=http://%s"}, "", ""}, // resolvers differ
		"malformed, for localhost":   {"http://localhost:" + plainPort, "", []string{"HTTPS_PROXY=http://pa55%%zz@%s"}, "", "read"},
		"malformed, escape":          {base, "", []string{"HTTPS_PROXY=http://user:pa55%%zz@%s"}, "", "configuration: the environment variable HTTPS_PROXY is not"},
		"malformed, port":            {base, "", []string{"https_proxy=http://user:pa55@proxy:port"}, "", "configuration: the environment variable https_proxy is not"},
		"malformed, scheme":          {base, "", []string{"HTTPS_PROXY=ftp://pa55@%s"}, "", "configuration: the environment variable HTTPS_PROXY is not"},
		"malformed, no host":         {base, "", []string{"HTTPS_PROXY=http://:3128"}, "", "configuration: the environment variable HTTPS_PROXY is not"},
		"malformed, a space":         {base, "", []string{"HTTPS_PROXY=http://user:pa55 word@%s"}, "", "configuration: the environment variable HTTPS_PROXY is not"},
		"malformed, a comment":       {base, "", []string{"HTTPS_PROXY=none, pa55"}, "", "configuration: the environment variable HTTPS_PROXY is not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, address := startTunnels(t, "tcp4", secure, test.password)
			var environment []string
			for _, variable := range test.environment {
				if strings.Contains(variable, "%s") {
					variable = fmt.Sprintf(variable, address)
				}
				environment = append(environment, variable)
			}
			got := child(t, test.base, environment...)
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("the result is %q", got)
			}
			if encoded := base64.StdEncoding.EncodeToString([]byte(password)); strings.Contains(got, "pa55") || strings.Contains(got, encoded) {
				t.Errorf("the result has the password: %q", got)
			}
			if asked := strings.Join(p.all(), ", "); asked != test.asked {
				t.Errorf("the proxy was asked for %q", asked)
			}
		})
	}

	t.Run("IPv6", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			t.Skip("there is no IPv6 here")
		}
		_ = l.Close()
		secure6 := answer(t, "tcp6", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
		if got := child(t, "https://"+secure6, trusted); got != "read" {
			t.Errorf("a server: %s", got)
		}
		p, address := startTunnels(t, "tcp6", secure, "")
		if got := child(t, base, "HTTPS_PROXY=http://"+address, trusted); got != "read" || len(p.all()) != 1 {
			t.Errorf("a proxy: %s", got)
		}
	})
}
