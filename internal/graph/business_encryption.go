// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const businessEncryptionEdge = "whatsapp_business_encryption"

// The signature states that Meta documents. A value that is neither is passed
// on as it came, and is not valid.
const (
	SignatureValid    = "VALID"
	SignatureMismatch = "MISMATCH"
)

// BusinessEncryption is the encryption key slot of one phone number.
type BusinessEncryption struct {
	// PublicKey is the stored PEM, trimmed. Empty means that no key is set,
	// whatever the status says: an unset slot reads as MISMATCH.
	PublicKey string

	// SignatureStatus is SignatureValid, SignatureMismatch, or an unknown
	// string, or empty.
	SignatureStatus string
}

// HasKey reports whether a key was ever set.
func (b BusinessEncryption) HasKey() bool { return b.PublicKey != "" }

// Holds reports whether the slot holds this key, compared as a key. Words that
// are those of an upload need not be parsed.
func (b BusinessEncryption) Holds(key pemkey.PublicKey) bool {
	if b.HasKey() && b.PublicKey == strings.TrimSpace(key.PEM()) {
		return true
	}
	stored, err := pemkey.Parse(b.PublicKey)
	return err == nil && stored == key
}

// BusinessEncryption reads the key and the state of its signature: GET
// /{version}/{phone number ID}/whatsapp_business_encryption.
//
// The documentation shows both a flat object and one wrapped in "data"; both
// are read, and so is every known form of an empty slot. Failures are *Error.
func (c *Client) BusinessEncryption(ctx context.Context, phoneNumberID string) (BusinessEncryption, error) {
	var b BusinessEncryption
	err := c.do(ctx, request{
		method: http.MethodGet, object: phoneNumberID, edge: businessEncryptionEdge,
		decode: func(data []byte) (err error) {
			b, err = decodeBusinessEncryption(data)
			return err
		},
	})
	return b, err
}

// SetBusinessPublicKey uploads the key, and WhatsApp signs it: POST
// /{version}/{phone number ID}/whatsapp_business_encryption. The last write
// wins; the same key again is only signed again. Failures are *Error.
//
// When the outcome of a try is uncertain, the number is read before the key is
// sent again: if it already holds the key with a valid signature, that is it.
func (c *Client) SetBusinessPublicKey(ctx context.Context, phoneNumberID string, key pemkey.PublicKey) error {
	return c.do(ctx, request{
		method: http.MethodPost, object: phoneNumberID, edge: businessEncryptionEdge,
		values: url.Values{"business_public_key": {key.PEM()}},
		decode: decodeSuccess,
		recheck: func(ctx context.Context) (bool, error) {
			slot, err := c.BusinessEncryption(ctx, phoneNumberID)
			return err == nil && slot.Holds(key) && slot.SignatureStatus == SignatureValid, err
		},
	})
}

// decodeBusinessEncryption reads a slot. An object that has other fields and
// neither of the slot's is not an empty slot: a gateway's "please log in" must
// neither drop a resource nor open the way for an upload.
func decodeBusinessEncryption(data []byte) (BusinessEncryption, error) {
	var body map[string]json.RawMessage
	if err := decodeObject(data, &body); err != nil {
		return BusinessEncryption{}, err
	}
	wrapped, isWrapped := body["data"]
	if wrapped = bytes.TrimSpace(wrapped); !isWrapped {
		return decodeSlot(body)
	}
	switch {
	case bytes.Equal(wrapped, []byte("null")):
		return BusinessEncryption{}, nil
	case wrapped[0] == '{':
		var slot map[string]json.RawMessage
		if err := decodeObject(wrapped, &slot); err != nil {
			return BusinessEncryption{}, err
		}
		return decodeSlot(slot)
	}
	var list []map[string]json.RawMessage
	switch {
	case json.Unmarshal(wrapped, &list) != nil:
		return BusinessEncryption{}, errors.New(`the field "data" of the answer is neither a list of objects nor an object`)
	case len(list) > 1:
		return BusinessEncryption{}, errors.New(`the field "data" of the answer lists more than one key, and a phone number has one`)
	case len(list) == 0:
		return BusinessEncryption{}, nil
	}
	return decodeSlot(list[0])
}

func decodeSlot(fields map[string]json.RawMessage) (BusinessEncryption, error) {
	var slot BusinessEncryption
	for name, into := range map[string]*string{
		"business_public_key":                  &slot.PublicKey,
		"business_public_key_signature_status": &slot.SignatureStatus,
	} {
		if raw, ok := fields[name]; ok && json.Unmarshal(raw, into) != nil {
			return BusinessEncryption{}, fmt.Errorf("the field %q of the answer is not a text", name)
		}
		*into = strings.TrimSpace(*into)
	}
	_, hasKey := fields["business_public_key"]
	_, hasStatus := fields["business_public_key_signature_status"]
	if len(fields) > 0 && !hasKey && !hasStatus {
		return BusinessEncryption{}, errors.New("the answer has none of the fields of an encryption key")
	}
	return slot, nil
}

// decodeSuccess accepts true and, as sibling edges answer, "true". A 2xx that
// does not say so is a failure.
func decodeSuccess(data []byte) error {
	var body struct {
		Success json.RawMessage `json:"success"`
	}
	if err := decodeObject(data, &body); err != nil {
		return err
	}
	if !lenientBool(body.Success) {
		return errors.New(`it does not say "success": true, so the key may or may not have been stored`)
	}
	return nil
}
