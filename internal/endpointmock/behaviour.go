// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"fmt"
	"net/http"
)

// Behaviour is how an instance answers. Its text is the value of a flag.
type Behaviour string

// The behaviours. [Behaviour.Description] says what each of them does.
const (
	Normal Behaviour = "normal"

	Status400 Behaviour = "400"
	Status401 Behaviour = "401"
	Status403 Behaviour = "403"
	Status404 Behaviour = "404"
	Status405 Behaviour = "405"
	Status421 Behaviour = "421"
	Status422 Behaviour = "422"
	Status427 Behaviour = "427"
	Status429 Behaviour = "429"
	Status432 Behaviour = "432"
	Status500 Behaviour = "500"
	Status502 Behaviour = "502"
	Status503 Behaviour = "503"

	Screen           Behaviour = "screen"
	Pong             Behaviour = "pong"
	OldIV            Behaviour = "old-iv"
	OtherSession     Behaviour = "other-session"
	PlainJSON        Behaviour = "plain-json"
	HTML             Behaviour = "html"
	Empty            Behaviour = "empty"
	Quoted           Behaviour = "quoted"
	Newline          Behaviour = "newline"
	WrongContentType Behaviour = "wrong-content-type"

	Redirect     Behaviour = "redirect"
	RedirectLoop Behaviour = "redirect-loop"

	Slow  Behaviour = "slow"
	Drip  Behaviour = "drip"
	Hang  Behaviour = "hang"
	Stall Behaviour = "stall"

	CloseBefore Behaviour = "close-before"
	CloseAfter  Behaviour = "close-after"
	Reset       Behaviour = "reset"
	Half        Behaviour = "half"
	Garbage     Behaviour = "garbage"

	HugeBody             Behaviour = "huge-body"
	EndlessBody          Behaviour = "endless-body"
	HugeHeader           Behaviour = "huge-header"
	EndlessHeader        Behaviour = "endless-header"
	EndlessInformational Behaviour = "endless-informational"
	GzipBomb             Behaviour = "gzip-bomb"

	MetaNode     Behaviour = "meta-node"
	MetaNodeOld  Behaviour = "meta-node-old"
	MetaGo       Behaviour = "meta-go"
	WrongKey422  Behaviour = "wrong-key-422"
	WrongKey500  Behaviour = "wrong-key-500"
	Reserialised Behaviour = "reserialised"
)

// behaviours is every Behaviour, in the order in which a person reads about them.
var behaviours = []struct {
	name        Behaviour
	description string
	act         func(*exchange)
}{
	{Normal, "does what Meta documents", normal},

	{Status400, "answers 400 to everything", refuse(http.StatusBadRequest)},
	{Status401, "answers 401 to everything, as in front of a login", refuse(http.StatusUnauthorized)},
	{Status403, "answers 403 to everything, as a firewall does", refuse(http.StatusForbidden)},
	{Status404, "answers 404 to everything: the path is wrong", refuse(http.StatusNotFound)},
	{Status405, "answers 405 to everything: nothing accepts POST here", refuse(http.StatusMethodNotAllowed)},
	{Status421, "answers 421 to everything, as without the private key", refuse(http.StatusMisdirectedRequest)},
	{Status422, "answers 422 to everything", refuse(http.StatusUnprocessableEntity)},
	{Status427, "answers 427 to everything: the flow token is no longer valid", refuse(statusFlowToken)},
	{Status429, "answers 429 to everything, with Retry-After", refuse(http.StatusTooManyRequests)},
	{Status432, "answers 432 to everything, as with another app secret", refuse(statusSignature)},
	{Status500, "answers 500 to everything", refuse(http.StatusInternalServerError)},
	{Status502, "answers 502 to everything, as a proxy without its server does", refuse(http.StatusBadGateway)},
	{Status503, "answers 503 to everything, with Retry-After", refuse(http.StatusServiceUnavailable)},

	{Screen, "answers a screen to everything, also to the ping", answering(screen)},
	{Pong, "encrypts the text pong, which is not JSON", answering("pong")},
	{OldIV, "encrypts with the nonce as received, not inverted", oldIV},
	{OtherSession, "encrypts with another AES key than that of the request", otherSession},
	{PlainJSON, "decrypts, but answers JSON that is not encrypted", plainJSON},
	{HTML, "answers 200 and a web page to everything", html},
	{Empty, "answers 200 and an empty body to everything", refuse(http.StatusOK)},
	{Quoted, "puts the right answer between quotation marks, as a JSON encoder does", wrapped(`"`, `"`, typeJSON)},
	{Newline, "puts a newline after the right answer", wrapped("", "\n", textPlain)},
	{WrongContentType, "gives the right answer and says that it is a PNG", wrapped("", "", "image/png")},

	{Redirect, "redirects to a path below /redirected/, where it is as normal", redirect(1)},
	{RedirectLoop, "redirects a thousand times before it is as normal", redirect(redirects)},

	{Slow, "gives the right answer, but only after a delay", slow},
	{Drip, "gives the right answer one byte at a time, with a pause before each", drip},
	{Hang, "reads the request and never answers", hang},
	{Stall, "sends the head and half of the right answer, and then nothing more", stall},

	{CloseBefore, "closes the connection before it reads the body", nil}, // done before there is a body
	{CloseAfter, "reads the request and closes the connection", func(*exchange) { hangUp() }},
	{Reset, "reads the request and resets the connection", reset},
	{Half, "sends the head and half of the right answer, and closes the connection", half},
	{Garbage, "answers in another protocol than HTTP", garbage},

	{HugeBody, "answers 200 and 1 GiB", hugeBody},
	{EndlessBody, "answers 200 and a body that never ends", endlessBody},
	{HugeHeader, "answers 200 with a header line of 16 MiB", hugeHeader},
	{EndlessHeader, "answers 200 and header lines that never end", endlessHeader},
	{EndlessInformational, "answers 103 again and again, and never anything else", endlessInformational},
	{GzipBomb, "answers, compressed without being asked, 16 MiB that become 16 GiB", gzipBomb},

	{MetaNode, "is as Meta's sample for Node.js: with an app secret, a signature that is missing or has another length ends the process for good; answers are text/html", metaNode},
	{MetaNodeOld, "is as an earlier version of that sample: a request that no key fits ends the process, too", metaNodeOld},
	{MetaGo, "is as Meta's sample for Go: ignores the signature, answers 500 if no key fits, and a screen to the ping", metaGo},
	{WrongKey422, "answers 422 if no key fits, and is otherwise as normal", sealedWith(http.StatusUnprocessableEntity)},
	{WrongKey500, "answers 500 if no key fits, and is otherwise as normal", sealedWith(http.StatusInternalServerError)},
	{Reserialised, "checks the signature over the JSON as it would write it, without escaped slashes", reserialised},
}

// Behaviours is every [Behaviour].
func Behaviours() []Behaviour {
	out := make([]Behaviour, 0, len(behaviours))
	for _, b := range behaviours {
		out = append(out, b.name)
	}
	return out
}

// ParseBehaviour is the [Behaviour] with that name.
func ParseBehaviour(name string) (Behaviour, error) {
	for _, b := range behaviours {
		if string(b.name) == name {
			return b.name, nil
		}
	}
	return "", fmt.Errorf("there is no behaviour %q", name)
}

// Description says in one line, which follows the name, what an instance does.
func (b Behaviour) Description() string {
	for _, known := range behaviours {
		if known.name == b {
			return known.description
		}
	}
	return ""
}

func (b Behaviour) act() func(*exchange) {
	for _, known := range behaviours {
		if known.name == b {
			return known.act
		}
	}
	return nil
}

// mustExist panics on a name that is not a Behaviour: a test with such a typo would
// prove nothing.
func (b Behaviour) mustExist() {
	if _, err := ParseBehaviour(string(b)); err != nil {
		panic("endpointmock: " + err.Error())
	}
}
