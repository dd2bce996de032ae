// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"fmt"
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

// oldestListed is the major number of the first version of that schedule. All
// older ones have ended.
const oldestListed = 21

// Expired says since when a version is no longer served, such as "since
// 2027-01-21". It is empty when the version is served or its end is not known.
func Expired(version string, now time.Time) string {
	if until, listed := usableUntil[version]; listed {
		if now.UTC().Format(time.DateOnly) >= until {
			return "since " + until
		}
		return ""
	}
	if major(version) < oldestListed {
		return fmt.Sprintf("since before v%d.0 was the oldest one", oldestListed)
	}
	return ""
}

// newestKnown is the major number of the newest version when this was written.
const newestKnown = 26

// noteVersion notes a version that the server may not know yet.
func (e *Error) noteVersion(version string) {
	if e.Class == ClassWrongPath && major(version) > newestKnown {
		e.NewerVersion = version
	}
}

// NewestKnown is the newest version of the Graph API that this package knows.
func NewestKnown() string { return fmt.Sprintf("v%d.0", newestKnown) }

// major is the number before the point. Every version of the Graph API ends
// with ".0", so that the number after it decides nothing.
func major(version string) (n int) {
	_, _ = fmt.Sscanf(version, "v%d.", &n)
	return n
}
