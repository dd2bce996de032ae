// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestAnswersThatAreNotGraph(t *testing.T) {
	for name, test := range map[string]struct {
		status      int
		contentType string
		length      int
		class       Class
		message     string
	}{
		"empty":           {404, "text/html", 0, ClassNotUnderstood, "The server answered HTTP 404 Not Found with an empty body."},
		"a page":          {403, "text/html; charset=utf-8", 9, ClassNotUnderstood, `The server answered HTTP 403 Forbidden with a body of type "text/html" instead of a Graph API error.`},
		"JSON":            {403, "application/json", 9, ClassNotUnderstood, "The server answered HTTP 403 Forbidden with a body without a Graph API error."},
		"of no type":      {403, "", 9, ClassNotUnderstood, "The server answered HTTP 403 Forbidden with a body without a Graph API error."},
		"too many calls":  {429, "text/plain", 9, ClassRateLimit, `The server answered HTTP 429 Too Many Requests with a body of type "text/plain" instead of a Graph API error.`},
		"a gateway":       {502, "", 0, ClassTransient, "The server answered HTTP 502 Bad Gateway with an empty body."},
		"request timeout": {408, "", 0, ClassTransient, "The server answered HTTP 408 Request Timeout with an empty body."},
	} {
		e := (&Error{HTTPStatus: test.status}).notGraph(test.contentType, test.length)
		if e.Class != test.class || e.Message != test.message {
			t.Errorf("%s: class %q: %s", name, e.Class, e.Message)
		}
	}
}

// An error object, wherever its fields are and of whatever type.
func TestErrorObjects(t *testing.T) {
	upper := strings.ToUpper // stands for the redaction
	for body, want := range map[string]*Error{
		``:               nil,
		`<html>`:         nil,
		`{}`:             nil,
		`{"error":null}`: nil,
		`{"data":[]}`:    nil,
		// What says that there is nothing is no error.
		`{"error":{}}`:                nil,
		`{"error":[]}`:                nil,
		`{"error":""}`:                nil,
		`{"error":" "}`:               nil,
		`{"error":0}`:                 nil,
		`{"error":false,"data":[]}`:   nil,
		`{"error": null , "data":[]}`: nil,
		`{"error":true}`:              {Class: ClassOther},
		`{"error":["x"]}`:             {Class: ClassOther},
		`{"error":{"message":""}}`:    {Class: ClassOther},
		`{"error":"m"}`:               {Class: ClassOther, Message: "M"},
		`{"error":33}`:                {Class: ClassOther, Message: "33"},
		`{"error":{"code":190,"error_subcode":463,"type":"t","message":"m","error_user_msg":"u","fbtrace_id":"f"}}`: {
			Class: ClassAuth, HasCode: true, Code: 190, Subcode: 463, Type: "T", Message: "M", UserMessage: "U", FBTraceID: "F",
		},
		`{"error":{"code":"190","error_subcode":"463"}}`:              {Class: ClassAuth, HasCode: true, Code: 190, Subcode: 463},
		`{"error":{"code":0}}`:                                        {Class: ClassAuth, HasCode: true},
		`{"error":{"code":1.5,"error_subcode":{}}}`:                   {Class: ClassOther},
		`{"error":{"code":1e30,"error_subcode":9223372036854775808}}`: {Class: ClassOther},
		`{"error":{"error_data":{"details":"d"}}}`:                    {Class: ClassOther, Details: "D"},
		`{"error":{"error_data":"d"}}`:                                {Class: ClassOther, Details: "D"},
		`{"error":{"error_data":7}}`:                                  {Class: ClassOther, Details: "7"},
		`{"error":{"error_data":{"messaging_product":"w"}}}`:          {Class: ClassOther},
		`{"error":{"is_transient":true}}`:                             {Class: ClassTransient, IsTransient: true},
		`{"error":{"is_transient":"TRUE"}}`:                           {Class: ClassTransient, IsTransient: true},
		`{"error":{"is_transient":1}}`:                                {Class: ClassTransient, IsTransient: true},
		`{"error":{"is_transient":"1"}}`:                              {Class: ClassTransient, IsTransient: true},
		`{"error":{"is_transient":2}}`:                                {Class: ClassOther},
		`{"error":{"is_transient":"no"}}`:                             {Class: ClassOther},
		`{"error":{"is_transient":false,"code":2}}`:                   {Class: ClassTransient, HasCode: true, Code: 2},
		`{"error":{"message":" spaces around \n"},"data":"x"}`:        {Class: ClassOther, Message: "SPACES AROUND"},
	} {
		e := &Error{HTTPStatus: 400}
		if found := e.readBody([]byte(body), upper); found != (want != nil) {
			t.Errorf("%s: an error: %t", body, found)
			continue
		}
		if want == nil {
			continue
		}
		want.HTTPStatus = 400
		if *e != *want {
			t.Errorf("%s\ngot  %+v\nwant %+v", body, *e, *want)
		}
	}
}

func TestLenientString(t *testing.T) {
	for raw, want := range map[string]string{
		`"a"`: "a", `" a\n"`: "a", `""`: "", `12345678901234567890`: "12345678901234567890", `1.50`: "1.50",
		`null`: "", `true`: "", `{}`: "", `[1]`: "", ``: "",
	} {
		if got := lenientString(json.RawMessage(raw)); got != want {
			t.Errorf("%s is read as %q", raw, got)
		}
	}
}

func TestDecodeObject(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":"x"}`:       "",
		" {\"a\":\"\"}\n": "",
		`{}`:              "",
		``:                "the answer is empty",
		" \n":             "the answer is empty",
		`[]`:              "the answer is not a JSON object",
		`null`:            "the answer is not a JSON object",
		`<html>`:          "the answer is not a JSON object",
		`{"a":"x"`:        "the answer is not complete and valid JSON",
		`{"a":"x"} {}`:    "the answer is not complete and valid JSON",
		`{"a":7}`:         `the field "a" of the answer is a JSON number, which is not expected there`,
		`{"a":{"b":1}}`:   `the field "a" of the answer is a JSON object, which is not expected there`,
	} {
		var into struct {
			A string `json:"a"`
		}
		got := ""
		if err := decodeObject([]byte(body), &into); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
}

// Meta repeats a token that it does not take. Nothing of the kind is shown.
func TestSecretsAreTakenOutOfTheServersTexts(t *testing.T) {
	client, err := New(Config{AccessToken: "the-token", AppSecret: "the-secret"})
	if err != nil {
		t.Fatal(err)
	}
	proof := appSecretProof("the-secret", "the-token")
	text := fmt.Sprintf("a the-token b the-secret c %s d the-token", proof)
	if got := client.redact(text); got != "a [REDACTED] b [REDACTED] c [REDACTED] d [REDACTED]" {
		t.Error(got)
	}

	fields := map[string]any{"code": 190, "error_data": map[string]string{"details": text}}
	for _, name := range []string{"message", "type", "error_user_msg", "fbtrace_id"} {
		fields[name] = text
	}
	for _, errorData := range []any{map[string]string{"details": text}, text} {
		fields["error_data"] = errorData
		body, err := json.Marshal(map[string]any{"error": fields})
		if err != nil {
			t.Fatal(err)
		}
		var e Error
		e.readBody(body, client.redact)
		for _, secret := range []string{"the-token", "the-secret", proof} {
			if shown := fmt.Sprintf("%+v", e); strings.Contains(shown, secret) {
				t.Errorf("%s is in %s", secret, shown)
			}
		}
	}
}
