// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
)

// maxBody is generous for a payload without media.
const maxBody = 1 << 20

// The statuses that Meta defines for endpoints, besides 421.
const (
	statusFlowToken = 427
	statusSignature = 432
)

const (
	textPlain = "text/plain; charset=utf-8"
	textHTML  = "text/html; charset=utf-8"
	typeJSON  = "application/json"
)

// The payloads of answers.
const (
	active       = `{"data":{"status":"active"}}`
	acknowledged = `{"data":{"acknowledged":true}}`
	screen       = `{"screen":"WELCOME","data":{"greeting":"Hello"}}`
)

// exchange is a request and what is to be known for its answer.
type exchange struct {
	*Server
	w http.ResponseWriter
	r *http.Request

	connection *connection
	instance   *instance
	behaviour  Behaviour
	secret     string
	body       []byte
	entry      *Request // guarded by Server.mu
}

// message is a decrypted request.
type message struct {
	sealed  flowmessage.Request
	key     *rsa.PrivateKey
	session flowmessage.Session
	payload []byte
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.control != nil && strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.control.ServeHTTP(w, r)
		return
	}
	defer s.leave()
	x := s.arrive(w, r)
	if x == nil {
		hangUp() // the instance of this connection has ended
	}
	if x.behaviour == CloseBefore {
		hangUp()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		x.status(http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		hangUp()
	}
	x.body = body
	x.record(func(e *Request) {
		e.Body, e.Signature = body, checkSignature(x.secret, r.Header, body)
	})
	x.behaviour.act()(x)
}

// hangUp closes the connection without another word.
func hangUp() { panic(http.ErrAbortHandler) }

// write answers with a body as it is.
func (x *exchange) write(status int, contentType, body string) {
	x.w.Header().Set("Content-Type", contentType)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.head(status)
	_, _ = io.WriteString(x.w, body) //nolint:gosec // G705: no answer contains text of the request unencrypted
}

// head records the status before the client can see it, so that a test that has the
// answer finds it in the record.
func (x *exchange) head(status int) {
	x.record(func(e *Request) { e.Status = status })
	x.w.WriteHeader(status)
}

// status answers with a status and no body, as Meta's samples do.
func (x *exchange) status(status int) { x.write(status, textPlain, "") }

// post answers 405 unless the method is POST.
func (x *exchange) post() bool {
	if x.r.Method == http.MethodPost {
		return true
	}
	x.w.Header().Set("Allow", http.MethodPost)
	x.status(http.StatusMethodNotAllowed)
	return false
}

// json answers 415 unless the body is said to be JSON.
func (x *exchange) json() bool {
	mediaType, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err == nil && mediaType == typeJSON {
		return true
	}
	x.status(http.StatusUnsupportedMediaType)
	return false
}

// decrypt tries each key of the instance.
func (x *exchange) decrypt() (message, error) {
	var m message
	if err := json.Unmarshal(x.body, &m.sealed); err != nil {
		return m, err
	}
	for _, key := range x.keysOf(x.instance) {
		payload, session, err := flowmessage.Decrypt(key, m.sealed)
		if errors.Is(err, flowmessage.ErrWrongKey) {
			continue
		}
		if err != nil {
			return m, err
		}
		m.key, m.payload, m.session = key, payload, session
		x.record(func(e *Request) {
			e.Decrypted, e.Key, e.Payload, e.Action = true, Fingerprint(&key.PublicKey), payload, parse(payload).Action
		})
		return m, nil
	}
	return m, flowmessage.ErrWrongKey
}

// open does what a well-behaved endpoint does before it answers. When it returns
// false, it has answered.
func (x *exchange) open(wrongKey int) (message, bool) {
	if !x.post() || !x.json() || !x.signed() {
		return message{}, false
	}
	return x.opened(wrongKey, http.StatusBadRequest)
}

// opened decrypts, and answers with one status if no key fits and with another if the
// request is damaged.
func (x *exchange) opened(wrongKey, damaged int) (message, bool) {
	m, err := x.decrypt()
	switch {
	case errors.Is(err, flowmessage.ErrWrongKey):
		x.status(wrongKey)
	case err != nil:
		x.status(damaged)
	}
	return m, err == nil
}

// sealed is the body of the right answer.
func (x *exchange) sealed(wrongKey int) (string, bool) {
	m, ok := x.open(wrongKey)
	if !ok {
		return "", false
	}
	answer, ok := reply(m.payload)
	if !ok {
		x.status(http.StatusBadRequest)
		return "", false
	}
	return m.seal(answer), true
}

func (m message) seal(payload string) string {
	text, err := m.session.EncryptResponse([]byte(payload))
	if err != nil {
		panic(err) // Decrypt has returned this session
	}
	return text
}

type payload struct {
	Action string          `json:"action"`
	Data   json.RawMessage `json:"data"`
}

// parse never fails: what is not an object has no action.
func parse(text []byte) payload {
	var p payload
	_ = json.Unmarshal(text, &p)
	return p
}

// reply is the answer of an endpoint to a decrypted request; false if it knows none.
func reply(text []byte) (string, bool) {
	p := parse(text)
	var data struct {
		Error any `json:"error"`
	}
	_ = json.Unmarshal(p.Data, &data) // without data there is no error to acknowledge
	switch {
	case p.Action == "ping":
		return active, true
	case data.Error != nil:
		return acknowledged, true
	case p.Action == "INIT", p.Action == "BACK", p.Action == "data_exchange":
		return screen, true
	default:
		return "", false
	}
}

// wait waits for d, for ever if d is negative. It reports whether the client is still
// there.
func (x *exchange) wait(d time.Duration) bool {
	var over <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
		return true
	case <-x.r.Context().Done():
	case <-x.done:
	}
	return false
}
