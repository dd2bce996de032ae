// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func normal(x *exchange) { sealedWith(http.StatusMisdirectedRequest)(x) }

// sealedWith is normal, but for the status that means that no key fits.
func sealedWith(wrongKey int) func(*exchange) {
	return func(x *exchange) {
		if text, ok := x.sealed(wrongKey); ok {
			x.write(http.StatusOK, textPlain, text)
		}
	}
}

// refuse answers without a look at the request.
func refuse(status int) func(*exchange) {
	return func(x *exchange) {
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			x.w.Header().Set("Retry-After", "30")
		}
		x.status(status)
	}
}

// answering encrypts the same payload whatever was asked.
func answering(payload string) func(*exchange) {
	return func(x *exchange) {
		if m, ok := x.open(http.StatusMisdirectedRequest); ok {
			x.write(http.StatusOK, textPlain, m.seal(payload))
		}
	}
}

// wrapped puts something around the right answer.
func wrapped(before, after, contentType string) func(*exchange) {
	return func(x *exchange) {
		if text, ok := x.sealed(http.StatusMisdirectedRequest); ok {
			x.write(http.StatusOK, contentType, before+text+after)
		}
	}
}

func plainJSON(x *exchange) {
	m, ok := x.open(http.StatusMisdirectedRequest)
	if !ok {
		return
	}
	answer, ok := reply(m.payload)
	if !ok {
		x.status(http.StatusBadRequest)
		return
	}
	x.write(http.StatusOK, typeJSON, answer)
}

func html(x *exchange) {
	x.write(http.StatusOK, textHTML, "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n")
}

func oldIV(x *exchange) {
	m, ok := x.open(http.StatusMisdirectedRequest)
	if !ok {
		return
	}
	// flowmessage does not encrypt like this on purpose. It has decoded both before.
	wrapped, _ := base64.StdEncoding.DecodeString(m.sealed.EncryptedAESKey)
	nonce, _ := base64.StdEncoding.DecodeString(m.sealed.InitialVector)
	key, err := rsa.DecryptOAEP(sha256.New(), nil, m.key, wrapped, nil)
	if err != nil {
		panic(err)
	}
	x.write(http.StatusOK, textPlain, seal(key, nonce, active))
}

func otherSession(x *exchange) {
	if _, ok := x.open(http.StatusMisdirectedRequest); !ok {
		return
	}
	key, nonce := make([]byte, 16), make([]byte, 16)
	// crypto/rand.Read never fails: it ends the program instead.
	_, _ = rand.Read(key)
	_, _ = rand.Read(nonce)
	x.write(http.StatusOK, textPlain, seal(key, nonce, active))
}

func seal(key, nonce []byte, payload string) string {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, len(nonce))
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(gcm.Seal(nil, nonce, []byte(payload), nil))
}

const (
	redirectPrefix = "/redirected/"
	redirects      = 1000 // of [RedirectLoop]
)

// redirect sends the client on n times, with the status that makes it repeat the POST.
func redirect(n int) func(*exchange) {
	return func(x *exchange) {
		at := 0
		if step, ok := strings.CutPrefix(x.r.URL.Path, redirectPrefix); ok {
			at, _ = strconv.Atoi(step) // a client that makes up a path begins anew
		}
		if at >= n {
			normal(x)
			return
		}
		x.w.Header().Set("Location", fmt.Sprintf("%s%d", redirectPrefix, at+1))
		x.status(http.StatusTemporaryRedirect)
	}
}
