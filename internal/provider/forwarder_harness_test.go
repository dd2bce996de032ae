// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// forwarder stands between the provider and a mock server with TLS. Over HTTP/2,
// each of its connections carries one request, so that the provider opens a new
// one for the next, and any request can be the one that finds no connection.
type forwarder struct {
	mock   *graphmock.Server
	server *tls.Config // of what the provider connects to
	client *tls.Config // of what connects to the mock server

	// due is asked for each connection, or for each query of a name, whether the
	// fault strikes.
	due func() bool
	// Where the fault strikes: one of these.
	connect string                     // the answer of a proxy to CONNECT
	serve   func(*forwarder, net.Conn) // instead of what it does otherwise
	resolve string                     // the address of the name, or "none"
	// reset is called instead of passing on that the mock server has reset a
	// stream.
	reset func(client net.Conn, stream uint32)

	struck atomic.Int32 // how often
}

// start listens, and returns the environment that leads the provider here. A
// fault that concerns a name needs the provider with a name server of its own.
func (f *forwarder) start(t *testing.T) (environment []string) {
	t.Helper()
	front := httptest.NewUnstartedServer(http.NotFoundHandler())
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.StartTLS() // for its certificate, which is for 127.0.0.1 and *.example.com
	t.Cleanup(front.Close)
	f.server = &tls.Config{Certificates: front.TLS.Certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(graphmock.CertificateAuthority()))
	f.client = &tls.Config{RootCAs: roots, NextProtos: f.server.NextProtos, MinVersion: tls.VersionTLS12}

	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	address := listening(t, f.accept)
	environment = []string{"SSL_CERT_FILE=" + trusted, envBaseURL + "=https://" + address}
	const host = "graph.example.com"
	switch {
	case f.connect != "":
		environment = append(environment, envBaseURL+"=https://"+host, "HTTPS_PROXY=http://user:"+testToken+"@"+address)
	case f.resolve != "":
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		environment = append(environment, envBaseURL+"=https://"+net.JoinHostPort(host, port), "TF_CLI_CONFIG_FILE="+withNameserver(t, nameserver(t, f.answer)))
	}
	return environment
}

func (f *forwarder) accept(conn net.Conn) {
	strikes := f.reset == nil && f.resolve == "" && f.due()
	if strikes {
		f.struck.Add(1)
	}
	if f.connect != "" {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		answer := "HTTP/1.1 200 OK\r\n\r\n"
		if strikes {
			answer = f.connect
		}
		if _, err := io.WriteString(conn, answer); err != nil || strikes {
			return
		}
	}
	if strikes {
		f.serve(f, conn)
		return
	}
	mock, err := tls.Dial("tcp", strings.TrimPrefix(f.mock.URL(), "https://"), f.client)
	if err != nil {
		return
	}
	defer mock.Close()
	client := tls.Server(conn, f.server)
	go func() {
		_, _ = io.Copy(mock, client)
		_ = mock.Close()
	}()
	f.answers(client, mock)
}

// passOn leaves TLS to the mock server, whose certificate the provider does not
// trust here.
func (f *forwarder) passOn(conn net.Conn) {
	mock, err := net.Dial("tcp", strings.TrimPrefix(f.mock.URL(), "https://"))
	if err != nil {
		return
	}
	defer mock.Close()
	go func() {
		_, _ = io.Copy(mock, conn)
		_ = mock.Close()
	}()
	_, _ = io.Copy(conn, mock)
}

// Frames of HTTP/2 (RFC 9113, section 6).
const (
	frameHeaders, frameReset, frameGoAway = 0x1, 0x3, 0x7

	refusedStream = 7
)

// answers passes on what the mock server sends.
func (f *forwarder) answers(client, mock net.Conn) {
	reader := bufio.NewReader(mock)
	for {
		head, err := reader.Peek(9)
		if err != nil {
			return
		}
		length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		kind, stream := head[3], binary.BigEndian.Uint32(head[5:])
		frame := make([]byte, len(head)+length)
		if _, err := io.ReadFull(reader, frame); err != nil {
			return
		}
		switch {
		case kind == frameHeaders:
			goAway(client, stream) // before the answer, so that the next request knows
		case kind == frameReset && f.reset != nil:
			f.struck.Add(1)
			f.reset(client, stream)
			continue
		}
		if _, err := client.Write(frame); err != nil {
			return
		}
	}
}

// goAway says that this connection takes no further requests, and that the last
// one that was processed is that of the stream.
func goAway(conn io.Writer, last uint32) {
	frame := []byte{0, 0, 8, frameGoAway, 0, 0, 0, 0, 0}
	frame = binary.BigEndian.AppendUint32(frame, last)
	_, _ = conn.Write(binary.BigEndian.AppendUint32(frame, 0))
}

func resetStream(conn io.Writer, stream, code uint32) {
	frame := binary.BigEndian.AppendUint32([]byte{0, 0, 4, frameReset, 0}, stream)
	_, _ = conn.Write(binary.BigEndian.AppendUint32(frame, code))
}

// answer is the address of the name.
func (f *forwarder) answer() net.IP {
	if !f.due() {
		return net.IPv4(127, 0, 0, 1)
	}
	f.struck.Add(1)
	return net.ParseIP(f.resolve)
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

// nameserver answers queries with the address, or says that there is no such
// name.
func nameserver(t *testing.T, address func() net.IP) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			// RFC 1035, section 4: a head of 12 bytes, and a question, which is a
			// name that ends with 0, a type and a class.
			const head, typeA, noSuchName = 12, 1, 3
			name, _, found := bytes.Cut(buffer[head:n], []byte{0})
			end := head + len(name) + 5
			if !found || end > n {
				continue
			}
			reply := bytes.Clone(buffer[:end])
			reply[2], reply[3] = 0x81, 0x80 // an answer
			copy(reply[6:], []byte{0, 0, 0, 0, 0, 0})
			if reply[end-3] == typeA {
				if ip := address().To4(); ip != nil {
					reply[7] = 1 // one address, which holds for no time
					reply = append(append(reply, 0xc0, head, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4), ip...)
				} else {
					reply[3] |= noSuchName
				}
			}
			_, _ = conn.WriteTo(reply, from)
		}
	}()
	return conn.LocalAddr().String()
}

// envNameserver makes the test binary the provider, with this name server.
const envNameserver = "WHATSAPP_TEST_NAMESERVER"

// withNameserver returns a CLI configuration with that provider.
func withNameserver(t *testing.T, address string) (config string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	built, err := os.ReadFile(os.Getenv("TF_CLI_CONFIG_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s=%s exec '%s'\n", envNameserver, address, binary)
	if err := os.WriteFile(filepath.Join(folder, "terraform-provider-whatsapp"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	const head = "provider_installation {\n"
	overrides := fmt.Sprintf("%s  dev_overrides {\n    \"wa-flows/whatsapp\" = %q\n  }\n", head, folder)
	config = filepath.Join(folder, "cli.tfrc")
	if err := os.WriteFile(config, []byte(strings.Replace(string(built), head, overrides, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// serveWithNameserver does not return if this process is that provider.
func serveWithNameserver() {
	address := os.Getenv(envNameserver)
	if address == "" {
		return
	}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	if err := tf6server.Serve("registry.terraform.io/wa-flows/whatsapp", NewServer("test")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
