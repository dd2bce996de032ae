// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What became of a request that got no answer: its class, and whether it is
// certain that it was not sent.
func TestTransportErrors(t *testing.T) {
	stopped := errors.New("stopped")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	tooSlow, cancelTooSlow := context.WithCancelCause(t.Context())
	cancelTooSlow(errNoAnswer)
	op := func(op string) error { return &net.OpError{Op: op, Net: "tcp", Err: io.ErrUnexpectedEOF} }

	unsent := func(err error) error { return &unsentError{err} }
	tunnel := func(status int) error { return unsent(&tunnelError{proxy: "proxy.example.com:3128", status: status}) }
	alert := func(code tls.AlertError) error { return &net.OpError{Op: "remote error", Err: code} }
	reset := func(text string) error {
		return errors.New("http2: Transport: cannot retry err [" + text + "] after Request.Body was written; define Request.GetBody to avoid this error")
	}

	for name, test := range map[string]struct {
		ctx     context.Context
		err     error
		class   Class
		notSent bool
		cause   error
	}{
		"connection refused":       {t.Context(), op("dial"), ClassNoConnection, true, io.ErrUnexpectedEOF},
		"proxy refused":            {t.Context(), op("proxyconnect"), ClassNoConnection, true, io.ErrUnexpectedEOF},
		"connection lost":          {t.Context(), op("read"), ClassTransient, false, io.ErrUnexpectedEOF},
		"connection lost, POST":    {t.Context(), op("write"), ClassTransient, false, io.ErrUnexpectedEOF},
		"half an answer":           {t.Context(), io.ErrUnexpectedEOF, ClassTransient, false, io.ErrUnexpectedEOF},
		"certificate not trusted":  {t.Context(), &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, ClassCertificate, true, nil},
		"not TLS":                  {t.Context(), unsent(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), ClassCertificate, true, nil},
		"not TLS, but HTTP":        {t.Context(), unsent(http.ErrSchemeMismatch), ClassCertificate, true, http.ErrSchemeMismatch},
		"no time left":             {ended, context.Canceled, ClassInterrupted, false, stopped},
		"no time left to connect":  {ended, op("dial"), ClassInterrupted, true, stopped},
		"this try took too long":   {tooSlow, context.DeadlineExceeded, ClassTransient, false, errNoAnswer},
		"no time left to be sent":  {ended, unsent(context.Canceled), ClassInterrupted, true, stopped},
		"this try did not connect": {tooSlow, unsent(context.DeadlineExceeded), ClassTransient, true, errNoAnswer},
		"nothing was written":      {t.Context(), unsent(io.ErrUnexpectedEOF), ClassNoConnection, true, io.ErrUnexpectedEOF},
		"silent connection":        {t.Context(), errSilent, ClassTransient, false, errSilent},

		"CONNECT, 403":          {t.Context(), tunnel(403), ClassProxy, true, nil},
		"CONNECT, 407":          {t.Context(), tunnel(407), ClassProxy, true, nil},
		"CONNECT, 302":          {t.Context(), tunnel(302), ClassProxy, true, nil},
		"CONNECT, 408":          {t.Context(), tunnel(408), ClassNoConnection, true, nil},
		"CONNECT, 429":          {t.Context(), tunnel(429), ClassNoConnection, true, nil},
		"CONNECT, 502":          {t.Context(), tunnel(502), ClassNoConnection, true, nil},
		"SOCKS, wrong password": {t.Context(), unsent(&net.OpError{Op: "socks connect", Err: errors.New("username/password authentication failed")}), ClassProxy, true, nil},
		"SOCKS, unreachable":    {t.Context(), unsent(&net.OpError{Op: "socks connect", Err: errors.New("unknown error host unreachable")}), ClassNoConnection, true, nil},

		"alert, handshake":        {t.Context(), unsent(alert(40)), ClassCertificate, true, nil},
		"alert, no certificate":   {t.Context(), alert(116), ClassCertificate, true, nil},
		"alert, internal error":   {t.Context(), unsent(alert(80)), ClassNoConnection, true, nil},
		"alert, unknown":          {t.Context(), unsent(alert(200)), ClassCertificate, true, nil},
		"alert after the request": {t.Context(), alert(80), ClassTransient, false, nil},
		"protocol not advertised": {t.Context(), unsent(errors.New("tls: server selected unadvertised ALPN protocol")), ClassCertificate, true, nil},
		"bad record after it":     {t.Context(), &net.OpError{Op: "local error", Err: tls.AlertError(20)}, ClassTransient, false, nil},
		"handshake took too long": {t.Context(), unsent(errors.New("net/http: TLS handshake timeout")), ClassNoConnection, true, nil},

		"stream refused":            {t.Context(), reset("stream error: stream ID 3; REFUSED_STREAM; received from peer"), ClassTransient, true, nil},
		"stream refused, typed":     {t.Context(), streamError{StreamID: 3, Code: refusedStream}, ClassTransient, true, nil},
		"stream reset":              {t.Context(), streamError{StreamID: 3, Code: 2}, ClassTransient, false, nil},
		"stream reset, protocol":    {t.Context(), reset("stream error: stream ID 3; PROTOCOL_ERROR; received from peer"), ClassTransient, false, nil},
		"going away before":         {t.Context(), reset("http2: Transport received Server's graceful shutdown GOAWAY"), ClassTransient, true, nil},
		"going away after":          {t.Context(), errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=3, ErrCode=NO_ERROR, debug=\"\""), ClassTransient, false, nil},
		"connection lost to a ping": {t.Context(), errors.New("http2: client connection lost"), ClassTransient, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{test.err, &url.Error{Op: "Get", URL: "https://x?appsecret_proof=y", Err: test.err}} {
				e := (&Error{Call: Call{Method: http.MethodPost}}).transport(test.ctx, err)
				if e.Class != test.class || e.NotSent != test.notSent {
					t.Errorf("class %q, not sent: %t", e.Class, e.NotSent)
				}
				if test.cause != nil && !errors.Is(e, test.cause) {
					t.Errorf("the cause is %v", e.Err)
				}
				if strings.Contains(e.Error(), "appsecret_proof") {
					t.Errorf("the error repeats the URL: %s", e)
				}
				if e.Uncertain() == test.notSent {
					t.Errorf("uncertain: %t", e.Uncertain())
				}
			}
		})
	}
}
