// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestAPostedKeyIsRead(t *testing.T) {
	s := start(t, graphmock.Options{Token: token})
	if got := post(t, s, keyA()); got.status != 200 || got.text != `{"success":true}` {
		t.Fatalf("%d %s", got.status, got.text)
	}
	wantKey(t, s, keyA(), "VALID")
	got := get(t, s, edge)
	want := fmt.Sprintf(`{"data":[{"business_public_key":%q,"business_public_key_signature_status":"VALID"}]}`, keyA())
	if got.status != 200 || got.text != want {
		t.Errorf("%d %s, want %s", got.status, got.text, want)
	}
	if ct := got.header.Get("Content-Type"); ct != "application/json; charset=UTF-8" {
		t.Errorf("content type %q", ct)
	}

	post(t, s, keyB())
	wantKey(t, s, keyB(), "VALID")
}

func TestReregisterNeedsTheKeyAgain(t *testing.T) {
	s := start(t, graphmock.Options{})
	post(t, s, keyA())
	s.Reregister(number)
	wantKey(t, s, keyA(), "MISMATCH")
	if got := get(t, s, edge); !strings.Contains(got.text, "MISMATCH") {
		t.Error(got.text)
	}
	post(t, s, keyA())
	wantKey(t, s, keyA(), "VALID")
}

func TestShapesOfAnAnswer(t *testing.T) {
	const status = `"business_public_key_signature_status":`
	for _, tt := range []struct {
		shape graphmock.Shape
		unset graphmock.Unset
		key   string
		want  string
	}{
		{"", "", "K", `{"data":[{"business_public_key":"K",` + status + `"VALID"}]}`},
		{graphmock.ShapeWrapped, "", "K", `{"data":[{"business_public_key":"K",` + status + `"VALID"}]}`},
		{graphmock.ShapeFlat, "", "K", `{"business_public_key":"K",` + status + `"VALID"}`},
		{graphmock.ShapeObject, "", "K", `{"data":{"business_public_key":"K",` + status + `"VALID"}}`},
		{graphmock.ShapeFlat, graphmock.UnsetMissing, "K", `{"business_public_key":"K",` + status + `"VALID"}`},

		{"", "", "", `{"data":[{"business_public_key":"",` + status + `"MISMATCH"}]}`},
		{"", graphmock.UnsetBlank, "", `{"data":[{"business_public_key":"",` + status + `"MISMATCH"}]}`},
		{"", graphmock.UnsetSpace, "", `{"data":[{"business_public_key":" ",` + status + `"MISMATCH"}]}`},
		{"", graphmock.UnsetNull, "", `{"data":[{"business_public_key":null,` + status + `"MISMATCH"}]}`},
		{"", graphmock.UnsetAbsent, "", `{"data":[{` + status + `"MISMATCH"}]}`},
		{"", graphmock.UnsetEmptyData, "", `{"data":[]}`},
		{"", graphmock.UnsetMissing, "", `{"data":[{}]}`},
		{graphmock.ShapeFlat, graphmock.UnsetAbsent, "", `{` + status + `"MISMATCH"}`},
		{graphmock.ShapeFlat, graphmock.UnsetMissing, "", `{}`},
		{graphmock.ShapeFlat, graphmock.UnsetEmptyData, "", `{"data":[]}`},
		{graphmock.ShapeObject, graphmock.UnsetBlank, "", `{"data":{"business_public_key":"",` + status + `"MISMATCH"}}`},
		{graphmock.ShapeObject, graphmock.UnsetMissing, "", `{"data":{}}`},
	} {
		t.Run(fmt.Sprintf("%s %s %s", tt.shape, tt.unset, tt.key), func(t *testing.T) {
			s := start(t, graphmock.Options{})
			s.SetShape(tt.shape)
			s.SetUnset(tt.unset)
			if tt.key != "" {
				s.SetKey(number, tt.key, "VALID")
			}
			if got := get(t, s, edge); got.status != 200 || got.text != tt.want {
				t.Errorf("%d %s, want %s", got.status, got.text, tt.want)
			}
		})
	}
}

func TestOutOfBandChanges(t *testing.T) {
	s := start(t, graphmock.Options{})
	s.SetKey(number, "garbage", "EXPIRED")
	if got := get(t, s, edge); !strings.Contains(got.text, `"garbage"`) || !strings.Contains(got.text, `"EXPIRED"`) {
		t.Error(got.text)
	}
	s.SetKey(number, "", "VALID")
	if got := get(t, s, edge); !strings.Contains(got.text, `:""`) || !strings.Contains(got.text, `"VALID"`) {
		t.Errorf("a blank key keeps the status given: %s", got.text)
	}
	post(t, s, keyA())
	s.ClearKey(number)
	wantKey(t, s, "", "MISMATCH")
}

func TestRefusedKeys(t *testing.T) {
	good := strings.TrimSpace(keyA())
	priv := must(rsa.GenerateKey(rand.Reader, 2048))
	body, _ := pem.Decode([]byte(good))
	withHeader := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Headers: map[string]string{"Comment": "x y"}, Bytes: body.Bytes}))

	for _, tt := range []struct{ name, key, details string }{
		{"no PEM", "hello", "does not begin with a PEM header"},
		{"base64 only", strings.Split(good, "\n")[1], "does not begin with a PEM header"},
		{"text before", "key:\n" + good, "does not begin with a PEM header"},
		{"text after", good + "\nend", "more than one PEM block"},
		{"two", good + "\n" + good, "more than one PEM block"},
		{"a broken one before", "-----BEGIN PUBLIC KEY-----\n" + good, "more than one PEM block"},
		{"literal newlines", strings.ReplaceAll(good, "\n", `\n`), "a backslash and an n"},
		{"truncated", good[:len(good)/2], "not PEM"},
		{"private PKCS#1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(priv)), "a private key"},
		{"private PKCS#8", block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(priv))), "a private key"},
		{"PKCS#1", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&priv.PublicKey)), `"RSA PUBLIC KEY"`},
		{"certificate", block("CERTIFICATE", []byte("x")), `"CERTIFICATE"`},
		{"headers", withHeader, "has headers"},
		{"damaged DER", block("PUBLIC KEY", body.Bytes[:200]), "not a public key"},
		{"trailing DER", block("PUBLIC KEY", append(slices.Clip(body.Bytes), 0)), "not a public key"},
		{"EC", spki(&ecKey().PublicKey), "not an RSA key"},
		{"1024 bits", rsaPEM(1024), "1024 bits"},
		{"3072 bits", rsaPEM(3072), "3072 bits"},
		{"indented", strings.ReplaceAll(good, "\n", "\n  "), "a blank within"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			s.SetKey(number, keyB(), "VALID")
			got := post(t, s, tt.key)
			if got.status != 400 || got.code() != 100 || got.str("message") != "Business public key is invalid" ||
				!strings.HasPrefix(got.details(), "Business public key is invalid: ") || !strings.Contains(got.details(), tt.details) {
				t.Errorf("%d %s", got.status, got.text)
			}
			if strings.Contains(got.text, "MII") {
				t.Errorf("the answer quotes the key: %s", got.text)
			}
			wantKey(t, s, keyB(), "VALID")
		})
	}
}

func TestAcceptedKeys(t *testing.T) {
	for name, key := range map[string]string{
		"trimmed":     strings.TrimSpace(keyA()),
		"blank lines": "\n" + keyA() + "\n\n",
		"CRLF":        graphmock.StoreCRLF(keyA()),
		"76 columns":  graphmock.StoreRewrapped(keyA()),
	} {
		s := start(t, graphmock.Options{})
		if got := post(t, s, key); got.status != 200 {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
		wantKey(t, s, key, "VALID")
	}
}

// keyWithPlus has a '+' in its base64, as nearly every key does.
func keyWithPlus(t *testing.T) string {
	t.Helper()
	for _, k := range []string{keyA(), keyB()} {
		if strings.Contains(k, "+") {
			return k
		}
	}
	t.Skip("neither key has a '+'")
	return ""
}

func TestRefusedBodies(t *testing.T) {
	plus := keyWithPlus(t)
	unescaped := "business_public_key=" + strings.ReplaceAll(url.QueryEscape(plus), "%2B", "+")
	for _, tt := range []struct {
		name, body, contentType, message, details string
	}{
		{"JSON", `{"business_public_key":"x"}`, "application/json", `(#100) The body must be application/x-www-form-urlencoded, not "application/json"`, ""},
		{"multipart", "x", "multipart/form-data; boundary=x", "(#100) The body must be application/x-www-form-urlencoded", ""},
		{"no type", form(plus), "", "(#100) The body must be application/x-www-form-urlencoded", ""},
		{"no parameter", "key=x", "application/x-www-form-urlencoded", "(#100) The parameter business_public_key is required.", ""},
		{"empty parameter", "business_public_key=", "application/x-www-form-urlencoded", "(#100) The parameter business_public_key is required.", ""},
		{"bad percent", "business_public_key=%zz", "application/x-www-form-urlencoded", "(#100) The body is not properly percent-encoded", ""},
		{"twice", form(plus) + "&" + form(plus), "application/x-www-form-urlencoded", "Business public key is invalid", "more than once"},
		{"unescaped plus", unescaped, "application/x-www-form-urlencoded", "Business public key is invalid", "percent-encoding"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			got := do(t, s, http.MethodPost, edge, tt.body, header("Content-Type", tt.contentType))
			if got.status != 400 || got.code() != 100 || !strings.HasPrefix(got.str("message"), tt.message) || !strings.Contains(got.details(), tt.details) {
				t.Errorf("%d %s", got.status, got.text)
			}
			wantKey(t, s, "", "MISMATCH")
		})
	}
	t.Run("in the query", func(t *testing.T) {
		s := start(t, graphmock.Options{})
		got := do(t, s, http.MethodPost, edge+"?"+form(plus), "", header("Content-Type", "application/x-www-form-urlencoded"))
		if got.code() != 100 {
			t.Errorf("%d %s", got.status, got.text)
		}
	})
	t.Run("charset is fine", func(t *testing.T) {
		s := start(t, graphmock.Options{})
		got := do(t, s, http.MethodPost, edge, form(plus), header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"))
		if got.status != 200 {
			t.Errorf("%d %s", got.status, got.text)
		}
	})
}

func TestBodyIsBounded(t *testing.T) {
	s := start(t, graphmock.Options{})
	got := post(t, s, strings.Repeat("A", 70<<10))
	if got.status != http.StatusRequestEntityTooLarge || got.code() != 100 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestStoreFunctions(t *testing.T) {
	der := func(text string) []byte {
		b, rest := pem.Decode([]byte(text))
		if b == nil || len(rest) > 0 {
			t.Fatalf("not one PEM block: %q", text)
		}
		if b.Type == "RSA PUBLIC KEY" {
			return must(x509.MarshalPKIXPublicKey(must(x509.ParsePKCS1PublicKey(b.Bytes))))
		}
		return b.Bytes
	}
	for _, tt := range []struct {
		name  string
		store func(string) string
		check func(string) bool
	}{
		{"nil", nil, func(s string) bool { return s == keyA() }},
		{"trimmed", graphmock.StoreTrimmed, func(s string) bool { return s == strings.TrimSpace(keyA()) && s != keyA() }},
		{"rewrapped", graphmock.StoreRewrapped, func(s string) bool { return len(strings.Split(s, "\n")[1]) == 76 && strings.HasSuffix(s, "-\n") }},
		{"CRLF", graphmock.StoreCRLF, func(s string) bool { return strings.Count(s, "\r\n") == strings.Count(s, "\n") }},
		{"PKCS#1", graphmock.StorePKCS1, func(s string) bool { return strings.HasPrefix(s, "-----BEGIN RSA PUBLIC KEY-----\n") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			s.SetStore(tt.store)
			post(t, s, keyA())
			stored, status := s.Key(number)
			if status != "VALID" || !tt.check(stored) || string(der(stored)) != string(der(keyA())) {
				t.Errorf("%s %q", status, stored)
			}
		})
	}
	for _, f := range []func(string) string{graphmock.StoreRewrapped, graphmock.StorePKCS1} {
		if f("garbage") != "garbage" || f(spki(&ecKey().PublicKey)) == "" {
			t.Error("a store function lost what it does not know")
		}
	}
}

func TestSuccessBody(t *testing.T) {
	s := start(t, graphmock.Options{})
	for _, body := range []string{`{"success":"true"}`, `{"success":false}`, `{}`} {
		s.SetSuccess(body)
		if got := post(t, s, keyA()); got.status != 200 || got.text != body {
			t.Errorf("%d %s, want %s", got.status, got.text, body)
		}
	}
	s.SetSuccess("")
	if got := post(t, s, keyA()); got.text != `{"success":true}` {
		t.Error(got.text)
	}
}

func TestANewKeyShowsAfterItsLag(t *testing.T) {
	// seen is what the GETs after a POST of key B over a VALID key A show.
	for _, tt := range []struct {
		key, signature int
		seen           string
	}{
		{0, 0, "B+ B+ B+ B+"},
		{0, 2, "B- B- B+ B+"},
		{2, 0, "A+ A+ B+ B+"},
		{1, 3, "A+ B- B- B+"},
		{2, 1, "A+ A+ B+ B+"},
		{0, -1, "B- B- B- B-"},
		{-1, 0, "A+ A+ A+ A+"},
	} {
		t.Run(tt.seen, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			post(t, s, keyA())
			s.SetKeyLag(tt.key)
			s.SetSignatureLag(tt.signature)
			post(t, s, keyB())
			wantKey(t, s, keyB(), "VALID")
			var seen []string
			for range 4 {
				text, what := get(t, s, edge).text, "B"
				if strings.Contains(text, strings.Split(keyA(), "\n")[2]) {
					what = "A"
				}
				if strings.Contains(text, `"VALID"`) {
					what += "+"
				} else {
					what += "-"
				}
				seen = append(seen, what)
			}
			if got := strings.Join(seen, " "); got != tt.seen {
				t.Errorf("saw %s, want %s", got, tt.seen)
			}
		})
	}
	t.Run("a change out of band shows at once", func(t *testing.T) {
		s := start(t, graphmock.Options{})
		s.SetKeyLag(-1)
		post(t, s, keyA())
		s.SetKey(number, "other", "VALID")
		if got := get(t, s, edge); !strings.Contains(got.text, "other") {
			t.Error(got.text)
		}
	})
	t.Run("a second POST keeps showing the first key", func(t *testing.T) {
		s := start(t, graphmock.Options{})
		s.SetKey(number, "first", "VALID")
		s.SetKeyLag(-1)
		post(t, s, keyA())
		post(t, s, keyB())
		if got := get(t, s, edge); !strings.Contains(got.text, "first") {
			t.Error(got.text)
		}
	})
}
