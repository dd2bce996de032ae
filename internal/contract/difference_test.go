// SPDX-License-Identifier: MPL-2.0

package contract

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// differences says where the answers in two records differ. The wording of
// messages is not compared: the client does not depend on it. What is read of a
// Flow is not compared, either: it depends on the Flow.
func differences(recorded, mock record) []string {
	var all []string
	add := func(statement, format string, args ...any) {
		all = append(all, fmt.Sprintf("%q: ", statement)+fmt.Sprintf(format, args...))
	}
	for _, expected := range mock.Steps {
		if expected.Statement == stepFlow {
			continue
		}
		i := slices.IndexFunc(recorded.Steps, func(s step) bool { return s.Statement == expected.Statement })
		if i < 0 {
			add(expected.Statement, "the step is not in the record")
			continue
		}
		got := recorded.Steps[i]
		if methods(got) != methods(expected) {
			add(expected.Statement, "recorded are the requests %s, with the mock they are %s", methods(got), methods(expected))
			continue
		}
		for j, x := range expected.Exchanges {
			one, other := flat(got.Exchanges[j].Response), flat(x.Response)
			for _, place := range slices.Sorted(maps.Keys(merged(one, other))) {
				if one[place] != other[place] {
					add(expected.Statement, "%s, %s: recorded is %s, the mock answers %s", x.Request.Method, place, shown(one[place]), shown(other[place]))
				}
			}
		}
	}
	return all
}

func methods(s step) string {
	var all []string
	for _, x := range s.Exchanges {
		all = append(all, x.Request.Method)
	}
	return fmt.Sprint(all)
}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func shown(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}

// wording are the fields of which only the presence is compared.
var wording = []string{"details", "error_user_msg", "error_user_title", "message"}

// flat lists every value of an answer with its place in it.
func flat(answer received) map[string]string {
	places := map[string]string{"status": fmt.Sprint(answer.Status)}
	var walk func(place, name string, v any)
	walk = func(place, name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if len(v) == 0 {
				places[place] = "an empty object"
			}
			for inner, value := range v {
				walk(place+"."+inner, inner, value)
			}
		case []any:
			if len(v) == 0 {
				places[place] = "an empty list"
			}
			for i, value := range v {
				walk(fmt.Sprintf("%s[%d]", place, i), name, value)
			}
		case string:
			places[place] = fmt.Sprintf("the text %q", v)
			if slices.Contains(wording, name) {
				places[place] = "a text"
			}
		default:
			places[place] = fmt.Sprint(v)
		}
	}
	walk("body", "", answer.Body)
	for _, name := range []string{"Content-Type", "Facebook-Api-Version"} {
		walk("header "+name, name, answer.Header[name])
	}
	return places
}

// Each way in which the mock can answer differently shows up, and nothing else
// does.
func TestDifferences(t *testing.T) {
	t.Parallel()
	usual := runMock(t, true, nil).record()
	if found := differences(usual, runMock(t, true, nil).record()); len(found) > 0 {
		t.Errorf("two equal runs differ: %q", found)
	}
	for name, change := range map[string]func(*graphmock.Server){
		"flat":                     func(s *graphmock.Server) { s.SetShape(graphmock.ShapeFlat) },
		"an object":                func(s *graphmock.Server) { s.SetShape(graphmock.ShapeObject) },
		"no line end":              func(s *graphmock.Server) { s.SetStore(graphmock.StoreTrimmed) },
		"other columns":            func(s *graphmock.Server) { s.SetStore(graphmock.StoreRewrapped) },
		"success as a text":        func(s *graphmock.Server) { s.SetSuccess(`{"success":"true"}`) },
		"one more field":           func(s *graphmock.Server) { s.SetSuccess(`{"success":true,"id":"12345678901"}`) },
		"a signature that is late": func(s *graphmock.Server) { s.SetSignatureLag(1) },
		"another version": func(s *graphmock.Server) {
			s.Script(graphmock.Fault{Times: -1, Header: http.Header{"Facebook-Api-Version": {"v26.0"}}})
		},
		"another code": func(s *graphmock.Server) {
			s.Script(graphmock.Fault{Method: http.MethodPost, After: 1, Status: http.StatusBadRequest, Body: graphmock.ErrorBody(131009, 0, "OAuthException", "message", nil)})
		},
		"no user message": func(s *graphmock.Server) {
			s.Script(graphmock.Fault{Method: http.MethodPost, Status: http.StatusBadRequest, Body: graphmock.ErrorBody(100, 0, "OAuthException", "message", nil)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := differences(runMock(t, true, change).record(), usual); len(found) == 0 {
				t.Error("no difference is found")
			}
		})
	}
	other := runMock(t, true, func(s *graphmock.Server) {
		s.Script(graphmock.Fault{Method: http.MethodPost, Status: http.StatusBadRequest, Body: graphmock.ErrorBody(100, 0, "OAuthException", "other words", map[string]any{
			"error_data": map[string]any{"messaging_product": "whatsapp", "details": "other words"},
		})})
	})
	if found := differences(other.record(), usual); len(found) > 0 {
		t.Errorf("the wording is compared: %q", found)
	}
	short := usual
	short.Steps = usual.Steps[:2]
	if found := differences(short, usual); len(found) != len(usual.Steps)-2-1 { // without the one of the Flow
		t.Errorf("of a run that was stopped: %q", found)
	}
}
