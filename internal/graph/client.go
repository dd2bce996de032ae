// SPDX-License-Identifier: MPL-2.0

// Package graph is a client for the few Graph API edges that concern the
// encryption key of a WhatsApp business phone number.
//
// It knows HTTP, JSON and the meaning of Graph error codes. It knows nothing
// of Terraform, so that it can be read, tested and reused without it.
package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBody bounds how much of an answer is read. A real answer is smaller than
// 2 KiB; the bound is for what a misdirected base URL may send.
const maxBody = 1 << 20

// Answer tells a listener of an answer, without anything that may be secret.
type Answer struct {
	Method, Object, Edge string
	HTTPStatus           int
	Took                 time.Duration

	// AskedVersion and ServedVersion differ when the version that was asked
	// for has ended. ServedVersion is empty when the server does not say.
	AskedVersion, ServedVersion string
}

// Client calls the Graph API. What it was configured with does not change after
// New, and it is safe for concurrent use.
type Client struct {
	token        string
	proof        string // appsecret_proof, or empty
	secrets      []string
	version      string
	base         *url.URL
	userAgent    string
	http         *http.Client
	maxRetries   int
	retryMaxWait time.Duration
	clock        Clock
	onWait       func(context.Context, Wait)
	onAnswer     func(context.Context, Answer)
	brake        *brake
}

// New checks the configuration and returns a client. It sends nothing.
func New(c Config) (*Client, error) {
	if c.APIVersion == "" {
		c.APIVersion = DefaultAPIVersion
	}
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.Transport == nil {
		c.Transport = &connections{}
	}
	if c.RetryMaxWait == 0 {
		c.RetryMaxWait = DefaultRetryMaxWait
	}
	if c.Clock == nil {
		c.Clock = SystemClock{}
	}
	if err := errors.Join(CheckAccessToken(c.AccessToken), CheckAPIVersion(c.APIVersion), CheckBaseURL(c.BaseURL)); err != nil {
		return nil, err
	}
	secrets := []string{c.AccessToken}
	var proof string
	if c.AppSecret != "" {
		if err := CheckAppSecret(c.AppSecret); err != nil {
			return nil, err
		}
		proof = appSecretProof(c.AppSecret, c.AccessToken)
		secrets = append(secrets, c.AppSecret, proof)
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	return &Client{
		token:        c.AccessToken,
		proof:        proof,
		secrets:      secrets,
		version:      c.APIVersion,
		base:         base,
		userAgent:    c.UserAgent,
		maxRetries:   c.MaxRetries,
		retryMaxWait: c.RetryMaxWait,
		clock:        c.Clock,
		onWait:       c.OnWait,
		onAnswer:     c.OnAnswer,
		brake:        &brake{},
		http: &http.Client{
			Transport: c.Transport,
			// A redirect would carry the token to wherever the answer points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Now is the time of the client's clock.
func (c *Client) Now() time.Time { return c.clock.Now() }

// CloseIdleConnections closes what is not in use. The client can go on being
// used.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// request is one call of the API.
type request struct {
	method, object, edge string
	values               url.Values // the query of a GET, the form of a POST

	// decode reads a 2xx answer.
	decode func([]byte) error

	// recheck, if there is one, finds out between two tries whether one with an
	// uncertain outcome did its work after all.
	recheck func(context.Context) (done bool, err error)
}

// do sends the request, as often as it takes and is allowed. Every failure is
// an *Error.
func (c *Client) do(ctx context.Context, r request) error {
	return c.attempts(ctx, Error{Method: r.method, Object: r.object, Edge: r.edge},
		func(ctx context.Context) *Error { return c.once(ctx, r) }, r.recheck)
}

// once sends the request once.
func (c *Client) once(ctx context.Context, r request) *Error {
	fail := &Error{Method: r.method, Object: r.object, Edge: r.edge}
	ctx, cancel := context.WithTimeoutCause(ctx, oneTry, errNoAnswer)
	defer cancel()

	req, err := c.newRequest(ctx, r)
	if err != nil {
		return fail.unsent(err)
	}
	started := c.clock.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return fail.transport(ctx, err)
	}
	defer resp.Body.Close()
	fail.HTTPStatus = resp.StatusCode
	if c.onAnswer != nil {
		c.onAnswer(ctx, Answer{
			Method: r.method, Object: r.object, Edge: r.edge, HTTPStatus: resp.StatusCode, Took: c.clock.Now().Sub(started),
			AskedVersion: c.version, ServedVersion: resp.Header.Get("Facebook-Api-Version"),
		})
	}

	// Reading to the end, and not only to the end of the JSON, is what gives
	// the connection back for the next request.
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return fail.transport(ctx, err)
	}
	switch {
	case len(data) > maxBody:
		return fail.notUnderstood(fmt.Sprintf("the answer is longer than %d bytes", maxBody))
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return fail.notUnderstood("the server answered with a redirect, which is not followed because it would carry the access token to another place")
	}

	if fail.readBody(data, c.redact) {
		fail.AskedWait = askedWait(resp.Header, c.clock.Now())
		return fail
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		fail.AskedWait = askedWait(resp.Header, c.clock.Now())
		return fail.notGraph(resp.Header.Get("Content-Type"), len(bytes.TrimSpace(data)))
	}
	if err := r.decode(data); err != nil {
		return fail.notUnderstood(err.Error())
	}
	return nil
}

// errNoAnswer is why a single try ends while the operation still has time.
var errNoAnswer = fmt.Errorf("the server did not answer within %s", inWords(oneTry))

func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	values := url.Values{}
	maps.Copy(values, r.values)
	if c.proof != "" {
		values.Set("appsecret_proof", c.proof)
	}
	target := c.base.JoinPath(c.version, url.PathEscape(r.object), r.edge)
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
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}
