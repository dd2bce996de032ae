// SPDX-License-Identifier: MPL-2.0

package contract

import (
	"context"
	"crypto/rsa"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

var update = flag.Bool("update", false, "write testdata/mock.json")

const (
	mockToken  = "EAAContractTestToken"
	mockSecret = "0123456789abcdef0123456789abcdef"
	mockNumber = "106540352242922"
	mockCanary = "hidden-token"
	mockFlow   = "1231231231231"
)

// testKeys takes time, and the keys of all runs can be the same.
var testKeys = sync.OnceValue(func() keys { return newKeys(&witness{}) })

var keyBefore = sync.OnceValue(func() string { return spki(newKey(&witness{}, 2048)) })

func mockAccount(t testing.TB, server *graphmock.Server) account {
	t.Helper()
	return account{
		baseURL: server.URL(), apiVersion: graph.DefaultAPIVersion, token: mockToken, appSecret: mockSecret, number: mockNumber, flow: mockFlow,
		rescue: filepath.Join(t.TempDir(), "key.pem"), clock: fakeclock.New(),
	}
}

func startMock(t testing.TB, withKey bool) *graphmock.Server {
	t.Helper()
	server := graphmock.NewServer(graphmock.Options{Token: mockToken, AppSecret: mockSecret}, mockNumber)
	t.Cleanup(server.Close)
	server.AddFlow(graphmock.Flow{ID: mockFlow, EndpointURI: "https://endpoint.example.com/flow?token=" + mockCanary})
	if withKey {
		server.SetKey(mockNumber, keyBefore(), graphmock.StatusValid)
	}
	return server
}

// runMock runs the steps against the mock. What they report does not count: the
// answers do.
func runMock(t testing.TB, withKey bool, change func(*graphmock.Server)) *recorder {
	t.Helper()
	server := startMock(t, withKey)
	if change != nil {
		change(server)
	}
	a := mockAccount(t, server)
	a.mayLeaveKey = true
	rec := newRecorder(a)
	rec.server = "mock"
	observe(t.Context(), a, rec)
	return rec
}

// witness is a testing.TB that keeps what is reported instead of failing.
type witness struct {
	testing.TB
	printed  []string
	failed   bool
	cleanups []func()
}

func (w *witness) Helper()          {}
func (w *witness) Cleanup(f func()) { w.cleanups = append(w.cleanups, f) }
func (w *witness) Log(args ...any)  { w.printed = append(w.printed, fmt.Sprintln(args...)) }

func (w *witness) Error(args ...any) {
	w.Log(args...)
	w.failed = true
}

func (w *witness) Fatal(args ...any) {
	w.Error(args...)
	runtime.Goexit()
}

func (w *witness) output() string { return strings.Join(w.printed, "") }

// observe goes through the steps, and then runs what they leave to the end of a
// test.
func observe(ctx context.Context, a account, rec *recorder) *witness {
	w := &witness{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, f := range slices.Backward(w.cleanups) {
				f()
			}
		}()
		try(ctx, w, a, testKeys(), rec)
	}()
	<-done
	return w
}

// The mock keeps the contract, and answers as testdata/mock.json says.
func TestMock(t *testing.T) {
	t.Parallel()
	server := startMock(t, true)
	a := mockAccount(t, server)
	rec := newRecorder(a)
	rec.server = "mock"
	seen := observe(t.Context(), a, rec)
	if seen.failed {
		t.Errorf("the mock does not keep the contract:\n%s", seen.output())
	}
	isRestored(t, server, a)

	const golden = "testdata/mock.json"
	if *update {
		if err := rec.write(golden); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rec.record().encode()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the mock answers\n%s\nand %s says\n%s\nIf that is right, run the test with -update.", got, golden, want)
	}
}

// Files that owners of a test number have recorded. Where Meta answers in another
// way than the mock, the mock is wrong.
func TestRecordedFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "testdata/mock.json") {
		recorded, err := readRecord(file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, difference := range differences(recorded, runMock(t, recorded.KeyBefore, nil).record()) {
			t.Errorf("%s: %s", file, difference)
		}
	}
}

// isRestored expects the number as it was before the steps.
func isRestored(t *testing.T, server *graphmock.Server, a account) {
	t.Helper()
	if text, status := server.Key(mockNumber); text != keyBefore() || status != graphmock.StatusValid {
		t.Errorf("the number holds, %s:\n%s\nnot:\n%s", status, text, keyBefore())
	}
	if _, err := os.Stat(a.rescue); !os.IsNotExist(err) {
		t.Errorf("the saved key is still there: %v", err)
	}
}

// However a run ends, the key that was there is on the number afterwards.
func TestRestore(t *testing.T) {
	t.Parallel()
	refusal := graphmock.Fault{Method: http.MethodPost, Status: http.StatusBadRequest, Body: graphmock.ErrorBody(131009, 0, "OAuthException", "message", nil)}
	refused := func(after int) func(*graphmock.Server) {
		return func(s *graphmock.Server) {
			f := refusal
			f.After = after
			s.Script(f)
		}
	}
	for name, change := range map[string]func(*graphmock.Server){
		"the upload of 1024 bits is refused with another code": refused(0),
		"the upload of the client is refused":                  refused(3),
		"the upload that restores is refused at first":         refused(5),
		"a read fails": func(s *graphmock.Server) {
			s.Script(graphmock.Fault{Method: http.MethodGet, After: 3, Status: http.StatusForbidden, Body: graphmock.ErrorBody(10, 0, "OAuthException", "message", nil)})
		},
		"the connection breaks in an upload": func(s *graphmock.Server) {
			s.Script(graphmock.Fault{Method: http.MethodPost, After: 1, Apply: true, Drop: graphmock.DropAfterRequest})
		},
		"the server goes on without a valid signature for a while": func(s *graphmock.Server) {
			s.SetSignatureLag(20)
			s.Script(graphmock.Fault{Method: http.MethodGet, After: 20, Hook: func() { s.SetSignatureLag(0) }})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startMock(t, true)
			change(server)
			a := mockAccount(t, server)
			rec := newRecorder(a)
			seen := observe(t.Context(), a, rec)
			if !seen.failed {
				t.Errorf("nothing failed:\n%s", seen.output())
			}
			isRestored(t, server, a)
			printsNoSecret(t, seen.output(), a)
		})
	}
}

// An answer about a Flow without what the client relies on is reported.
func TestFlow(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no permission": graphmock.ErrorBody(10, 0, "OAuthException", "message", nil),
		"another Flow":  `{"id":"999","status":"DRAFT","health_status":{"can_send_message":"AVAILABLE","entities":[{"entity_type":"FLOW"}]}}`,
		"no status":     `{"id":"` + mockFlow + `","health_status":{"can_send_message":"AVAILABLE","entities":[{"entity_type":"FLOW"}]}}`,
		"no health":     `{"id":"` + mockFlow + `","status":"DRAFT"}`,
		"no entities":   `{"id":"` + mockFlow + `","status":"DRAFT","health_status":{"can_send_message":"AVAILABLE","entities":[]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startMock(t, true)
			server.Script(graphmock.Fault{Object: mockFlow, Body: body})
			a := mockAccount(t, server)
			seen := observe(t.Context(), a, newRecorder(a))
			if !seen.failed || !strings.Contains(seen.output(), stepFlow+`" does not hold`) {
				t.Errorf("printed:\n%s", seen.output())
			}
			isRestored(t, server, a)
			printsNoSecret(t, seen.output(), a)
		})
	}
	server := startMock(t, true)
	a := mockAccount(t, server)
	a.flow = ""
	if seen := observe(t.Context(), a, newRecorder(a)); seen.failed || server.Count("", mockFlow) > 0 {
		t.Errorf("without a Flow:\n%s", seen.output())
	}
}

// A cancelled run, as on an interrupt, restores the key, too.
func TestRestore_cancelled(t *testing.T) {
	t.Parallel()
	server := startMock(t, true)
	a := mockAccount(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	server.Script(graphmock.Fault{Method: http.MethodPost, After: 3, Apply: true, Hook: cancel})
	rec := newRecorder(a)
	seen := observe(ctx, a, rec)
	if !seen.failed {
		t.Error("nothing failed")
	}
	isRestored(t, server, a)
}

// Where the key cannot be restored, the test says so, and leaves the saved key.
func TestRestore_fails(t *testing.T) {
	t.Parallel()
	server := startMock(t, true)
	server.Script(graphmock.Fault{Method: http.MethodPost, Times: -1, After: 4, Status: http.StatusForbidden, Body: graphmock.ErrorBody(10, 0, "OAuthException", "message", nil)})
	a := mockAccount(t, server)
	rec := newRecorder(a)
	seen := observe(t.Context(), a, rec)
	if out := seen.output(); !seen.failed || !strings.Contains(out, "NOT RESTORED") || !strings.Contains(out, a.rescue) {
		t.Errorf("printed:\n%s", out)
	}
	if saved, err := os.ReadFile(a.rescue); err != nil || string(saved) != keyBefore() {
		t.Errorf("saved is %q, %v", saved, err)
	}
	uploads := server.Count(http.MethodPost, "")
	observe(t.Context(), a, newRecorder(a))
	if server.Count(http.MethodPost, "") != uploads {
		t.Error("the next run uploads, although the key of the first is not restored")
	}
}

// What cannot be put back is not touched.
func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"no key": "", "an unreadable key": "gibberish", "a key of another size": spki(testKeys().short)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startMock(t, false)
			server.SetKey(mockNumber, text, graphmock.StatusMismatch)
			a := mockAccount(t, server)
			seen := observe(t.Context(), a, newRecorder(a))
			if !seen.failed || server.Count(http.MethodPost, "") > 0 {
				t.Errorf("failed is %t, and the server received %d uploads", seen.failed, server.Count(http.MethodPost, ""))
			}
		})
	}
}

func TestAKeyMayStayOnANumberWithoutOne(t *testing.T) {
	t.Parallel()
	server := startMock(t, false)
	a := mockAccount(t, server)
	a.mayLeaveKey = true
	seen := observe(t.Context(), a, newRecorder(a))
	if text, _ := server.Key(mockNumber); seen.failed || text != spki(testKeys().canonical) {
		t.Errorf("the number holds %q, and the run printed\n%s", text, seen.output())
	}
	if !strings.Contains(seen.output(), "stays on it") {
		t.Error("nothing says that a key stays")
	}
}

// canaries are what must be neither printed nor written. The lines of a key are
// looked for one by one.
func canaries(a account) []string {
	k := testKeys()
	all := []string{a.token, a.appSecret, a.number, a.flow, mockCanary, proof(a.appSecret, a.token)}
	for _, key := range []*rsa.PublicKey{k.short, k.pkcs1, k.crlf, k.canonical, parse(keyBefore())} {
		lines := strings.Split(strings.TrimSpace(spki(key)), "\n")
		all = append(all, lines[1:len(lines)-1]...)
		all = append(all, key.N.String())
	}
	return all
}

func printsNoSecret(t *testing.T, text string, a account) {
	t.Helper()
	for _, canary := range canaries(a) {
		if len(canary) >= 12 && strings.Contains(text, canary) { // the last line of a key is short
			t.Errorf("%q is in\n%s", canary, text)
		}
	}
}

// A server that repeats all that it was sent, in every place of its answer, does
// not get any of it into the output or into the file.
func TestRedaction(t *testing.T) {
	t.Parallel()
	a := mockAccount(t, startMock(t, true))
	for name, secret := range map[string]string{
		"token": a.token, "secret": a.appSecret, "proof": proof(a.appSecret, a.token), "number": a.number,
		"key": spki(testKeys().crlf), "key with CR LF": strings.ReplaceAll(spki(testKeys().crlf), "\n", "\r\n"), "key that was there": keyBefore(),
		"key in one line": strings.ReplaceAll(keyBefore(), "\n", ""), "key without armour": strings.Join(strings.Split(keyBefore(), "\n")[1:8], ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := func(code int) string {
				return graphmock.ErrorBody(code, 0, "type "+secret, "message "+secret, map[string]any{
					"error_data": map[string]any{"details": "details " + secret, secret: secret}, "error_user_msg": secret, "error_user_title": secret,
					"other": []any{secret, map[string]any{fieldKey: secret, secret: int64(12345678901234)}}, "fbtrace_id": secret,
				})
			}
			header := http.Header{"X-App-Usage": {`{"` + strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(secret) + `":1}`}, "Content-Type": {"text/" + strings.NewReplacer("\n", "", "\r", "").Replace(secret)}}
			server := startMock(t, true)
			server.Script(
				graphmock.Fault{Method: http.MethodPost, After: 1, Status: http.StatusBadRequest, Header: header, Body: body(100)},
				graphmock.Fault{Method: http.MethodPost, After: 2, Status: http.StatusBadRequest, Header: header, Body: body(131009)},
				graphmock.Fault{Method: http.MethodGet, After: 3, Header: header, Body: `{"data":[{"` + fieldKey + `":"x","business_public_key_signature_status":"` + a.token + `"}]}`},
			)
			a := mockAccount(t, server)
			rec := newRecorder(a)
			seen := observe(t.Context(), a, rec)
			if !seen.failed {
				t.Error("nothing failed, so that little was printed")
			}
			printsNoSecret(t, seen.output(), a)
			file := filepath.Join(t.TempDir(), "record.json")
			if err := rec.write(file); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			printsNoSecret(t, string(text), a)
			if !strings.Contains(string(text), "{the key that was there") {
				t.Errorf("the record does not name the key:\n%s", text)
			}
		})
	}
}

// A record that has a secret in spite of the redaction is not written.
func TestLeakIsNotWritten(t *testing.T) {
	t.Parallel()
	a := mockAccount(t, startMock(t, true))
	rec := runMock(t, true, nil)
	for _, secret := range []string{a.token, a.number, a.appSecret, spki(testKeys().short), strings.Split(keyBefore(), "\n")[3], strings.Split(spki(testKeys().pkcs1), "\n")[2]} {
		encoded := fmt.Sprintf("%q", "text "+secret+" text")
		if rec.leak(encoded) == "" {
			t.Errorf("no leak is found in %s", encoded)
		}
	}
	file := filepath.Join(t.TempDir(), "record.json")
	rec.steps[0].statement = "the number " + mockNumber // which nothing redacts
	if err := rec.write(file); err == nil || strings.Contains(err.Error(), mockNumber) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file: %v", err)
	}
}
