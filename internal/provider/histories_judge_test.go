// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// What has to be true of each call of the provider, whatever happened before and
// whatever else happens meanwhile.

// The requests of one call, where nothing goes wrong.
var (
	onlyOneRead     = regexp.MustCompile(`^GET$`)
	uploadWithLooks = regexp.MustCompile(`^(GET )?(GET )?POST GET$|^(GET ?){0,2}$`)
	uploadOrNothing = regexp.MustCompile(`^(POST GET)?$`)
)

// longestTrust is for how long a create may rely on a look at its number: ten
// seconds, and the time that a request takes.
const longestTrust = 11 * time.Second

// judgeNumber is called when a request arrives: each belongs to the number of its
// resource. A listing reads all numbers.
func (s *simulation) judgeNumber(x *exchange) {
	if x.call.op != "list" && x.object != x.call.number {
		s.violated("%s of %s, which is for %q, sends %s to %s", x.call.op, x.call.address, x.call.number, x.method, x.object)
	}
}

// judgeUpload is called when an upload arrives, before it has an effect.
func (s *simulation) judgeUpload(x *exchange) {
	c := x.call
	if c.op != "apply" {
		s.violated("%s of %s uploads a key", c.op, c.address)
		return
	}
	remembered, has := c.project.recall(c.address)
	if !slices.Contains(c.given, x.posted) && (!has || remembered != x.posted || c.block == nil || !c.block.writeOnly) {
		s.violated("%s uploads %s, which is neither in the configuration (%v) nor remembered", c.address, x.posted, c.given)
	}
	seen := s.lastSeen(x)
	if c.creating && c.block.overwrite != overwriteTrue {
		switch {
		case seen == nil:
			s.violated("the create of %s uploads %s to a number that nobody has looked at", c.address, x.posted)
		case seen.shown != keyNone && seen.shown != x.posted:
			s.violated("the create of %s replaces %s, which it has seen, with %s", c.address, seen.shown, x.posted)
		case x.sent.Sub(seen.at) > longestTrust:
			s.violated("the create of %s uploads %s to a number that was last looked at %s ago", c.address, x.posted, x.sent.Sub(seen.at))
		}
	}
	if c.block != nil && c.block.check != nil && (seen == nil || seen.shown != x.posted) {
		s.judgeProof(c, x.posted)
	}
}

// lastSeen is the last answer from which this process knew what the number holds
// when it sent an upload; nil when another resource of the same process has
// uploaded since. What another resource sees while the upload is on its way comes
// too late.
func (s *simulation) lastSeen(upload *exchange) *exchange {
	c := upload.call
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range slices.Backward(s.log) {
		switch {
		case x.call.plugin != c.plugin || x.object != upload.object || x.at.After(upload.sent), x.read && x.back.After(upload.sent):
		case x.read:
			return x
		case x.method == http.MethodPost && x.call.address != c.address:
			return nil
		}
	}
	return nil
}

// judgeProof expects that each endpoint has proven that it can decrypt with the
// private key of this key, as often as was asked for, in a row.
func (s *simulation) judgeProof(c *rpc, key keyID) {
	fingerprint := keys.fingerprint(key)
	for _, i := range c.block.check.endpoints {
		proven := 0
		requests := s.endpoints[i].Requests()
		for _, r := range requests[min(c.plugin.asked[i], len(requests)):] {
			switch {
			case r.Decrypted && strings.EqualFold(r.Key, fingerprint) && r.Status == http.StatusOK:
				proven++
			case r.Decrypted: // with another key, for another resource
			case c.block.check.mayBeVague && r.Status != http.StatusMisdirectedRequest:
				proven = c.block.check.answers
			case !s.endpointAskedForMore(c):
				proven = 0
			}
		}
		if proven < c.block.check.answers {
			s.violated("%s uploads %s, which endpoint %d has proven only %d times in a row", c.address, key, i, proven)
		}
	}
}

// endpointAskedForMore reports whether the endpoints may be asked for several keys
// at the same time, so that an answer that is no proof may be for another one.
func (s *simulation) endpointAskedForMore(c *rpc) bool {
	checked := 0
	for _, p := range s.projects {
		for _, b := range p.blocks {
			if b.check != nil {
				checked++
			}
		}
	}
	return checked > 1 || c.block == nil
}

// summaryNotRead is the warning in place of an error that another resource has
// reported already. The run fails anyway.
const summaryNotRead = "A number was not read"

// judgeUpgrade expects that a state of any version has what a plan without a
// refresh relies on.
func (r *coreRun) judgeUpgrade(address string, value tftypes.Value) {
	if id, number := textOf(value, attrID), textOf(value, attrPhoneNumberID); id != number || number == "" {
		r.violated("the upgraded state of %s has the number %q and the ID %q", address, number, id)
	}
}

// numberIn is the number of an identity; empty when there is none.
func (s *simulation) numberIn(identity *tfprotov6.ResourceIdentityData) string {
	if identity == nil || identity.IdentityData == nil {
		return ""
	}
	value, err := identity.IdentityData.Unmarshal(s.identityType)
	if err != nil {
		panic(err)
	}
	return textOf(value, attrPhoneNumberID)
}

func (r *coreRun) judgeRead(c *rpc, before, after *object, unread bool) {
	r.onlyReads(c, c.exchanges)
	if unread {
		if !after.value.Equal(before.value) {
			r.violated("%s was not read, and has changed in the state", c.address)
		}
		return
	}
	r.within(c, onlyOneRead, 1+r.retries, 0)
	last := lastOf(c.exchanges, func(*exchange) bool { return true })
	if last == nil {
		r.violated("the read of %s succeeds without a request", c.address)
		return
	}
	if !after.exists() {
		if !last.gone && (!last.read || last.shown != keyNone) {
			r.violated("%s is dropped from the state after %s", c.address, last)
		}
		return
	}
	r.judgeState(c, after.value, last)
	was, is := attributes(before.value), attributes(after.value)
	for name := range is {
		switch name {
		case attrID, attrPublicKey, attrSignatureStatus, attrFingerprint:
			continue
		}
		if !was[name].Equal(is[name]) {
			r.violated("the read of %s changes %s", c.address, name)
		}
	}
}

func (r *coreRun) judgeFailedRead(c *rpc) {
	r.onlyReads(c, c.exchanges)
	r.within(c, onlyOneRead, 1+r.retries, 0)
}

// judgePlan is for a create and an update.
func (r *coreRun) judgePlan(c *rpc, exchanges []*exchange, prior, config tftypes.Value, replacing, failed bool) {
	r.onlyReads(c, exchanges)
	if !prior.IsNull() {
		if len(exchanges) > 0 {
			r.violated("the plan of an update of %s sends %v", c.address, exchanges)
		}
		return
	}
	if len(exchanges) > 1+r.retries || len(exchanges) > 1 && r.calm() {
		r.violated("the plan of a create of %s sends %v", c.address, exchanges)
	}
	last := lastOf(exchanges, func(x *exchange) bool { return x.read })
	if last == nil {
		return
	}
	// A key that is known only during the apply is refused in a replacement: the
	// apply must not stop after the destroy.
	refused := last.shown != keyNone && c.block.overwrite != overwriteTrue
	if known := textOf(config, attrPublicKey)+textOf(config, attrPublicKeyWO) != ""; known {
		refused = refused && last.shown != c.given[0]
	} else {
		refused = refused && replacing
	}
	if refused != failed {
		r.violated("the plan of a create of %s, which has %v and sees %s: refused is %t", c.address, c.given, last, failed)
	}
}

// judgeApply compares the state with what was last seen.
func (r *coreRun) judgeApply(c *rpc, ch change, value tftypes.Value, failed bool) {
	r.judgeUploads(c, ch)
	last := lastOf(c.exchanges, func(x *exchange) bool { return x.method == http.MethodPost })
	accepted := lastOf(c.exchanges, func(x *exchange) bool { return x.accepted })
	var confirmed *exchange // what was read after the last upload
	if last != nil {
		after := c.exchanges[slices.Index(c.exchanges, last):]
		if !last.accepted {
			// The look that finds the key there only ends the upload. The provider asks
			// once more, and claims nothing of the signature when that fails.
			found := slices.IndexFunc(after, func(x *exchange) bool { return x.read && x.shown == last.posted && x.signed == graphmock.StatusValid })
			after = after[found+1:]
		}
		confirmed = lastOf(after, func(x *exchange) bool { return x.read })
	}
	switch {
	case ch.verb == verbDelete:
		return
	case value.IsNull():
		if accepted != nil {
			r.violated("the create of %s uploaded a key and is not in the state", c.address)
		}
		return
	case failed && ch.verb == verbUpdate && accepted == nil && value.Equal(ch.before):
		// Whether the key was uploaded is not known. The next refresh tells.
	case last == nil:
		was, is := keys.identify(textOf(ch.before, attrPublicKey)), keys.identify(textOf(value, attrPublicKey))
		if ch.before.IsNull() || was != is || textOf(ch.before, attrSignatureStatus) != graphmock.StatusValid {
			r.violated("the apply of %s uploads nothing, although the state had %s, %s", c.address, was, textOf(ch.before, attrSignatureStatus))
		}
	case confirmed != nil:
		// Also when a later look at the number failed.
		r.judgeState(c, value, confirmed)
		if !failed && (confirmed != c.exchanges[len(c.exchanges)-1] || confirmed.shown != last.posted || confirmed.signed != graphmock.StatusValid) {
			r.violated("the apply of %s succeeds, and the number shows %s", c.address, confirmed)
		}
	default:
		// The API has accepted the key, and each look at the number failed.
		if !failed {
			r.violated("the apply of %s succeeds without a look at the number", c.address)
		}
		if status := attributes(value)[attrSignatureStatus]; !status.IsNull() {
			r.violated("the state of %s has a signature that nobody has seen", c.address)
		}
		if is := keys.identify(textOf(value, attrPublicKey)); is != last.posted {
			r.violated("%s uploaded %s, and the state has %s", c.address, last.posted, is)
		}
	}
	// Where the plan did not know the key, as after a change of its version, the same
	// key may be uploaded again.
	planned := textOf(ch.after, attrPublicKey) != ""
	if last != nil && planned && ch.verb == verbUpdate && keys.identify(textOf(ch.before, attrPublicKey)) == last.posted && textOf(ch.before, attrSignatureStatus) == graphmock.StatusValid {
		r.violated("the update of %s uploads %s, which is on the number with a valid signature", c.address, last.posted)
	}
	if last != nil {
		r.project.remember(c.address, last.posted)
	} else if !failed {
		r.project.remember(c.address, keys.identify(textOf(value, attrPublicKey)))
	}
}

// judgeUploads is also for a call whose answer never arrived.
func (r *coreRun) judgeUploads(c *rpc, ch change) {
	if ch.verb == verbDelete {
		if len(c.exchanges) > 0 {
			r.violated("the destroy of %s sends %v", c.address, c.exchanges)
		}
		return
	}
	// What is allowed without faults is in the guide "Scale and limits".
	calm := uploadWithLooks
	if ch.verb == verbUpdate && c.block.check == nil {
		calm = uploadOrNothing
	}
	// A look before, one after the endpoints were asked, one before each further
	// try, and nine to confirm.
	r.within(c, calm, (1+1+r.retries+9)*(1+r.retries), 1+r.retries)
	r.judgeTries(c)
}

// What the timeouts of a resource allow by default; the wait of an endpoint_check
// is added to that of an upload. The last second is for what is not a wait.
const (
	longestRead   = 2*time.Minute + time.Second
	longestUpload = 5*time.Minute + time.Second
	longestCheck  = 5 * time.Second // of those that are drawn
)

func (r *coreRun) judgeDuration(c *rpc, began time.Time, limit time.Duration) {
	if took := time.Since(began); took > limit {
		r.violated("%s of %s takes %s", c.op, c.address, took)
	}
}

// judgeState compares a state with an answer.
func (r *coreRun) judgeState(c *rpc, value tftypes.Value, seen *exchange) {
	key := keys.identify(textOf(value, attrPublicKey))
	if key != seen.shown || textOf(value, attrSignatureStatus) != seen.signed {
		r.violated("after %s, the state of %s has %s, %s; seen was %s", c.op, c.address, key, textOf(value, attrSignatureStatus), seen)
	}
	want := ""
	if key >= 0 {
		want = keys.fingerprint(key)
	}
	if got := textOf(value, attrFingerprint); got != want {
		r.violated("after %s, the state of %s has %s with the fingerprint %q", c.op, c.address, key, got)
	}
	if id, number := textOf(value, attrID), textOf(value, attrPhoneNumberID); id != number || number != c.number {
		r.violated("after %s, the state of %s has the number %s and the ID %s, not %s", c.op, c.address, number, id, c.number)
	}
}

func (r *coreRun) onlyReads(c *rpc, exchanges []*exchange) {
	for _, x := range exchanges {
		if x.method != http.MethodGet {
			r.violated("%s of %s sends %s", c.op, c.address, x)
		}
	}
}

// within compares the requests of a call with the budget: a pattern where nothing
// goes wrong, and else the most that the retries allow.
func (r *coreRun) within(c *rpc, calm *regexp.Regexp, gets, posts int) {
	var methods []string
	for _, x := range c.exchanges {
		methods = append(methods, x.method)
		if x.method == http.MethodPost {
			posts--
		} else {
			gets--
		}
	}
	sent := strings.Join(methods, " ")
	if posts < 0 || gets < 0 || r.calm() && !calm.MatchString(sent) {
		r.violated("%s of %s sends %q", c.op, c.address, sent)
	}
}

// calm reports whether nothing disturbs the requests.
func (s *simulation) calm() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.disturbed == "" && s.elsewhereCalm()
}

// elsewhereCalm reports whether nothing but the trouble of the run is wrong. It is
// called with the lock.
func (s *simulation) elsewhereCalm() bool {
	return !s.lagging && !s.together && len(s.lost)+len(s.deleted)+len(s.unregistered) == 0
}

func lastOf(exchanges []*exchange, is func(*exchange) bool) *exchange {
	for _, x := range slices.Backward(exchanges) {
		if is(x) {
			return x
		}
	}
	return nil
}

func (p *project) remember(address string, key keyID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remembered[address] = key
}

func (p *project) recall(address string) (keyID, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key, ok := p.remembered[address]
	return key, ok
}

// judgeWords looks for secrets in what a run with a configuration says, and for what
// core blames the provider for.
func (r *coreRun) judgeWords(blocks map[string]block) {
	if slices.ContainsFunc(r.said, func(d said) bool { return d.summary == summaryNotRead }) && !hasError(r.said) {
		r.violated("a number was not read, and the run does not fail")
	}
	for _, d := range slices.Concat(r.said, r.hidden) {
		r.judgeSecrecy("a diagnostic of "+d.address, d.summary+d.detail)
		if strings.HasPrefix(d.summary, "Provider ") || strings.HasPrefix(d.summary, "Cannot import") || strings.HasPrefix(d.summary, "Unexpected ") || strings.HasPrefix(d.summary, "Missing Resource") {
			if blocks[d.address].unstable() && d.summary == "Provider produced inconsistent final plan" {
				continue // as documented, and the plan has warned of it
			}
			r.violated("%s", d)
		}
	}
}

func (s *simulation) judgeSecrecy(where, text string) {
	for _, secret := range storySecrets() {
		if strings.Contains(text, secret) {
			s.violated("%s has the secret %s", where, secret)
		}
	}
}

// judgeStates looks for secrets in the states.
func (s *simulation) judgeStates() {
	for _, p := range s.projects {
		for address, rec := range p.state {
			// The query of an endpoint is in the configuration, and so in the state.
			s.judgeSecrecy("the state of "+address, strings.ReplaceAll(string(rec.json), "?secret="+storySecretURI, ""))
			s.judgeSecrecy("the private data of "+address, string(rec.private))
		}
	}
	if key, status := s.server.Key(bystanderOfHistory()); keys.identify(key) != keyForeign || status != graphmock.StatusValid {
		s.violated("the number that is in no configuration holds %s, %s", keys.identify(key), status)
	}
	if n := s.server.Count(http.MethodDelete, ""); n > 0 {
		s.violated("%d DELETE requests", n)
	}
}

func describeExchanges(all []*exchange) string {
	var lines []string
	for _, x := range all {
		lines = append(lines, fmt.Sprintf("    %s %s %s: %s to %s", x.at.Format("15:04:05.000"), x.call.op, x.call.address, x, x.object))
	}
	return strings.Join(lines, "\n")
}
