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

// Slot is the place that a phone number has for one encryption key.
type Slot struct {
	// Key is the key on the number. It is zero when there is none, and when
	// Text is not a readable RSA public key of 2048 bits.
	Key pemkey.PublicKey

	// Text is what the API returns for the key, trimmed. Empty means that no
	// key is set, whatever the status says: an unset slot reads as MISMATCH.
	Text string

	// SignatureStatus is SignatureValid, SignatureMismatch, an unknown string,
	// or empty.
	SignatureStatus string
}

// HasKey reports whether a key was ever set, readable or not.
func (s Slot) HasKey() bool { return s.Text != "" }

// Holds reports whether key is on the number, with or without a valid
// signature.
func (s Slot) Holds(key pemkey.PublicKey) bool { return !key.IsZero() && s.Key == key }

// Confirms reports whether key is on the number and WhatsApp's signature of it
// is valid.
func (s Slot) Confirms(key pemkey.PublicKey) bool {
	return s.Holds(key) && s.SignatureStatus == SignatureValid
}

// BusinessEncryption reads the key and the state of its signature: GET
// /{version}/{phone number ID}/whatsapp_business_encryption.
//
// The documentation shows both a flat object and one wrapped in "data"; both
// are read, and so is every known form of an empty slot. Failures are *Error.
func (c *Client) BusinessEncryption(ctx context.Context, phoneNumberID string) (Slot, error) {
	var slot Slot
	err := c.do(ctx, request{
		method: http.MethodGet, object: phoneNumberID, edge: businessEncryptionEdge,
		decode: func(data []byte) (err error) {
			slot, err = decodeBusinessEncryption(data)
			return err
		},
	})
	return slot, err
}

// SetBusinessPublicKey uploads the key, and WhatsApp signs it: POST
// /{version}/{phone number ID}/whatsapp_business_encryption. The last write
// wins; the same key again is only signed again. Failures are *Error.
//
// When the outcome of a try is uncertain, the number is read before the key is
// sent again: if it already holds the key with a valid signature, that is it.
func (c *Client) SetBusinessPublicKey(ctx context.Context, phoneNumberID string, key pemkey.PublicKey) error {
	return c.setBusinessPublicKey(ctx, phoneNumberID, key, false)
}

// SetFirstBusinessPublicKey is SetBusinessPublicKey for a number that is not to
// lose another key, and that the caller has just read. Minutes may pass before a
// further try, so the number is read before each, and the call fails with an
// *OccupiedError when it holds a different key by then.
func (c *Client) SetFirstBusinessPublicKey(ctx context.Context, phoneNumberID string, key pemkey.PublicKey) error {
	return c.setBusinessPublicKey(ctx, phoneNumberID, key, true)
}

// OccupiedError says that a number got a different key while an upload was tried.
type OccupiedError struct {
	Slot      Slot // what the number holds
	Uncertain bool // an earlier try may have taken effect
}

// Error does not name the key.
func (e *OccupiedError) Error() string { return "the number holds a different key by now" }

func (c *Client) setBusinessPublicKey(ctx context.Context, phoneNumberID string, key pemkey.PublicKey, first bool) error {
	return c.do(ctx, request{
		method: http.MethodPost, object: phoneNumberID, edge: businessEncryptionEdge,
		values:     url.Values{"business_public_key": {key.PEM()}},
		decode:     decodeSuccess,
		looksFirst: first,
		recheck: func(ctx context.Context) (bool, error) {
			slot, err := c.BusinessEncryption(ctx, phoneNumberID)
			if err == nil && first && slot.HasKey() && !slot.Holds(key) {
				err = &OccupiedError{Slot: slot}
			}
			return err == nil && slot.Confirms(key), err
		},
	})
}

// decodeBusinessEncryption reads a slot from an answer. An object that has other fields and
// neither of the slot's is not an empty slot: a gateway's "please log in" must
// neither drop a resource nor open the way for an upload.
func decodeBusinessEncryption(data []byte) (Slot, error) {
	var body map[string]json.RawMessage
	if err := decodeObject(data, &body); err != nil {
		return Slot{}, err
	}
	wrapped, isWrapped := body["data"]
	if wrapped = bytes.TrimSpace(wrapped); !isWrapped {
		return decodeSlot(body)
	}
	switch {
	case bytes.Equal(wrapped, []byte("null")):
		return Slot{}, nil
	case wrapped[0] == '{':
		var slot map[string]json.RawMessage
		if err := decodeObject(wrapped, &slot); err != nil {
			return Slot{}, err
		}
		return decodeSlot(slot)
	}
	var list []map[string]json.RawMessage
	switch {
	case json.Unmarshal(wrapped, &list) != nil:
		return Slot{}, errors.New(`the field "data" of the answer is neither a list of objects nor an object`)
	case len(list) > 1:
		return Slot{}, errors.New(`the field "data" of the answer lists more than one key, and a phone number has one`)
	case len(list) == 0:
		return Slot{}, nil
	}
	return decodeSlot(list[0])
}

// decodeSlot is where a key that comes from the server is parsed. Nothing that
// has a Slot parses it again.
func decodeSlot(fields map[string]json.RawMessage) (Slot, error) {
	var slot Slot
	for name, into := range map[string]*string{
		"business_public_key":                  &slot.Text,
		"business_public_key_signature_status": &slot.SignatureStatus,
	} {
		if raw, ok := fields[name]; ok && json.Unmarshal(raw, into) != nil {
			return Slot{}, fmt.Errorf("the field %q of the answer is not a text", name)
		}
		*into = strings.TrimSpace(*into)
	}
	slot.SignatureStatus = serverText(slot.SignatureStatus)
	_, hasKey := fields["business_public_key"]
	_, hasStatus := fields["business_public_key_signature_status"]
	if len(fields) > 0 && !hasKey && !hasStatus {
		return Slot{}, errors.New("the answer has none of the fields of an encryption key")
	}
	slot.Key, _ = pemkey.ParseLenient(slot.Text) // a damaged key is drift, not an error
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
