// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"encoding/json"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestErrorBody(t *testing.T) {
	decode := func(text string) map[string]any {
		var b struct{ Error map[string]any }
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			t.Fatal(err)
		}
		return b.Error
	}
	one := decode(graphmock.ErrorBody(2, 33, "OAuthException", "Service temporarily unavailable", map[string]any{"is_transient": true}))
	for k, want := range map[string]any{
		"code": 2.0, "error_subcode": 33.0, "type": "OAuthException", "message": "Service temporarily unavailable", "is_transient": true,
	} {
		if one[k] != want {
			t.Errorf("%s is %v, want %v", k, one[k], want)
		}
	}
	two := decode(graphmock.ErrorBody(0, 0, "", "", nil))
	if len(two) != 2 || two["code"] != 0.0 {
		t.Errorf("%v", two)
	}
	if a, b := one["fbtrace_id"].(string), two["fbtrace_id"].(string); len(a) != 23 || a == b {
		t.Errorf("fbtrace_id %q, %q", a, b)
	}
	if bare := decode(graphmock.ErrorBody(1, 0, "", "", map[string]any{"fbtrace_id": nil, "code": nil})); len(bare) != 0 {
		t.Errorf("%v", bare)
	}
}
