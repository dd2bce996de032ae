// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// SignatureHeader is the header with Meta's signature of the body.
const SignatureHeader = "X-Hub-Signature-256"

// Signature is what the server thinks of the signature of a request.
type Signature string

// The values of [Signature].
const (
	SignatureMissing   Signature = "missing"
	SignatureMalformed Signature = "malformed" // not exactly "sha256=" and 64 lower-case hex digits
	SignatureUnchecked Signature = "unchecked" // well-formed, but the server has no app secret
	SignatureWrong     Signature = "wrong"
	SignatureValid     Signature = "valid"
)

var wellFormed = regexp.MustCompile(`^sha256=[0-9a-f]{64}$`)

func checkSignature(secret string, header http.Header, body []byte) Signature {
	values := header.Values(SignatureHeader)
	switch {
	case len(values) == 0:
		return SignatureMissing
	case len(values) > 1 || !wellFormed.MatchString(values[0]):
		return SignatureMalformed
	case secret == "":
		return SignatureUnchecked
	case !hmac.Equal([]byte(values[0]), []byte("sha256="+digest(secret, body))):
		return SignatureWrong
	default:
		return SignatureValid
	}
}

func digest(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// signed answers 432 unless the body as received has a valid signature.
func (x *exchange) signed() bool { return x.signedOver(x.body) }

func (x *exchange) signedOver(body []byte) bool {
	if x.secret == "" || checkSignature(x.secret, x.r.Header, body) == SignatureValid {
		return true
	}
	x.status(statusSignature)
	return false
}

// reserialise is JSON.stringify(JSON.parse(body)) for an object of strings: members
// keep their order, and a slash is no longer escaped.
func reserialise(body []byte) ([]byte, error) {
	if !json.Valid(body) {
		return nil, errors.New("the body is not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if _, err := decoder.Token(); err != nil { // the opening brace
		return nil, err
	}
	var members []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		members = append(members, stringify(name)+":"+stringify(value))
	}
	return []byte("{" + strings.Join(members, ",") + "}"), nil
}

// stringify leaves "<", ">" and "&" as they are, which json.Marshal does not.
func stringify(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // v was decoded from JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}
