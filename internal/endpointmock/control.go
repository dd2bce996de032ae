// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/loopback"
)

// controlPrefix begins the paths that [Options.Control] is about.
const controlPrefix = "/_control/"

// maxKey is generous for an RSA key in PEM.
const maxKey = 64 << 10

// Command is something that the control interface does, as a call of curl.
type Command struct{ Description, Curl string }

// ControlCommands are the calls of [Options.Control]. Each answers JSON, and errors as
// {"error":"…"}. "?instance=2" restricts a change to one instance.
func (s *Server) ControlCommands() []Command {
	at := s.URL() + controlPrefix
	curl := "curl -s "
	if s.ca != nil {
		curl += "-k "
	}
	return []Command{
		{"Show the instances, with the fingerprints of their keys", curl + at + "instances"},
		{"Show the requests that were received", curl + at + "requests"},
		{"Forget them", curl + "-X DELETE " + at + "requests"},
		{"Add a private key, now or after a while", curl + "--data-binary @new.pem '" + at + "keys?after=30s'"},
		{"Remove a private key, or all without a fingerprint", curl + "-X DELETE '" + at + "keys?fingerprint=HEX'"},
		{"Change the behaviour, here of one instance", curl + "-X POST '" + at + "behaviour?name=421&instance=1'"},
		{"List the behaviours", curl + at + "behaviours"},
	}
}

func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_control/instances", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, s.Instances())
	})
	mux.HandleFunc("GET /_control/requests", func(w http.ResponseWriter, _ *http.Request) {
		requests := s.Requests()
		for _, r := range requests {
			if r.Header.Get(SignatureHeader) != "" {
				r.Header.Set(SignatureHeader, Redacted)
			}
		}
		respond(w, http.StatusOK, requests)
	})
	mux.HandleFunc("GET /_control/behaviours", func(w http.ResponseWriter, _ *http.Request) {
		out := map[Behaviour]string{}
		for _, b := range Behaviours() {
			out[b] = b.Description()
		}
		respond(w, http.StatusOK, out)
	})
	change := func(pattern string, f func(r *http.Request, instances []int) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxKey)
			instances, err := s.instancesIn(r)
			if err == nil {
				err = f(r, instances)
			}
			if err != nil {
				respond(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
				return
			}
			respond(w, http.StatusOK, s.Instances())
		})
	}
	change("DELETE /_control/requests", func(*http.Request, []int) error {
		s.ResetRequests()
		return nil
	})
	change("POST /_control/keys", s.controlAddKey)
	change("DELETE /_control/keys", func(r *http.Request, instances []int) error {
		fingerprint := r.URL.Query().Get("fingerprint")
		s.removeKeys(instances, func(k *rsa.PublicKey) bool { return fingerprint == "" || Fingerprint(k) == fingerprint })
		return nil
	})
	change("POST /_control/behaviour", func(r *http.Request, instances []int) error {
		b, err := ParseBehaviour(r.URL.Query().Get("name"))
		if err == nil {
			s.SetBehaviour(b, instances...)
		}
		return err
	})
	mux.HandleFunc(controlPrefix, func(w http.ResponseWriter, r *http.Request) {
		respond(w, http.StatusNotFound, map[string]string{"error": "there is no " + r.Method + " " + r.URL.Path})
	})
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The Host check keeps out web pages that reach loopback by DNS rebinding, and
		// callers that come through a tunnel.
		if !loopback.IsHostPort(r.RemoteAddr) || !loopback.IsHostPort(r.Host) {
			respond(w, http.StatusForbidden, map[string]string{"error": "only for callers on this machine"})
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

func (s *Server) controlAddKey(r *http.Request, instances []int) error {
	var after time.Duration
	if text := r.URL.Query().Get("after"); text != "" {
		var err error
		if after, err = time.ParseDuration(text); err != nil || after < 0 {
			return fmt.Errorf("%q is not a duration such as 30s", text)
		}
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	key, err := ParsePrivateKey(text)
	if err != nil {
		return err
	}
	s.KeyAfter(after, key, instances...)
	return nil
}

// instancesIn is the instance that a call names; none means all.
func (s *Server) instancesIn(r *http.Request) ([]int, error) {
	text := r.URL.Query().Get("instance")
	if text == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > s.opts.Instances {
		return nil, fmt.Errorf("there is no instance %q", text)
	}
	return []int{n}, nil
}

func respond(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v)
}
