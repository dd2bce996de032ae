// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// route is a path taken apart: /{version}/{object}/{edge}, or without an edge.
type route struct {
	version, object, edge string
	path                  string
	ok                    bool
}

var versionForm = regexp.MustCompile(`^v(\d{1,4})\.(\d{1,4})$`)

type version [2]int

func parseVersion(s string) (v version, ok bool) {
	m := versionForm.FindStringSubmatch(s)
	if m == nil {
		return v, false
	}
	v[0], _ = strconv.Atoi(m[1])
	v[1], _ = strconv.Atoi(m[2])
	return v, true
}

// ValidVersion reports whether v looks like an API version, "v25.0".
func ValidVersion(v string) bool {
	_, ok := parseVersion(v)
	return ok
}

// parseRoute takes the escaped path, so that an escaped slash in an ID stays part
// of the ID instead of making another path.
func parseRoute(escaped string) route {
	rt := route{path: escaped}
	seg := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i := range seg {
		if u, err := url.PathUnescape(seg[i]); err == nil {
			seg[i] = u
		}
	}
	if _, ok := parseVersion(seg[0]); !ok {
		return rt
	}
	rt.version = seg[0]
	if len(seg) > 1 {
		rt.object = seg[1]
	}
	if len(seg) > 2 {
		rt.edge = strings.Join(seg[2:], "/")
	}
	rt.ok = len(seg) == 3 && rt.object != "" && rt.edge != "" || len(seg) == 2 && rt.object != "" && !strings.Contains(rt.object, "/")
	return rt
}
