// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const wireHost = "graph.example.com"

// identity is a certificate for wireHost, and the pool that trusts it.
func identity(t testing.TB, change func(*x509.Certificate)) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: wireHost}, DNSNames: []string{wireHost},
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}

// accepting listens, and gives each connection to serve, with its number.
func accepting(t testing.TB, serve func(n int, conn net.Conn)) (address string) {
	t.Helper()
	return acceptingOn(t, "tcp4", serve)
}

func acceptingOn(t testing.TB, network string, serve func(n int, conn net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen(network, map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}[network])
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for n := 1; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				serve(n, conn)
			})
		}
	})
	return l.Addr().String()
}

// wire is a client whose connections all go to one address, whatever the host.
type wire struct {
	*Client
	transport *connections
	dials     atomic.Int32
	clock     *fakeclock.Clock
}

func newWire(t testing.TB, address string, trust *x509.CertPool, change func(*http.Transport), retries int) *wire {
	t.Helper()
	w := &wire{transport: newConnections(), clock: fakeclock.New()}
	w.transport.open = func() *http.Transport {
		tr := newTransport()
		tr.Proxy = nil
		tr.TLSClientConfig = &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}
		tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			w.dials.Add(1)
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
		if change != nil {
			change(tr)
		}
		return tr
	}
	client, err := New(Config{AccessToken: "EAATestToken", BaseURL: "https://" + wireHost, MaxRetries: retries, Clock: w.clock, Transport: w.transport})
	if err != nil {
		t.Fatal(err)
	}
	w.Client = client
	t.Cleanup(w.transport.CloseIdleConnections)
	return w
}

func wireKey(t testing.TB) pemkey.PublicKey {
	t.Helper()
	text, err := os.ReadFile("../pemkey/testdata/rsa2048_a.spki.pem")
	if err != nil {
		t.Fatal(err)
	}
	key, err := pemkey.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// upload sends the key of the tests, and returns the error.
func (w *wire) upload(t testing.TB) *Error {
	t.Helper()
	switch e := w.SetBusinessPublicKey(t.Context(), "1", wireKey(t)).(type) { //nolint:errorlint // the client returns its own errors
	case nil:
		return nil
	case *Error:
		return e
	default:
		t.Fatalf("the error is %v", e)
		return nil
	}
}

// handshake is the server's side of TLS.
func handshake(conn net.Conn, config *tls.Config) *tls.Conn {
	c := tls.Server(conn, config)
	_ = c.Handshake()
	return c
}

// Frames of HTTP/2 (RFC 9113, section 6).
const (
	frameData, frameHeaders, frameRST, frameSettings, frameGoAway = 0x0, 0x1, 0x3, 0x4, 0x7

	endStream = 0x1
)

func writeFrame(conn net.Conn, kind, flags byte, stream uint32, payload ...uint32) {
	frame := []byte{0, 0, byte(4 * len(payload)), kind, flags}
	frame = binary.BigEndian.AppendUint32(frame, stream)
	for _, word := range payload {
		frame = binary.BigEndian.AppendUint32(frame, word)
	}
	_, _ = conn.Write(frame)
}

// eachRequest plays a server of HTTP/2 that reads requests, and calls headers when
// it has the headers of one, and all when it has read it to its end.
func eachRequest(conn net.Conn, headers, all func(stream uint32)) {
	reader := bufio.NewReader(conn)
	if _, err := reader.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")); err != nil {
		return
	}
	writeFrame(conn, frameSettings, 0, 0)
	for {
		var head [9]byte
		if _, err := io.ReadFull(reader, head[:]); err != nil {
			return
		}
		length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		if _, err := reader.Discard(length); err != nil {
			return
		}
		kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
		switch {
		case kind == frameSettings && flags == 0:
			writeFrame(conn, frameSettings, 1, 0)
		case kind == frameHeaders && headers != nil:
			headers(stream)
		}
		if all != nil && (kind == frameHeaders || kind == frameData) && flags&endStream != 0 {
			all(stream)
		}
	}
}

// What became of an upload that got no answer, over real connections: whether it
// was sent is known, and not guessed.
func TestUploadsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	cert, trust := identity(t, nil)
	config := func(change func(*tls.Config)) *tls.Config {
		c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
		if change != nil {
			change(c)
		}
		return c
	}
	only := func(protocol string) *tls.Config {
		return config(func(c *tls.Config) { c.NextProtos = []string{protocol} })
	}
	handshakeWith := func(c *tls.Config) func(int, net.Conn) {
		return func(_ int, conn net.Conn) {
			_, _ = io.Copy(io.Discard, handshake(conn, c))
		}
	}
	framed := func(headers, all func(c *tls.Conn, stream uint32)) func(int, net.Conn) {
		return func(_ int, conn net.Conn) {
			c := handshake(conn, config(nil))
			bound := func(f func(*tls.Conn, uint32)) func(uint32) {
				if f == nil {
					return nil
				}
				return func(stream uint32) { f(c, stream) }
			}
			eachRequest(c, bound(headers), bound(all))
		}
	}
	reset := func(code uint32) func(*tls.Conn, uint32) {
		return func(c *tls.Conn, stream uint32) { writeFrame(c, frameRST, 0, stream, code) }
	}
	proxied := func(answer string) func(int, net.Conn) {
		return func(_ int, conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.WriteString(conn, answer)
			}
		}
	}
	expired, trustsExpired := identity(t, func(c *x509.Certificate) { c.NotAfter = time.Unix(1, 0) })
	otherHost, trustsOther := identity(t, func(c *x509.Certificate) { c.DNSNames = []string{"other.example.com"} })
	stranger, _ := identity(t, nil)
	withCertificate := func(c tls.Certificate) func(int, net.Conn) {
		return handshakeWith(config(func(t *tls.Config) { t.Certificates = []tls.Certificate{c} }))
	}
	page := "\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n<html>user:pa55word</html>\n"

	for name, test := range map[string]struct {
		serve   func(int, net.Conn)
		trust   *x509.CertPool
		proxy   bool
		change  func(*http.Transport)
		class   Class
		raced   bool // net/http may lose the alert, and then it knows less
		notSent bool
		text    string
	}{
		"refused dial": {class: ClassNoConnection, notSent: true, text: "refused", change: func(tr *http.Transport) {
			tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:1")
			}
		}},
		"unknown host": {class: ClassNoConnection, notSent: true, text: "no such host", change: func(tr *http.Transport) {
			tr.DialContext = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: wireHost, IsNotFound: true}}
			}
		}},
		"reset dial": {class: ClassNoConnection, notSent: true, serve: func(_ int, conn net.Conn) {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}},
		"closed in the handshake": {class: ClassNoConnection, notSent: true, serve: func(_ int, conn net.Conn) {
			_, _ = conn.Read(make([]byte, 10))
		}},

		"certificate of nobody":       {class: ClassCertificate, notSent: true, serve: withCertificate(stranger), text: "unknown authority"},
		"certificate expired":         {class: ClassCertificate, notSent: true, serve: withCertificate(expired), trust: trustsExpired, text: "expired"},
		"certificate of another host": {class: ClassCertificate, notSent: true, serve: withCertificate(otherHost), trust: trustsOther, text: "other.example.com"},
		"client certificate, TLS 1.2": {class: ClassCertificate, notSent: true, serve: handshakeWith(config(func(c *tls.Config) {
			c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
		}))},
		"client certificate, TLS 1.3": {class: ClassCertificate, raced: true, notSent: true, text: "certificate", serve: handshakeWith(config(func(c *tls.Config) {
			c.ClientAuth = tls.RequireAnyClientCert
		}))},
		"protocol version": {class: ClassCertificate, notSent: true, text: "protocol version", serve: handshakeWith(config(func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}))},
		"no common cipher": {class: ClassCertificate, notSent: true, text: "handshake failure", serve: handshakeWith(config(func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}
		}))},
		"no common protocol": {class: ClassCertificate, notSent: true, text: "no application protocol", serve: handshakeWith(only("spdy/1"))},
		"plain HTTP":         {class: ClassCertificate, notSent: true, serve: func(_ int, conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }},
		"no TLS":             {class: ClassCertificate, notSent: true, text: "does not look like a TLS", serve: func(_ int, conn net.Conn) { _, _ = io.WriteString(conn, "220 smtp.example.com ESMTP\r\n") }},

		"CONNECT, 403":        {class: ClassProxy, notSent: true, proxy: true, text: "HTTP 403 Forbidden to CONNECT", serve: proxied("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")},
		"CONNECT, 407":        {class: ClassProxy, notSent: true, proxy: true, text: "HTTP 407", serve: proxied("HTTP/1.1 407 user:pa55word\r\nProxy-Authenticate: Basic realm=\"pa55word\"" + page)},
		"CONNECT, 502":        {class: ClassNoConnection, notSent: true, proxy: true, text: "HTTP 502", serve: proxied("HTTP/1.1 502 Bad Gateway" + page)},
		"CONNECT, login page": {class: ClassNoConnection, notSent: true, proxy: true, serve: proxied("HTTP/1.1 200 OK" + page)},
		"CONNECT, not HTTP":   {class: ClassNoConnection, notSent: true, proxy: true, text: "not HTTP", serve: proxied("pa55word\r\n")},
		"CONNECT, closed":     {class: ClassNoConnection, notSent: true, proxy: true, serve: proxied("")},

		"stream refused":              {class: ClassTransient, notSent: true, text: "REFUSED_STREAM", serve: framed(reset(refusedStream), nil)},
		"stream reset at its headers": {class: ClassTransient, text: "INTERNAL_ERROR", serve: framed(reset(2), nil)},
		"stream reset when read":      {class: ClassTransient, text: "INTERNAL_ERROR", serve: framed(nil, reset(2))},
		"stream reset, protocol":      {class: ClassTransient, text: "PROTOCOL_ERROR", serve: framed(nil, reset(1))},
		"going away before it":        {class: ClassTransient, notSent: true, text: "GOAWAY", serve: framed(nil, func(c *tls.Conn, _ uint32) { writeFrame(c, frameGoAway, 0, 0, 0, 0) })},
		"going away after it": {class: ClassTransient, text: "GOAWAY", serve: framed(nil, func(c *tls.Conn, stream uint32) {
			writeFrame(c, frameGoAway, 0, 0, stream, 0)
			_ = c.Close()
		})},
		"closed when read, HTTP/2": {class: ClassTransient, serve: framed(nil, func(c *tls.Conn, _ uint32) { _ = c.Close() })},
		"closed when read, HTTP/1.1": {class: ClassTransient, serve: func(_ int, conn net.Conn) {
			c := handshake(conn, only("http/1.1"))
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_ = c.Close()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := "127.0.0.1:1"
			if test.serve != nil {
				address = accepting(t, test.serve)
			}
			if test.trust == nil {
				test.trust = trust
			}
			w := newWire(t, address, test.trust, func(tr *http.Transport) {
				if test.proxy {
					tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example.com:3128", User: url.UserPassword("user", "pa55word")})
				}
				if test.change != nil {
					test.change(tr)
				}
			}, 0)
			e := w.upload(t)
			if e == nil {
				t.Fatal("the upload succeeded")
			}
			if test.raced && (e.Class == ClassNoConnection && e.NotSent || e.Class == ClassTransient && e.Uncertain()) {
				return
			}
			if e.Class != test.class || e.NotSent != test.notSent || e.Uncertain() == test.notSent {
				t.Errorf("class %q, not sent %t, uncertain %t: %s", e.Class, e.NotSent, e.Uncertain(), e)
			}
			if !strings.Contains(e.Error(), test.text) || strings.Contains(e.Error(), "pa55word") {
				t.Errorf("the error is: %s", e)
			}
			if n := w.dials.Load(); n > 1 {
				t.Errorf("%d connections for one try", n)
			}
		})
	}
}

// A password that a proxy has refused is given to it once, by however many
// requests there are: proxies lock accounts.
func TestAWrongProxyPasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"HTTP":  "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
		"SOCKS": "\x05\x02" + "\x01\x01", // method: password; refused
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			address := accepting(t, func(_ int, conn net.Conn) {
				asked.Add(1)
				_, _ = conn.Read(make([]byte, 1000))
				_, _ = io.WriteString(conn, answer)
				_, _ = io.Copy(io.Discard, conn)
			})
			scheme := "http"
			if name == "SOCKS" {
				scheme = "socks5"
			}
			w := newWire(t, address, nil, func(tr *http.Transport) {
				tr.Proxy = http.ProxyURL(&url.URL{Scheme: scheme, Host: "proxy.example.com:3128", User: url.UserPassword("user", "pa55word")})
			}, DefaultMaxRetries)
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					for range 2 {
						if e := w.upload(t); e == nil || e.Class != ClassProxy || e.Uncertain() || e.Tries > 1 {
							t.Errorf("the error is %+v", e)
						}
					}
				})
			}
			wg.Wait()
			if n := asked.Load(); n != 1 {
				t.Errorf("the password was given %d times", n)
			}
		})
	}
}

// What the server did not process is sent again without a read, and what it may
// have processed after a read.
func TestAnUploadIsReadBeforeItIsWrittenAgain(t *testing.T) {
	t.Parallel()
	cert, trust := identity(t, nil)
	for name, test := range map[string]struct {
		disturb func(c *tls.Conn, stream uint32)
		want    string
	}{
		"refused stream": {func(c *tls.Conn, stream uint32) { writeFrame(c, frameRST, 0, stream, refusedStream) }, "POST"},
		"going away":     {func(c *tls.Conn, _ uint32) { writeFrame(c, frameGoAway, 0, 0, 0, 0); _ = c.Close() }, "POST"},
		"reset":          {func(c *tls.Conn, stream uint32) { writeFrame(c, frameRST, 0, stream, 1) }, "GET POST"},
		"closed":         {func(c *tls.Conn, _ uint32) { _ = c.Close() }, "GET POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var methods []string
			// The first connection carries one request, and all others speak
			// HTTP/1.1.
			address := accepting(t, func(n int, conn net.Conn) {
				if n == 1 {
					c := handshake(conn, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}})
					sent := 0
					eachRequest(c, nil, func(stream uint32) {
						if sent++; sent > 1 {
							_ = c.Close()
							t.Error("net/http has sent a request a second time")
						}
						test.disturb(c, stream)
						// The retry takes another connection.
						writeFrame(c, frameGoAway, 0, 0, stream, 0)
					})
					return
				}
				c := handshake(conn, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
				reader := bufio.NewReader(c)
				for {
					r, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					mu.Lock()
					methods = append(methods, r.Method)
					mu.Unlock()
					body := `{"success":true}`
					if r.Method == http.MethodGet {
						body = `{"data":[]}`
					}
					_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				}
			})
			w := newWire(t, address, trust, nil, 1)
			if e := w.upload(t); e != nil {
				t.Fatal(e)
			}
			w.transport.CloseIdleConnections()
			mu.Lock()
			defer mu.Unlock()
			if got := strings.Join(methods, " "); got != test.want {
				t.Errorf("after the disturbance came %q, not %q", got, test.want)
			}
		})
	}
}
