// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// The two signature statuses that Meta documents; it documents no others.
const (
	StatusValid    = "VALID"
	StatusMismatch = "MISMATCH"
)

// Number is a business phone number. The values are plain strings, because Meta's
// documents disagree on the enumerations.
type Number struct {
	ID                     string // the phone number ID, digits
	WABAID                 string // the WhatsApp Business Account that it belongs to
	DisplayPhoneNumber     string
	VerifiedName           string
	NameStatus             string // of the display name
	QualityRating          string
	CodeVerificationStatus string
	PlatformType           string
	Status                 string
	Unregistered           bool // its calls answer 133010 until [Server.Reregister]
}

// slot is a number with the one key that it can hold.
type slot struct {
	Number
	unregistered bool
	deleted      bool

	pem, status       string
	oldPEM, oldStatus string // shown while keyLag lasts
	keyLag            int
	signatureLag      int
}

func newSlot(n Number) *slot {
	return &slot{Number: n, unregistered: n.Unregistered, status: StatusMismatch}
}

// AddNumber adds a number without a key. Empty fields take plausible values, among
// them an ID of the pattern 106540352242922 and the WABA 102290129340398. An ID
// that is already there starts anew.
func (s *Server) AddNumber(n Number) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ordinal := len(s.numbers)
	n.ID = cmp.Or(n.ID, strconv.FormatInt(106540352242922+int64(ordinal), 10))
	n.WABAID = cmp.Or(n.WABAID, "102290129340398")
	n.DisplayPhoneNumber = cmp.Or(n.DisplayPhoneNumber, fmt.Sprintf("+1 631-555-%04d", 100+ordinal))
	n.VerifiedName = cmp.Or(n.VerifiedName, "Lucky Shrub")
	n.NameStatus = cmp.Or(n.NameStatus, "APPROVED")
	n.QualityRating = cmp.Or(n.QualityRating, "GREEN")
	n.CodeVerificationStatus = cmp.Or(n.CodeVerificationStatus, "VERIFIED")
	n.PlatformType = cmp.Or(n.PlatformType, "CLOUD_API")
	n.Status = cmp.Or(n.Status, "CONNECTED")
	s.addWABALocked(n.WABAID)
	if i := slices.IndexFunc(s.numbers, func(x *slot) bool { return x.ID == n.ID }); i >= 0 {
		s.numbers[i] = newSlot(n)
		return
	}
	s.numbers = append(s.numbers, newSlot(n))
}

// AddWABA adds a WhatsApp Business Account that may have no numbers.
func (s *Server) AddWABA(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addWABALocked(id)
}

func (s *Server) addWABALocked(id string) {
	if !slices.Contains(s.wabas, id) {
		s.wabas = append(s.wabas, id)
	}
}

// Reregister registers the number again: the key stays, its signature becomes
// MISMATCH until the key is posted again, as Meta documents. Like every method
// that changes a number, it panics on an unknown ID.
func (s *Server) Reregister(id string) {
	s.change(id, (*slot).reregister)
}

// Deregister makes every call on the number answer 133010; the key is kept.
func (s *Server) Deregister(id string) {
	s.change(id, func(n *slot) { n.unregistered = true })
}

// DeleteNumber makes every call on the number answer the top-level code 33, the
// one documented way of saying that it is gone, and takes it from the WABA's list.
func (s *Server) DeleteNumber(id string) {
	s.change(id, func(n *slot) { n.deleted = true })
}

// SetKey stores a key out of band, as if by somebody else. Nothing is checked, so
// that garbage and unknown statuses can be stored, too.
func (s *Server) SetKey(id, pem, status string) {
	s.change(id, func(n *slot) { n.setKey(pem, status) })
}

// ClearKey empties the slot, which the real API cannot do.
func (s *Server) ClearKey(id string) {
	s.change(id, func(n *slot) { n.setKey("", StatusMismatch) })
}

// Key is what the number holds, whatever lag and shape GET shows: "" and MISMATCH
// when no key was set, "" and "" for an unknown ID.
func (s *Server) Key(id string) (pem, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.findLocked(id); n != nil {
		return n.pem, n.status
	}
	return "", ""
}

func (n *slot) reregister() {
	n.unregistered = false
	n.setKey(n.pem, StatusMismatch)
}

func (n *slot) setKey(pem, status string) {
	n.pem, n.status = pem, status
	n.keyLag, n.signatureLag = 0, 0
}

func (s *Server) change(id string, f func(*slot)) {
	if !s.changeKnown(id, f) {
		panic(fmt.Sprintf("graphmock: there is no number %q", id))
	}
}

func (s *Server) changeKnown(id string, f func(*slot)) (known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.findLocked(id)
	if n != nil {
		f(n)
	}
	return n != nil
}

func (s *Server) findLocked(id string) *slot {
	for _, n := range s.numbers {
		if n.ID == id {
			return n
		}
	}
	return nil
}

func (s *Server) knows(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findLocked(id) != nil || slices.Contains(s.wabas, id)
}
