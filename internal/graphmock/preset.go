// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"net/http"
	"slices"
	"time"
)

// Preset is a fault that has a name, so that it can be played without Go: by the
// program's flag -fault, and over the control interface. See [Server.Play].
type Preset struct {
	Name     string
	Does     string // what the server does, as in "answers with an error"
	Requests bool   // whether it disturbs requests, and therefore has RequestSettings as well
	Settings []Setting

	// A preset has one of these. The first disturbs requests. The second, called with
	// the lock held, changes how the server behaves until the faults are deleted.
	fault   func(values) Fault
	lasting func(*Server, values)
}

// Presets are all presets, in the order in which a person looks for them.
func Presets() []Preset {
	return []Preset{
		disturbing("rate-limit", "refuses the request with an error code for rate limits, and names the minutes until calls are accepted again",
			func(v values) Fault { return RateLimit(v.number("code"), v.number("minutes")) },
			Setting{"code", "80008", "the error code, such as 4, 80007 or 130429", whole(1, 1_000_000)},
			Setting{"minutes", "5", "the wait, which X-Business-Use-Case-Usage names", whole(0, 10_000)}),
		disturbing("server-error", "answers with a server error of the Graph API, code 2, and does not carry the request out",
			func(v values) Fault {
				return Fault{Status: v.number("status"), Body: ErrorBody(2, 0, typeOAuth,
					"An unexpected error has occurred. Please retry your request later.", map[string]any{"is_transient": true})}
			},
			Setting{"status", "500", "the HTTP status", whole(500, 599)}),
		disturbing("bad-gateway", "answers with an HTML page, as a proxy does, and does not carry the request out",
			func(v values) Fault {
				status := v.number("status")
				return Fault{
					Status: status, Body: "<html><body><h1>" + http.StatusText(status) + "</h1></body></html>\n",
					Header: http.Header{"Content-Type": {"text/html"}, "Facebook-Api-Version": nil},
				}
			},
			Setting{"status", "502", "the HTTP status", whole(400, 599)}),
		disturbing("slow", "waits before it carries the request out and answers",
			func(v values) Fault { return Fault{Delay: v.duration("delay")} },
			Setting{"delay", "10s", "how long it waits", duration(time.Hour)}),
		disturbing("lost-request", "closes the connection before it has read the request, and does not carry it out",
			func(values) Fault { return Fault{Drop: DropOnRequest} }),
		disturbing("lost-answer", "carries the request out, and resets the connection instead of answering",
			func(values) Fault { return Fault{Drop: DropAfterRequest, Apply: true} },
			settingMethod(http.MethodPost)),
		disturbing("cut-answer", "carries the request out, and closes the connection in the middle of the answer",
			func(values) Fault { return Fault{Drop: DropMidBody} },
			settingMethod(http.MethodPost)),
		disturbing("expired-token", "refuses the access token as expired: code 190, subcode 463",
			func(values) Fault {
				return Fault{Status: http.StatusUnauthorized, Body: ErrorBody(190, 463, typeOAuth,
					"Error validating access token: Session has expired on Thursday, 01-Jan-26 00:00:00 PST.", nil)}
			}),
		disturbing("no-permission", "refuses the request because the app or the token lacks a permission: code 10",
			func(values) Fault {
				return Fault{Status: http.StatusForbidden, Body: ErrorBody(10, 0, typeOAuth,
					"(#10) Application does not have permission for this action", nil)}
			}),
		disturbing("graph-error", "refuses the request with any other error of the Graph API",
			func(v values) Fault {
				extra := map[string]any{}
				if v["transient"] == "true" {
					extra["is_transient"] = true
				}
				return Fault{Status: v.number("status"), Body: ErrorBody(v.number("code"), v.number("subcode"), typeOAuth, v["message"], extra)}
			},
			Setting{"code", "", "the error code; it has to be given", whole(0, 10_000_000)},
			Setting{"subcode", "0", "the subcode; 0 leaves it out", whole(0, 10_000_000)},
			Setting{"status", "400", "the HTTP status", whole(400, 599)},
			Setting{"message", "Played error", "the message", anyText},
			Setting{"transient", "false", "whether the answer says that the error is temporary: true or false", oneOf("true", "false")}),
		{
			Name: "mismatch", Does: "accepts an upload, and goes on showing its signature as MISMATCH",
			Settings: []Setting{settingReads(wordAlways)},
			lasting:  func(s *Server, v values) { s.knobs.signatureLag = v.number("reads") },
		},
		{
			Name: "lagging", Does: "accepts an upload, and goes on showing the previous key and its status",
			Settings: []Setting{settingReads("3")},
			lasting:  func(s *Server, v values) { s.knobs.keyLag = v.number("reads") },
		},
		{
			Name: "call-budget", Does: "refuses the calls beyond a number per time with code 80008, and names the minutes until calls are accepted again",
			Settings: []Setting{
				{"calls", "200", "how many calls are accepted", whole(1, 1_000_000)},
				{"per", "1h", "in which time", duration(24 * time.Hour)},
			},
			lasting: func(s *Server, v values) {
				s.budget = budget{n: v.number("calls"), window: v.duration("per"), now: time.Now}
			},
		},
	}
}

// disturbing makes a preset whose fault can be restricted to some requests.
func disturbing(name, does string, fault func(values) Fault, settings ...Setting) Preset {
	return Preset{
		Name: name, Does: does, Requests: true, Settings: settings,
		fault: func(v values) Fault {
			f := fault(v)
			f.Method, f.Object, f.After, f.Times = v.word("method"), v.word("object"), v.number("after"), v.number("times")
			return f
		},
	}
}

// all are the settings of the preset, its own first.
func (p Preset) all() []Setting {
	all := slices.Clone(p.Settings)
	if !p.Requests {
		return all
	}
	for _, common := range RequestSettings() {
		if !slices.ContainsFunc(p.Settings, func(own Setting) bool { return own.Name == common.Name }) {
			all = append(all, common)
		}
	}
	return all
}
