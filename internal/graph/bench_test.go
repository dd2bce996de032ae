// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"encoding/json"
	"os"
	"testing"
)

func encryptionAnswer(b *testing.B) []byte {
	b.Helper()
	pem, err := os.ReadFile("../pemkey/testdata/rsa2048_a.spki.pem")
	if err != nil {
		b.Fatal(err)
	}
	answer, err := json.Marshal(map[string]any{"data": []any{map[string]any{
		"business_public_key": string(pem), "business_public_key_signature_status": SignatureValid,
	}}})
	if err != nil {
		b.Fatal(err)
	}
	return answer
}

func BenchmarkDecodeBusinessEncryption(b *testing.B) {
	answer := encryptionAnswer(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeBusinessEncryption(answer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeError(b *testing.B) {
	answer := []byte(`{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":100,"error_subcode":33,"fbtrace_id":"A1B2C3","error_data":{"details":"Business public key is invalid"}}}`)
	b.ReportAllocs()
	for b.Loop() {
		if !(&Error{}).readBody(answer, func(s string) string { return s }) {
			b.Fatal("not taken as an error")
		}
	}
}
