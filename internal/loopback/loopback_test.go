// SPDX-License-Identifier: MPL-2.0

package loopback_test

import (
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/loopback"
)

func TestIsHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "localhost.": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "localhost.example.com": false, "notlocalhost": false, "128.0.0.1": false, "0.0.0.0": false, "10.0.0.1": false, "::2": false, "127.0.0.1.example.com": false, "127.1": false,
	} {
		if got := loopback.IsHost(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}

func TestIsHostPort(t *testing.T) {
	for addr, want := range map[string]bool{
		"localhost:80": true, "localhost": true, "127.0.0.1:8080": true, "127.0.0.1": true, "[::1]:80": true, "::1": true,
		"": false, "example.com:80": false, "10.0.0.1:80": false, "localhost.example.com:80": false,
	} {
		if got := loopback.IsHostPort(addr); got != want {
			t.Errorf("%q: %t", addr, got)
		}
	}
}
