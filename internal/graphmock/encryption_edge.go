// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

const (
	edgeEncryption = "whatsapp_business_encryption"

	fieldKey    = "business_public_key"
	fieldStatus = "business_public_key_signature_status"
)

// Shape is the form of a GET answer on the encryption edge.
type Shape string

// The shapes. Meta's specification and real clients show the wrapped one; its
// guide shows the flat one, which is weak evidence; the object is a precaution.
const (
	ShapeWrapped Shape = "wrapped" // {"data":[{…}]}, the default
	ShapeFlat    Shape = "flat"    // {…}
	ShapeObject  Shape = "object"  // {"data":{…}}
)

// Unset is the way in which GET shows a number without a key. MISMATCH with a blank
// key, a space or no key field rests on one good source; the rest is precaution.
type Unset string

// The ways to show it. Each answers HTTP 200; the status shown is the stored one, MISMATCH
// unless [Server.SetKey] stored another.
const (
	UnsetBlank     Unset = "blank"      // key "", the default
	UnsetSpace     Unset = "space"      // key " "
	UnsetNull      Unset = "null"       // key null
	UnsetAbsent    Unset = "absent"     // status only
	UnsetEmptyData Unset = "empty-data" // {"data":[]}, in every shape
	UnsetMissing   Unset = "missing"    // no field at all: {}, {"data":[{}]} or {"data":{}}
)

// SetShape chooses the form of GET answers; "" is [ShapeWrapped].
func (s *Server) SetShape(sh Shape) { s.set(func(k *knobs) { k.shape = sh }) }

// SetUnset chooses how GET shows a number without a key; "" is [UnsetBlank].
func (s *Server) SetUnset(u Unset) { s.set(func(k *knobs) { k.unset = u }) }

// SetStore chooses what becomes of the text of a posted key before it is stored;
// nil stores it as sent. Whether Meta normalises it is unknown. Store functions for
// the likely cases are [StoreTrimmed], [StoreRewrapped], [StoreCRLF] and [StorePKCS1].
func (s *Server) SetStore(store func(pem string) string) {
	s.set(func(k *knobs) { k.store = store })
}

// SetSuccess replaces the body of the answer to an accepted POST; "" is the
// documented {"success":true}. The key is stored whatever the body says: for a
// refusal use a [Fault].
func (s *Server) SetSuccess(body string) { s.set(func(k *knobs) { k.success = body }) }

// SetSignatureLag makes the next n GETs of a number after a POST say MISMATCH with
// the new key. A negative n never lets it become VALID. One report speaks of
// minutes; most see none.
func (s *Server) SetSignatureLag(n int) { s.set(func(k *knobs) { k.signatureLag = n }) }

// SetKeyLag makes the next n GETs of a number after a POST show the previous key
// and status; a negative n for ever. It runs beside [Server.SetSignatureLag].
func (s *Server) SetKeyLag(n int) { s.set(func(k *knobs) { k.keyLag = n }) }

func (s *Server) set(f func(*knobs)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.knobs)
}

func (s *Server) encryption(c call) answer {
	if refusal := s.unusable(c.Method, c.object); refusal != nil {
		return *refusal
	}
	switch c.Method {
	case http.MethodGet:
		return s.getKey(c)
	case http.MethodPost:
		return s.postKey(c)
	}
	return unsupportedMethod(c.Method)
}

func (s *Server) unusable(method, id string) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.findLocked(id)
	switch {
	case n == nil:
		a := noObject(method, id)
		return &a
	case n.deleted:
		return refuse(http.StatusBadRequest, 33, typeOAuth, "The business phone number has been deleted")
	case n.unregistered:
		a := graphError(http.StatusBadRequest, 133010, 0, typeOAuth, "(#133010) Phone number not registered",
			errorData("Phone number not registered on the WhatsApp Business Platform"))
		return &a
	}
	return nil
}

func (s *Server) getKey(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, k := s.findLocked(c.object), s.knobs
	key, status := n.read()
	record := map[string]any{fieldKey: key, fieldStatus: status}
	if key == "" {
		switch k.unset {
		case UnsetSpace:
			record[fieldKey] = " "
		case UnsetNull:
			record[fieldKey] = nil
		case UnsetAbsent:
			delete(record, fieldKey)
		case UnsetEmptyData:
			return answer{status: http.StatusOK, body: `{"data":[]}`}
		case UnsetMissing:
			clear(record)
		}
	}
	var body any = map[string]any{"data": []any{record}}
	switch k.shape {
	case ShapeFlat:
		body = record
	case ShapeObject:
		body = map[string]any{"data": record}
	}
	return answer{status: http.StatusOK, body: encode(body)}
}

// read is what one GET sees; it uses up the lags.
func (n *slot) read() (pem, status string) {
	pem, status = n.pem, n.status
	switch {
	case n.keyLag != 0:
		pem, status = n.oldPEM, n.oldStatus
	case n.signatureLag != 0:
		status = StatusMismatch
	}
	n.keyLag -= min(1, max(0, n.keyLag))
	n.signatureLag -= min(1, max(0, n.signatureLag))
	return pem, status
}

func (s *Server) postKey(c call) answer {
	if !isForm(c.Header) {
		return graphError(http.StatusBadRequest, 100, 0, typeOAuth, fmt.Sprintf(
			"(#100) The body must be application/x-www-form-urlencoded, not %q", c.Header.Get("Content-Type")), nil)
	}
	if c.formErr != nil {
		return graphError(http.StatusBadRequest, 100, 0, typeOAuth, "(#100) The body is not properly percent-encoded", nil)
	}
	sent := c.form[fieldKey]
	if len(sent) == 0 || sent[0] == "" {
		return graphError(http.StatusBadRequest, 100, 0, typeOAuth, "(#100) The parameter business_public_key is required.", nil)
	}
	problem := keyProblem(sent[0])
	if len(sent) > 1 {
		problem = "the parameter occurs more than once"
	}
	if problem != "" {
		const message = "Business public key is invalid"
		return graphError(http.StatusBadRequest, 100, 0, typeOAuth, message, errorData(message+": "+problem))
	}

	s.mu.Lock()
	store := s.knobs.store
	s.mu.Unlock()
	text := sent[0]
	if store != nil {
		text = store(text)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	n, k := s.findLocked(c.object), s.knobs
	if n.keyLag == 0 {
		n.oldPEM, n.oldStatus = n.pem, n.status
	}
	n.pem, n.status = text, StatusValid
	n.keyLag, n.signatureLag = k.keyLag, k.signatureLag
	return answer{status: http.StatusOK, body: cmp.Or(k.success, `{"success":true}`)}
}

func isForm(h http.Header) bool {
	ct := h.Values("Content-Type")
	if len(ct) != 1 {
		return false
	}
	media, _, err := mime.ParseMediaType(ct[0])
	return err == nil && media == "application/x-www-form-urlencoded"
}

// keyProblem says why text is not what Meta documents, one PEM block "PUBLIC KEY"
// with an RSA key of 2048 bits; "" when it is. It never quotes the text, which may
// be a private key.
func keyProblem(text string) string {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "-----BEGIN ") {
		return "it does not begin with a PEM header"
	}
	// Before the decoder, which drops blanks: an unescaped '+' arrives as one.
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if !strings.HasPrefix(line, "-----") && !strings.Contains(line, ":") && strings.ContainsAny(line, " \t") {
			return "there is a blank within its base64 text; was a '+' sent without percent-encoding?"
		}
	}
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil && strings.Contains(text, `\n`):
		return `it holds a backslash and an n where line ends should be`
	case block == nil:
		return "it is not PEM"
	case strings.Contains(block.Type, "PRIVATE KEY"):
		return "it is a private key"
	case block.Type != "PUBLIC KEY":
		return fmt.Sprintf("its PEM type is %q, not \"PUBLIC KEY\"", block.Type)
	case len(block.Headers) > 0:
		return "its PEM block has headers"
	case len(rest) > 0 || strings.Count(text, "-----BEGIN ") > 1:
		return "there is more than one PEM block"
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return "its content is not a public key"
	}
	pub, ok := key.(*rsa.PublicKey)
	if !ok {
		return "it is not an RSA key"
	}
	if bits := pub.N.BitLen(); bits != 2048 {
		return fmt.Sprintf("it has %d bits, not 2048", bits)
	}
	return ""
}

// StoreTrimmed drops white space around the text; for [Server.SetStore].
func StoreTrimmed(text string) string { return strings.TrimSpace(text) }

// StoreRewrapped puts 76 base64 columns on a line instead of 64.
func StoreRewrapped(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return text
	}
	lines := strings.Split(strings.TrimSpace(string(pem.EncodeToMemory(block))), "\n")
	b64 := strings.Join(lines[1:len(lines)-1], "")
	var out strings.Builder
	out.WriteString(lines[0] + "\n")
	for len(b64) > 0 {
		n := min(76, len(b64))
		out.WriteString(b64[:n] + "\n")
		b64 = b64[n:]
	}
	out.WriteString(lines[len(lines)-1] + "\n")
	return out.String()
}

// StoreCRLF ends each line with CR LF.
func StoreCRLF(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// StorePKCS1 stores the key in the older PEM type, BEGIN RSA PUBLIC KEY.
func StorePKCS1(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return text
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	pub, ok := key.(*rsa.PublicKey)
	if err != nil || !ok {
		return text
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(pub)}))
}
