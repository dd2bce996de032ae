// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Class groups the errors that need the same reaction.
type Class string

// The classes. Meta's advice is to branch on the error code and never on the
// HTTP status or the text. The exceptions share their codes with other errors,
// and only the text tells them apart: ClassAppSecretProof, an object of another
// kind, and a path that the API does not know.
const (
	// ClassKeyRefused: the API does not take this key. Code 100 on a POST.
	ClassKeyRefused Class = "key refused"
	// ClassWrongObject: the object does not exist, or the token may not see it
	// (code 100, subcode 33), or the ID is of another kind. Never "gone".
	ClassWrongObject Class = "wrong or unreachable object"
	// ClassWrongPath: the API does not know the path of the request, of which
	// the version is a part.
	ClassWrongPath Class = "wrong path or version"
	// ClassAppSecretProof: the app demands appsecret_proof, or it was wrong.
	ClassAppSecretProof Class = "app secret proof"
	// ClassNumberDeleted: top-level code 33, the one documented "gone".
	ClassNumberDeleted Class = "number deleted"
	// ClassAuth: the access token is invalid or expired.
	ClassAuth Class = "authentication"
	// ClassPermission: the access token is valid and lacks a permission.
	ClassPermission Class = "permission"
	// ClassPolicy: the account is restricted.
	ClassPolicy Class = "policy"
	// ClassNotRegistered: the number is not registered with the Cloud API.
	ClassNotRegistered Class = "number not registered"
	// ClassRateLimit: too many calls. Each further call makes the wait longer.
	ClassRateLimit Class = "rate limit"
	// ClassTransient: likely to succeed when tried again shortly.
	ClassTransient Class = "temporary failure"
	// ClassNoConnection: the server could not be reached, or a proxy could not
	// reach it. Nothing was sent, and it may pass.
	ClassNoConnection Class = "no connection"
	// ClassProxy: a proxy refuses to open a connection to the server. It is not
	// tried again, because a wrong password that is repeated locks accounts.
	ClassProxy Class = "refused by the proxy"
	// ClassCertificate: one side refuses the other in the TLS handshake, or the
	// server does not speak TLS.
	ClassCertificate Class = "TLS failure"
	// ClassInterrupted: the caller's context ended, by a timeout or Ctrl-C.
	ClassInterrupted Class = "interrupted"
	// ClassNotUnderstood: an answer that is not the Graph API's, or not of a
	// documented shape.
	ClassNotUnderstood Class = "answer not understood"
	// ClassOther: any other code. Only the server's message says more.
	ClassOther Class = "other"
)

var classOfCode = map[int]Class{
	33: ClassNumberDeleted,

	0: ClassAuth, 190: ClassAuth, 102: ClassAuth, 104: ClassAuth,

	3: ClassPermission, 10: ClassPermission, 131005: ClassPermission,

	368: ClassPolicy, 131031: ClassPolicy, 130497: ClassPolicy,

	133010: ClassNotRegistered, 133015: ClassNotRegistered,

	4: ClassRateLimit, 17: ClassRateLimit, 32: ClassRateLimit, 341: ClassRateLimit, 613: ClassRateLimit,
	80007: ClassRateLimit, 80008: ClassRateLimit, 130429: ClassRateLimit, 133016: ClassRateLimit,

	803: ClassWrongObject,

	12: ClassWrongPath, 2500: ClassWrongPath, 2635: ClassWrongPath,

	2: ClassTransient, 131000: ClassTransient, 131016: ClassTransient, 131057: ClassTransient, 133004: ClassTransient,
}

// classify looks at the code first. Rate limits and policy come before
// is_transient, because Meta marks some of them as transient and a quick retry
// would make the wait longer.
func (e *Error) classify() Class {
	if e.says("unknown path component") {
		return ClassWrongPath
	}
	if !e.HasCode {
		return e.classifyHTTP()
	}
	class, known := classOfCode[e.Code]
	switch {
	case class == ClassRateLimit || class == ClassPolicy:
		return class
	case e.IsTransient:
		return ClassTransient
	case e.Code == 2500 && e.says("access token"):
		return ClassAuth
	case known:
		return class
	case e.Code >= 200 && e.Code <= 299:
		return ClassPermission
	case e.Code == 100 && e.says("appsecret_proof"):
		return ClassAppSecretProof
	case e.Code == 100 && (e.Subcode == 33 || e.says("nonexisting field", "on node type", "unsupported get request", "unsupported post request", "unsupported request", "object with id")):
		return ClassWrongObject
	case e.Code == 100 && e.Method == http.MethodPost && e.HTTPStatus < 500:
		return ClassKeyRefused
	default:
		return e.classifyHTTP()
	}
}

// says reports whether the server's text has one of these parts, which are in
// lower case.
func (e *Error) says(parts ...string) bool {
	text := strings.ToLower(e.text())
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

func (e *Error) classifyHTTP() Class {
	switch {
	case e.HTTPStatus == http.StatusTooManyRequests:
		return ClassRateLimit
	case e.HTTPStatus == http.StatusRequestTimeout || e.HTTPStatus >= 500:
		return ClassTransient
	case e.IsTransient:
		return ClassTransient
	default:
		return ClassOther
	}
}

// ClassOf returns the class of an error of this package, or ClassOther.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return ClassOther
}
