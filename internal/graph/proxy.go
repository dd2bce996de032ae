// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/loopback"
)

// proxyFor is http.ProxyFromEnvironment, except that no request to this machine
// goes through a proxy: the standard library knows "localhost" in lower case
// only, and the token would go to the proxy over plain http.
func proxyFor(req *http.Request) (*url.URL, error) {
	if loopback.IsHost(req.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

// proxyVariables are where http.ProxyFromEnvironment finds the proxy for https.
// The first one with a value counts.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy"}

// checkProxy reports why the proxy of the environment cannot be used for base.
// http.ProxyFromEnvironment ignores a proxy that it cannot read, so that the
// requests would go to the server directly. The error does not repeat the URL,
// which may hold a password.
func checkProxy(base *url.URL) error {
	if loopback.IsHost(base.Hostname()) {
		return nil
	}
	for _, name := range proxyVariables {
		text := os.Getenv(name)
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme == "" || u.Host == "" {
			u, err = url.Parse("http://" + text) // as net/http reads it
		}
		if err != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			return fmt.Errorf("the environment variable %s is not the URL of a proxy, such as http://proxy.example.com:3128; in a user name or password, special characters must be percent-encoded", name)
		}
		return nil
	}
	return nil
}

// tunnelError is the answer of a proxy that does not open a connection to the
// server.
type tunnelError struct {
	proxy  string // host and port
	status int
}

func (e *tunnelError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy %s answered HTTP %d %s to CONNECT", e.proxy, e.status, http.StatusText(e.status)))
}

var errNotATunnel = errors.New("the answer of the proxy to CONNECT is not HTTP")

// checkTunnel drops the body of the answer, and its reason phrase: they may
// repeat the password.
func checkTunnel(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &tunnelError{proxy: proxy.Host, status: resp.StatusCode}
}

// mayPass reports whether the proxy may open the connection later.
func (e *tunnelError) mayPass() bool {
	return e.status >= 500 || e.status == http.StatusRequestTimeout || e.status == http.StatusTooManyRequests
}

// wrongProxyPassword reports whether a proxy has refused the user name and
// password, or the lack of them.
func wrongProxyPassword(err error) bool {
	if tunnel, ok := errors.AsType[*tunnelError](err); ok {
		return tunnel.status == http.StatusProxyAuthRequired
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "socks connect" && strings.Contains(op.Err.Error(), "authentication")
}
