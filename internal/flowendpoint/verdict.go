// SPDX-License-Identifier: MPL-2.0

package flowendpoint

// Verdict is what an answer says about the private key.
type Verdict string

// The verdicts.
const (
	// Proven: the answer opens, and is the one that the health check wants.
	Proven Verdict = "proven"
	// NoHealthCheck: the answer opens, so the endpoint has the private key, but
	// Meta's health check and the publishing of the Flow will fail.
	NoHealthCheck Verdict = "no_health_check"
	// OldProtocol: the answer opens only with the nonce of the message, and not
	// with the inverted one, so WhatsApp clients cannot read it.
	OldProtocol Verdict = "old_protocol"
	// NotEncrypted: a successful answer that cannot be opened.
	NotEncrypted Verdict = "not_encrypted"
	// WrongKey: HTTP 421, by which an endpoint says that it does not have the
	// private key.
	WrongKey Verdict = "wrong_key"
	// Refused: HTTP 432, 401 or 403. The endpoint, or what is in front of it, did
	// not look at the message.
	Refused Verdict = "refused"
	// Failing: any other error. Endpoints that do not know of HTTP 421 answer
	// like this to a message that they cannot decrypt.
	Failing Verdict = "failing"
	// NotAnEndpoint: HTTP 404, 405, 410 or a redirect.
	NotAnEndpoint Verdict = "not_an_endpoint"
	// Unreachable: no answer, or none in time.
	Unreachable Verdict = "unreachable"
)

// Verdicts are all of them.
func Verdicts() []Verdict {
	return []Verdict{Proven, NoHealthCheck, OldProtocol, NotEncrypted, WrongKey, Refused, Failing, NotAnEndpoint, Unreachable}
}

// Decrypts reports whether the endpoint has proven that it has the private key,
// and in a way that WhatsApp clients can read.
func (v Verdict) Decrypts() bool { return v == Proven || v == NoHealthCheck }

// Inconclusive reports whether the answer says nothing certain about the
// private key.
func (v Verdict) Inconclusive() bool { return v == Refused || v == Failing }
