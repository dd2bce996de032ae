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
			limited := &Error{Class: ClassRateLimit, HasCode: true, Code: 80008}
			h := http.Header{"Retry-After": {test.retryAfter}, "X-Business-Use-Case-Usage": {test.usage}}
			if got := limited.askedWait(h, now); got != test.want {
				t.Errorf("asked to wait %s, not %s", got, test.want)
			}
		})
	}
}

// The wait of an account counts for the limit of an account alone, and that of
// another account does not count where the header has the one of the call.
func TestAskedWaitOfAnAccount(t *testing.T) {
	const (
		waba  = "102290129340398"
		usage = `{"111":[{"type":"messaging","call_count":100,"estimated_time_to_regain_access":19}],"` + waba + `":[{"type":"management","call_count":1,"estimated_time_to_regain_access":7}]}`
		idle  = `{"111":[{"estimated_time_to_regain_access":19}],"` + waba + `":[{"estimated_time_to_regain_access":0}]}`
	)
	for name, test := range map[string]struct {
		class  Class
		code   int
		object string
		usage  string
		after  string
		want   time.Duration
	}{
		"limit of an account, seen from a number":       {ClassRateLimit, 80008, "106540352242922", usage, "", 19 * time.Minute},
		"limit of an account, of its own listing":       {ClassRateLimit, 80008, waba, usage, "", 7 * time.Minute},
		"limit of an account that has no wait":          {ClassRateLimit, 80007, waba, idle, "", 0},
		"limit without a code":                          {ClassRateLimit, 0, "106540352242922", usage, "", 19 * time.Minute},
		"limit of an app":                               {ClassRateLimit, 4, "106540352242922", usage, "", 0},
		"limit of a user":                               {ClassRateLimit, 17, waba, usage, "", 0},
		"limit of a page":                               {ClassRateLimit, 32, waba, usage, "", 0},
		"limit of an app, other":                        {ClassRateLimit, 341, waba, usage, "", 0},
		"limit of an edge":                              {ClassRateLimit, 613, waba, usage, "", 0},
		"limit of an app with Retry-After":              {ClassRateLimit, 4, waba, usage, "30", 30 * time.Second},
		"temporary failure":                             {ClassTransient, 2, "106540352242922", usage, "", 0},
		"temporary failure of a listing":                {ClassTransient, 2, waba, usage, "", 0},
		"temporary failure with Retry-After":            {ClassTransient, 2, "106540352242922", usage, "30", 30 * time.Second},
		"an answer of a gateway":                        {ClassTransient, 0, "106540352242922", usage, "", 0},
		"an answer of a gateway with Retry-After":       {ClassTransient, 0, "106540352242922", usage, "2", 2 * time.Second},
		"an error that is not retried, with everything": {ClassPermission, 10, "106540352242922", usage, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := &Error{Call: Call{Object: test.object}, Class: test.class, HasCode: test.code != 0, Code: test.code}
			h := http.Header{"Retry-After": {test.after}, "X-Business-Use-Case-Usage": {test.usage}}
			if got := e.askedWait(h, time.Now()); got != test.want {
				t.Errorf("asked to wait %s, not %s", got, test.want)
			}
		})
	}
}
