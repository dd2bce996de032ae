// SPDX-License-Identifier: MPL-2.0

// Package flowendpoint asks the endpoint of a WhatsApp Flow whether it has the
// private key that belongs to a public key.
//
// Nothing in the Graph API says so: the status of a key's signature is about
// WhatsApp's signature alone. But the caller of an endpoint chooses the AES key of
// a message and encrypts it with the public key, so an answer that opens under
// that AES key can only come from somebody who has the private key. The message is
// the health check that Meta sends from time to time, which changes nothing:
//
//	endpoint, err := flowendpoint.New(uri, flowendpoint.Config{AppSecret: secret, Clock: clock})
//	…
//	answer, err := endpoint.Ask(ctx, key)
//	…
//	if !answer.Verdict.Decrypts() {
//		return answer.Reason
//	}
//
// [Endpoint.Prove] asks several times in a row, and waits for an endpoint that
// does not have the key yet.
//
// # Secrets
//
// The app secret is not sent; it signs the message, as Meta does. No text that this
// package returns has the secret, or the user name, password, query or fragment
// of the URL, or anything that the endpoint says. Redirects are not followed.
//
// # Limits
//
// One question takes at most 10 seconds, which is how long Meta waits, and reads
// at most 1 MiB.
package flowendpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/loopback"
)

// Config is how endpoints are asked.
type Config struct {
	// AppSecret is the secret of the app that the Flow is connected to. It signs
	// the messages. Without it, a random key does: the endpoint then refuses the
	// message if it checks the signature.
	AppSecret string

	// UserAgent names the caller.
	UserAgent string

	// Clock is used for the waits of Prove.
	Clock Clock

	// OnWait, when set, is told of each wait before it begins.
	OnWait func(context.Context, Wait)

	// OnAnswer, when set, is told of each answer and of who gave it.
	OnAnswer func(ctx context.Context, endpoint string, a Answer)
}

// Clock is the source of time, so that tests of waiting do not wait.
type Clock interface {
	Now() time.Time

	// Sleep waits for d, or until the context ends and then returns its cause.
	Sleep(ctx context.Context, d time.Duration) error
}

// Endpoint is one endpoint. It is safe for concurrent use.
type Endpoint struct {
	url    *url.URL
	config Config
}

// New checks the URL and returns the endpoint. It sends nothing.
func New(uri string, c Config) (*Endpoint, error) {
	u, err := parse(uri)
	if err != nil {
		return nil, err
	}
	return &Endpoint{url: u, config: c}, nil
}

// CheckURI reports why a string can't be the URL of an endpoint: it has to be
// https, as for Meta, or http to a loopback address. The error does not repeat it.
func CheckURI(uri string) error {
	_, err := parse(uri)
	return err
}

func parse(uri string) (*url.URL, error) {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Hostname() == "":
		// The parse error would repeat the text, which may hold a password.
		return nil, errors.New("the endpoint is not an absolute URL such as https://example.com/flow")
	case u.Fragment != "":
		return nil, errors.New("the URL of the endpoint has a fragment, which is never sent")
	case u.Scheme == "https", u.Scheme == "http" && loopback.IsHost(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, errors.New("the URL of the endpoint must use https, as it must for Meta; http is allowed only to a loopback address such as 127.0.0.1")
	default:
		return nil, fmt.Errorf("the URL of the endpoint has the scheme %q; it must be https, or http to a loopback address", u.Scheme)
	}
}

// String is the URL without a user name, password and query, any of which may be
// secret.
func (e *Endpoint) String() string {
	shown := url.URL{Scheme: e.url.Scheme, Host: e.url.Host, Path: e.url.Path, RawPath: e.url.RawPath}
	return shown.String()
}

// transport is new for each question, so that each is asked on a new connection:
// one that is open already leads to one and the same instance of a fleet.
func transport() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		// An answer that was not asked to be compressed is not decompressed, so that
		// it cannot be longer than what is read of it.
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
}
