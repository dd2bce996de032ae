// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

func TestTheSignatureIsCheckedStrictly(t *testing.T) {
	s := start(t, endpointmock.Options{AppSecret: secret}, keyA())
	m := encrypt(&keyA().PublicKey, ping)
	right := sign(secret, m.body)
	for _, tt := range []struct {
		name, value string
		status      int
		signature   endpointmock.Signature
	}{
		{"right", right, 200, endpointmock.SignatureValid},
		{"none", "", 432, endpointmock.SignatureMissing},
		{"no prefix", strings.TrimPrefix(right, "sha256="), 432, endpointmock.SignatureMalformed},
		{"prefix in capitals", strings.Replace(right, "sha256", "SHA256", 1), 432, endpointmock.SignatureMalformed},
		{"digits in capitals", "sha256=" + strings.ToUpper(strings.TrimPrefix(right, "sha256=")), 432, endpointmock.SignatureMalformed},
		{"too short", right[:len(right)-1], 432, endpointmock.SignatureMalformed},
		{"too long", right + "0", 432, endpointmock.SignatureMalformed},
		{"sha1", "sha1=" + strings.Repeat("0", 40), 432, endpointmock.SignatureMalformed},
		{"another secret", sign("another", m.body), 432, endpointmock.SignatureWrong},
		{"another body", sign(secret, m.body+" "), 432, endpointmock.SignatureWrong},
		{"unescaped body", sign(secret, strings.ReplaceAll(m.body, `\/`, "/")), 432, endpointmock.SignatureWrong},
	} {
		got := post(t, s, m.body, header(endpointmock.SignatureHeader, tt.value))
		if got.status != tt.status || last(t, s).Signature != tt.signature {
			t.Errorf("%s: %d, recorded as %s", tt.name, got.status, last(t, s).Signature)
		}
	}
	r := request(t, s, m.body, header(endpointmock.SignatureHeader, right))
	r.Header.Add(endpointmock.SignatureHeader, right)
	if got, err := try(fresh(s), r); err != nil || got.status != 432 {
		t.Errorf("two headers: %d, %v", got.status, err)
	}

	s.SetAppSecret("")
	if got := post(t, s, m.body, header(endpointmock.SignatureHeader, sign("another", m.body))); got.status != 200 || last(t, s).Signature != endpointmock.SignatureUnchecked {
		t.Errorf("without a secret: %d, recorded as %s", got.status, last(t, s).Signature)
	}
	s.SetAppSecret("another")
	if got := post(t, s, m.body, header(endpointmock.SignatureHeader, right)); got.status != 432 {
		t.Errorf("with another secret: %d", got.status)
	}
}
