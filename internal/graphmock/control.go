// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/loopback"
)

// controlPrefix begins the paths of the control interface.
const controlPrefix = "/_mock/"

// Command is a request of the control interface.
type Command struct {
	Does   string `json:"does"` // as an order, such as "Take the key away"
	Method string `json:"method"`
	Path   string `json:"path"`           // has {id} where a phone number ID goes
	Form   string `json:"form,omitempty"` // an example of a form, as options of curl
}

// Curl is the command line for a server at base and the number id.
func (c Command) Curl(base, id string) string {
	words := []string{"curl", "-s"}
	if c.Form == "" && c.Method != http.MethodGet {
		words = append(words, "-X", c.Method)
	}
	if c.Form != "" {
		words = append(words, c.Form)
	}
	return strings.Join(append(words, base+strings.ReplaceAll(c.Path, "{id}", id)), " ")
}

// Commands are all commands of the control interface.
func Commands() []Command {
	var out []Command
	for _, c := range controlCommands() {
		out = append(out, c.Command)
	}
	return out
}

// errNoNumber is answered with 404, every other error with 400.
var errNoNumber = errors.New("there is no number")

type controlCommand struct {
	Command
	fields []string // of the form; anyField lets serve check them
	serve  func(s *Server, id string, form url.Values) (any, error)
}

const anyField = "*"

func controlCommands() []controlCommand {
	return []controlCommand{
		{Command{"List these commands", "GET", "/_mock/", ""}, nil, func(*Server, string, url.Values) (any, error) {
			return Commands(), nil
		}},
		{Command{"Show what was requested", "GET", "/_mock/requests", ""}, nil, func(s *Server, _ string, _ url.Values) (any, error) {
			return s.Requests(), nil
		}},
		{Command{"Show what the numbers hold", "GET", "/_mock/numbers", ""}, nil, func(s *Server, _ string, _ url.Values) (any, error) {
			return s.controlNumbers(), nil
		}},
		{Command{"Register a number again, so that its signature becomes MISMATCH", "POST", "/_mock/numbers/{id}/reregister", ""}, nil, changing((*slot).reregister)},
		{Command{"Take the registration of a number away, until it is registered again", "POST", "/_mock/numbers/{id}/deregister", ""}, nil, changing(func(n *slot) { n.unregistered = true })},
		{Command{"Delete a number", "DELETE", "/_mock/numbers/{id}", ""}, nil, changing(func(n *slot) { n.deleted = true })},
		{
			Command{"Put another key on a number, unchecked (status: VALID unless given)", "POST", "/_mock/numbers/{id}/key", "--data-urlencode business_public_key@public.pem -d status=VALID"},
			[]string{fieldKey, "status"},
			putKey,
		},
		{Command{"Take the key off a number", "DELETE", "/_mock/numbers/{id}/key", ""}, nil, changing(func(n *slot) { n.setKey("", StatusMismatch) })},
		{
			Command{"Add a Flow, or change it (status: DRAFT unless given)", "POST", "/_mock/flows", "-d id=1231231231231 -d status=PUBLISHED -d endpoint_uri=https://example.com/flow"},
			[]string{"id", "name", "status", "endpoint_uri"},
			putFlow,
		},
		{Command{"Play a fault", "POST", "/_mock/faults", "-d name=rate-limit -d minutes=5"}, []string{anyField}, playForm},
		{Command{"Show the faults that are played", "GET", "/_mock/faults", ""}, nil, func(s *Server, _ string, _ url.Values) (any, error) {
			return s.controlFaults(), nil
		}},
		{Command{"End all faults", "DELETE", "/_mock/faults", ""}, nil, func(s *Server, _ string, _ url.Values) (any, error) {
			s.stopPlaying()
			return s.controlFaults(), nil
		}},
		{Command{"Forget requests, keys and faults", "POST", "/_mock/reset", ""}, nil, func(s *Server, _ string, _ url.Values) (any, error) {
			s.Reset()
			return s.controlNumbers(), nil
		}},
	}
}

func changing(f func(*slot)) func(*Server, string, url.Values) (any, error) {
	return func(s *Server, id string, _ url.Values) (any, error) {
		var now controlNumber
		if !s.changeKnown(id, func(n *slot) { f(n); now = n.control() }) {
			return nil, fmt.Errorf("%w %q", errNoNumber, id)
		}
		return now, nil
	}
}

func putKey(s *Server, id string, form url.Values) (any, error) {
	if form.Get(fieldKey) == "" {
		return nil, fmt.Errorf("the field %s is missing or empty", fieldKey)
	}
	status := StatusValid
	if form.Has("status") {
		status = form.Get("status")
	}
	return changing(func(n *slot) { n.setKey(form.Get(fieldKey), status) })(s, id, nil)
}

func playForm(s *Server, _ string, form url.Values) (any, error) {
	name := form.Get("name")
	if name == "" {
		return nil, errors.New("the field name is missing or empty: it is the name of the fault")
	}
	form.Del("name")
	if err := s.play(name, form); err != nil {
		return nil, err
	}
	return s.controlFaults(), nil
}

func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	for _, c := range controlCommands() {
		pattern := c.Method + " " + c.Path
		if c.Path == controlPrefix {
			pattern += "{$}"
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			form, err := readForm(w, r, c.fields)
			if err != nil {
				replyError(w, http.StatusBadRequest, err.Error())
				return
			}
			result, err := c.serve(s, r.PathValue("id"), form)
			switch {
			case errors.Is(err, errNoNumber):
				replyError(w, http.StatusNotFound, err.Error())
			case err != nil:
				replyError(w, http.StatusBadRequest, err.Error())
			default:
				reply(w, http.StatusOK, result)
			}
		})
	}
	mux.HandleFunc(controlPrefix, func(w http.ResponseWriter, r *http.Request) {
		replyError(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path+": GET "+controlPrefix+" lists the commands")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The Host check keeps out web pages that reach loopback by DNS rebinding.
		if !loopback.IsHostPort(r.RemoteAddr) || !loopback.IsHostPort(r.Host) {
			replyError(w, http.StatusForbidden, "only for callers on this machine")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// readForm is strict: what would be ignored is a mistake of the caller.
func readForm(w http.ResponseWriter, r *http.Request, fields []string) (url.Values, error) {
	if r.URL.RawQuery != "" {
		return nil, errors.New("there is a query in the URL: the values belong into a form, as curl -d sends it")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	if len(body) > 0 && !isForm(r.Header) {
		return nil, fmt.Errorf("the body has to be application/x-www-form-urlencoded, as curl -d sends it, and not %q", r.Header.Get("Content-Type"))
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	for name, given := range form {
		switch {
		case !slices.Contains(fields, anyField) && !slices.Contains(fields, name):
			return nil, fmt.Errorf("there is no field %q for this command", name)
		case len(given) > 1:
			return nil, fmt.Errorf("the field %q is given more than once", name)
		}
	}
	return form, nil
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, encode(v)+"\n")
}

func replyError(w http.ResponseWriter, status int, text string) {
	reply(w, status, map[string]string{"error": text})
}
