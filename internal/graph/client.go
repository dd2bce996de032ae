// SPDX-License-Identifier: MPL-2.0

// Package graph is a client for the few edges of Meta's Graph API that concern
// the encryption key of a WhatsApp business phone number, and for the Flows that
// need it.
//
// A [Client] needs an access token and nothing else. Listing the numbers of an
// account, and putting a key on each that does not have it, is:
//
//	client, err := graph.New(graph.Config{AccessToken: token, MaxRetries: graph.DefaultMaxRetries})
//	…
//	numbers, err := client.PhoneNumbers(ctx, accountID)
//	…
//	for _, number := range numbers {
//		slot, err := client.BusinessEncryption(ctx, number.ID)
//		…
//		if slot.Confirms(key) {
//			continue
//		}
//		err = client.SetBusinessPublicKey(ctx, number.ID, key)
//		…
//		err = client.Confirm(ctx, number.ID, key)
//		…
//	}
//
// # Errors
//
// A call that fails returns an [*Error]. Its Class says what kind of reaction it
// needs, Uncertain whether an upload may have taken effect all the same, and
// Codes what Meta's support asks for. [Client.Confirm] returns an
// [*UnconfirmedError] when the number was read but does not show the key, also
// when a later read fails. The package gives facts and leaves it to the caller to
// say what to do about them.
//
// # Retries
//
// A temporary failure is tried again after a short random wait, up to
// Config.MaxRetries times. Before a key is uploaded again after an uncertain
// outcome, the number is read.
//
// A rate limit counts the calls of an app or an account, and each further call
// makes it longer. So after one request has met a limit, the client holds back
// all of them until the wait is over and one has been answered: use one Client
// for everything that shares an access token. The wait is the one that the
// server asks for; if that is longer than Config.RetryMaxWait, or than the
// context lasts, the calls fail at once.
//
// # Refusals
//
// Once the access token or the app secret proof was refused, or a proxy refused
// to open a connection, no later call of the client is sent: it would be refused
// as well. The same holds for a call that four objects were refused for the lack
// of a permission, and none was granted. Error.SameAs names the object of the call
// that was refused first.
//
// # Secrets
//
// The access token is sent in the Authorization header and nowhere else, over
// https or to a loopback address, and redirects are not followed. The app secret
// is not sent at all. Neither they nor the body of a request are in an [Error],
// an [Answer] or a [Wait].
//
// # Compatibility
//
// What a caller gives is read strictly, and what the server answers leniently,
// because the documents of Meta disagree: on the shape of an answer, on whether
// a code is a number, on the values of an enumeration. An answer that has no
// known shape is an error, and never an empty key.
package graph

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxBody bounds how much of an answer is read. A real answer is smaller
	// than 2 KiB; the bound is for what a misdirected base URL may send.
	maxBody = 1 << 20

	// oneTry bounds a single request, so that a server that does not answer
	// uses up one try and not the time of the whole call.
	oneTry = time.Minute
)

// errNoAnswer is why a single try ends while the call still has time.
var errNoAnswer = fmt.Errorf("the server did not answer within %.0f seconds", oneTry.Seconds())

// Client calls the Graph API. It is safe for concurrent use.
type Client struct {
	config  Config // complete: nothing is left to a default
	base    *url.URL
	proof   string   // appsecret_proof, or empty
	secrets []string // what is redacted
	http    *http.Client
	brake   brake
	refusal refusal
}

// New checks the configuration and returns a client. It sends nothing.
func New(c Config) (*Client, error) {
	c = c.withDefaults()
	base, err := c.check()
	if err != nil {
		return nil, err
	}
	client := &Client{
		config:  c,
		base:    base,
		secrets: []string{c.AccessToken},
		http: &http.Client{
			Transport: c.Transport,
			// A redirect would carry the token to another place.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if c.AppSecret != "" {
		client.proof = appSecretProof(c.AppSecret, c.AccessToken)
		client.secrets = append(client.secrets, c.AppSecret, client.proof)
	}
	return client, nil
}

// Now is the time of the client's clock.
func (c *Client) Now() time.Time { return c.config.Clock.Now() }

// Call is what was called: the HTTP method, the ID of the object, and the edge
// of the object, such as "phone_numbers". A Flow is read without an edge.
type Call struct{ Method, Object, Edge string }

// Lists reports whether the call is for the numbers of an account, and not for
// the key of one number.
func (c Call) Lists() bool { return c.Edge == phoneNumbersEdge }

// Answer tells a listener of an answer, without anything that may be secret.
type Answer struct {
	Call
	HTTPStatus int
	Took       time.Duration

	// AskedVersion and ServedVersion differ when the version that was asked
	// for has ended. ServedVersion is empty when the server does not say.
	AskedVersion, ServedVersion string
}

// request is one call of the API.
type request struct {
	method, object, edge string
	values               url.Values // the query of a GET, the form of a POST

	// decode reads a 2xx answer.
	decode func([]byte) error

	// smaller is set when the same can be asked for in smaller parts.
	smaller bool

	// recheck, if there is one, finds out between two tries whether one with an
	// uncertain outcome took effect.
	recheck func(context.Context) (done bool, err error)

	// looksFirst is set when recheck also says whether the request may still be
	// sent, so that it is asked before each further try.
	looksFirst bool
}

func (r request) call() Call { return Call{r.method, r.object, r.edge} }

// once sends the request and reads the answer.
func (c *Client) once(ctx context.Context, r request) *Error {
	fail := &Error{Call: r.call()}
	ctx, cancel := context.WithTimeoutCause(ctx, oneTry, errNoAnswer)
	defer cancel()

	req, err := c.newRequest(ctx, r)
	if err != nil {
		return fail.notSent(ClassOther, err)
	}
	started := c.config.Clock.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return fail.transport(ctx, c.withoutSecrets(err))
	}
	defer resp.Body.Close()
	fail.HTTPStatus = resp.StatusCode
	if c.config.OnAnswer != nil {
		c.config.OnAnswer(ctx, Answer{
			Call: r.call(), HTTPStatus: resp.StatusCode, Took: c.config.Clock.Now().Sub(started),
			AskedVersion: c.config.APIVersion, ServedVersion: serverText(resp.Header.Get("Facebook-Api-Version")),
		})
	}

	// A connection is used again only after the body was read to its end, and
	// not only to the end of the JSON.
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return fail.transport(ctx, c.withoutSecrets(err))
	}
	switch {
	case len(data) > maxBody:
		return fail.notUnderstood(fmt.Sprintf("the answer is longer than %d bytes", maxBody))
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return fail.notUnderstood("the server answered with a redirect, which is not followed because it would carry the access token to another place")
	}

	if fail.readBody(data, c.redact) {
		fail.classifyFlow()
		fail.AskedWait = fail.askedWait(resp.Header, c.config.Clock.Now())
		fail.noteVersion(c.config.APIVersion)
		return fail
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		failed := fail.notGraph(serverText(resp.Header.Get("Content-Type")), len(bytes.TrimSpace(data)))
		failed.AskedWait = failed.askedWait(resp.Header, c.config.Clock.Now())
		return failed
	}
	if err := r.decode(data); err != nil {
		return fail.notUnderstood(err.Error())
	}
	return nil
}

func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	values := url.Values{}
	maps.Copy(values, r.values)
	if c.proof != "" {
		values.Set("appsecret_proof", c.proof)
	}
	target := c.base.JoinPath(c.config.APIVersion, url.PathEscape(r.object), r.edge)
	var body io.Reader
	if r.method == http.MethodPost {
		body = strings.NewReader(values.Encode())
	} else {
		target.RawQuery = values.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.config.AccessToken)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.config.UserAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}
