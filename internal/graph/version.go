// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"fmt"
	"strings"
	"time"
)

// usableUntil is Meta's published schedule, as of v26.0. An expired version
// does not fail: Meta serves it with the oldest version that is still usable.
var usableUntil = map[string]string{
	"v21.0": "2027-01-21",
	"v22.0": "2027-05-20",
	"v23.0": "2027-10-08",
	"v24.0": "2028-02-18",
	"v25.0": "2028-07-29",
}

// oldestListed is the first version of that schedule. All older ones have ended.
const oldestListed = "v21.0"

// Expired says since when a version is no longer served, such as "since
// 2027-01-21". It is empty when the version is served or its end is not known.
func Expired(version string, now time.Time) string {
	if until, ok := usableUntil[version]; ok {
		if end, err := time.Parse(time.DateOnly, until); err == nil && now.After(end) {
			return "since " + until
		}
		return ""
	}
	if newerVersion(oldestListed, version) {
		return "since before " + oldestListed + " was the oldest one"
	}
	return ""
}

// newerVersion compares as numbers: v9.0 is older than v21.0.
func newerVersion(a, b string) bool {
	number := func(v string) (major, minor int) {
		_, _ = fmt.Sscanf(strings.TrimPrefix(v, "v"), "%d.%d", &major, &minor)
		return
	}
	aMajor, aMinor := number(a)
	bMajor, bMinor := number(b)
	return aMajor > bMajor || aMajor == bMajor && aMinor > bMinor
}
