// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// authority signs the certificates of the servers of this process. Its private
// key exists only in memory.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

var theAuthority = sync.OnceValue(func() authority {
	key, certificate := issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "graphmock CA"},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
	return authority{certificate, key}
})

// CertificateAuthority is the certificate, in PEM, of the authority that has
// signed the certificates of all servers of this process with [Options.TLS]. A
// client trusts it when SSL_CERT_FILE names a file with it, or when it is among
// the roots of its TLS configuration.
func CertificateAuthority() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: theAuthority().certificate.Raw}))
}

// serverCertificate is for the loopback addresses.
var serverCertificate = sync.OnceValue(func() tls.Certificate {
	ca := theAuthority()
	key, certificate := issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "graphmock"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:    x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, &ca)
	return tls.Certificate{Certificate: [][]byte{certificate.Raw, ca.certificate.Raw}, PrivateKey: key, Leaf: certificate}
})

// issue makes a key and a certificate for it, which the authority has signed, or
// its own key. It panics as NewServer does: without randomness nothing works.
func issue(template *x509.Certificate, by *authority) (*ecdsa.PrivateKey, *x509.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	if by == nil {
		by = &authority{template, key}
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100)); err != nil {
		panic(err)
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, &key.PublicKey, by.key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return key, certificate
}

// tlsConfig offers HTTP/2 and HTTP/1.1, of which the client prefers one, or only
// the latter.
func (s *Server) tlsConfig() *tls.Config {
	protocols := []string{"h2", "http/1.1"}
	if s.opts.HTTP1 {
		protocols = protocols[1:]
	}
	return &tls.Config{
		Certificates: []tls.Certificate{serverCertificate()}, NextProtos: protocols, MinVersion: tls.VersionTLS12,
		VerifyConnection: func(tls.ConnectionState) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.handshakes++
			return nil
		},
	}
}

// Handshakes is the number of TLS handshakes that succeeded since the start or
// the last ResetRequests.
func (s *Server) Handshakes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handshakes
}
