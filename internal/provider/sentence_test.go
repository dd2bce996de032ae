// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"testing"
)

// The message of a server may be in any language.
func TestWordsOfAServerAreNotDamaged(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Срок действия истёк": "Срок действия истёк.", "有効期限が切れました。": "有効期限が切れました。", "the key": "The key.", "a key": "A key.", "zero": "Zero.", "": "", "Why?": "Why?",
	} {
		if got := sentence(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}
