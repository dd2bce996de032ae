// SPDX-License-Identifier: MPL-2.0

package graphmock

import "slices"

// Business is a business that gave an app access to its accounts, and to nothing
// else: the owner of a token in [Options.Businesses].
type Business struct {
	Name    string // for [Request.Business], since the token itself is not recorded
	Token   string
	WABAIDs []string // the accounts that the token reaches, with their numbers and Flows
}

// business is the one whose token it is; nil when there is none.
func (s *Server) business(token string) *Business {
	for i := range s.opts.Businesses {
		if b := &s.opts.Businesses[i]; b.Token == token {
			return b
		}
	}
	return nil
}

// accepts reports whether calls with the token are answered at all.
func (s *Server) accepts(token string) bool {
	if s.opts.Token == "" && len(s.opts.Businesses) == 0 {
		return true
	}
	return s.business(token) != nil || s.opts.Token != "" && token == s.opts.Token
}

// reaches reports whether the token may be used for an object. An unknown object
// is out of reach for the token of a business.
func (s *Server) reaches(token, object string) bool {
	b := s.business(token)
	if b == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	account := object
	if n := s.findLocked(object); n != nil {
		account = n.WABAID
	} else if f, ok := s.flows[object]; ok {
		account = f.WABAID
	}
	return slices.Contains(b.WABAIDs, account)
}
