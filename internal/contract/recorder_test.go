// SPDX-License-Identifier: MPL-2.0

package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// record is what a server answered. It has no token, no ID and no key, and is
// what the files in testdata hold.
type record struct {
	Server     string `json:"server"` // "graph.facebook.com", or "mock"
	APIVersion string `json:"api_version"`
	KeyBefore  bool   `json:"key_before"` // whether the number had a key
	Steps      []step `json:"steps"`
}

type step struct {
	Statement string     `json:"statement"`
	Exchanges []exchange `json:"exchanges"`
}

type exchange struct {
	Request  sent     `json:"request"`
	Response received `json:"response"`
}

type sent struct {
	Method      string            `json:"method"`
	Path        string            `json:"path"`
	ContentType string            `json:"content_type,omitempty"`
	Form        map[string]string `json:"form,omitempty"`
}

type received struct {
	Status int            `json:"status"` // 0 if there was no answer
	Header map[string]any `json:"header"`
	Body   any            `json:"body"`
}

// headers are those of an answer that say something about the API.
var headers = []string{"Content-Type", "Facebook-Api-Version", "Retry-After", "Www-Authenticate", "X-App-Usage", "X-Business-Use-Case-Usage"}

// recorder is the http.RoundTripper of a run. It keeps what was sent and answered
// as it was, and redacts it when it is asked for the record.
type recorder struct {
	redactor
	server, version string

	steps []rawStep
	last  rawExchange
}

type rawStep struct {
	statement string
	exchanges []rawExchange
}

type rawExchange struct {
	method, path, contentType string
	form                      url.Values
	status                    int
	header                    http.Header
	body                      []byte
}

func newRecorder(a account) *recorder {
	r := &recorder{server: "another server", version: orDefault(a.apiVersion, graph.DefaultAPIVersion), redactor: newRedactor(a)}
	if a.baseURL == "" {
		r.server = "graph.facebook.com"
	}
	return r
}

func (r *recorder) begin(statement string) {
	r.steps = append(r.steps, rawStep{statement: statement})
}

func (r *recorder) statement() string { return r.steps[len(r.steps)-1].statement }

// RoundTrip sends a request and records it with its answer.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	x := rawExchange{method: request.Method, path: request.URL.Path, contentType: request.Header.Get("Content-Type")}
	if request.Body != nil {
		text, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request = request.Clone(request.Context())
		request.Body = io.NopCloser(bytes.NewReader(text))
		x.form, _ = url.ParseQuery(string(text)) // written by url.Values.Encode
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err == nil {
		x.status, x.header = response.StatusCode, response.Header
		x.body, err = io.ReadAll(response.Body)
		err = errors.Join(err, response.Body.Close())
		response.Body = io.NopCloser(bytes.NewReader(x.body))
	}
	r.last = x
	step := &r.steps[len(r.steps)-1]
	step.exchanges = append(step.exchanges, x)
	if err != nil {
		return nil, err
	}
	return response, nil
}

// keyText is the key of the last answer, exactly as it came.
func (r *recorder) keyText() string {
	text, _ := find(decode(r.last.body), fieldKey).(string)
	return text
}

// outcome is what the last answer says of an upload. It accepts what the client
// accepts. The code is -1 if there is none.
func (r *recorder) outcome() (status, code int, accepted bool) {
	body, code := decode(r.last.body), -1
	if number, ok := find(body, "code").(json.Number); ok {
		if n, err := number.Int64(); err == nil {
			code = int(n)
		}
	}
	success := fmt.Sprint(find(body, "success"))
	return r.last.status, code, r.last.status == http.StatusOK && (success == "true" || success == "1")
}

// decode returns nil for what is not JSON.
func decode(text []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}

// find returns the first value with a name, at any depth.
func find(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		if found, ok := v[name]; ok {
			return found
		}
		for _, inner := range v {
			if found := find(inner, name); found != nil {
				return found
			}
		}
	case []any:
		for _, inner := range v {
			if found := find(inner, name); found != nil {
				return found
			}
		}
	}
	return nil
}

// record is all that was recorded, without secrets.
func (r *recorder) record() record {
	out := record{Server: r.server, APIVersion: r.version, KeyBefore: r.before != ""}
	for _, s := range r.steps {
		exchanges := []exchange{}
		for _, x := range s.exchanges {
			exchanges = append(exchanges, r.exchange(x))
		}
		out.Steps = append(out.Steps, step{s.statement, exchanges})
	}
	return out
}

func (r *recorder) exchange(x rawExchange) exchange {
	out := exchange{
		Request:  sent{Method: x.method, Path: r.redact(x.path), ContentType: x.contentType},
		Response: received{Status: x.status, Header: map[string]any{}},
	}
	for name := range x.form {
		if out.Request.Form == nil {
			out.Request.Form = map[string]string{}
		}
		out.Request.Form[name] = r.redact(x.form.Get(name))
		if name == fieldKey {
			out.Request.Form[name] = r.key(x.form.Get(name))
		}
	}
	for _, name := range headers {
		text := x.header.Get(name)
		if text == "" {
			continue
		}
		out.Response.Header[name] = r.redact(text)
		if v := decode([]byte(text)); strings.HasPrefix(text, "{") && v != nil {
			out.Response.Header[name] = r.value(name, v)
		}
	}
	switch v := decode(x.body); {
	case v != nil:
		out.Response.Body = r.value("", v)
	case len(x.body) > 0:
		out.Response.Body = fmt.Sprintf("{%d bytes that are not JSON}", len(x.body))
	}
	return out
}

// encode is the text of a record file.
func (out record) encode() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(out)
	return text.Bytes(), err
}

// write writes the record, unless a secret is found in it.
func (r *recorder) write(file string) error {
	text, err := r.record().encode()
	if err != nil {
		return err
	}
	if leak := r.leak(string(text)); leak != "" {
		return fmt.Errorf("the record was not written, because it would have %s", leak)
	}
	return os.WriteFile(file, text, 0o600)
}

func readRecord(file string) (record, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return record{}, err
	}
	var out record
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	return out, decoder.Decode(&out)
}
