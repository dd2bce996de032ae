// SPDX-License-Identifier: MPL-2.0

// Package flowmessage encrypts and decrypts the messages between WhatsApp and the
// endpoint of a Flow, both sides of it. Meta documents the scheme and several
// published endpoints agree: an AES-128 key in RSA-OAEP (SHA-256 also for MGF1),
// the payload in AES-GCM with a nonce of 16 bytes instead of the usual 12.
package flowmessage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	keySize   = 16
	nonceSize = 16
)

// ErrWrongKey means that the private key is not the one that the message was
// encrypted for. An endpoint answers HTTP 421 to it, upon which WhatsApp fetches
// the public key again.
var ErrWrongKey = errors.New("the AES key cannot be decrypted with this private key")

// Request is what WhatsApp sends to an endpoint; every field is base64.
type Request struct {
	EncryptedFlowData string `json:"encrypted_flow_data"` // ciphertext with the 16-byte tag appended
	EncryptedAESKey   string `json:"encrypted_aes_key"`
	InitialVector     string `json:"initial_vector"`

	// session is known to the sender alone and is not sent.
	session Session
}

// Session is the secret that a request and its response share.
type Session struct {
	key   [keySize]byte
	nonce [nonceSize]byte
	known bool
}

// EncryptRequest encrypts a payload as a WhatsApp client does with the public key of
// a number. It fails on a key too small for OAEP.
func EncryptRequest(pub *rsa.PublicKey, payload []byte) (Request, error) {
	s := Session{known: true}
	// crypto/rand.Read never fails: it ends the program instead.
	_, _ = rand.Read(s.key[:])
	_, _ = rand.Read(s.nonce[:])
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, pub, s.key[:], nil)
	if err != nil {
		return Request{}, fmt.Errorf("encrypting the AES key: %w", err)
	}
	gcm, err := s.gcm()
	if err != nil {
		return Request{}, err
	}
	return Request{
		EncryptedFlowData: encode(gcm.Seal(nil, s.nonce[:], payload, nil)),
		EncryptedAESKey:   encode(wrapped),
		InitialVector:     encode(s.nonce[:]),
		session:           s,
	}, nil
}

// Decrypt decrypts a request as an endpoint does. The error is [ErrWrongKey]
// when priv does not fit, and another one when the message is damaged.
func Decrypt(priv *rsa.PrivateKey, r Request) (payload []byte, session Session, err error) {
	wrapped, err := decode("encrypted_aes_key", r.EncryptedAESKey)
	if err != nil {
		return nil, Session{}, err
	}
	nonce, err := decode("initial_vector", r.InitialVector)
	if err != nil {
		return nil, Session{}, err
	}
	data, err := decode("encrypted_flow_data", r.EncryptedFlowData)
	if err != nil {
		return nil, Session{}, err
	}
	if len(nonce) != nonceSize {
		return nil, Session{}, fmt.Errorf("initial_vector has %d bytes, not %d", len(nonce), nonceSize)
	}
	key, err := rsa.DecryptOAEP(sha256.New(), nil, priv, wrapped, nil)
	if err != nil {
		return nil, Session{}, ErrWrongKey
	}
	if len(key) != keySize {
		return nil, Session{}, fmt.Errorf("the AES key has %d bytes, not %d", len(key), keySize)
	}
	s := Session{known: true}
	copy(s.key[:], key)
	copy(s.nonce[:], nonce)
	payload, err = s.open(s.nonce, data, "encrypted_flow_data")
	if err != nil {
		return nil, Session{}, err
	}
	return payload, s, nil
}

// EncryptResponse encrypts an answer as an endpoint does: with the same key, and
// every bit of the nonce inverted. The text is base64 and is the whole response body.
func (s Session) EncryptResponse(payload []byte) (string, error) {
	if !s.known {
		return "", errNoSession
	}
	gcm, err := s.gcm()
	if err != nil {
		return "", err
	}
	nonce := s.inverted()
	return encode(gcm.Seal(nil, nonce[:], payload, nil)), nil
}

// DecryptResponse decrypts the answer to r as a WhatsApp client does. It needs
// the Request that [EncryptRequest] returned, not a copy that went through JSON.
func (r Request) DecryptResponse(body string) ([]byte, error) {
	return r.session.DecryptResponse(body)
}

// DecryptResponse is the inverse of [Session.EncryptResponse].
func (s Session) DecryptResponse(body string) ([]byte, error) {
	if !s.known {
		return nil, errNoSession
	}
	data, err := decode("response", body)
	if err != nil {
		return nil, err
	}
	return s.open(s.inverted(), data, "response")
}

// EncryptResponseWithSameNonce encrypts an answer as the older protocol did, which
// does not invert the nonce.
func (s Session) EncryptResponseWithSameNonce(payload []byte) (string, error) {
	old := s
	old.nonce = s.inverted()
	return old.EncryptResponse(payload)
}

// DecryptResponseWithSameNonce is the inverse of
// [Session.EncryptResponseWithSameNonce]. WhatsApp clients cannot read such an
// answer.
func (r Request) DecryptResponseWithSameNonce(body string) ([]byte, error) {
	s := r.session
	s.nonce = s.inverted()
	return s.DecryptResponse(body)
}

var errNoSession = errors.New("the session is empty: it comes from EncryptRequest or Decrypt")

func (s Session) gcm() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithNonceSize(block, nonceSize)
}

func (s Session) open(nonce [nonceSize]byte, data []byte, what string) ([]byte, error) {
	gcm, err := s.gcm()
	if err != nil {
		return nil, err
	}
	payload, err := gcm.Open(nil, nonce[:], data, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return payload, nil
}

func (s Session) inverted() [nonceSize]byte {
	n := s.nonce
	for i := range n {
		n[i] ^= 0xff
	}
	return n
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func decode(field, text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return b, nil
}
