// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"net/http"
	"testing"
	"time"
)

func TestAskedWait(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	const week = 7 * 24 * time.Hour
	for name, test := range map[string]struct {
		retryAfter, usage string
		want              time.Duration
	}{
		"nothing":              {"", "", 0},
		"seconds":              {"120", "", 2 * time.Minute},
		"seconds, spaces":      {" 120 ", "", 2 * time.Minute},
		"part of a second":     {"0.5", "", 500 * time.Millisecond},
		"no seconds":           {"0", "", 0},
		"negative":             {"-1", "", 0},
		"not a number":         {"NaN", "", 0},
		"a word":               {"soon", "", 0},
		"a week":               {"604800", "", week},
		"longer than a week":   {"604801", "", week},
		"endless":              {"1e300", "", week},
		"date":                 {"Thu, 26 Nov 2026 12:01:30 GMT", "", 90 * time.Second},
		"date in the past":     {"Thu, 26 Nov 2026 11:59:00 GMT", "", 0},
		"minutes":              {"", `{"1":[{"estimated_time_to_regain_access":37}]}`, 37 * time.Minute},
		"minutes as a text":    {"", `{"1":[{"estimated_time_to_regain_access":"37"}]}`, 37 * time.Minute},
		"longest of an entry":  {"", `{"1":[{"estimated_time_to_regain_access":1},{"estimated_time_to_regain_access":3},{"estimated_time_to_regain_access":2}]}`, 3 * time.Minute},
		"longest of accounts":  {"", `{"1":[{"estimated_time_to_regain_access":1}],"2":[{"estimated_time_to_regain_access":3}],"3":[{"estimated_time_to_regain_access":2}]}`, 3 * time.Minute},
		"one account is wrong": {"", `{"1":"x","2":[{"estimated_time_to_regain_access":3}],"3":7}`, 3 * time.Minute},
		"one entry is wrong":   {"", `{"1":[{"estimated_time_to_regain_access":{}},{"estimated_time_to_regain_access":3}]}`, 3 * time.Minute},
		"no time in it":        {"", `{"1":[{"call_count":100}]}`, 0},
		"usage is not JSON":    {"", `37`, 0},
		"seconds are longer":   {"600", `{"1":[{"estimated_time_to_regain_access":3}]}`, 10 * time.Minute},
		"minutes are longer":   {"6", `{"1":[{"estimated_time_to_regain_access":3}]}`, 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Retry-After": {test.retryAfter}, "X-Business-Use-Case-Usage": {test.usage}}
			if got := askedWait(h, now); got != test.want {
				t.Errorf("asked to wait %s, not %s", got, test.want)
			}
		})
	}
}
