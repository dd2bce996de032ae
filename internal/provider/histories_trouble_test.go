// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// says is an answer of the Graph API with an error code. It quotes the token, as
// an answer might.
func says(status, code, subcode int, more ...any) graphmock.Fault {
	extra := map[string]any{}
	for i := 0; i < len(more); i += 2 {
		extra[more[i].(string)] = more[i+1]
	}
	return graphmock.Fault{Status: status, Body: graphmock.ErrorBody(code, subcode, "OAuthException", "as scripted for "+storyToken+" with "+storyAppSecret, extra)}
}

func onPOST(f graphmock.Fault) graphmock.Fault {
	f.Method = http.MethodPost
	return f
}

func applied(f graphmock.Fault) graphmock.Fault {
	f.Apply = true
	return onPOST(f)
}

// troubles are what can go wrong with a request: every class of error, and every
// way to lose a request, an answer or a process.
func troubles() []trouble {
	wait := graphmock.Fault{Delay: 20 * time.Second}
	all := []trouble{
		{name: "the key is refused", fault: onPOST(says(400, 100, 0))},
		{name: "no such object", fault: says(400, 100, 33)},
		{name: "the proof is refused", fault: graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(100, 0, "GraphMethodException", "Invalid appsecret_proof provided in the API argument", nil)}},
		{name: "the number is said to be deleted", fault: says(400, 33, 0)},
		{name: "the token has expired", fault: says(401, 190, 463)},
		{name: "no session", fault: says(400, 102, 0)},
		{name: "no permission", fault: says(403, 10, 0)},
		{name: "no permission of this kind", fault: says(403, 200, 0)},
		{name: "no capability", fault: says(403, 3, 0)},
		{name: "the account is restricted", fault: says(400, 368, 0)},
		{name: "not registered", fault: says(400, 133010, 0)},
		{name: "a rate limit of an hour", fault: graphmock.RateLimit(80008, 60)},
		{name: "a rate limit of a minute", fault: graphmock.RateLimit(4, 1)},
		{name: "a rate limit without a time", fault: says(400, 130429, 0)},
		{name: "too many requests", fault: graphmock.Fault{Status: 429, Body: "slow down"}},
		{name: "an outage", fault: says(500, 2, 0)},
		{name: "no signature", fault: says(500, 131000, 0)},
		{name: "it may pass", fault: says(400, 100, 0, "is_transient", true)},
		{name: "a gateway without a body", fault: graphmock.Fault{Status: 502}},
		{name: "a gateway with a page", fault: graphmock.Fault{Status: 503, Body: "<html>"}},
		{name: "not found", fault: graphmock.Fault{Status: 404, Body: "not found"}},
		{name: "a login page", fault: graphmock.Fault{Status: 200, Body: "<html>"}},
		{name: "another object", fault: graphmock.Fault{Status: 200, Body: `{"login":"please"}`}},
		{name: "half of a document", fault: graphmock.Fault{Status: 200, Body: `{"data":[{`}},
		{name: "another code", fault: says(400, 131009, 0)},
		{name: "no success", fault: onPOST(graphmock.Fault{Status: 200, Body: `{"success":false}`})},
		{name: "no success, and stored", fault: applied(graphmock.Fault{Status: 200, Body: `{"success":false}`})},
		{name: "an outage, and stored", fault: applied(says(500, 131000, 0))},
		{name: "the request is lost", fault: graphmock.Fault{Drop: graphmock.DropOnRequest}},
		{name: "the answer is lost", fault: graphmock.Fault{Drop: graphmock.DropAfterRequest}},
		{name: "the answer is lost, and stored", fault: applied(graphmock.Fault{Drop: graphmock.DropAfterRequest})},
		{name: "half of the answer is lost", fault: graphmock.Fault{Drop: graphmock.DropMidBody}},
		{name: "no answer for two minutes", fault: graphmock.Fault{Delay: 2 * time.Minute}},
		{name: "Ctrl-C", fault: wait, kill: "interrupt"},
		{name: "Ctrl-C, and stored", fault: applied(wait), kill: "interrupt"},
		{name: "the plugin is killed", fault: wait, kill: "provider"},
		{name: "the plugin is killed, and stored", fault: applied(wait), kill: "provider"},
		{name: "Terraform is killed", fault: wait, kill: "cli"},
		{name: "Terraform is killed, and stored", fault: applied(wait), kill: "cli"},
	}
	var lasting []trouble
	for _, tr := range all {
		if tr.kill == "" {
			tr.name, tr.fault.Times = tr.name+", from then on", -1
			lasting = append(lasting, tr)
		}
	}
	all = append(all, lasting...)
	all = append(all, trouble{name: "a connection is refused", refused: 1}, trouble{name: "connections are refused", refused: 1000})
	return append(all, silences()...)
}

// meanwhile are events of the world that happen between two requests of a run.
func meanwhile(s step) trouble { return trouble{name: s.text, event: &s} }

func drawTrouble(t *rapid.T, c *command) {
	c.after = rapid.IntRange(0, 8).Draw(t, "after")
	switch rapid.IntRange(0, 19).Draw(t, "special trouble") {
	case 18:
		tr := drawHoldUp(t)
		c.trouble, c.after = &tr, 0
		return
	case 19: // those that are under way have to wait, too
		tr := rapid.SampledFrom([]trouble{
			{name: "a rate limit of a minute", fault: graphmock.RateLimit(4, 1)},
			{name: "a rate limit without a time", fault: says(400, 130429, 0)},
		}).Draw(t, "limit")
		c.mode, c.replace, c.trouble, c.after, c.parallel = "apply", "", &tr, rapid.IntRange(0, 5).Draw(t, "soon after"), 10
		return
	}
	if rarely(t, 4, "meanwhile") {
		tr := meanwhile(drawWorldStep(t))
		c.trouble = &tr
		return
	}
	tr := rapid.SampledFrom(troubles()).Draw(t, "trouble")
	if tr.kill == "" && tr.refused == 0 && tr.silence == nil && rarely(t, 4, "and meanwhile") {
		event := drawWorldStep(t)
		tr.name, tr.event = tr.name+", and meanwhile "+event.text, &event
	}
	if tr.fault.Method == http.MethodPost || tr.silence != nil && tr.silence.upload {
		c.after %= 3 // of the uploads, and few runs have more
	}
	c.trouble = &tr
	c.lose = tr.kill == "cli" && drawBool.Draw(t, "lose the state")
}

// Steps of the endpoints.

func endpointStep(i int, text string, do func(*endpointmock.Server)) step {
	return worldStep(fmt.Sprintf("endpoint %d %s", i, text), func(s *simulation) {
		do(s.endpoints[i])
		s.healthy[i] = false
	})
}

func endpointGets(i int, key keyID) step {
	return endpointStep(i, "gets the private key of "+key.String(), func(e *endpointmock.Server) { e.AddKey(keys.private[key]) })
}

func endpointHalfGets(i int, key keyID) step {
	return endpointStep(i, "gets the private key of "+key.String()+" on its first instance", func(e *endpointmock.Server) { e.AddKey(keys.private[key], 1) })
}

func endpointLoses(i int) step {
	return endpointStep(i, "loses its private keys", func(e *endpointmock.Server) { e.RemoveKey(nil) })
}

func endpointBehaves(i int, b endpointmock.Behaviour) step {
	return endpointStep(i, fmt.Sprintf("becomes %q", b), func(e *endpointmock.Server) { e.SetBehaviour(b) })
}

func endpointIsFine(i int) step {
	return worldStep(fmt.Sprintf("endpoint %d has everything", i), func(s *simulation) { s.heal(i) })
}

func drawEndpointStep(t *rapid.T) step {
	i := rapid.IntRange(0, 1).Draw(t, "endpoint")
	switch rapid.SampledFrom([]string{"fine", "fine", "gets", "gets", "half", "loses", "behaves"}).Draw(t, "endpoint event") {
	case "fine":
		return endpointIsFine(i)
	case "gets":
		return endpointGets(i, drawKey.Draw(t, "key"))
	case "half":
		return endpointHalfGets(i, drawKey.Draw(t, "key"))
	case "loses":
		return endpointLoses(i)
	default:
		return endpointBehaves(i, rapid.SampledFrom([]endpointmock.Behaviour{
			endpointmock.Normal, endpointmock.Status403, endpointmock.Status421, endpointmock.Status500, endpointmock.Status503,
			endpointmock.CloseAfter, endpointmock.PlainJSON, endpointmock.OldIV, endpointmock.HTML, endpointmock.WrongKey422,
		}).Draw(t, "behaviour"))
	}
}

func drawCheck(t *rapid.T) *checkSpec {
	return &checkSpec{
		endpoints:  rapid.SampledFrom([][]int{{0}, {1}, {0, 1}}).Draw(t, "endpoints"),
		answers:    rapid.IntRange(1, 3).Draw(t, "answers"),
		wait:       rapid.SampledFrom([]string{"", "", "5s"}).Draw(t, "wait"),
		mayBeVague: rarely(t, 4, "inconclusive"),
	}
}

// together runs both projects at the same time.
func together(first, second command) step {
	return step{text: fmt.Sprintf("at the same time, project 0: %s, and project 1: %s", first, second), virtual: true, do: func(s *simulation) {
		s.arm(command{}, nil)
		defer s.disarm()
		s.together = true
		results := make([]*result, 2)
		var both sync.WaitGroup
		for i, c := range []command{first, second} {
			both.Go(func() { results[i] = s.executeArmed(s.projects[i], c, new(*coreRun)) })
		}
		both.Wait()
		s.together = false
		s.judgeStates()
		s.note("    project 0 %s\n    project 1 %s", results[0], results[1])
	}}
}

func drawTogether(t *rapid.T) step {
	one, other := drawCommand(t), drawCommand(t)
	for _, c := range []*command{&one, &other} {
		c.again = 0
		if slices.Contains([]string{"save", "applySaved"}, c.mode) {
			c.mode = "apply"
		}
	}
	return together(one, other)
}
