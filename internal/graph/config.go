// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/loopback"
)

const (
	// DefaultBaseURL is where Meta serves the Graph API.
	DefaultBaseURL = "https://graph.facebook.com"

	// DefaultAPIVersion is the Graph API version that is asked for when none
	// is configured.
	DefaultAPIVersion = "v25.0"

	// DefaultMaxRetries suits most callers. Config does not fill it in, because
	// zero means there that nothing is sent again.
	DefaultMaxRetries = 5

	// DefaultRetryMaxWait is the longest wait when none is configured.
	DefaultRetryMaxWait = 2 * time.Minute
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

	// MaxRetries is how often a request is sent again after a temporary failure
	// or a rate limit. Zero means never.
	MaxRetries int

	// RetryMaxWait is the longest wait between two tries. When the server asks
	// for a longer one, the call fails at once. Zero means DefaultRetryMaxWait.
	RetryMaxWait time.Duration

	// Clock is used for the waits. Nil means SystemClock.
	Clock Clock

	// OnWait, when set, is told of each wait before it begins.
	OnWait func(context.Context, Wait)

	// OnAnswer, when set, is told of each answer.
	OnAnswer func(context.Context, Answer)

	// Transport carries the requests. Nil means one that opens one connection
	// over HTTP/2, and over HTTP/1.1 no more than there are requests at a time.
	// It goes through the proxy of the environment (HTTPS_PROXY, NO_PROXY).
	Transport http.RoundTripper
}

func (c Config) withDefaults() Config {
	if c.APIVersion == "" {
		c.APIVersion = DefaultAPIVersion
	}
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.RetryMaxWait == 0 {
		c.RetryMaxWait = DefaultRetryMaxWait
	}
	if c.Clock == nil {
		c.Clock = SystemClock{}
	}
	if c.Transport == nil {
		c.Transport = newConnections()
	}
	return c
}

// check reports everything that is wrong, and returns the base URL when nothing
// is.
func (c Config) check() (*url.URL, error) {
	base, err := parseBaseURL(c.BaseURL)
	if err == nil {
		err = checkProxy(base)
	}
	err = errors.Join(CheckAccessToken(c.AccessToken), CheckAPIVersion(c.APIVersion), err)
	if c.AppSecret != "" {
		err = errors.Join(err, CheckAppSecret(c.AppSecret))
	}
	return base, err
}

// CheckAccessToken reports why a string can't be an access token. The error
// never contains the token.
func CheckAccessToken(token string) error { return checkSecret("access token", token) }

// CheckAppSecret reports why a string can't be an app secret. The error never
// contains the secret.
func CheckAppSecret(secret string) error { return checkSecret("app secret", secret) }

func checkSecret(what, secret string) error {
	switch {
	case secret == "":
		return fmt.Errorf("the %s is empty", what)
	case strings.ContainsAny(secret, `"'`):
		return fmt.Errorf("the %s contains a quotation mark, which no %s has: it must be given without the marks around it", what, what)
	case strings.HasPrefix(strings.ToLower(secret), "bearer "):
		return fmt.Errorf("the %s begins with \"Bearer\": it must be given without that word, which is added to it", what)
	}
	for _, r := range secret {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("the %s contains white space, a line break or another character that no %s has", what, what)
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
// is sent wherever this URL points, so it has to be https, or http to a loopback
// address.
func CheckBaseURL(base string) error {
	_, err := parseBaseURL(base)
	return err
}

func parseBaseURL(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "":
		// The parse error would repeat the text, which may hold a password.
		return nil, fmt.Errorf("the base URL is not an absolute URL; the usual one is %q", DefaultBaseURL)
	case u.User != nil:
		return nil, errors.New("the base URL must not contain a user name or password")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, errors.New("the base URL must not contain a query or a fragment")
	case apiVersion.MatchString(path.Base(u.Path)):
		return nil, errors.New("the base URL must not end with a version, which is added to it")
	case u.Scheme == "https", u.Scheme == "http" && loopback.IsHost(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, errors.New("the base URL must use https, because the access token is sent there; http is allowed only to a loopback address such as 127.0.0.1")
	default:
		return nil, fmt.Errorf("the base URL has the scheme %q; it must be https, or http to a loopback address", u.Scheme)
	}
}
