// SPDX-License-Identifier: MPL-2.0

package flowmessage_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
)

var key, otherKey = sync.OnceValue(generate), sync.OnceValue(generate)

func generate() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func raw(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encrypt(t *testing.T, payload string) flowmessage.Request {
	t.Helper()
	r, err := flowmessage.EncryptRequest(&key().PublicKey, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	for _, payload := range []string{"", `{"version":"3.0","action":"ping"}`, strings.Repeat("ä", 5000)} {
		sent := encrypt(t, payload)
		wire, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		var received flowmessage.Request
		if err := json.Unmarshal(wire, &received); err != nil {
			t.Fatal(err)
		}
		got, session, err := flowmessage.Decrypt(key(), received)
		if err != nil || string(got) != payload {
			t.Fatalf("%q, %v", got, err)
		}
		answer, err := session.EncryptResponse([]byte("re: " + payload))
		if err != nil {
			t.Fatal(err)
		}
		back, err := sent.DecryptResponse(answer)
		if err != nil || string(back) != "re: "+payload {
			t.Errorf("%q, %v", back, err)
		}
		if back, err := session.DecryptResponse(answer); err != nil || string(back) != "re: "+payload {
			t.Errorf("%q, %v", back, err)
		}
	}
}

// TestSchemeByHand decrypts by hand what the package made, so that a mistake made alike
// on both sides does not pass.
func TestSchemeByHand(t *testing.T) {
	r := encrypt(t, "hello")
	aesKey, err := rsa.DecryptOAEP(sha256.New(), nil, key(), raw(t, r.EncryptedAESKey), nil)
	if err != nil || len(aesKey) != 16 {
		t.Fatalf("%d bytes, %v", len(aesKey), err)
	}
	nonce := raw(t, r.InitialVector)
	if len(nonce) != 16 {
		t.Fatalf("nonce of %d bytes", len(nonce))
	}
	c, err := aes.NewCipher(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithNonceSize(c, 16)
	if err != nil {
		t.Fatal(err)
	}
	data := raw(t, r.EncryptedFlowData)
	if got, err := gcm.Open(nil, nonce, data, nil); err != nil || string(got) != "hello" || len(data) != len("hello")+16 {
		t.Errorf("%q, %v", got, err)
	}

	_, session, err := flowmessage.Decrypt(key(), r)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := session.EncryptResponse([]byte("world"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range nonce {
		nonce[i] = ^nonce[i]
	}
	if got, err := gcm.Open(nil, nonce, raw(t, answer), nil); err != nil || string(got) != "world" {
		t.Errorf("%q, %v", got, err)
	}

	wire, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]string
	if err := json.Unmarshal(wire, &fields); err != nil || len(fields) != 3 ||
		fields["encrypted_flow_data"] != r.EncryptedFlowData || fields["encrypted_aes_key"] != r.EncryptedAESKey || fields["initial_vector"] != r.InitialVector {
		t.Errorf("%v: %s", err, wire)
	}
}

// The older protocol does not invert the nonce, and neither side reads the other.
func TestSameNonce(t *testing.T) {
	r := encrypt(t, "hello")
	_, session, err := flowmessage.Decrypt(key(), r)
	if err != nil {
		t.Fatal(err)
	}
	old, err := session.EncryptResponseWithSameNonce([]byte("world"))
	if err != nil {
		t.Fatal(err)
	}
	aesKey, err := rsa.DecryptOAEP(sha256.New(), nil, key(), raw(t, r.EncryptedAESKey), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := aes.NewCipher(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithNonceSize(c, 16)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := gcm.Open(nil, raw(t, r.InitialVector), raw(t, old), nil); err != nil || string(got) != "world" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := r.DecryptResponseWithSameNonce(old); err != nil || string(got) != "world" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := r.DecryptResponse(old); err == nil {
		t.Error("a client reads the older protocol")
	}
	current, err := session.EncryptResponse([]byte("world"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.DecryptResponseWithSameNonce(current); err == nil {
		t.Error("the older protocol reads the current one")
	}
	if _, err := (flowmessage.Request{}).DecryptResponseWithSameNonce(old); err == nil {
		t.Error("a request without a session decrypts")
	}
}

func TestEveryRequestIsFresh(t *testing.T) {
	a, b := encrypt(t, "x"), encrypt(t, "x")
	if a.InitialVector == b.InitialVector || a.EncryptedAESKey == b.EncryptedAESKey || a.EncryptedFlowData == b.EncryptedFlowData {
		t.Error("two requests share a nonce or a key")
	}
}

func TestWrongKey(t *testing.T) {
	_, _, err := flowmessage.Decrypt(otherKey(), encrypt(t, "x"))
	if !errors.Is(err, flowmessage.ErrWrongKey) {
		t.Errorf("error %v", err)
	}
}

func TestTampering(t *testing.T) {
	flip := func(s string, at int) string {
		b := raw(t, s)
		b[(at+len(b))%len(b)] ^= 1
		return base64.StdEncoding.EncodeToString(b)
	}
	cut := func(s string, n int) string { b := raw(t, s); return base64.StdEncoding.EncodeToString(b[:n]) }
	seal := func(aesKey []byte) string {
		b, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &key().PublicKey, aesKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	for _, tt := range []struct {
		name   string
		change func(*flowmessage.Request)
		text   string
		wrong  bool
	}{
		{"data", func(r *flowmessage.Request) { r.EncryptedFlowData = flip(r.EncryptedFlowData, 0) }, "encrypted_flow_data", false},
		{"tag", func(r *flowmessage.Request) { r.EncryptedFlowData = flip(r.EncryptedFlowData, -1) }, "encrypted_flow_data", false},
		{"data cut", func(r *flowmessage.Request) { r.EncryptedFlowData = cut(r.EncryptedFlowData, 15) }, "encrypted_flow_data", false},
		{"data empty", func(r *flowmessage.Request) { r.EncryptedFlowData = "" }, "encrypted_flow_data", false},
		{"data no base64", func(r *flowmessage.Request) { r.EncryptedFlowData = "*" }, "encrypted_flow_data", false},
		{"nonce", func(r *flowmessage.Request) { r.InitialVector = flip(r.InitialVector, 3) }, "encrypted_flow_data", false},
		{"nonce of 12 bytes", func(r *flowmessage.Request) { r.InitialVector = cut(r.InitialVector, 12) }, "12 bytes, not 16", false},
		{"nonce no base64", func(r *flowmessage.Request) { r.InitialVector = "*" }, "initial_vector", false},
		{"key", func(r *flowmessage.Request) { r.EncryptedAESKey = flip(r.EncryptedAESKey, 9) }, "", true},
		{"key cut", func(r *flowmessage.Request) { r.EncryptedAESKey = cut(r.EncryptedAESKey, 100) }, "", true},
		{"key no base64", func(r *flowmessage.Request) { r.EncryptedAESKey = "*" }, "encrypted_aes_key", false},
		{"AES-256", func(r *flowmessage.Request) { r.EncryptedAESKey = seal(make([]byte, 32)) }, "32 bytes, not 16", false},
		{"another AES key", func(r *flowmessage.Request) { r.EncryptedAESKey = seal(make([]byte, 16)) }, "encrypted_flow_data", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := encrypt(t, "payload")
			tt.change(&r)
			payload, _, err := flowmessage.Decrypt(key(), r)
			if err == nil || payload != nil || errors.Is(err, flowmessage.ErrWrongKey) != tt.wrong || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%q, %v", payload, err)
			}
		})
	}
}

func TestResponseTampering(t *testing.T) {
	sent := encrypt(t, "x")
	_, session, err := flowmessage.Decrypt(key(), sent)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := session.EncryptResponse([]byte("answer"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(raw(t, answer))
	damaged[0] ^= 1
	for name, body := range map[string]string{
		"flipped":     base64.StdEncoding.EncodeToString(damaged),
		"no base64":   "{" + answer,
		"empty":       "",
		"the request": sent.EncryptedFlowData, // sealed with the nonce that is not inverted
	} {
		if got, err := sent.DecryptResponse(body); err == nil {
			t.Errorf("%s: decrypted to %q", name, got)
		}
	}
	if _, err := encrypt(t, "x").DecryptResponse(answer); err == nil {
		t.Error("the answer to another request was decrypted")
	}
}

func TestEmptySession(t *testing.T) {
	var s flowmessage.Session
	if _, err := s.EncryptResponse(nil); err == nil {
		t.Error("encrypted without a key")
	}
	if _, err := (flowmessage.Request{}).DecryptResponse("AAAA"); err == nil || !strings.Contains(err.Error(), "session is empty") {
		t.Errorf("error %v", err)
	}
}

func TestABrokenPublicKeyIsAnError(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	small.N.SetBit(small.N, 0, 0) // an even modulus is no RSA key
	if _, err := flowmessage.EncryptRequest(&small.PublicKey, nil); err == nil {
		t.Error("encrypted with a broken key")
	}
}
