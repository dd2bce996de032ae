// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

const (
	typeOAuth  = "OAuthException"
	typeMethod = "GraphMethodException"

	seeDocs = ". Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"
)

// ErrorBody is an error answer in Meta's JSON shape, with a fresh fbtrace_id. A
// subcode of 0, an empty typ and an empty message are left out. extra adds fields
// of the error object, such as error_data or is_transient, or replaces them; a nil
// value takes the field away, since Meta documents none as guaranteed.
func ErrorBody(code, subcode int, typ, message string, extra map[string]any) string {
	e := map[string]any{"code": code, "fbtrace_id": traceID()}
	if subcode != 0 {
		e["error_subcode"] = subcode
	}
	if typ != "" {
		e["type"] = typ
	}
	if message != "" {
		e["message"] = message
	}
	maps.Copy(e, extra)
	maps.DeleteFunc(e, func(_ string, v any) bool { return v == nil })
	return encode(map[string]any{"error": e})
}

// errorData is the shape that the WhatsApp edges give error_data.
func errorData(details string) map[string]any {
	return map[string]any{"error_data": map[string]any{"messaging_product": "whatsapp", "details": details}}
}

func graphError(status, code, subcode int, typ, message string, extra map[string]any) answer {
	return answer{status: status, body: ErrorBody(code, subcode, typ, message, extra)}
}

func refuse(status, code int, typ, message string) *answer {
	a := graphError(status, code, 0, typ, message, nil)
	return &a
}

func unknownPath(path string) answer {
	return graphError(http.StatusBadRequest, 2500, 0, typeOAuth, "Unknown path components: "+path, nil)
}

// noObject is Meta's one answer to three different mistakes: an unknown ID, an ID
// without permission, and an ID of the wrong kind.
func noObject(method, id string) answer {
	return graphError(http.StatusBadRequest, 100, 33, typeMethod,
		fmt.Sprintf("Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing permissions, "+
			"or does not support this operation", strings.ToLower(method), id)+seeDocs, nil)
}

func unsupportedMethod(method string) answer {
	return graphError(http.StatusBadRequest, 100, 0, typeMethod,
		fmt.Sprintf("Unsupported %s request", strings.ToLower(method))+seeDocs, nil)
}

func traceID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return "A" + base64.RawURLEncoding.EncodeToString(b)
}

// encode panics on what cannot be JSON: only a test can have put it there.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("graphmock: " + err.Error())
	}
	return string(b)
}
