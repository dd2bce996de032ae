// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestExpired(t *testing.T) {
	day := func(s string) time.Time {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, test := range []struct {
		version, at string
		want        bool
	}{
		{"v21.0", "2027-01-20", false},
		{"v21.0", "2027-01-22", true},
		{"v25.0", "2028-07-28", false},
		{"v25.0", "2028-07-30", true},
		{"v26.0", "2040-01-01", false},
		{"v20.0", "2026-11-24", true},
		{"v9.0", "2026-11-24", true},
		{"v100.0", "2026-11-24", false},
	} {
		if got := graph.Expired(test.version, day(test.at)); (got != "") != test.want {
			t.Errorf("%s on %s: %q", test.version, test.at, got)
		}
	}
}
