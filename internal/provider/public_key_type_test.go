// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

func TestPublicKeyValue_sameKey(t *testing.T) {
	t.Parallel()
	a, b := keyA(t), keyB(t)
	for name, test := range map[string]struct {
		x, y string
		same bool
	}{
		"same text":        {a, a, true},
		"trimmed":          {a, strings.TrimSpace(a), true},
		"CRLF":             {a, strings.ReplaceAll(a, "\n", "\r\n"), true},
		"PKCS#1":           {a, fixture(t, "rsa2048_a.pkcs1.pem"), true},
		"another key":      {a, b, false},
		"damaged":          {a, "nonsense", false},
		"damaged, equally": {"nonsense", "nonsense", true}, // equal text
		"both empty":       {"", "", false},
		"empty":            {a, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, pair := range [][2]string{{test.x, test.y}, {test.y, test.x}} {
				if same := newPublicKeyValue(pair[0]).sameKey(newPublicKeyValue(pair[1])); same != test.same {
					t.Errorf("sameKey is %t", same)
				}
			}
		})
	}
	for _, none := range []publicKeyValue{{}, newUnknownPublicKeyValue()} {
		if none.sameKey(none) || none.sameKey(newPublicKeyValue(a)) {
			t.Errorf("%s is the same as a key", none)
		}
	}
}

func TestPublicKeyType(t *testing.T) {
	t.Parallel()
	typ := publicKeyType{}
	if _, ok := typ.ValueType(t.Context()).(publicKeyValue); !ok {
		t.Errorf("its values are %T", typ.ValueType(t.Context()))
	}
	for _, raw := range []tftypes.Value{
		tftypes.NewValue(tftypes.String, "x"), tftypes.NewValue(tftypes.String, nil), tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
	} {
		value, err := typ.ValueFromTerraform(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		back, err := value.ToTerraformValue(t.Context())
		if err != nil || !back.Equal(raw) {
			t.Errorf("%s became %s (%v)", raw, back, err)
		}
		if !value.Type(t.Context()).Equal(typ) || value.Type(t.Context()).Equal(types.StringType) {
			t.Errorf("the type is %s", value.Type(t.Context()))
		}
	}
	if _, err := typ.ValueFromTerraform(t.Context(), tftypes.NewValue(tftypes.Bool, true)); err == nil {
		t.Error("a bool was taken")
	}
}

// Only an error that shows the text to be public may point at the attribute.
func TestInvalidKey_pointsAtTheAttributeOnlyWhenItIsPublic(t *testing.T) {
	t.Parallel()
	for name, attached := range map[string]bool{
		"private_ec.pem": false, "private_openssh.pem": false, "private_encrypted_pbes2.pem": false, "rsa2048_a.private_pkcs1.pem": false,
		"certificate.pem": true, "rsa1024.spki.pem": true, "ec.spki.pem": true, "openssh_rsa.pub": true,
	} {
		_, err := pemkey.Parse(fixture(t, name))
		if err == nil {
			t.Fatalf("%s was taken", name)
		}
		d := invalidKey(path.Root(attrPublicKey), err)
		_, got := d.(interface{ Path() path.Path })
		if got != attached {
			t.Errorf("%s: attached to the attribute: %t", name, got)
		}
		if d.Summary() != "Invalid business_public_key" || d.Detail() != sentence(err.Error()) {
			t.Errorf("%s: %s: %s", name, d.Summary(), d.Detail())
		}
	}
}

// A private key that was pasted by mistake is not printed, not even as the
// source line that Terraform shows with an error.
func TestCLI_privateKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders)
	for _, name := range []string{"rsa2048_a.private_pkcs1.pem", "rsa2048_a.private_pkcs8.pem", "private_encrypted_pbes2.pem", "private_encrypted_legacy.pem", "private_ec.pem"} {
		text := fixture(t, name)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		body := lines[1 : len(lines)-1]
		for form, key := range map[string]string{
			"heredoc":        "<<EOT\n" + text + "EOT",
			"string":         quote(text),
			"without armour": quote(strings.Join(body, "")),
			"called public":  "<<EOT\n-----BEGIN PUBLIC KEY-----\n" + strings.Join(body, "\n") + "\n-----END PUBLIC KEY-----\nEOT",
			"without an end": "<<EOT\n-----BEGIN PUBLIC KEY-----\n" + strings.Join(body, "\n") + "\nEOT",
			"one line of it": "<<EOT\n-----BEGIN PUBLIC KEY-----\n" + body[len(body)/2] + "\n-----END PUBLIC KEY-----\nEOT",
			"damaged":        "<<EOT\n-----BEGIN PUBLIC KEY-----\n" + strings.Join(body, "\n")[3:] + "\n-----END PUBLIC KEY-----\nEOT",
		} {
			c.output.Reset()
			c.write("main.tf", requiredProviders+numberWith(key))
			_, err := c.Validate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Plan(t.Context())
			if err == nil || !strings.Contains(err.Error(), "Invalid business_public_key") {
				t.Errorf("%s, %s: the error is %v", name, form, err)
				continue
			}
			printed := err.Error() + c.output.String()
			for _, line := range body {
				if line != "" && strings.Contains(printed, line) {
					t.Errorf("%s, %s: the private key is printed:\n%s", name, form, printed)
					break
				}
			}
		}
	}
	if err := w.expectRequests(nil); err != nil {
		t.Error(err)
	}
}
