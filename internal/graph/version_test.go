// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"testing"
	"time"
)

func TestExpired(t *testing.T) {
	for _, test := range []struct{ version, at, want string }{
		{"v21.0", "2027-01-20T23:59:59Z", ""},
		{"v21.0", "2027-01-21T00:00:00Z", "since 2027-01-21"},
		{"v21.0", "2031-01-01T00:00:00Z", "since 2027-01-21"},
		{"v25.0", "2028-07-28T23:59:59Z", ""},
		{"v25.0", "2028-07-29T12:00:00Z", "since 2028-07-29"},
		// Midnight is that of UTC.
		{"v25.0", "2028-07-29T01:00:00+02:00", ""},
		{"v25.0", "2028-07-28T23:00:00-02:00", "since 2028-07-29"},
		{"v26.0", "2040-01-01T00:00:00Z", ""},
		{"v100.0", "2026-11-24T00:00:00Z", ""},
		{"v20.0", "2026-11-24T00:00:00Z", "since before v21.0 was the oldest one"},
		{"v9.0", "2026-11-24T00:00:00Z", "since before v21.0 was the oldest one"},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Expired(test.version, at); got != test.want {
			t.Errorf("%s at %s: %q", test.version, test.at, got)
		}
	}
}

// The default is a version of the schedule, and has the longest time left.
func TestTheScheduleOfVersions(t *testing.T) {
	for version, until := range usableUntil {
		if err := CheckAPIVersion(version); err != nil {
			t.Error(err)
		}
		if _, err := time.Parse(time.DateOnly, until); err != nil {
			t.Error(err)
		}
		if n := major(version); n < oldestListed {
			t.Errorf("%s is older than the oldest one", version)
		}
		if until > usableUntil[DefaultAPIVersion] {
			t.Errorf("%s is usable for longer than the default", version)
		}
	}
}
