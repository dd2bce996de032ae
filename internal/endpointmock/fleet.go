// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Instance is one process of the fleet.
type Instance struct {
	Number    int       `json:"instance"` // counted from 1
	Keys      []string  `json:"keys"`     // fingerprints, see [Fingerprint]
	Behaviour Behaviour `json:"behaviour"`
	Down      bool      `json:"down"` // its process has ended
}

type instance struct {
	number    int
	keys      []*rsa.PrivateKey
	late      []lateKey
	behaviour Behaviour
	down      bool
}

type lateKey struct {
	at  time.Time
	key *rsa.PrivateKey
}

func newFleet(o Options, keys []*rsa.PrivateKey) []*instance {
	fleet := make([]*instance, o.Instances)
	for i := range fleet {
		fleet[i] = &instance{number: i + 1, keys: slices.Clone(keys), behaviour: o.Behaviour}
		if i >= o.Instances-o.Lacking {
			fleet[i].keys = fleet[i].keys[:len(keys)-1]
		}
	}
	return fleet
}

// Fingerprint is the lower-case hex SHA-256 of a public key in its SPKI form.
func Fingerprint(key *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(fmt.Sprintf("endpointmock: %v", err))
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// AddKey gives a private key to the instances with these numbers, or to all if there
// are none. It panics on a number that no instance has, as all methods do.
func (s *Server) AddKey(key *rsa.PrivateKey, instances ...int) {
	s.change(instances, func(i *instance) { i.add(key) })
}

// KeyAfter is [Server.AddKey] for a key that arrives when d has passed on the clock of
// [Options.Now].
func (s *Server) KeyAfter(d time.Duration, key *rsa.PrivateKey, instances ...int) {
	at := s.opts.Now().Add(d)
	s.change(instances, func(i *instance) { i.late = append(i.late, lateKey{at, key}) })
}

// RemoveKey takes the private key of a public key away, also one that has not arrived
// yet. A nil key takes all away.
func (s *Server) RemoveKey(key *rsa.PublicKey, instances ...int) {
	s.removeKeys(instances, func(k *rsa.PublicKey) bool { return key == nil || key.Equal(k) })
}

func (s *Server) removeKeys(instances []int, which func(*rsa.PublicKey) bool) {
	s.change(instances, func(i *instance) {
		i.keys = slices.DeleteFunc(i.keys, func(k *rsa.PrivateKey) bool { return which(&k.PublicKey) })
		i.late = slices.DeleteFunc(i.late, func(l lateKey) bool { return which(&l.key.PublicKey) })
	})
}

// SetBehaviour changes how the instances with these numbers, or all, answer from the
// next request on.
func (s *Server) SetBehaviour(b Behaviour, instances ...int) {
	b.mustExist()
	s.change(instances, func(i *instance) { i.behaviour = b })
}

// Script sets the behaviour of the next requests, one each, whichever instance they
// reach. Afterwards each instance behaves as before.
func (s *Server) Script(behaviours ...Behaviour) {
	for _, b := range behaviours {
		b.mustExist()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, behaviours...)
}

// SetAppSecret replaces [Options.AppSecret]; "" ends the check of the signature.
func (s *Server) SetAppSecret(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appSecret = secret
}

// SetHook sets what is called when a request arrives, with its number counted from the
// start of the server, before the server looks at its behaviour and its keys. The hook
// may call every method; nil takes it away.
func (s *Server) SetHook(hook func(request int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// Instances is the state of the fleet.
func (s *Server) Instances() []Instance {
	now := s.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Instance, 0, len(s.instances))
	for _, i := range s.instances {
		i.arrive(now)
		fingerprints := make([]string, 0, len(i.keys))
		for _, k := range i.keys {
			fingerprints = append(fingerprints, Fingerprint(&k.PublicKey))
		}
		out = append(out, Instance{i.number, fingerprints, i.behaviour, i.down})
	}
	return out
}

func (s *Server) change(numbers []int, f func(*instance)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range numbers {
		if n < 1 || n > len(s.instances) {
			panic(fmt.Sprintf("endpointmock: there is no instance %d", n))
		}
	}
	for _, i := range s.instances {
		if len(numbers) == 0 || slices.Contains(numbers, i.number) {
			f(i)
		}
	}
}

func (i *instance) add(key *rsa.PrivateKey) {
	if !slices.ContainsFunc(i.keys, func(k *rsa.PrivateKey) bool { return k.Equal(key) }) {
		i.keys = append(i.keys, key)
	}
}

// arrive takes up the keys whose time has come.
func (i *instance) arrive(now time.Time) {
	i.late = slices.DeleteFunc(i.late, func(l lateKey) bool {
		if now.Before(l.at) {
			return false
		}
		i.add(l.key)
		return true
	})
}

// keysOf is what an instance can decrypt with at this moment.
func (s *Server) keysOf(i *instance) []*rsa.PrivateKey {
	now := s.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	i.arrive(now)
	return slices.Clone(i.keys)
}

// nextInstanceLocked is the one whose turn it is; nil if none is left.
func (s *Server) nextInstanceLocked() *instance {
	for range s.instances {
		i := s.instances[s.turn%len(s.instances)]
		s.turn++
		if !i.down {
			return i
		}
	}
	return nil
}

// end ends the process of an instance for good. With the last one, the server goes away.
func (s *Server) end(i *instance) {
	s.mu.Lock()
	i.down = true
	left := slices.ContainsFunc(s.instances, func(i *instance) bool { return !i.down })
	s.mu.Unlock()
	if !left {
		s.shut()
	}
}
