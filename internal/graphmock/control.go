// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"fmt"
	"net"
	"net/http"
)

// controlPrefix begins the paths that [Options.Control] describes.
const controlPrefix = "/_mock/"

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

func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_mock/requests", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, s.Requests())
	})
	mux.HandleFunc("GET /_mock/numbers", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, s.controlNumbers())
	})
	mux.HandleFunc("POST /_mock/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		reply(w, http.StatusOK, s.controlNumbers())
	})
	change := func(pattern string, f func(n *slot, r *http.Request)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := r.ParseForm(); err != nil {
				reply(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
				return
			}
			var now controlNumber
			id := r.PathValue("id")
			if !s.changeKnown(id, func(n *slot) { f(n, r); now = n.control() }) {
				reply(w, http.StatusNotFound, map[string]string{"error": fmt.Sprintf("there is no number %q", id)})
				return
			}
			reply(w, http.StatusOK, now)
		})
	}
	change("POST /_mock/numbers/{id}/reregister", func(n *slot, _ *http.Request) { n.reregister() })
	change("POST /_mock/numbers/{id}/deregister", func(n *slot, _ *http.Request) { n.unregistered = true })
	change("POST /_mock/numbers/{id}/key", func(n *slot, r *http.Request) {
		status := StatusValid
		if r.PostForm.Has("status") {
			status = r.PostForm.Get("status")
		}
		n.setKey(r.PostForm.Get(fieldKey), status)
	})
	change("DELETE /_mock/numbers/{id}/key", func(n *slot, _ *http.Request) { n.setKey("", StatusMismatch) })
	mux.HandleFunc(controlPrefix, func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusNotFound, map[string]string{"error": "there is no " + r.Method + " " + r.URL.Path})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The Host check keeps out web pages that reach loopback by DNS rebinding.
		if !loopbackHostPort(r.RemoteAddr) || !loopbackHostPort(r.Host) {
			reply(w, http.StatusForbidden, map[string]string{"error": "only for callers on this machine"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func loopbackHostPort(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return loopback(host)
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

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(encode(v) + "\n"))
}
