// SPDX-License-Identifier: MPL-2.0

package graphmock

// controlNumber is a number as the control interface shows it: what is stored,
// not what GET on the Graph API would show.
type controlNumber struct {
	ID                 string `json:"id"`
	WABAID             string `json:"waba_id"`
	DisplayPhoneNumber string `json:"display_phone_number"`
	Registered         bool   `json:"registered"`
	Deleted            bool   `json:"deleted"`
	Key                string `json:"business_public_key"`
	Status             string `json:"business_public_key_signature_status"`
}

func (s *Server) controlNumbers() []controlNumber {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]controlNumber, 0, len(s.numbers))
	for _, n := range s.numbers {
		out = append(out, n.control())
	}
	return out
}

func (n *slot) control() controlNumber {
	return controlNumber{
		ID: n.ID, WABAID: n.WABAID, DisplayPhoneNumber: n.DisplayPhoneNumber,
		Registered: !n.unregistered, Deleted: n.deleted, Key: n.pem, Status: n.status,
	}
}
