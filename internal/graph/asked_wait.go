// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longestAskedWait bounds what a header can ask for, so that nonsense there
// cannot overflow a duration.
const longestAskedWait = 7 * 24 * time.Hour

// askedWait returns how long the server asks to wait before the call that failed
// is made again. Zero means that it does not say. A header that cannot be read is
// ignored.
//
// It is the wait in Retry-After (seconds, or a date), or, when the limit of a
// business account was met, the estimated_time_to_regain_access in
// X-Business-Use-Case-Usage (minutes) if that is longer. The second header comes
// with every answer and has the waits of several accounts, so that it says nothing
// about other errors, nor about the limits of an app or a user.
func (e *Error) askedWait(h http.Header, now time.Time) time.Duration {
	wait := retryAfter(h.Get("Retry-After"), now)
	if e.Class == ClassRateLimit && !slices.Contains(limitsOfApps, e.Code) {
		wait = max(wait, timeToRegainAccess(h.Get("X-Business-Use-Case-Usage"), e.Object))
	}
	return wait
}

// limitsOfApps are the codes of limits that count the calls of an app, a user or a
// page.
var limitsOfApps = []int{4, 17, 32, 341, 613}

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

// timeToRegainAccess is the wait of the account, where the header has it, and else
// the longest of all accounts, one of which is that of the number.
func timeToRegainAccess(value, object string) time.Duration {
	var usage map[string]json.RawMessage
	if json.Unmarshal([]byte(value), &usage) != nil {
		return 0
	}
	if own, ok := usage[object]; ok {
		usage = map[string]json.RawMessage{object: own}
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
