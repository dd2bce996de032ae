// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

const nodeActive = `{"version":"3.0","data":{"status":"active"}}`

// gone wants the server to have gone away with this request, for good.
func gone(t *testing.T, s *endpointmock.Server, body string, edits ...edit) {
	t.Helper()
	if res, err := try(fresh(s), request(t, s, body, edits...)); !closed(err) {
		t.Errorf("not ended: %+v, %v", res, err)
	}
	<-s.Done()
	if _, err := try(fresh(s), request(t, s, body)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the end: %v", err)
	}
}

func metaNode(w wire) {
	wrongKey := encrypt(&keyB().PublicKey, ping)
	if res := w.post(wrongKey.body); res.status != 421 {
		w.Errorf("without the key: %d", res.status)
	}
	nodeShared(w)

	for name, value := range map[string]string{
		"missing": "", "too short": "sha256=00", "too long": "sha256=" + strings.Repeat("0", 65), "sha1": "sha1=" + strings.Repeat("0", 64),
	} {
		w.Run(name, func(t *testing.T) {
			s := start(t, endpointmock.Options{Behaviour: endpointmock.MetaNode, AppSecret: secret}, keyA())
			gone(t, s, encrypt(&keyA().PublicKey, ping).body, header(endpointmock.SignatureHeader, value))
		})
	}
	w.Run("unknown action", func(t *testing.T) {
		gone(t, start(t, endpointmock.Options{Behaviour: endpointmock.MetaNode}, keyA()), encrypt(&keyA().PublicKey, `{"action":"dance"}`).body)
	})
}

func metaNodeOld(w wire) {
	nodeShared(w)
	gone(w.T, w.s, encrypt(&keyB().PublicKey, ping).body)
}

func nodeShared(w wire) {
	w.Helper()
	m := encrypt(&keyA().PublicKey, ping)
	res := w.post(m.body) // without a secret there is no check
	if text, err := m.open(res.body); err != nil || text != nodeActive || res.header.Get("Content-Type") != "text/html; charset=utf-8" {
		w.Errorf("%q, %v, %+v", text, err, res)
	}
	if res := w.post("", method(http.MethodGet)); res.status != 200 || !strings.Contains(res.body, "Nothing to see here") {
		w.Errorf("%+v", res)
	}
	if res := w.post("{"); res.status != 400 {
		w.Errorf("%+v", res)
	}

	w.s.SetAppSecret(secret)
	defer w.s.SetAppSecret("")
	for name, tt := range map[string]struct {
		value  string
		status int
	}{
		"right":           {sign(secret, m.body), 200},
		"without prefix":  {strings.TrimPrefix(sign(secret, m.body), "sha256="), 200},
		"wrong":           {sign("another", m.body), 432},
		"in capitals":     {"sha256=" + strings.ToUpper(strings.TrimPrefix(sign(secret, m.body), "sha256=")), 432},
		"no hexadecimals": {"sha256=" + strings.Repeat("z", 64), 432},
	} {
		if res := w.post(m.body, header(endpointmock.SignatureHeader, tt.value)); res.status != tt.status {
			w.Errorf("signature %s: %d", name, res.status)
		}
	}
}

func metaGo(w wire) {
	w.s.SetAppSecret(secret) // which it ignores
	if status, text := w.ask(keyA(), ping); status != 200 || !strings.Contains(text, `"screen":"SCREEN_NAME"`) {
		w.Errorf("%d %q", status, text)
	}
	for _, body := range []string{encrypt(&keyB().PublicKey, ping).body, "{", "{}"} {
		if res := w.post(body); res.status != 500 || res.body != "Internal Server Error" {
			w.Errorf("%+v", res)
		}
	}
	if res := w.post("", method(http.MethodGet)); res.status != 404 {
		w.Errorf("%+v", res)
	}
}

func wrongKey(status int) func(wire) {
	return func(w wire) {
		w.wantPing(keyA(), 200)
		w.wantPing(keyB(), status)
	}
}

func reserialised(w wire) {
	w.wantPing(keyA(), 200) // without a secret there is no check
	w.s.SetAppSecret(secret)
	m := encrypt(&keyA().PublicKey, ping)
	for !strings.Contains(m.body, "/") { // nearly every message has a slash
		m = encrypt(&keyA().PublicKey, ping)
	}
	unescaped := strings.ReplaceAll(m.body, `\/`, "/")
	spaced := strings.ReplaceAll(unescaped, `","`, `" , "`)
	more := `{"more":"<&>","nested":[1,null,{"a":true}],` + unescaped[1:]
	for name, tt := range map[string]struct {
		sent, signed string
		status       int
	}{
		"as Meta sends and signs": {m.body, m.body, 432},
		"signed without escapes":  {m.body, unescaped, 200},
		"sent without escapes":    {unescaped, unescaped, 200},
		"sent with spaces":        {spaced, spaced, 432},
		"signed without spaces":   {spaced, unescaped, 200},
		"with other members":      {more, more, 200},
		"no JSON":                 {"{", "{", 400},
	} {
		if res := w.post(tt.sent, header(endpointmock.SignatureHeader, sign(secret, tt.signed))); res.status != tt.status {
			w.Errorf("%s: %d", name, res.status)
		}
	}
	other := encrypt(&keyB().PublicKey, ping)
	signature := sign(secret, strings.ReplaceAll(other.body, `\/`, "/"))
	if res := w.post(other.body, header(endpointmock.SignatureHeader, signature)); res.status != 421 {
		w.Errorf("without the key: %d", res.status)
	}
}
