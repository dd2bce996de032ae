// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestPlayRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   `there is no fault "": the faults are rate-limit, server-error, `,
		"rate_limit":                         `there is no fault "rate_limit"`,
		"rate-limit,minutes":                 `"minutes" is not of the form SETTING=VALUE`,
		"rate-limit,":                        `"" is not of the form SETTING=VALUE`,
		"rate-limit,minuets=3":               `there is no setting "minuets": the settings are code, minutes, method, object, after, times`,
		"rate-limit,minutes=3,minutes=4":     "the setting minutes is given more than once",
		"rate-limit,minutes=":                `the setting minutes: "" is not a whole number from 0 to 10000`,
		"rate-limit,minutes=-1":              `the setting minutes: "-1" is not a whole number`,
		"rate-limit,minutes=always":          `the setting minutes: "always" is not a whole number`,
		"rate-limit,times=0":                 `the setting times: "0" is neither a whole number from 1 to 1000000 nor always`,
		"rate-limit,method=post":             `the setting method: "post" is not one of GET, POST, any`,
		"rate-limit,object=+1":               `the setting object: "+1" is neither an ID, which has only digits, nor any`,
		"slow,delay=10":                      `the setting delay: "10" is not a time such as 10s or 1m30s`,
		"slow,delay=-1s":                     `the setting delay: "-1s" is not a time`,
		"slow,delay=2h":                      `the setting delay: "2h" is not a time`,
		"server-error,status=400":            `the setting status: "400" is not a whole number from 500 to 599`,
		"graph-error":                        "the setting code is missing",
		"graph-error,code=1,message=":        `the setting message: "" is empty`,
		"graph-error,code=1,transient=yes":   `the setting transient: "yes" is not one of true, false`,
		"mismatch,times=1":                   `there is no setting "times": the settings are reads`,
		"rate-limit,minutes=x,times=y,lag=3": `"y" is neither`, // all problems at once
	} {
		s := start(t, graphmock.Options{Control: true})
		if err := s.Play(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, not %s", text, err, want)
		}
		if got := get(t, s, "/_mock/faults").text; got != "[]\n" {
			t.Errorf("%s is played: %s", text, got)
		}
	}
}

func TestPlayedSettings(t *testing.T) {
	const other = "/v25.0/2/whatsapp_business_encryption"
	s := start(t, graphmock.Options{})
	s.AddNumber(graphmock.Number{ID: "2"})
	if err := s.Play("server-error,status=503,method=GET,object=2,after=1,times=2"); err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, edge, 200},
		{http.MethodGet, other, 200},
		{http.MethodPost, other, 200},
		{http.MethodGet, other, 503},
		{http.MethodGet, edge, 200},
		{http.MethodGet, other, 503},
		{http.MethodGet, other, 200},
	} {
		if got := do(t, s, tt.method, tt.path, form(keyA())); got.status != tt.want {
			t.Errorf("request %d: %d %s", i, got.status, got.text)
		}
	}
}

// faults are those that the control interface shows, as name and times left.
func faults(t *testing.T, s *graphmock.Server) string {
	t.Helper()
	var list []struct{ Name, Left string }
	if err := json.Unmarshal([]byte(get(t, s, "/_mock/faults").text), &list); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range list {
		out = append(out, strings.TrimSpace(f.Name+" "+f.Left))
	}
	return strings.Join(out, ", ")
}

func TestControlPlaysFaults(t *testing.T) {
	s := start(t, graphmock.Options{Control: true})
	play := func(form string) {
		t.Helper()
		if got := do(t, s, http.MethodPost, "/_mock/faults", form); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.text)
		}
	}
	play("name=mismatch")
	play("name=graph-error&code=131000&message=a,+b%3Dc&times=2")
	play("name=no-permission&method=GET")
	play("name=mismatch&reads=5") // instead of the first
	if got, want := faults(t, s), "graph-error 2, no-permission always, mismatch"; got != want {
		t.Errorf("played: %s, want %s", got, want)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(get(t, s, "/_mock/faults").text), &list); err != nil || len(list) != 3 {
		t.Fatal(err, list)
	}
	want := map[string]any{
		"code": "131000", "subcode": "0", "status": "400", "message": "a, b=c", "transient": "false",
		"method": "any", "object": "any", "after": "0", "times": "2",
	}
	if !reflect.DeepEqual(list[0]["settings"], want) || !reflect.DeepEqual(list[2]["settings"], map[string]any{"reads": "5"}) {
		t.Errorf("the settings are %v", list)
	}

	if got := post(t, s, keyA()); got.code() != 131000 || got.str("message") != "a, b=c" {
		t.Error(got.text)
	}
	if got, want := faults(t, s), "graph-error 1, no-permission always, mismatch"; got != want {
		t.Errorf("played: %s, want %s", got, want)
	}
	post(t, s, keyA())
	if got, want := faults(t, s), "no-permission always, mismatch"; got != want {
		t.Errorf("played: %s, want %s", got, want)
	}
}

// Ending the faults leaves keys and requests, and shows the numbers as they are.
func TestFaultsEnd(t *testing.T) {
	for name, end := range map[string]struct{ method, path string }{
		"faults": {http.MethodDelete, "/_mock/faults"},
		"all":    {http.MethodPost, "/_mock/reset"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, graphmock.Options{Control: true})
			for _, text := range []string{"mismatch", "lagging,reads=always", "call-budget,calls=1", "no-permission,after=1"} {
				if err := s.Play(text); err != nil {
					t.Fatal(err)
				}
			}
			post(t, s, keyA())
			if got := get(t, s, edge); got.code() != 10 {
				t.Errorf("before: %s", got.text)
			}
			if got := do(t, s, end.method, end.path, ""); got.status != 200 {
				t.Fatal(got.text)
			}
			if got := faults(t, s); got != "" {
				t.Errorf("played: %s", got)
			}
			want := "VALID"
			if name == "all" {
				want = "MISMATCH" // no key
			}
			for range 2 {
				if got := get(t, s, edge); got.status != 200 || !strings.Contains(got.text, want) {
					t.Errorf("%d %s", got.status, got.text)
				}
			}
			// Nor do they come back with the next upload.
			post(t, s, keyB())
			if got := get(t, s, edge); !strings.Contains(got.text, strings.Split(keyB(), "\n")[2]) || !strings.Contains(got.text, "VALID") {
				t.Error(got.text)
			}
		})
	}
}
