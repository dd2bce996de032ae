// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
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
