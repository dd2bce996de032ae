// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// birth is what one start of a provider took.
type birth struct {
	handshake, schema time.Duration
	restKiB           int64
	cpu               time.Duration
}

// start measures what a provider takes until it can be asked, as the CLI starts
// it: with a certificate for each side, and the schema as the first question.
func (b *bench) start(ctx context.Context) error {
	runs := max(b.runs, 5) * 4
	b.say("\n## Start of the provider\n\nLeast / median / most of %d starts: from exec to the handshake line, the answer to GetProviderSchema after it with the set-up of the connection, "+
		"the memory right after that, and the CPU until the process was ended. The binaries are built as for a release.\n", runs)
	all := map[string][]birth{}
	for range runs {
		if err := b.place(); err != nil {
			return err
		}
		for _, provider := range providers {
			x, err := b.bear(ctx, b.program(hosts[0], provider))
			if err != nil {
				return fmt.Errorf("%s: %w", provider, err)
			}
			all[provider] = append(all[provider], x)
		}
	}
	b.say("| | handshake, ms | schema, ms | memory at rest, MiB | CPU, ms | binary, MiB |\n|---|---:|---:|---:|---:|---:|")
	for _, provider := range providers {
		info, err := os.Stat(b.binaries[provider])
		if err != nil {
			return err
		}
		column := func(value func(birth) float64) string {
			var values []float64
			for _, x := range all[provider] {
				values = append(values, value(x))
			}
			slices.SortFunc(values, cmp.Compare[float64])
			return fmt.Sprintf("%.1f / %.1f / %.1f", values[0], values[len(values)/2], values[len(values)-1])
		}
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		b.say("| %s | %s | %s | %s | %s | %.1f |", provider,
			column(func(x birth) float64 { return ms(x.handshake) }), column(func(x birth) float64 { return ms(x.schema) }),
			column(func(x birth) float64 { return float64(x.restKiB) / 1024 }), column(func(x birth) float64 { return ms(x.cpu) }), float64(info.Size())/(1<<20))
	}
	return nil
}

// bear starts a provider, asks it for its schema, and ends it.
func (b *bench) bear(ctx context.Context, binary string) (x birth, err error) {
	ours, certificate, err := newCertificate()
	if err != nil {
		return x, err
	}
	command := exec.CommandContext(ctx, binary)
	command.Env = []string{
		silence, "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		"PLUGIN_PROTOCOL_VERSIONS=6", "PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000", "PLUGIN_CLIENT_CERT=" + certificate,
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return x, err
	}
	began := time.Now()
	if err := command.Start(); err != nil {
		return x, err
	}
	defer func() {
		err = errors.Join(err, command.Process.Kill())
		_ = command.Wait()
		x.cpu = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return x, fmt.Errorf("no handshake: %w", err)
	}
	x.handshake = time.Since(began)

	began = time.Now()
	if err := askForSchema(ctx, strings.TrimSpace(line), ours); err != nil {
		return x, err
	}
	x.schema = time.Since(began)
	status := "/proc/" + strconv.Itoa(command.Process.Pid) + "/status"
	x.restKiB = procField(status, "VmRSS:")
	return x, nil
}

func procField(file, name string) int64 {
	text, _ := os.ReadFile(file)
	_, rest, _ := bytes.Cut(text, []byte(name))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(line)), " kB"), 10, 64)
	return n
}

// askForSchema is one call of gRPC, which is HTTP/2 with five bytes in front of
// a message: here, an empty one.
func askForSchema(ctx context.Context, handshake string, ours tls.Certificate) error {
	// 1|6|unix|/tmp/plugin123|grpc|certificate
	fields := strings.Split(handshake, "|")
	if len(fields) < 6 || fields[1] != "6" || fields[4] != "grpc" {
		return fmt.Errorf("the handshake is %q", handshake)
	}
	der, err := base64.RawStdEncoding.DecodeString(fields[5])
	if err != nil {
		return err
	}
	theirs, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(theirs)
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, ServerName: "localhost", RootCAs: roots, Certificates: []tls.Certificate{ours}},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, fields[2], fields[3])
		},
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://localhost/tfplugin6.Provider/GetProviderSchema", bytes.NewReader(make([]byte, 5)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("TE", "trailers")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if status := resp.Trailer.Get("Grpc-Status"); status != "0" || len(body) < 100 {
		return fmt.Errorf("the answer has the status %q and %d bytes", status, len(body))
	}
	return nil
}

// newCertificate is what go-plugin makes for the side of the CLI.
func newCertificate() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost", Organization: []string{"bench"}}, DNSNames: []string{"localhost"}, SerialNumber: big.NewInt(1),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(text), nil
}
