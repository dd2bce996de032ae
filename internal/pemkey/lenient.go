// SPDX-License-Identifier: MPL-2.0

package pemkey

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

// publicBlock is a block of a public key whose spaces and line breaks may have
// become "+".
var publicBlock = regexp.MustCompile(`^[\s+]*-----BEGIN[ +](?:RSA[ +])?PUBLIC[ +]KEY-----([^-]*)-----END[ +](?:RSA[ +])?PUBLIC[ +]KEY-----[\s+]*$`)

// ParseLenient reads a key that a server returned. It is never for what people
// give, who have to be told what is damaged: [Parse] is for that. It reads what
// Parse reads, and the same key from a text that was encoded, escaped, quoted or
// laid out in another way, also without its BEGIN and END lines.
//
// A text gives a key only if it is the whole DER encoding of an RSA public key of
// 2048 bits, without any guess about its characters. Removing a character that
// was part of the key, or keeping one that was not, changes the length, and the
// DER has its lengths inside. So that a damaged code cannot pass for a line break
// and a character, all lines but the last have one length, and are separated in
// one way. A trace of a private key anywhere, a certificate or a second key makes
// it an error, which is that of Parse.
func ParseLenient(text string) (PublicKey, error) {
	key, err := Parse(text)
	if err == nil || len(text) > maxTextLen {
		return key, err
	}
	var stages []string
	for stage := range publicKeyExpected.stages(text) {
		if privateKeyIn(trim(stage.text)) != nil {
			return PublicKey{}, err
		}
		stages = append(stages, stage.text)
	}
	for _, stage := range stages {
		if key, ok := parseLoose(trim(stage)); ok {
			return key, nil
		}
	}
	return PublicKey{}, err
}

// parseLoose reads a key with or without armour, in lines that are separated in
// any way.
func parseLoose(text string) (PublicKey, bool) {
	if block := publicBlock.FindStringSubmatch(text); block != nil {
		text = block[1]
	}
	text = strings.TrimSpace(text)
	parts, separators := strings.Fields(text), whitespace.FindAllString(text, -1)
	if !haveOneLength(parts) || len(slices.Compact(separators)) > 1 {
		return PublicKey{}, false
	}
	text = strings.Join(parts, "")
	if key, ok := keyInBase64(text); ok {
		return key, true
	}
	// "+" in the place of line breaks is at the end of each line of a fixed
	// length, and in front of the first and behind the last.
	text = strings.TrimLeft(text, "+") // no key begins with one
	for width := 16; width <= 128; width++ {
		if joined, ok := joinLines(text, width); ok {
			if key, ok := keyInBase64(joined); ok {
				return key, true
			}
		}
	}
	return PublicKey{}, false
}

// joinLines joins lines of a width that are separated by "+".
func joinLines(text string, width int) (joined string, ok bool) {
	var b strings.Builder
	for ; len(text) > width; text = text[width+1:] {
		if text[width] != '+' {
			return "", false
		}
		b.WriteString(text[:width])
	}
	joined = b.String() + text
	if len(joined)%4 == 1 {
		joined = strings.TrimSuffix(joined, "+") // behind the last line
	}
	return joined, true
}

// keyInBase64 reads a key from base64 in either alphabet, with or without
// padding.
func keyInBase64(text string) (PublicKey, bool) {
	if !strings.ContainsAny(text, "+/") {
		text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	}
	der, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return PublicKey{}, false
	}
	for _, label := range publicKeyExpected.labels {
		if numbers, err := decodeNumbers(label, der, ""); err == nil {
			key, err := fromNumbers(numbers.N, numbers.E)
			return key, err == nil
		}
	}
	return PublicKey{}, false
}
