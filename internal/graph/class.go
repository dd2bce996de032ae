// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"errors"
	"net/http"
	"strings"
)

// Class groups the errors that need the same reaction.
type Class string

// The classes. Meta's advice is to branch on the error code and never on the
// HTTP status or the text. The one exception is ClassAppSecretProof, which only
// its text tells from other errors with code 100.
const (
	// ClassKeyRefused: the API does not take this key. Code 100 on a POST.
	ClassKeyRefused Class = "key refused"
	// ClassWrongObject: code 100, subcode 33. The object does not exist, or
	// the token may not see it, or the ID is of another kind. Never "gone".
	ClassWrongObject Class = "wrong or unreachable object"
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
	// ClassCertificate: the server's certificate is not trusted, or it does not
	// speak TLS.
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

	2: ClassTransient, 131000: ClassTransient, 131016: ClassTransient, 131057: ClassTransient, 133004: ClassTransient,
}

// classify looks at the code first. Rate limits and policy come before
// is_transient, because Meta marks some of them as transient and a quick retry
// would make the wait longer.
func (e *Error) classify() Class {
	if !e.HasCode {
		return e.classifyHTTP()
	}
	class, known := classOfCode[e.Code]
	switch {
	case class == ClassRateLimit || class == ClassPolicy:
		return class
	case e.IsTransient:
		return ClassTransient
	case known:
		return class
	case e.Code >= 200 && e.Code <= 299:
		return ClassPermission
	case e.Code == 100 && strings.Contains(e.Message+e.Details, "appsecret_proof"):
		return ClassAppSecretProof
	case e.Code == 100 && e.Subcode == 33:
		return ClassWrongObject
	case e.Code == 100 && e.Method == http.MethodPost && e.HTTPStatus < 500:
		return ClassKeyRefused
	default:
		return e.classifyHTTP()
	}
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
