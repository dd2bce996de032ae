// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// ParsePrivateKey reads an RSA private key in PEM, PKCS#1 or PKCS#8. Its errors never
// quote the text.
func ParsePrivateKey(text []byte) (*rsa.PrivateKey, error) {
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the text is not PEM")
	}
	if strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("there is more than one PEM block")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("the private key is encrypted; decrypt it first with: openssl rsa -in encrypted.pem -out private.pem")
	}
	// The errors of crypto/x509 would tell nothing more than these.
	switch block.Type {
	case "RSA PRIVATE KEY":
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
	case "PRIVATE KEY":
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		key, isRSA := parsed.(*rsa.PrivateKey)
		if err == nil && !isRSA {
			return nil, errors.New("the private key is not an RSA key")
		}
		if err == nil {
			return key, nil
		}
	default:
		return nil, errors.New("the PEM block is not a private key: PRIVATE KEY or RSA PRIVATE KEY is expected")
	}
	return nil, errors.New("the private key is damaged")
}
