// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// Every shape in which a slot may come, and what it must be read as.
func TestBusinessEncryptionDecoding(t *testing.T) {
	const pem = `-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n`
	const text = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
	for name, test := range map[string]struct {
		body, key, status string
		fails             bool
	}{
		"wrapped":                 {body: `{"data":[{"business_public_key":"` + pem + `","business_public_key_signature_status":"VALID"}]}`, key: text, status: "VALID"},
		"flat":                    {body: `{"business_public_key":"` + pem + `","business_public_key_signature_status":"MISMATCH"}`, key: text, status: "MISMATCH"},
		"data is an object":       {body: `{"data":{"business_public_key":"` + pem + `","business_public_key_signature_status":"VALID"}}`, key: text, status: "VALID"},
		"unknown status":          {body: `{"data":[{"business_public_key":"` + pem + `","business_public_key_signature_status":"PENDING"}]}`, key: text, status: "PENDING"},
		"status missing":          {body: `{"data":[{"business_public_key":"` + pem + `"}]}`, key: text},
		"more fields":             {body: ` {"id":"1","data":[{"business_public_key":"` + pem + `","x":[1]}],"paging":{}} `, key: text},
		"unset, blank":            {body: `{"data":[{"business_public_key":"","business_public_key_signature_status":"MISMATCH"}]}`, status: "MISMATCH"},
		"unset, a space":          {body: `{"data":[{"business_public_key":" ","business_public_key_signature_status":"MISMATCH"}]}`, status: "MISMATCH"},
		"unset, null":             {body: `{"data":[{"business_public_key":null,"business_public_key_signature_status":"MISMATCH"}]}`, status: "MISMATCH"},
		"unset, absent":           {body: `{"data":[{"business_public_key_signature_status":"MISMATCH"}]}`, status: "MISMATCH"},
		"unset, flat":             {body: `{"business_public_key":"","business_public_key_signature_status":"MISMATCH"}`, status: "MISMATCH"},
		"unset, empty data":       {body: `{"data":[]}`},
		"unset, null data":        {body: `{"data":null}`},
		"unset, empty object":     {body: `{}`},
		"unset, no fields":        {body: `{"data":[{}]}`},
		"a null instead of a key": {body: `{"data":[null]}`},

		"please log in":         {body: `{"message":"Please log in"}`, fails: true},
		"only an ID":            {body: `{"id":"106540352242922"}`, fails: true},
		"a list of errors":      {body: `{"errors":["x"]}`, fails: true},
		"other fields in data":  {body: `{"data":{"error_message":"x"}}`, fails: true},
		"other fields in list":  {body: `{"data":[{"name":"x"}]}`, fails: true},
		"empty":                 {body: "", fails: true},
		"white space":           {body: " \n", fails: true},
		"a page":                {body: "<!doctype html><p>Welcome", fails: true},
		"an array":              {body: `[]`, fails: true},
		"null":                  {body: `null`, fails: true},
		"cut off":               {body: `{"data":[{"business_public_key":"---`, fails: true},
		"something behind":      {body: `{"data":[]} {}`, fails: true},
		"key is a number":       {body: `{"data":[{"business_public_key":7}]}`, fails: true},
		"key is an object":      {body: `{"business_public_key":{}}`, fails: true},
		"data is a string":      {body: `{"data":"none"}`, fails: true},
		"data is a list of str": {body: `{"data":["none"]}`, fails: true},
		"two keys":              {body: `{"data":[{"business_public_key":"a"},{"business_public_key":"b"}]}`, fails: true},
		"huge":                  {body: `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			slot, err := answering(t, 200, "application/json", test.body).BusinessEncryption(t.Context(), number)
			if test.fails {
				if got := graph.ClassOf(err); err == nil || got != graph.ClassNotUnderstood {
					t.Fatalf("class %q of %v", got, err)
				}
				if slot.HasKey() {
					t.Error("an answer that is not understood gave a key")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if slot.Text != test.key || slot.SignatureStatus != test.status || slot.HasKey() != (test.key != "") {
				t.Errorf("got %+v", slot)
			}
		})
	}
}

func TestSuccessDecoding(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"success":true}`:              true,
		`{"success":"true"}`:            true,
		`{"success":1}`:                 true,
		`{"success":false}`:             false,
		`{"success":"false"}`:           false,
		`{"success":null}`:              false,
		`{}`:                            false,
		``:                              false,
		`true`:                          false,
		`<html>`:                        false,
		`{"error":{"code":100}}`:        false,
		`{"success":true,"error":"no"}`: false,
	} {
		t.Run(body, func(t *testing.T) {
			err := answering(t, 200, "application/json", body).SetBusinessPublicKey(t.Context(), number, testKey(t))
			if (err == nil) != ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWhatASlotHolds(t *testing.T) {
	key := testKey(t)
	other, err := pemkey.Parse(otherKey(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		slot                    graph.Slot
		hasKey, holds, confirms bool
	}{
		"the key, signed":     {graph.Slot{Key: key, Text: "x", SignatureStatus: "VALID"}, true, true, true},
		"the key, not signed": {graph.Slot{Key: key, Text: "x", SignatureStatus: "MISMATCH"}, true, true, false},
		"status unknown":      {graph.Slot{Key: key, Text: "x", SignatureStatus: "valid"}, true, true, false},
		"another key":         {graph.Slot{Key: other, Text: "x", SignatureStatus: "VALID"}, true, false, false},
		"a damaged key":       {graph.Slot{Text: "x", SignatureStatus: "VALID"}, true, false, false},
		"nothing":             {graph.Slot{SignatureStatus: "VALID"}, false, false, false},
	} {
		if test.slot.HasKey() != test.hasKey || test.slot.Holds(key) != test.holds || test.slot.Confirms(key) != test.confirms {
			t.Errorf("%s: has a key: %t, holds it: %t, confirms it: %t", name, test.slot.HasKey(), test.slot.Holds(key), test.slot.Confirms(key))
		}
		if test.slot.Holds(pemkey.PublicKey{}) || test.slot.Confirms(pemkey.PublicKey{}) {
			t.Errorf("%s: holds a key that is none", name)
		}
	}
}

func TestSlotsThatAreNotUnderstood(t *testing.T) {
	for body, want := range map[string]string{
		`{"data":"none"}`:           `the field "data" of the answer is neither a list of objects nor an object`,
		`{"data":[{},{}]}`:          `the field "data" of the answer lists more than one key, and a phone number has one`,
		`{"data":{"a":1}}`:          "the answer has none of the fields of an encryption key",
		`{"a":1}`:                   "the answer has none of the fields of an encryption key",
		`{"business_public_key":7}`: `the field "business_public_key" of the answer is not a text`,
		`{"business_public_key":"","business_public_key_signature_status":7}`: `the field "business_public_key_signature_status" of the answer is not a text`,
	} {
		_, err := answering(t, 200, "application/json", body).BusinessEncryption(t.Context(), number)
		if e := mustFail(t, err); e.Class != graph.ClassNotUnderstood || e.Reason() != "The server's answer was not understood: "+want+"." {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAnUploadThatDoesNotSaySuccess(t *testing.T) {
	e := mustFail(t, answering(t, 200, "application/json", `{"success":false}`).SetBusinessPublicKey(t.Context(), number, testKey(t)))
	const want = `The server's answer was not understood: it does not say "success": true, so the key may or may not have been stored.`
	if e.Class != graph.ClassNotUnderstood || e.Reason() != want || !e.Uncertain() {
		t.Errorf("%+v", e)
	}
}
