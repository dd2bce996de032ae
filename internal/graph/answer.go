// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// notSent is for a request that did not leave the client.
func (e *Error) notSent(class Class, err error) *Error {
	e.Class, e.Err, e.NotSent = class, err, true
	return e
}

func (e *Error) notUnderstood(why string) *Error {
	e.Class, e.Message = ClassNotUnderstood, "The server's answer was not understood: "+why+"."
	return e
}

// notGraph is for a status outside 2xx with a body that is no Graph API error.
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
	if json.Unmarshal(data, &body) != nil || isNothing(body.Error) {
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
	e.UserMessage = redact(lenientString(fields["error_user_msg"]))
	e.FBTraceID = redact(lenientString(fields["fbtrace_id"]))
	e.IsTransient = lenientBool(fields["is_transient"])

	var nested struct {
		Details json.RawMessage `json:"details"`
	}
	if json.Unmarshal(fields["error_data"], &nested) == nil {
		e.Details = redact(lenientString(nested.Details))
	} else {
		e.Details = redact(lenientString(fields["error_data"]))
	}
	e.wantsLess = e.says("reduce the amount of data")
	e.Class = e.classify()
	return true
}

// isNothing reports whether a JSON value is one of those that say that there is
// nothing: PHP writes an empty object as [], and others write false or "".
func isNothing(raw json.RawMessage) bool {
	var value any
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return len(raw) == 0
	}
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case float64:
		return value == 0
	case string:
		return strings.TrimSpace(value) == ""
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
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
func lenientInt(raw json.RawMessage) (n int, ok bool) {
	n, err := strconv.Atoi(lenientString(raw))
	if err != nil {
		return 0, false // Atoi returns the nearest number for one that is too large
	}
	return n, true
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

// redact takes the secrets out of a text of the server, because Meta's message
// about a malformed token repeats the token, and makes the rest fit to be shown.
func (c *Client) redact(s string) string {
	for _, secret := range c.secrets {
		s = strings.ReplaceAll(s, secret, "[REDACTED]")
	}
	return serverText(s)
}

// withoutSecrets is for an error of net/http: some repeat what the server sent.
func (c *Client) withoutSecrets(err error) error {
	of := err
	if u, ok := errors.AsType[*url.Error](err); ok {
		of = u.Err // the URL is dropped anyway
	}
	for _, secret := range c.secrets {
		if strings.Contains(of.Error(), secret) {
			return errors.New(c.redact(of.Error()))
		}
	}
	return err
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
