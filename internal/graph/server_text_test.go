// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestServerText(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"plain":                     "plain",
		"two\nlines\tand a tab":     "two\nlines\tand a tab",
		"Windows\r\nlines":          "Windows\nlines",
		"over\rwritten":             `over\u000dwritten`,
		"\x1b[31mred\x1b]0;title\a": `\u001b[31mred\u001b]0;title\u0007`,
		"\u009b31m":                 `\u009b31m`, // one character for ESC [
		"\x7f\x00":                  `\u007f\u0000`,
		"a\u202egnp.exe":            `a\u202egnp.exe`,
		"\u2066x\u2069":             `\u2066x\u2069`,
		"a\u2028b\u2029c":           `a\u2028b\u2029c`,
		"a\u2027b\u202ac\u206ad":    "a\u2027b" + `\u202a` + "c\u206ad",
		"\xff\xfe":                  "\uFFFD",
		"Срок действия истёк":       "Срок действия истёк",
		"有効期限\u200d":                "有効期限\u200d",
	} {
		if got := serverText(in); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
	if got := serverText(strings.Repeat("я", 2000)); got != strings.Repeat("я", 2000) {
		t.Error("2,000 characters are cut")
	}
	if got, want := serverText(strings.Repeat("я", 2001)), strings.Repeat("я", 2000)+"… (cut off after 2000 of 2001 characters)"; got != want {
		t.Errorf("2,001 characters became %d", utf8.RuneCountInString(got))
	}
	if got := serverText(strings.Repeat("\x1b", 300_000)); len(got) > 13_000 {
		t.Errorf("300,000 control characters became %d bytes", len(got))
	}
}

// What the server says of an error, of a key and of a number, and the version in
// its header, cannot change what a terminal shows.
func TestNothingOfTheServerReachesATerminalAsItIs(t *testing.T) {
	const evil = "\x1b[2J"
	e := &Error{HTTPStatus: 400}
	ok := e.readBody([]byte(`{"error":{"message":"m\u001b[2J","type":"t\u001b[2J","fbtrace_id":"f\u001b[2J","error_user_msg":"u\u001b[2J","error_data":{"details":"d\u001b[2J"}}}`), (&Client{}).redact)
	if !ok {
		t.Fatal("no error")
	}
	slot, err := decodeBusinessEncryption([]byte(`{"business_public_key":"","business_public_key_signature_status":"S\u001b[2J"}`))
	if err != nil {
		t.Fatal(err)
	}
	page, err := decodePhoneNumbers([]byte(`{"data":[{"id":"1","display_phone_number":"d\u001b[2J","verified_name":"v\u001b[2J","name_status":"n\u001b[2J","quality_rating":"q\u001b[2J","code_verification_status":"c\u001b[2J","platform_type":"p\u001b[2J","status":"s\u001b[2J"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	n := page.numbers[0]
	for _, text := range []string{
		e.Error(), e.Message, e.UserMessage, e.Details, e.Type, e.FBTraceID, slot.SignatureStatus,
		n.DisplayPhoneNumber, n.VerifiedName, n.NameStatus, n.QualityRating, n.CodeVerificationStatus, n.PlatformType, n.Status,
	} {
		if strings.Contains(text, evil) || !strings.Contains(text, `\u001b[2J`) {
			t.Errorf("the text is %q", text)
		}
	}
}
