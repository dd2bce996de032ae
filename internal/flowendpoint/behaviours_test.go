// SPDX-License-Identifier: MPL-2.0

package flowendpoint_test

import (
	"crypto/rsa"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
)

// Every way in which an endpoint can behave has its verdict, with the private key
// and without it, and none costs more than the time that Meta waits.
func TestEveryBehaviour(t *testing.T) {
	t.Parallel()
	const (
		proven    = flowendpoint.Proven
		screen    = flowendpoint.NoHealthCheck
		old       = flowendpoint.OldProtocol
		plain     = flowendpoint.NotEncrypted
		wrong     = flowendpoint.WrongKey
		refused   = flowendpoint.Refused
		failing   = flowendpoint.Failing
		elsewhere = flowendpoint.NotAnEndpoint
		nothing   = flowendpoint.Unreachable
	)
	verdicts := map[endpointmock.Behaviour][2]flowendpoint.Verdict{ // with the key, and without
		endpointmock.Normal:               {proven, wrong},
		endpointmock.Status400:            {failing, failing},
		endpointmock.Status401:            {refused, refused},
		endpointmock.Status403:            {refused, refused},
		endpointmock.Status404:            {elsewhere, elsewhere},
		endpointmock.Status405:            {elsewhere, elsewhere},
		endpointmock.Status421:            {wrong, wrong},
		endpointmock.Status422:            {failing, failing},
		endpointmock.Status427:            {failing, failing},
		endpointmock.Status429:            {failing, failing},
		endpointmock.Status432:            {refused, refused},
		endpointmock.Status500:            {failing, failing},
		endpointmock.Status502:            {failing, failing},
		endpointmock.Status503:            {failing, failing},
		endpointmock.Screen:               {screen, wrong},
		endpointmock.Pong:                 {screen, wrong},
		endpointmock.OldIV:                {old, wrong},
		endpointmock.OtherSession:         {plain, wrong},
		endpointmock.PlainJSON:            {plain, wrong},
		endpointmock.HTML:                 {plain, plain},
		endpointmock.Empty:                {plain, plain},
		endpointmock.Quoted:               {plain, wrong},
		endpointmock.Newline:              {proven, wrong},
		endpointmock.WrongContentType:     {proven, wrong},
		endpointmock.Redirect:             {elsewhere, elsewhere},
		endpointmock.RedirectLoop:         {elsewhere, elsewhere},
		endpointmock.Slow:                 {nothing, nothing},
		endpointmock.Drip:                 {nothing, wrong},
		endpointmock.Hang:                 {nothing, nothing},
		endpointmock.Stall:                {nothing, wrong},
		endpointmock.CloseBefore:          {nothing, nothing},
		endpointmock.CloseAfter:           {nothing, nothing},
		endpointmock.Reset:                {nothing, nothing},
		endpointmock.Half:                 {nothing, wrong},
		endpointmock.Garbage:              {nothing, nothing},
		endpointmock.HugeBody:             {plain, plain},
		endpointmock.EndlessBody:          {plain, plain},
		endpointmock.HugeHeader:           {nothing, nothing},
		endpointmock.EndlessHeader:        {nothing, nothing},
		endpointmock.EndlessInformational: {nothing, nothing},
		endpointmock.GzipBomb:             {plain, plain}, // or not packed within the time
		endpointmock.MetaNode:             {proven, wrong},
		endpointmock.MetaNodeOld:          {proven, nothing},
		endpointmock.MetaGo:               {screen, failing},
		endpointmock.WrongKey422:          {proven, failing},
		endpointmock.WrongKey500:          {proven, failing},
		endpointmock.Reserialised:         {proven, wrong},
	}
	// Not parallel subtests, of which there are only as many as processors: most of
	// the time goes by in waiting.
	var all sync.WaitGroup
	for _, behaviour := range endpointmock.Behaviours() {
		want, ok := verdicts[behaviour]
		if !ok {
			t.Errorf("no verdict is expected for %q", behaviour)
		}
		for i, keys := range [][]*rsa.PrivateKey{{pair()}, nil} {
			server := endpointmock.NewServer(endpointmock.Options{Behaviour: behaviour}, keys...)
			t.Cleanup(server.Close)
			e := endpoint(t, server.URL()+"/flow?token=hidden", flowendpoint.Config{AppSecret: secret})
			all.Go(func() {
				started := time.Now()
				got, err := e.Ask(t.Context(), public(t))
				if took := time.Since(started); err != nil || took > 20*time.Second {
					t.Errorf("%s, %d keys: %v after %s", behaviour, len(keys), err, took)
				}
				late := behaviour == endpointmock.GzipBomb && got.Verdict == nothing
				if got.Verdict != want[i] && !late {
					t.Errorf("%s, %d keys: %+v", behaviour, len(keys), got)
				}
				if strings.Contains(got.Reason, "hidden") || strings.Contains(got.Reason, secret) || len(got.Reason) > 300 {
					t.Errorf("%s, %d keys: the reason is %q", behaviour, len(keys), got.Reason)
				}
			})
		}
	}
	all.Wait()
}

// An endpoint that checks the signature answers only to the right secret, and
// Meta's own sample outlives a caller who does not know it.
func TestSignatures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		behaviour endpointmock.Behaviour
		secret    string
		verdict   flowendpoint.Verdict
	}{
		"right secret":                     {endpointmock.Normal, secret, flowendpoint.Proven},
		"no secret":                        {endpointmock.Normal, "", flowendpoint.Refused},
		"other secret":                     {endpointmock.Normal, "f" + secret[1:], flowendpoint.Refused},
		"Meta's sample, no secret":         {endpointmock.MetaNode, "", flowendpoint.Refused},
		"Meta's sample, secret":            {endpointmock.MetaNode, secret, flowendpoint.Proven},
		"signed JSON that is written anew": {endpointmock.Reserialised, secret, flowendpoint.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := endpointmock.NewServer(endpointmock.Options{Behaviour: test.behaviour, AppSecret: secret}, pair())
			t.Cleanup(server.Close)
			var last flowendpoint.Verdict
			for range 20 {
				got := ask(t, server.URL(), flowendpoint.Config{AppSecret: test.secret})
				if test.behaviour == endpointmock.Reserialised && got.Verdict == flowendpoint.Proven {
					continue // one message in hundreds has no slash to write in another way
				}
				if got.Verdict != test.verdict {
					t.Fatalf("%+v", got)
				}
				last = got.Verdict
			}
			if last != test.verdict {
				t.Errorf("never %s", test.verdict)
			}
			select {
			case <-server.Done():
				t.Error("the process of the endpoint has ended")
			default:
			}
		})
	}
}
