// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

func clientConfig(pool *x509.CertPool) *tls.Config { return &tls.Config{RootCAs: pool} }

func TestTheServerSpeaksTLS(t *testing.T) {
	s := start(t, endpointmock.Options{Certificate: endpointmock.ValidCertificate}, keyA())
	if !strings.HasPrefix(s.URL(), "https://127.0.0.1:") {
		t.Errorf("the URL is %s", s.URL())
	}
	wantPing(t, s, keyA(), 200)

	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(s.CA())) || !pool.Equal(s.CertPool()) {
		t.Errorf("the CA as PEM is not the pool: %s", s.CA())
	}
	plain := start(t, endpointmock.Options{})
	if plain.CA() != "" || plain.CertPool() != nil {
		t.Error("a server without TLS has a CA")
	}
}

func TestCertificatesThatClientsRefuse(t *testing.T) {
	attempt := func(s *endpointmock.Server, config *tls.Config) error {
		c := fresh(s)
		c.Transport = &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
		_, err := try(c, request(t, s, encrypt(&keyA().PublicKey, ping).body))
		return err
	}
	valid := start(t, endpointmock.Options{Certificate: endpointmock.ValidCertificate}, keyA())
	var unknown x509.UnknownAuthorityError
	if err := attempt(valid, clientConfig(x509.NewCertPool())); !errors.As(err, &unknown) {
		t.Errorf("another CA: %v", err)
	}
	s := start(t, endpointmock.Options{Certificate: endpointmock.ExpiredCertificate}, keyA())
	var invalid x509.CertificateInvalidError
	if err := attempt(s, clientConfig(s.CertPool())); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("expired: %v", err)
	}
	s = start(t, endpointmock.Options{Certificate: endpointmock.OtherHostCertificate}, keyA())
	var hostname x509.HostnameError
	if err := attempt(s, clientConfig(s.CertPool())); !errors.As(err, &hostname) {
		t.Errorf("another host: %v", err)
	}

	s = start(t, endpointmock.Options{Certificate: endpointmock.ClientCertificate}, keyA())
	if err := attempt(s, clientConfig(s.CertPool())); err == nil || !strings.Contains(err.Error(), "certificate required") {
		t.Errorf("without a client certificate: %v", err)
	}
	if len(s.Requests()) != 0 {
		t.Error("a request came through without a client certificate")
	}
	config := clientConfig(s.CertPool())
	config.Certificates = []tls.Certificate{newCertificate()}
	if err := attempt(s, config); err != nil {
		t.Errorf("with a client certificate: %v", err)
	}

	if got := len(endpointmock.Certificates()); got != 4 {
		t.Errorf("%d certificates, of which 4 are tested", got)
	}
}

func newCertificate() tls.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &keyA().PublicKey, keyA()))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: keyA()}
}
