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
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

const (
	// DefaultBaseURL is where Meta serves the Graph API.
	DefaultBaseURL = "https://graph.facebook.com"

	// DefaultAPIVersion is the Graph API version that is asked for when none
	// is configured.
	DefaultAPIVersion = "v25.0"

	// maxBody bounds how much of an answer is read. A real answer is smaller
	// than 2 KiB; the bound is for what a misdirected base URL may send.
	maxBody = 1 << 20
)

// Config says how to reach the Graph API. The zero value lacks only the
// access token.
type Config struct {
	// AccessToken is sent as a bearer token, in the Authorization header only.
	AccessToken string

	// APIVersion is a version such as "v25.0". Empty means DefaultAPIVersion.
	APIVersion string

	// BaseURL is the scheme and host, without the version: https, or http to
	// a loopback address. Empty means DefaultBaseURL.
	BaseURL string

	// AppSecret, when set, adds appsecret_proof to every request. The secret
	// itself is not sent.
	AppSecret string

	// UserAgent names the caller in every request.
	UserAgent string

	// MaxRetries is how often a request that failed for a passing reason is
	// sent again. Zero means never.
	MaxRetries int

	// RetryMaxWait is the longest wait between two tries. When the server asks
	// for a longer one, the call fails at once. Zero means
	// DefaultRetryMaxWait.
	RetryMaxWait time.Duration

	// Clock is used for the waits. Nil means SystemClock.
	Clock Clock

	// OnWait, when set, is told of each wait before it begins.
	OnWait func(context.Context, Wait)

	// OnAnswer, when set, is told of each answer.
	OnAnswer func(context.Context, Answer)

	// Transport carries the requests. Nil means one that opens no more
	// connections than there are requests at a time.
	Transport http.RoundTripper
}

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

// CheckAccessToken reports why a string can't be an access token. The error
// never contains the token.
func CheckAccessToken(token string) error { return checkSecret("access token", token) }

// CheckAppSecret reports why a string can't be an app secret. The error never
// contains the secret.
func CheckAppSecret(secret string) error { return checkSecret("app secret", secret) }

func checkSecret(what, secret string) error {
	if secret == "" {
		return fmt.Errorf("the %s is empty", what)
	}
	for _, r := range secret {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("the %s contains white space, a line break or another character that no %s has; "+
				"a trailing newline often comes from reading a file, and trimspace() removes it", what, what)
		}
	}
	return nil
}

var apiVersion = regexp.MustCompile(`^v[1-9][0-9]*\.[0-9]+$`)

// CheckAPIVersion reports why a string can't be a Graph API version.
func CheckAPIVersion(version string) error {
	if !apiVersion.MatchString(version) {
		return fmt.Errorf("%q is not a Graph API version; one looks like %q", version, DefaultAPIVersion)
	}
	return nil
}

// CheckBaseURL reports why a string can't be the base URL. The access token
// goes wherever this URL points, so only https is taken, and plain http only
// to the machine itself.
func CheckBaseURL(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "":
		// The parse error would repeat the text, which may hold a password.
		return fmt.Errorf("the base URL is not an absolute URL; the usual one is %q", DefaultBaseURL)
	case u.User != nil:
		return errors.New("the base URL must not contain a user name or password")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return errors.New("the base URL must not contain a query or a fragment")
	case apiVersion.MatchString(path.Base(u.Path)):
		return errors.New("the base URL must not end with a version; api_version sets it")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return errors.New("the base URL must use https, because the access token is sent there; http is allowed only to a loopback address such as 127.0.0.1")
	default:
		return fmt.Errorf("the base URL has the scheme %q; it must be https, or http to a loopback address", u.Scheme)
	}
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

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

// redact takes the secrets out of a server's words: Meta's message for a
// malformed token repeats it.
func (c *Client) redact(s string) string {
	for _, secret := range c.secrets {
		s = strings.ReplaceAll(s, secret, "[REDACTED]")
	}
	return s
}

// decodeObject unmarshals a JSON object. The error says what is wrong without
// repeating the body, which may be anything that a proxy sends.
func decodeObject(data []byte, into any) error {
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(trimmed) == 0:
		return errors.New("the answer is empty")
	case trimmed[0] != '{':
		return errors.New("the answer is not a JSON object")
	}
	if err := json.Unmarshal(trimmed, into); err != nil {
		if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("the field %q of the answer is a JSON %s, which is not expected there", typ.Field, typ.Value)
		}
		return errors.New("the answer is not complete and valid JSON")
	}
	return nil
}
