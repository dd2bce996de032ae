// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestAskedWait bounds what a header can ask for, so that nonsense there
// cannot overflow a duration.
const longestAskedWait = 7 * 24 * time.Hour

// askedWait returns how long the server asks to wait: the longest of
// Retry-After (seconds, or a date) and of the estimated_time_to_regain_access
// in X-Business-Use-Case-Usage, which is in minutes. Zero means that it does
// not say. A header that cannot be read is ignored.
func askedWait(h http.Header, now time.Time) time.Duration {
	return max(retryAfter(h.Get("Retry-After"), now), timeToRegainAccess(h.Get("X-Business-Use-Case-Usage")))
}

func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return asked(seconds, time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return asked(at.Sub(now).Seconds(), time.Second)
	}
	return 0
}

func timeToRegainAccess(value string) time.Duration {
	var usage map[string]json.RawMessage
	if json.Unmarshal([]byte(value), &usage) != nil {
		return 0
	}
	var longest time.Duration
	for _, raw := range usage {
		var entries []map[string]json.RawMessage
		if json.Unmarshal(raw, &entries) != nil {
			continue
		}
		for _, entry := range entries {
			if minutes, err := strconv.ParseFloat(lenientString(entry["estimated_time_to_regain_access"]), 64); err == nil {
				longest = max(longest, asked(minutes, time.Minute))
			}
		}
	}
	return longest
}

func asked(n float64, unit time.Duration) time.Duration {
	if math.IsNaN(n) || n <= 0 {
		return 0
	}
	return time.Duration(min(n*float64(unit), float64(longestAskedWait)))
}
