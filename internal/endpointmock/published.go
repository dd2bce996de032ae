// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
)

// The behaviours in this file are those of published endpoints, as far as a client can
// tell. Meta's samples are in the repository WhatsApp/WhatsApp-Flows-Tools.

func metaNode(x *exchange) {
	if !x.nodeAccepts() {
		return
	}
	if m, ok := x.opened(http.StatusMisdirectedRequest, http.StatusInternalServerError); ok {
		x.nodeAnswer(m)
	}
}

// metaNodeOld does not catch what decrypting throws.
func metaNodeOld(x *exchange) {
	if !x.nodeAccepts() {
		return
	}
	m, err := x.decrypt()
	if err != nil {
		x.crash()
	}
	x.nodeAnswer(m)
}

// nodeAccepts is what the sample does before it decrypts. It removes "sha256=" without
// a check that it is there, and compares with a function that throws unless both sides
// are equally long. The handler is asynchronous, and Node.js ends a process in which
// nothing catches such an error.
func (x *exchange) nodeAccepts() bool {
	if x.r.Method != http.MethodPost {
		x.write(http.StatusOK, textHTML, "<pre>Nothing to see here.</pre>")
		return false
	}
	if !json.Valid(x.body) {
		x.status(http.StatusBadRequest)
		return false
	}
	if x.secret == "" {
		return true
	}
	want := digest(x.secret, x.body)
	got := strings.Replace(strings.Join(x.r.Header.Values(SignatureHeader), ", "), "sha256=", "", 1)
	if len(got) != len(want) {
		x.crash()
	}
	if got != want {
		x.status(statusSignature)
		return false
	}
	return true
}

// nodeAnswer repeats the version of the request, and has the media type that Express
// gives to any text.
func (x *exchange) nodeAnswer(m message) {
	answer, ok := reply(m.payload)
	if !ok {
		x.crash()
	}
	var request struct {
		Version json.RawMessage `json:"version"`
	}
	if json.Unmarshal(m.payload, &request) == nil && request.Version != nil {
		answer = `{"version":` + string(request.Version) + "," + answer[1:]
	}
	x.write(http.StatusOK, textHTML, m.seal(answer))
}

// crash ends the process of the instance in the middle of the request.
func (x *exchange) crash() {
	x.end(x.instance)
	hangUp()
}

func metaGo(x *exchange) {
	if x.r.Method != http.MethodPost {
		x.write(http.StatusNotFound, textPlain, "404 page not found")
		return
	}
	m, err := x.decrypt()
	if err != nil || !json.Valid(m.payload) {
		x.write(http.StatusInternalServerError, textPlain, "Internal Server Error")
		return
	}
	x.write(http.StatusOK, textPlain, m.seal(`{"data":{"some_key":"some_value"},"screen":"SCREEN_NAME"}`))
}

// reserialised fails a real request, whose slashes are escaped, and passes one that
// was signed without.
func reserialised(x *exchange) {
	if !x.post() || !x.json() {
		return
	}
	body, err := reserialise(x.body)
	if err != nil {
		x.status(http.StatusBadRequest)
		return
	}
	if !x.signedOver(body) {
		return
	}
	m, err := x.decrypt()
	answer, known := reply(m.payload)
	switch {
	case errors.Is(err, flowmessage.ErrWrongKey):
		x.status(http.StatusMisdirectedRequest)
	case err != nil || !known:
		x.status(http.StatusBadRequest)
	default:
		x.write(http.StatusOK, textPlain, m.seal(answer))
	}
}
