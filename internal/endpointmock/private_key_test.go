// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

func block(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func TestPrivateKeysAreRead(t *testing.T) {
	pkcs8 := block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(keyA())))
	for name, text := range map[string]string{
		"PKCS#1":    block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(keyA())),
		"PKCS#8":    pkcs8,
		"with CRLF": strings.ReplaceAll(pkcs8, "\n", "\r\n") + "\r\n\r\n",
	} {
		if key, err := endpointmock.ParsePrivateKey([]byte(text)); err != nil || !key.Equal(keyA()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsNeverQuoteAPrivateKey(t *testing.T) {
	pkcs1 := block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(keyA()))
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der := x509.MarshalPKCS1PrivateKey(keyA())
	for name, tt := range map[string]struct{ text, want string }{
		"empty":        {"", "not PEM"},
		"no armour":    {base64.StdEncoding.EncodeToString(der), "not PEM"},
		"cut":          {pkcs1[:500], "not PEM"},
		"two":          {pkcs1 + pkcs1, "more than one"},
		"trailing":     {pkcs1 + "x", "more than one"},
		"EC":           {block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ec))), "not an RSA key"},
		"public":       {block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&keyA().PublicKey))), "not a private key"},
		"PKCS#8 label": {block("PRIVATE KEY", der), "damaged"},
		"damaged":      {block("RSA PRIVATE KEY", der[:1000]), "damaged"},
		"PBES2":        {block("ENCRYPTED PRIVATE KEY", der), "openssl rsa"},
		"DEK-Info":     {strings.Replace(pkcs1, "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\n", 1), "openssl rsa"},
	} {
		key, err := endpointmock.ParsePrivateKey([]byte(tt.text))
		if key != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for line := range strings.Lines(tt.text) {
			if line = strings.TrimSpace(line); len(line) > 30 && !strings.HasPrefix(line, "-----") && strings.Contains(err.Error(), line[:20]) {
				t.Errorf("%s: the error quotes the key", name)
			}
		}
	}
}
