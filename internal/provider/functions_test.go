// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The published examples of the functions are applied as they are, and leave
// nothing to do.
func TestCLI_functionExamples(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files   map[string]string
		stored  string // what the number holds before
		uploads int
		warns   bool
	}{
		"public_key": {
			files:   map[string]string{"private.pem": fixture(t, "private/pbkdf2_aes256_SHA256.pem"), "terraform.tfvars": "passphrase = " + quote(fixturePassphrase)},
			uploads: 1,
		},
		"public_key_fingerprint": {
			files:  map[string]string{"public.pem": fixture(t, "rsa2048_a.pkcs1.pem")},
			stored: keyA(t),
		},
		"public_key_fingerprint of another key": {
			files:  map[string]string{"public.pem": fixture(t, "rsa2048_a.pkcs1.pem")},
			stored: keyB(t),
			warns:  true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const support = "106540352242922"
			w := newWorld(t, support)
			if test.stored != "" {
				w.SetKey(support, test.stored, "VALID")
			}
			folder, _, _ := strings.Cut(name, " ")
			example, err := os.ReadFile(filepath.Join("../../examples/functions", folder, "function.tf"))
			if err != nil {
				t.Fatal(err)
			}
			c := w.cli(requiredProviders + string(example))
			for file, text := range test.files {
				c.write(file, text)
			}
			c.apply()
			if warns := strings.Contains(c.printed(), "cannot decrypt what WhatsApp sends"); warns != test.warns {
				t.Errorf("warns: %t", warns)
			}
			if got := c.actions(); len(got) != 0 {
				t.Errorf("planned after apply: %v", got)
			}
			if n := w.Count("POST", ""); n != test.uploads {
				t.Errorf("%d uploads", n)
			}
			if stored, _ := w.Key(support); test.uploads > 0 && fingerprintOf(t, stored) != fingerprintOf(t, keyA(t)) {
				t.Error("another key was uploaded")
			}
		})
	}
}
