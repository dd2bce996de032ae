// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is a failed call: an error object in the answer, an answer that is not
// understood, or no answer at all. The fields of the error object may be empty,
// because the API leaves some out and a proxy sends none.
//
// No field contains the access token or the body of the request.
type Error struct {
	Call

	Class      Class
	HTTPStatus int // 0 when there was no answer

	HasCode     bool // tells code 0, which exists, from the absence of a code
	Code        int
	Subcode     int // 0 when absent
	Type        string
	Message     string
	Details     string // error_data.details, or error_data itself when it is a string
	UserMessage string
	FBTraceID   string
	IsTransient bool // is_transient

	// NewerVersion is the version of the API that was asked for, when it is newer
	// than any that this package knows and may be why the call failed.
	NewerVersion string

	wantsLess bool // the server asks for smaller pages
	doubt     bool // an earlier try of the same request may have taken effect

	AskedWait time.Duration // how long the server asks to wait; 0 when it does not say
	Tries     int           // how often the request was sent
	NotSent   bool          // it was held back, or there was no connection
	GaveUp    GaveUp        // why it was not sent again although it could be

	// SameAs is the object of an earlier call of the client that the server
	// refused with the same code and text, because of the access token, the app
	// secret proof or a permission, or that the proxy refused. It is empty for the first such error. With
	// NotSent, this call was not even sent.
	SameAs string

	Err error // the cause on this side, if any: a transport or context error
}

// Unwrap gives the cause, so that errors.Is finds context.DeadlineExceeded.
func (e *Error) Unwrap() error { return e.Err }

// Error is one line: what was called, why it failed, and the codes.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %s%s", e.Method, strings.TrimSuffix(e.Object+"/"+e.Edge, "/"), e.Reason(), e.codes(" (", ")"))
}

// ObjectName names the kind of ID that Object is.
func (e *Error) ObjectName() string {
	switch {
	case e.Lists():
		return "WhatsApp Business Account ID"
	case e.ReadsFlow():
		return "Flow ID"
	}
	return "Phone number ID"
}

// Uncertain reports whether the request may have taken effect although it
// failed, in this try or in an earlier one. Only a POST has an effect.
func (e *Error) Uncertain() bool {
	switch {
	case e.Method != http.MethodPost:
		return false
	case e.doubt:
		return true
	case e.NotSent:
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
// a limit on registrations, which lasts for days.
func (e *Error) retryable() bool {
	return e.Class == ClassTransient || e.Class == ClassNoConnection || e.Class == ClassRateLimit && e.Code != 133016
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

// Reason is the most specific explanation of the failure that there is.
func (e *Error) Reason() string {
	switch {
	case e.Details != "":
		return e.Details
	case e.UserMessage != "":
		return e.UserMessage
	case e.Message != "":
		return e.Message
	case e.Err != nil && e.Class == ClassTransient:
		return "There was no answer: " + serverText(e.Err.Error())
	case e.Err != nil && (e.Class == ClassNoConnection || e.Class == ClassProxy):
		return "There is no connection to the server: " + serverText(e.Err.Error())
	case e.Err != nil && e.Class == ClassCertificate:
		return "The TLS connection could not be made: " + serverText(e.Err.Error())
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "The operation timed out before the server answered"
	case errors.Is(e.Err, context.Canceled):
		return "The operation was cancelled before the server answered"
	case e.Err != nil:
		return e.Err.Error()
	default:
		return fmt.Sprintf("The server answered HTTP %d %s and gave no reason", e.HTTPStatus, http.StatusText(e.HTTPStatus))
	}
}

// text is all that the server says.
func (e *Error) text() string {
	return strings.Join([]string{e.Message, e.UserMessage, e.Details}, "\n")
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
