// SPDX-License-Identifier: MPL-2.0

package contract

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const fieldKey = "business_public_key"

// redactor takes out of a text what must not be published. It keeps only what is
// known to be harmless: the server may answer with anything.
type redactor struct {
	secrets map[string]string         // the secrets of the account, and what stands for them
	names   map[string]*rsa.PublicKey // the keys that are uploaded
	before  string                    // the text of the key that was there
}

func newRedactor(a account) redactor {
	r := redactor{secrets: map[string]string{a.token: "{access_token}", a.number: "{phone_number_id}"}}
	if a.flow != "" {
		r.secrets[a.flow] = "{flow_id}"
	}
	if a.appSecret != "" {
		r.secrets[a.appSecret] = "{app_secret}"
		r.secrets[proof(a.appSecret, a.token)] = "{appsecret_proof}"
	}
	return r
}

var (
	anyPEM    = regexp.MustCompile(`(?s)-----BEGIN.*?(-----END[^-]*-----|$)`)
	anyBase64 = regexp.MustCompile(`[A-Za-z0-9+/]{24,}={0,2}`)
	anyToken  = regexp.MustCompile(`EAA[A-Za-z0-9]{8,}`)
	anyDigits = regexp.MustCompile(`\+?[0-9][0-9 ()-]{6,}[0-9]`)
	anyTrace  = regexp.MustCompile(`fbtrace_id [^\s,)]+`)

	// safeName matches the names of fields that are not IDs, which Meta uses as
	// names in X-Business-Use-Case-Usage.
	safeName = regexp.MustCompile(`^[a-z][a-z_]*$`)
)

// redact makes a text of this test or a message of the server fit to be shown.
func (r redactor) redact(text string) string {
	secrets := []string{}
	for secret := range r.secrets {
		secrets = append(secrets, secret)
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may be part of another
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, r.secrets[secret])
		text = strings.ReplaceAll(text, url.QueryEscape(secret), r.secrets[secret])
	}
	text = anyPEM.ReplaceAllString(text, "{PEM}")
	text = anyBase64.ReplaceAllString(text, "{base64}")
	text = anyToken.ReplaceAllString(text, "{token}")
	text = anyDigits.ReplaceAllString(text, "{digits}")
	return anyTrace.ReplaceAllString(text, "fbtrace_id {fbtrace_id}")
}

// texts are the fields whose text is kept, after it was redacted.
var texts = []string{
	"business_public_key_signature_status", "can_send_message", "data_api_version", "details", "entity_type", "error_data",
	"error_user_msg", "error_user_title", "json_version", "message", "messaging_product", "status", "success", "type",
}

// numbers are the fields whose number is kept.
var numbers = []string{"code", "error_subcode", "success"}

// value redacts JSON. Every name and every type stays.
func (r redactor) value(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for inner, value := range v {
			if safeName.MatchString(inner) {
				out[inner] = r.value(inner, value)
			} else {
				out["{name}"] = r.value("", value)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, value := range v {
			out = append(out, r.value(name, value))
		}
		return out
	case string:
		switch {
		case name == fieldKey:
			return r.key(v)
		case slices.Contains(texts, name):
			return r.redact(v)
		}
		return "{text}"
	case json.Number:
		if slices.Contains(numbers, name) {
			return v
		}
		return "{number}"
	}
	return v // a boolean or null
}

// key names a key, and describes its text.
func (r redactor) key(text string) string {
	switch {
	case strings.TrimSpace(text) == "":
		return text
	case text == r.before:
		return "{the key that was there, the same text}"
	}
	name := "another key"
	for known, key := range r.names {
		if has(text, key) {
			name = known
		}
	}
	if parsed, err := pemkey.ParseLenient(r.before); err == nil && has(text, parse(parsed.PEM())) {
		name = "the key that was there"
	}
	return "{" + name + ": " + form(text) + "}"
}

// has reports whether a text is the key, in whatever form.
func has(text string, key *rsa.PublicKey) bool {
	if parsed := parse(text); parsed != nil {
		return parsed.Equal(key)
	}
	parsed, err := pemkey.ParseLenient(text)
	return err == nil && parse(parsed.PEM()).Equal(key)
}

// parse also reads a key that is too short. It returns nil for what is not PEM.
func parse(text string) *rsa.PublicKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return key
	}
	key, _ := x509.ParsePKIXPublicKey(block.Bytes)
	public, _ := key.(*rsa.PublicKey)
	return public
}

// form describes how a key is written.
func form(text string) string {
	block, rest := pem.Decode([]byte(text))
	if block == nil {
		return fmt.Sprintf("%d characters that are not PEM", len(text))
	}
	ends := "LF"
	if crlf := strings.Count(text, "\r\n"); crlf > 0 && crlf == strings.Count(text, "\n") {
		ends = "CR LF"
	} else if strings.Contains(text, "\r") {
		ends = "mixed line ends"
	}
	columns := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); !strings.HasPrefix(line, "-----") {
			columns = max(columns, len(line))
		}
	}
	last := "no line end after the last line"
	if strings.HasSuffix(text, "\n") {
		last = "a line end after the last line"
	}
	described := fmt.Sprintf("%s, %d columns, %s, %s", block.Type, columns, ends, last)
	if len(rest) > 0 || !strings.HasPrefix(text, "-----BEGIN") {
		described += ", other text around it"
	}
	return described
}

// leak names a secret that is in a text. It is the last check before a record is
// written, and does not rely on what was redacted and how.
func (r redactor) leak(text string) string {
	for secret, name := range r.secrets {
		if strings.Contains(text, secret) {
			return name
		}
	}
	joined := strings.NewReplacer(`\n`, "", `\r`, "", "\n", "", " ", "").Replace(text)
	known := []*rsa.PublicKey{parse(r.before)}
	for _, key := range r.names {
		known = append(known, key)
	}
	for _, key := range known {
		if key == nil {
			continue
		}
		encoded := base64.StdEncoding.EncodeToString(key.N.Bytes())
		der := strings.NewReplacer("\n", "", "-----BEGIN PUBLIC KEY-----", "", "-----END PUBLIC KEY-----", "").Replace(spki(key))
		for _, base := range []string{encoded, der} {
			for i := 0; i+16 <= len(base); i += 16 {
				if strings.Contains(joined, base[i:i+16]) {
					return "a part of a key"
				}
			}
		}
	}
	return ""
}
