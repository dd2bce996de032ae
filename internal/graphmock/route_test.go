// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestPaths(t *testing.T) {
	s := start(t, graphmock.Options{NewestVersion: "v26.0"})
	for _, tt := range []struct {
		path string
		code int
	}{
		{"/v25.0/" + number + "/whatsapp_business_encryption", 0},
		{"/v26.0/" + number + "/whatsapp_business_encryption", 0},
		{"/v2.12/" + number + "/whatsapp_business_encryption", 0},
		{"/v26.1/" + number + "/whatsapp_business_encryption", 2500},
		{"/v125.0/" + number + "/whatsapp_business_encryption", 2500},
		{"/" + number + "/whatsapp_business_encryption", 2500},
		{"/v25/" + number + "/whatsapp_business_encryption", 2500},
		{"/25.0/" + number + "/whatsapp_business_encryption", 2500},
		{"/v25.0//" + number + "/whatsapp_business_encryption", 2500},
		{"//v25.0/" + number + "/whatsapp_business_encryption", 2500},
		{"/v25.0/" + number + "/whatsapp_business_encryption/", 2500},
		{"/v25.0/" + number, 2500},
		{"/", 2500},
		{"/v25.0/" + number + "/nonsense", 2500},
		{"/v25.0/1/nonsense", 100},
		{"/v25.0/" + number + "%2Fwhatsapp_business_encryption", 2500},
		{"/v25.0/..%2F" + number + "/whatsapp_business_encryption", 100},
	} {
		if got := get(t, s, tt.path); got.code() != tt.code {
			t.Errorf("%s: code %d, want %d: %s", tt.path, got.code(), tt.code, got.text)
		}
	}
	if got := get(t, s, "/nowhere"); got.status != 400 || got.str("message") != "Unknown path components: /nowhere" || got.str("type") != "OAuthException" {
		t.Errorf("%d %s", got.status, got.text)
	}
}
