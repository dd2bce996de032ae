// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"net/http"
	"sync"
)

// refusal remembers the answer that every other call would get as well, so that
// a client with an expired token does not ask a thousand times. An access token
// or an app secret proof that is refused once is refused for every object, and a
// proxy that refuses one call refuses every call.
type refusal struct {
	mu         sync.Mutex // guards the fields below
	every      *Error     // what every call would get
	permission map[callKind]*permissionRefusal
}

// callKind is what a permission is for: an edge and a method.
type callKind struct{ method, edge string }

func kindOf(c Call) callKind { return callKind{c.Method, c.Edge} }

// permissionRefusal is about the calls of one kind.
type permissionRefusal struct {
	first     *Error          // the first one
	refused   map[string]bool // the objects that were refused with its code
	succeeded bool            // a call was not refused, so the token has the permission for some objects
}

// enoughRefusals is how many objects have to be refused for the lack of a
// permission, and no call of the kind to succeed, before the reason is taken to
// be the token. A permission can be limited to some accounts, so one object does
// not tell.
const enoughRefusals = 4

// missingCapability is code 3: the app itself may not make this call.
const missingCapability = 3

// of returns the earlier answer that the call would get as well, or nil.
func (r *refusal) of(call Call) *Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.every != nil {
		return r.every
	}
	p := r.permission[kindOf(call)]
	if p == nil || p.succeeded || p.first == nil || p.first.Code != missingCapability && len(p.refused) < enoughRefusals {
		return nil
	}
	return p.first
}

// note remembers how a call ended. failed is nil when it succeeded. An error
// whose reason is known already gets SameAs.
func (r *refusal) note(call Call, failed *Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case failed == nil:
		r.permissionFor(call).succeeded = true
	case failed.HTTPStatus >= http.StatusInternalServerError:
		// More likely the word of a gateway than of the API.
	case failed.Class == ClassAuth || failed.Class == ClassAppSecretProof || failed.Class == ClassProxy:
		failed.sameAs(&r.every)
	case failed.Class == ClassPermission:
		p := r.permissionFor(call)
		failed.sameAs(&p.first)
		if p.first.Code == failed.Code {
			p.refused[call.Object] = true
		}
	}
}

func (r *refusal) permissionFor(call Call) *permissionRefusal {
	if r.permission == nil {
		r.permission = map[callKind]*permissionRefusal{}
	}
	p := r.permission[kindOf(call)]
	if p == nil {
		p = &permissionRefusal{refused: map[string]bool{}}
		r.permission[kindOf(call)] = p
	}
	return p
}

// sameAs makes e the first error if there is none yet. Otherwise it marks e as
// a repetition, if the server gives the same reason.
func (e *Error) sameAs(first **Error) {
	if *first == nil {
		// A copy, because the caller goes on writing to its own.
		known := *e
		*first = &known
	} else if known := *first; known.Class == e.Class && known.Code == e.Code && known.text() == e.text() {
		e.SameAs = known.Object
	}
}

// repeats is the error of a call that is not sent, because it would get the
// same answer as the earlier call that failed with e.
func (e *Error) repeats(call Call) *Error {
	same := *e
	same.Call, same.SameAs, same.NotSent, same.Tries = call, e.Object, true, 0
	return &same
}
