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
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
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

	// UserAgent names the caller in every request.
	UserAgent string

	// Transport carries the requests. Nil means one that opens no more
	// connections than there are requests at a time.
	Transport http.RoundTripper
}

// Client calls the Graph API. It does not change after New, and is safe for
// concurrent use.
type Client struct {
	token     string
	version   string
	base      *url.URL
	userAgent string
	http      *http.Client
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
	if err := errors.Join(CheckAccessToken(c.AccessToken), CheckAPIVersion(c.APIVersion), CheckBaseURL(c.BaseURL)); err != nil {
		return nil, err
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	return &Client{
		token:     c.AccessToken,
		version:   c.APIVersion,
		base:      base,
		userAgent: c.UserAgent,
		http: &http.Client{
			Transport: c.Transport,
			// A redirect would carry the token to wherever the answer points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// CheckAccessToken reports why a string can't be an access token. The error
// never contains the token.
func CheckAccessToken(token string) error {
	if token == "" {
		return errors.New("the access token is empty")
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return errors.New("the access token contains white space, a line break or another character that no access token has; " +
				"a trailing newline often comes from reading a file, and trimspace() removes it")
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

// call sends one request and decodes a 2xx answer with decode. Every failure
// is an *Error.
func (c *Client) call(ctx context.Context, method, object, edge string, form url.Values, decode func([]byte) error) error {
	fail := &Error{Method: method, Object: object, Edge: edge}

	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.JoinPath(c.version, url.PathEscape(object), edge).String(), body)
	if err != nil {
		return fail.unsent(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}

	resp, err := c.http.Do(req)
	if err != nil {
		return fail.transport(ctx, err)
	}
	defer resp.Body.Close()
	fail.HTTPStatus = resp.StatusCode

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
		return fail
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fail.notGraph(resp.Header.Get("Content-Type"), len(bytes.TrimSpace(data)))
	}
	if err := decode(data); err != nil {
		return fail.notUnderstood(err.Error())
	}
	return nil
}

// redact takes the access token out of a server's words: Meta's message for a
// malformed token repeats it.
func (c *Client) redact(s string) string {
	return strings.ReplaceAll(s, c.token, "[REDACTED]")
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
