// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// transport is for a request that got no answer, or half of one. It drops the
// *url.Error around the cause, whose text repeats the URL and with it the app
// secret proof.
//
// A request of which nothing was written has had no effect, whatever went wrong.
// One that was written may have had an effect, unless the server says that it did
// not process it.
func (e *Error) transport(ctx context.Context, err error) *Error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	unsent, isUnsent := errors.AsType[*unsentError](err)
	if isUnsent {
		err = unsent.error
	} else if op, ok := errors.AsType[*net.OpError](err); ok {
		isUnsent = op.Op == "dial" || op.Op == "proxyconnect" // from a Config.Transport
	}
	switch {
	case isUnsent && strings.Contains(err.Error(), "malformed"):
		err = errNotATunnel // whose text does not repeat what the proxy has sent
	case isUnsent && err.Error() == "http2: client conn could not be established":
		err = errClosedAtOnce
	}
	tunnel, isTunnel := errors.AsType[*tunnelError](err)

	e.Class, e.Err = ClassTransient, err
	e.NotSent = isUnsent || notProcessed(err)
	switch {
	case ctx.Err() != nil && context.Cause(ctx) == errNoAnswer: //nolint:errorlint // not an error that wraps it
		e.Err = errNoAnswer
	case ctx.Err() != nil:
		e.Class, e.Err = ClassInterrupted, context.Cause(ctx)
	case wrongProxyPassword(err) || isTunnel && !tunnel.mayPass():
		e.Class = ClassProxy
	case refusedInHandshake(err) || isUnsent && failedTLS(err):
		e.Class, e.NotSent = ClassCertificate, true
	case isUnsent:
		e.Class = ClassNoConnection
	}
	return e
}

// errClosedAtOnce stands for an error of net/http that does not keep the alert of
// the server.
var errClosedAtOnce = errors.New("the server closed the connection after the TLS handshake, as it does when it requires a certificate of the client")

// streamError has the form of the error of net/http for a stream that the server
// has reset, which errors.As converts.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return "" }

// refusedStream is an error code of HTTP/2: "the endpoint refused the stream
// prior to performing any application processing" (RFC 9113, section 7).
const refusedStream = 7

// notProcessed reports whether the server says that it did nothing about a
// request that it got: it refused the stream, or the connection ended with a
// GOAWAY for earlier requests only.
//
// net/http has no error for either once the body of a request was written, only
// a text that ends with its reason.
func notProcessed(err error) bool {
	if stream, ok := errors.AsType[streamError](err); ok {
		return stream.Code == refusedStream
	}
	text := err.Error()
	reason, found := strings.CutPrefix(text, "http2: Transport: cannot retry err [")
	if !found {
		reason = text
	}
	return found && strings.Contains(reason, "; REFUSED_STREAM;") ||
		strings.HasPrefix(reason, "http2: Transport received Server's graceful shutdown GOAWAY")
}

// handshakeAlerts are what a server sends when it refuses a connection: it has
// not read a request over it. With TLS 1.3, the client can learn that it lacks
// a certificate only after it has written the request.
var handshakeAlerts = []tls.AlertError{
	40,                     // handshake failure
	42, 43, 44, 45, 46, 48, // certificate of the client: bad, unsupported, revoked, expired, unknown, unknown CA
	49,  // access denied
	70,  // protocol version
	71,  // insufficient security
	86,  // inappropriate fallback
	109, // missing extension
	112, // unrecognized name
	116, // certificate required
	120, // no application protocol
}

// refusedInHandshake reports whether one side has refused the other before a
// request was read: the client does not trust the certificate, or the server
// sent one of handshakeAlerts.
func refusedInHandshake(err error) bool {
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error" && slices.ContainsFunc(handshakeAlerts, func(alert tls.AlertError) bool {
		return op.Err.Error() == alert.Error()
	})
}

// internalErrorAlert is the alert of a server that failed, which may pass.
const internalErrorAlert = 80

// failedTLS reports whether a connection could not be opened because of TLS. Most
// errors of crypto/tls have no type.
func failedTLS(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return op.Err.Error() != tls.AlertError(internalErrorAlert).Error()
	}
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	return notTLS || errors.Is(err, http.ErrSchemeMismatch) || strings.Contains(err.Error(), "tls: ")
}
