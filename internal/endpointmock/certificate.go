// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"time"
)

// Certificate says how a server speaks TLS. Its text is the value of a flag. The
// server speaks HTTP/1.1 over it: several behaviours need a connection of their own.
type Certificate string

// The values of [Certificate].
const (
	NoTLS                Certificate = ""
	ValidCertificate     Certificate = "valid"       // for loopback, signed by the authority of the server
	ExpiredCertificate   Certificate = "expired"     // since an hour
	OtherHostCertificate Certificate = "other-host"  // for example.com only
	ClientCertificate    Certificate = "client-cert" // valid, and a client has to show one of its own
)

// Certificates is every [Certificate] but [NoTLS].
func Certificates() []Certificate {
	return []Certificate{ValidCertificate, ExpiredCertificate, OtherHostCertificate, ClientCertificate}
}

func (c Certificate) mustExist() {
	if c != NoTLS && !slices.Contains(Certificates(), c) {
		panic(fmt.Sprintf("endpointmock: there is no certificate %q", c))
	}
}

// authority is a certificate authority of one server.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority() *authority {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "endpointmock"},
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.Add(365 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	a := &authority{key: newECKey()}
	a.certificate = sign(template, template, a.key, a.key)
	return a
}

func (a *authority) config(c Certificate) *tls.Config {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "endpointmock"},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.Add(365 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if c == ExpiredCertificate {
		template.NotAfter = now.Add(-time.Hour)
	}
	if c == OtherHostCertificate {
		template.DNSNames, template.IPAddresses = []string{"example.com"}, nil
	}
	key := newECKey()
	leaf := sign(template, a.certificate, key, a.key)
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	}
	if c == ClientCertificate {
		config.ClientAuth = tls.RequireAnyClientCert
	}
	return config
}

func (a *authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

func newECKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func sign(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return certificate
}
