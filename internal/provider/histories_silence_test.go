// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// silence is a trouble in which requests are swallowed: nothing ever answers.
type silence struct {
	lasts  lasting
	upload bool // it begins with an upload
	stored bool // the server gets the requests and carries them out, and only its answers are lost
}

// lasting is how long a silence lasts.
type lasting int

const (
	forOneRequest    lasting = iota // the server hangs
	forOneConnection                // a NAT has forgotten the connection, and the client has to dial anew
	forTheRun                       // nothing passes any more
)

// How long a request that nothing answers takes. Pings show that a connection is
// dead; a server that hangs answers them, and uses up the time of one try.
const (
	untilPingsFail = 15 * time.Second
	untilNextTry   = time.Minute
)

// errConnectionLost is what net/http says when pings were not answered.
var errConnectionLost = errors.New("http2: client connection lost")

func silences() (all []trouble) {
	for _, lasts := range []struct {
		lasting
		name string
	}{{forOneRequest, "a request is swallowed"}, {forOneConnection, "a connection is dead"}, {forTheRun, "everything is swallowed from then on"}} {
		for _, upload := range []bool{false, true} {
			for _, stored := range []bool{false, true} {
				name := lasts.name
				if upload {
					name += ", which begins with an upload"
				}
				if stored {
					name += ", and what is sent arrives"
				}
				all = append(all, trouble{name: name, silence: &silence{lasts.lasting, upload, stored}})
			}
		}
	}
	return all
}

// activeSilence is a silence in one run.
type activeSilence struct {
	silence
	after  int // how many requests are answered before
	begun  bool
	since  time.Time
	plugin *plugin // whose connection is dead
}

// swallowing is the silence that swallows this request; nil when it is answered.
func (s *simulation) swallowing(x *exchange) *activeSilence {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.silence
	switch {
	case d == nil, d.begun && d.lasts == forOneRequest:
		return nil
	case d.begun && d.lasts == forOneConnection && (x.call.plugin != d.plugin || time.Since(d.since) >= untilPingsFail):
		return nil
	case d.begun:
		return d
	case d.upload && x.method != http.MethodPost:
		return nil
	case d.after > 0:
		d.after--
		return nil
	}
	d.begun, d.since, d.plugin = true, time.Now(), x.call.plugin
	return d
}

// hang waits until the client gives a request up that nothing answers.
func (s *simulation) hang(d *activeSilence, req *http.Request, body []byte, x *exchange) error {
	if d.stored {
		if resp, err := s.serve(req, body); err == nil {
			_ = resp.Body.Close()
		}
	}
	wait := context.Background()
	if d.lasts == forOneConnection {
		var cancel context.CancelFunc
		wait, cancel = context.WithDeadline(wait, d.since.Add(untilPingsFail))
		defer cancel()
	}
	err := errConnectionLost
	select {
	case <-req.Context().Done():
		err = context.Cause(req.Context())
	case <-wait.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.hung = time.Since(x.at)
	return err
}

// survivable reports whether nothing is wrong with a run but one request, or one
// connection, that a further try gets over.
func (s *simulation) survivable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.silence != nil && s.silence.lasts != forTheRun && s.retries > 0 && s.elsewhereCalm()
}

// judgeSilence is for a whole run: each request that nothing answers costs its
// bound, and a short wait before the next try.
func (s *simulation) judgeSilence(p *project, began time.Time, fresh []*exchange) {
	d := s.silence
	if d == nil || !d.begun {
		return
	}
	bound, swallowed, allowed := untilNextTry, 0, time.Second
	if d.lasts == forOneConnection {
		bound = untilPingsFail
	}
	for _, x := range fresh {
		allowed += 500 * time.Millisecond
		if x.hung > 0 {
			swallowed++
			allowed += bound + time.Second
		}
		// The end of a connection is up to hang, and that of a try to the client.
		if x.hung > bound+time.Second {
			s.violated("%s to %s hangs for %s", x, x.object, x.hung)
		}
	}
	for _, b := range p.blocks {
		if b.check != nil {
			return // which waits as well
		}
	}
	s.mu.Lock()
	calm := s.elsewhereCalm()
	s.mu.Unlock()
	if took := time.Since(began); d.lasts != forTheRun && calm && took > allowed {
		s.violated("a run with %d requests, %d of them swallowed, takes %s", len(fresh), swallowed, took)
	}
}

// judgeTries expects a look between an upload with an uncertain outcome and the
// next one, and no next one when the look shows the key.
func (r *coreRun) judgeTries(c *rpc) {
	var uncertain, look *exchange
	for _, x := range c.exchanges {
		if x.method != http.MethodPost {
			if x.read {
				look = x
			}
			continue
		}
		switch {
		case uncertain == nil:
		case look == nil:
			r.violated("%s uploads %s again without a look at the number: %v", c.address, x.posted, c.exchanges)
		case look.shown == uncertain.posted && look.signed == "VALID":
			r.violated("%s uploads %s again, which the number shows: %v", c.address, x.posted, c.exchanges)
		}
		uncertain, look = nil, nil
		if !x.answered || x.status >= 500 {
			uncertain = x
		}
	}
}
