// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Class groups the errors that want the same reaction.
type Class string

// The classes. Meta's advice is to branch on the error code and never on the
// HTTP status or the text; the one exception is ClassAppSecretProof, which
// hides behind code 100.
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
	// ClassRateLimit: too many calls; calling on makes the wait longer.
	ClassRateLimit Class = "rate limit"
	// ClassTransient: likely to succeed when tried again shortly.
	ClassTransient Class = "temporary failure"
	// ClassCertificate: the server's certificate is not trusted, or it does not
	// speak TLS.
	ClassCertificate Class = "TLS failure"
	// ClassInterrupted: the caller's context ended: a timeout or Ctrl-C.
	ClassInterrupted Class = "interrupted"
	// ClassNotUnderstood: an answer that is not the Graph API's, or not of a
	// documented shape.
	ClassNotUnderstood Class = "answer not understood"
	// ClassOther: any other code. The server's own words are passed on.
	ClassOther Class = "other"
)

// Error is every failure of a call: an error object in the answer, an answer
// that is not understood, or no answer at all. Any field from Code on may be
// empty, because the API leaves fields out and a proxy sends none.
//
// No field contains the access token or the body of the request.
type Error struct {
	Method, Object, Edge string // what was called

	Class      Class
	HTTPStatus int // 0 when there was no answer

	HasCode      bool // tells code 0, which exists, from no code
	Code         int
	Subcode      int // 0 when absent
	Type         string
	Message      string
	Details      string // error_data.details, or error_data itself when it is a string
	UserTitle    string
	UserMessage  string
	FBTraceID    string
	SaysItPasses bool // is_transient

	AskedWait time.Duration // how long the server asks to wait; 0 when it does not say
	Tries     int           // how often the request was sent
	NotSent   bool          // it was held back, or the connection failed before
	GaveUp    string        // why it was not sent again although it could be, a whole sentence

	Err error // the cause on this side, if any: a transport or context error
}

// Unwrap gives the cause, so that errors.Is finds context.DeadlineExceeded.
func (e *Error) Unwrap() error { return e.Err }

// Error is one line: what was called, what the server said, and the codes.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s/%s: %s%s", e.Method, e.Object, e.Edge, e.Reason(), e.codes(" (", ")"))
}

// ObjectName says what kind of ID Object is, in words.
func (e *Error) ObjectName() string {
	if e.Lists() {
		return "WhatsApp Business Account ID"
	}
	return "Phone number ID"
}

// Lists reports whether the call was for the numbers of an account, and not for
// the key of one number.
func (e *Error) Lists() bool { return e.Edge == phoneNumbersEdge }

// Uncertain reports whether the request may have had its effect on the server
// although it failed. Only a POST has one.
func (e *Error) Uncertain() bool {
	if e.Method != http.MethodPost || e.NotSent {
		return false
	}
	switch e.Class {
	case ClassTransient, ClassInterrupted:
		return true
	case ClassNotUnderstood:
		return e.HTTPStatus >= 200 && e.HTTPStatus <= 299
	default:
		return e.HTTPStatus >= 500
	}
}

// retryable reports whether the same request may succeed later. Code 133016 is
// a rate limit of registrations: to go on calling makes it longer.
func (e *Error) retryable() bool {
	return e.Class == ClassTransient || e.Class == ClassRateLimit && e.Code != 133016
}

func (e *Error) brief() string {
	if e.HasCode {
		return fmt.Sprintf("%s (code %d)", e.Class, e.Code)
	}
	if e.HTTPStatus != 0 {
		return fmt.Sprintf("%s (HTTP %d)", e.Class, e.HTTPStatus)
	}
	return string(e.Class)
}

// Reason is the most specific wording that there is for the failure.
func (e *Error) Reason() string {
	switch {
	case e.Details != "":
		return e.Details
	case e.UserMessage != "":
		return e.UserMessage
	case e.Message != "":
		return e.Message
	case e.Err != nil && e.Class == ClassTransient:
		return "There was no answer: " + e.Err.Error()
	case e.Err != nil && e.Class == ClassCertificate:
		return "The TLS connection could not be made: " + e.Err.Error()
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "The time for the operation was up before the server answered"
	case errors.Is(e.Err, context.Canceled):
		return "The run was cancelled before the server answered"
	case e.Err != nil:
		return e.Err.Error()
	default:
		return "the server gave no reason"
	}
}

// Codes lists what Meta's support asks for, such as
// "HTTP 400, code 100, subcode 33, type GraphMethodException, fbtrace_id Abc".
// It is empty when there was no answer.
func (e *Error) Codes() string { return e.codes("", "") }

func (e *Error) codes(before, after string) string {
	var parts []string
	add := func(there bool, format string, v any) {
		if there {
			parts = append(parts, fmt.Sprintf(format, v))
		}
	}
	add(e.HTTPStatus != 0, "HTTP %d", e.HTTPStatus)
	add(e.HasCode, "code %d", e.Code)
	add(e.Subcode != 0, "subcode %d", e.Subcode)
	add(e.Type != "", "type %s", e.Type)
	add(e.FBTraceID != "", "fbtrace_id %s", e.FBTraceID)
	if len(parts) == 0 {
		return ""
	}
	return before + strings.Join(parts, ", ") + after
}

// Remedy says what to do next, in whole sentences. It is empty when the
// server's own words are all that is known.
func (e *Error) Remedy() string {
	if remedy, ok := remedyOfCode[e.Code]; ok && e.HasCode {
		return remedy
	}
	if remedy, ok := remedyOfListing[e.Class]; ok && e.Lists() {
		return remedy
	}
	for _, x := range Explanations() {
		if x.Class == e.Class {
			return x.Remedy
		}
	}
	return ""
}

// Explanation is what a class of errors means, and what to do about it, in
// whole sentences. The documentation is made from it.
type Explanation struct {
	Class         Class
	Cause, Remedy string
}

// Explanations lists every class.
func Explanations() []Explanation {
	return []Explanation{
		{
			ClassKeyRefused, "The API does not take what was uploaded, which on this edge mostly means the key.",
			"If it is about the key: the API takes one RSA public key of exactly 2048 bits, in PEM.",
		},
		{
			ClassWrongObject, "The object does not exist, or the token may not see it, or the ID is of another kind. The API does not tell these apart, so it is never taken for a deleted number.",
			"This answer means one of several things: the ID is not a phone number ID (a WhatsApp Business Account ID, an app ID or the phone number itself are often pasted instead), " +
				"the number is not assigned to the system user that the token belongs to, or the token lacks the permission whatsapp_business_messaging. " +
				"Check the phone number ID in WhatsApp Manager under API setup, and the assets of the system user in Business settings.",
		},
		{
			ClassAppSecretProof, "The app has \"Require app secret\" switched on, and the request carried no proof, or one that was made from another secret or another token.",
			"The app requires an app secret proof, and the call carried none or a wrong one. Give the secret of the app that the access token was issued for in app_secret or WHATSAPP_APP_SECRET: the proof is made from the two.",
		},
		{
			ClassNumberDeleted, "The one answer of the API that means \"gone\". A resource in the state is removed from it, with a warning.",
			"The phone number was deleted from its WhatsApp Business Account.",
		},
		{
			ClassAuth, "The access token is not accepted.",
			"The access token is expired, revoked or not valid for this app. Create a new one, best a system user token that does not expire, and pass it in access_token or WHATSAPP_ACCESS_TOKEN.",
		},
		{
			ClassPermission, "The access token is valid and may not do this.",
			"The access token needs the permission whatsapp_business_messaging (with Advanced Access when the number belongs to another business), and the WhatsApp Business Account must be assigned to the system user with full control.",
		},
		{
			ClassPolicy, "Meta has restricted the business, the account or the number.",
			"Meta has restricted the business or the account. Business support home in Meta Business Suite shows why; trying again does not help.",
		},
		{
			ClassNotRegistered, "The number is not registered with the Cloud API.",
			"Register the number with the Cloud API first (POST /PHONE_NUMBER_ID/register with its PIN), then apply again.",
		},
		{
			ClassRateLimit, "Too many calls were made. The provider has waited and tried again, unless the server asks for a longer wait than retry_max_wait or the timeout allow. Meanwhile it held back the requests for all other numbers, too.",
			"Too many calls were made with this app or account. Calling on makes the wait longer; wait, then apply again, with a lower -parallelism.",
		},
		{
			ClassTransient, "The server had a passing error, or there was no answer. The provider has tried again, max_retries times at most. After an upload with an uncertain outcome it has read the number before it uploaded again.",
			"This is usually temporary. Apply again in a few minutes.",
		},
		{
			ClassCertificate, "The server's certificate is not trusted, or the server does not speak TLS.",
			"Check base_url, the CA certificates of this machine, and whether a proxy stands between and shows a certificate of its own.",
		},
		{
			ClassInterrupted, "The run was cancelled, or the operation ran into its timeout.",
			"Apply again. When the time was too short, the argument timeouts of the resource gives it more.",
		},
		{
			ClassNotUnderstood, "What answered is not the Graph API, or the answer has no documented shape.",
			"Check base_url, and whether a proxy or gateway stands between Terraform and the Graph API.",
		},
		{
			ClassOther, "Any other error of the Graph API. The server's own words are all that is known.",
			"",
		},
	}
}

// remedyOfCode is for codes that want something else than their class does.
var remedyOfCode = map[int]string{
	2500:   "The address of the request is not one that the API knows. Check base_url and api_version.",
	133015: "The number was deleted or deregistered a moment ago. Wait five minutes before it is registered again, then apply again.",
	133016: "The number was registered or deregistered too often and is blocked for up to 72 hours. Calling again makes it longer.",
}

// remedyOfListing is for what the listing of phone numbers wants instead.
var remedyOfListing = map[Class]string{
	ClassWrongObject: "This answer means one of several things: the ID is not that of a WhatsApp Business Account (a phone number ID, a business ID or an app ID are often pasted instead), " +
		"the account is not assigned to the system user that the token belongs to, or the token lacks the permission whatsapp_business_management. " +
		"Check the account ID in WhatsApp Manager under account settings, and the assets of the system user in Business settings.",
	ClassPermission: "The access token needs the permission whatsapp_business_management to list phone numbers, and the WhatsApp Business Account must be assigned to the system user.",
}

// CodesOf lists the codes of a class in rising order, for the documentation.
// Some classes depend on more than the code, and then the words say so.
func CodesOf(class Class) string {
	switch class {
	case ClassKeyRefused:
		return "100 on an upload"
	case ClassWrongObject:
		return "100 with subcode 33"
	case ClassAppSecretProof:
		return "100 with appsecret_proof in the message"
	case ClassCertificate, ClassInterrupted, ClassNotUnderstood:
		return "none"
	case ClassOther:
		return "any other"
	}
	var codes []int
	for code, c := range classOfCode {
		if c == class {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	var words []string
	for _, code := range codes {
		words = append(words, strconv.Itoa(code))
	}
	switch class {
	case ClassPermission:
		words = append(words, "200 to 299")
	case ClassRateLimit:
		words = append(words, "HTTP 429")
	case ClassTransient:
		words = append(words, "1 with HTTP 500 or more", "any with is_transient", "HTTP 408 or 500 and more", "no answer")
	}
	return strings.Join(words, ", ")
}

// ClassOf returns the class of an error of this package, or ClassOther.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return ClassOther
}

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
// would lengthen the ban.
func (e *Error) classify() Class {
	if !e.HasCode {
		return e.classifyHTTP()
	}
	class, known := classOfCode[e.Code]
	switch {
	case class == ClassRateLimit || class == ClassPolicy:
		return class
	case e.SaysItPasses:
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
		return e.classifyHTTP() // for a code that no table has
	}
}

func (e *Error) classifyHTTP() Class {
	switch {
	case e.HTTPStatus == http.StatusTooManyRequests:
		return ClassRateLimit
	case e.HTTPStatus == http.StatusRequestTimeout || e.HTTPStatus >= 500:
		return ClassTransient
	case e.SaysItPasses:
		return ClassTransient
	default:
		return ClassOther
	}
}

func (e *Error) unsent(err error) *Error {
	e.Class, e.Err, e.NotSent = ClassOther, err, true
	return e
}

// notSent is for a request that was held back and never sent.
func (e Error) notSent(err error) *Error {
	if held, ok := errors.AsType[*Error](err); ok {
		return held
	}
	e.Class, e.Err, e.NotSent = ClassInterrupted, err, true
	return &e
}

// transport keeps the cause without its *url.Error, whose text repeats the
// URL, and that can hold the app secret proof.
func (e *Error) transport(ctx context.Context, err error) *Error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	noTLS := notTLS || errors.Is(err, http.ErrSchemeMismatch)
	dial, isOp := errors.AsType[*net.OpError](err)

	e.Class, e.Err = ClassTransient, err
	e.NotSent = untrusted || noTLS || isOp && (dial.Op == "dial" || dial.Op == "proxyconnect")
	switch {
	case ctx.Err() != nil && context.Cause(ctx) == errNoAnswer: //nolint:errorlint // the very value
		e.Err = errNoAnswer
	case ctx.Err() != nil:
		e.Class, e.Err = ClassInterrupted, context.Cause(ctx)
	case untrusted || noTLS:
		e.Class = ClassCertificate
	}
	return e
}

func (e *Error) notUnderstood(why string) *Error {
	e.Class, e.Message = ClassNotUnderstood, "The server's answer was not understood: "+why+"."
	return e
}

// notGraph is for a status outside 2xx whose body is no Graph error object.
func (e *Error) notGraph(contentType string, length int) *Error {
	e.Class = e.classifyHTTP()
	if e.Class == ClassOther {
		e.Class = ClassNotUnderstood
	}
	what := "a body without a Graph API error"
	if length == 0 {
		what = "an empty body"
	} else if mime, _, _ := strings.Cut(contentType, ";"); mime != "" && !strings.Contains(mime, "json") {
		what = fmt.Sprintf("a body of type %q instead of a Graph API error", mime)
	}
	e.Message = fmt.Sprintf("The server answered HTTP %d %s with %s.", e.HTTPStatus, http.StatusText(e.HTTPStatus), what)
	return e
}

// readBody fills e from an error object and reports whether there was one.
// A 200 with an error object is an error, too.
func (e *Error) readBody(data []byte, redact func(string) string) bool {
	var body struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(data, &body) != nil || len(body.Error) == 0 || bytes.Equal(body.Error, []byte("null")) {
		return false
	}

	var fields map[string]json.RawMessage
	if json.Unmarshal(body.Error, &fields) != nil {
		// Some gateways in front of an API answer {"error": "text"}.
		e.Message = redact(lenientString(body.Error))
		e.Class = e.classify()
		return true
	}
	e.Code, e.HasCode = lenientInt(fields["code"])
	e.Subcode, _ = lenientInt(fields["error_subcode"])
	e.Type = redact(lenientString(fields["type"]))
	e.Message = redact(lenientString(fields["message"]))
	e.UserTitle = redact(lenientString(fields["error_user_title"]))
	e.UserMessage = redact(lenientString(fields["error_user_msg"]))
	e.FBTraceID = redact(lenientString(fields["fbtrace_id"]))
	e.SaysItPasses = lenientBool(fields["is_transient"])

	var nested struct {
		Details json.RawMessage `json:"details"`
	}
	if json.Unmarshal(fields["error_data"], &nested) == nil {
		e.Details = redact(lenientString(nested.Details))
	} else {
		e.Details = redact(lenientString(fields["error_data"]))
	}
	e.Class = e.classify()
	return true
}

// lenientString takes a JSON string or number, and nothing else.
func lenientString(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return strings.TrimSpace(s)
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// lenientInt takes a JSON number or a string of digits.
func lenientInt(raw json.RawMessage) (int, bool) {
	n, err := strconv.Atoi(lenientString(raw))
	return n, err == nil
}

// lenientBool takes true, "true" and 1.
func lenientBool(raw json.RawMessage) bool {
	var b bool
	if json.Unmarshal(raw, &b) == nil {
		return b
	}
	s := lenientString(raw)
	return strings.EqualFold(s, "true") || s == "1"
}
