// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/fakeclock"
)

// statuses sends n pings, each over a new connection.
func statuses(t *testing.T, s *endpointmock.Server, n int) []int {
	t.Helper()
	var got []int
	for range n {
		status, _ := ask(t, s, keyA(), ping)
		got = append(got, status)
	}
	return got
}

func TestConnectionsAreAssignedInTurn(t *testing.T) {
	s := start(t, endpointmock.Options{Instances: 3, Lacking: 1}, keyA())
	if got := statuses(t, s, 6); !slices.Equal(got, []int{200, 200, 421, 200, 200, 421}) {
		t.Errorf("the fleet answers %v", got)
	}
	for i, r := range s.Requests() {
		if r.Connection != i+1 || r.Instance != i%3+1 {
			t.Errorf("request %d is recorded on connection %d and instance %d", i+1, r.Connection, r.Instance)
		}
	}

	// One connection stays on its instance.
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	s.ResetRequests()
	for range 3 {
		if _, err := try(client, request(t, s, encrypt(&keyA().PublicKey, ping).body)); err != nil {
			t.Fatal(err)
		}
	}
	requests := s.Requests()
	if len(requests) != 3 {
		t.Fatalf("%d requests are recorded", len(requests))
	}
	for _, r := range requests {
		if r.Connection != 7 || r.Instance != 1 {
			t.Errorf("connection %d, instance %d", r.Connection, r.Instance)
		}
	}
}

func TestLackingInstancesHaveTheOtherKeys(t *testing.T) {
	s := start(t, endpointmock.Options{Instances: 2, Lacking: 1}, keyA(), keyB())
	a, b := endpointmock.Fingerprint(&keyA().PublicKey), endpointmock.Fingerprint(&keyB().PublicKey)
	want := []endpointmock.Instance{
		{Number: 1, Keys: []string{a, b}, Behaviour: endpointmock.Normal},
		{Number: 2, Keys: []string{a}, Behaviour: endpointmock.Normal},
	}
	if got := s.Instances(); !reflect.DeepEqual(got, want) {
		t.Errorf("the fleet is %+v", got)
	}
	s.AddKey(keyB())
	want[1].Keys = []string{a, b}
	if got := s.Instances(); !reflect.DeepEqual(got, want) {
		t.Errorf("with the key everywhere, the fleet is %+v", got)
	}
}

func TestKeysComeAndGo(t *testing.T) {
	s := start(t, endpointmock.Options{Instances: 2})
	s.AddKey(keyA(), 2)
	if got := statuses(t, s, 2); !slices.Equal(got, []int{421, 200}) {
		t.Errorf("with the key on the second: %v", got)
	}
	s.AddKey(keyA())
	if got := statuses(t, s, 2); !slices.Equal(got, []int{200, 200}) {
		t.Errorf("with the key on both: %v", got)
	}
	s.RemoveKey(&keyB().PublicKey)
	s.RemoveKey(&keyA().PublicKey, 1)
	if got := statuses(t, s, 2); !slices.Equal(got, []int{421, 200}) {
		t.Errorf("without the key on the first: %v", got)
	}
	s.RemoveKey(nil)
	if got := statuses(t, s, 2); !slices.Equal(got, []int{421, 421}) {
		t.Errorf("without keys: %v", got)
	}
}

func TestAKeyArrivesAfterAWhile(t *testing.T) {
	clock := fakeclock.New()
	s := start(t, endpointmock.Options{Instances: 2, Now: clock.Now})
	s.KeyAfter(10*time.Second, keyA())
	s.KeyAfter(20*time.Second, keyB(), 2)
	for _, tt := range []struct {
		advance time.Duration
		keys    []int // of each instance
	}{
		{10*time.Second - 1, []int{0, 0}},
		{1, []int{1, 1}},
		{10*time.Second - 1, []int{1, 1}},
		{1, []int{1, 2}},
	} {
		clock.Advance(tt.advance)
		want := 421
		if tt.keys[0] == 1 {
			want = 200
		}
		if got := statuses(t, s, 2); !slices.Equal(got, []int{want, want}) {
			t.Errorf("the fleet answers %v, not %d", got, want)
		}
		for i, instance := range s.Instances() {
			if len(instance.Keys) != tt.keys[i] {
				t.Errorf("instance %d has %d keys, not %d", i+1, len(instance.Keys), tt.keys[i])
			}
		}
	}

	s.KeyAfter(time.Second, keyC())
	s.RemoveKey(&keyC().PublicKey)
	clock.Advance(time.Minute)
	wantPing(t, s, keyC(), 421)
}

func TestBehavioursOfSingleInstancesAndRequests(t *testing.T) {
	s := start(t, endpointmock.Options{Instances: 2, Behaviour: endpointmock.Status503}, keyA())
	s.SetBehaviour(endpointmock.Normal, 2)
	if got := statuses(t, s, 4); !slices.Equal(got, []int{503, 200, 503, 200}) {
		t.Errorf("the fleet answers %v", got)
	}
	s.Script(endpointmock.Status500, endpointmock.Status502)
	s.Script(endpointmock.Normal)
	if got := statuses(t, s, 4); !slices.Equal(got, []int{500, 502, 200, 200}) {
		t.Errorf("the script answers %v", got)
	}
	s.SetBehaviour(endpointmock.Status422)
	if got := statuses(t, s, 2); !slices.Equal(got, []int{422, 422}) {
		t.Errorf("the fleet answers %v", got)
	}
}

func TestAnEndedInstanceTakesNoTurn(t *testing.T) {
	s := start(t, endpointmock.Options{AppSecret: secret, Instances: 2, Behaviour: endpointmock.MetaNode}, keyA())
	if _, err := try(fresh(s), request(t, s, encrypt(&keyA().PublicKey, ping).body)); err == nil {
		t.Error("a process that ends answers")
	}
	for range 3 {
		m := encrypt(&keyA().PublicKey, ping)
		if got := post(t, s, m.body, header(endpointmock.SignatureHeader, sign(secret, m.body))); got.status != 200 || last(t, s).Instance != 2 {
			t.Errorf("%d from instance %d", got.status, last(t, s).Instance)
		}
	}
	if got := s.Instances(); !got[0].Down || got[1].Down {
		t.Errorf("the fleet is %+v", got)
	}
	select {
	case <-s.Done():
		t.Error("the server has gone away with an instance left")
	default:
	}
	if _, err := try(fresh(s), request(t, s, encrypt(&keyA().PublicKey, ping).body)); err == nil {
		t.Error("a process that ends answers")
	}
	<-s.Done()
}

func TestATypoPanics(t *testing.T) {
	s := start(t, endpointmock.Options{Instances: 2})
	for name, f := range map[string]func(){
		"instance 0":          func() { s.AddKey(keyA(), 0) },
		"instance 3":          func() { s.SetBehaviour(endpointmock.Normal, 3) },
		"behaviour":           func() { s.SetBehaviour("4321") },
		"script":              func() { s.Script("") },
		"option":              func() { endpointmock.NewUnstartedServer(endpointmock.Options{Behaviour: "nrmal"}) },
		"certificate":         func() { endpointmock.NewUnstartedServer(endpointmock.Options{Certificate: "valid "}) },
		"too many lacking":    func() { endpointmock.NewUnstartedServer(endpointmock.Options{Instances: 2, Lacking: 3}, keyA()) },
		"fewer than none":     func() { endpointmock.NewUnstartedServer(endpointmock.Options{Lacking: -1}, keyA()) },
		"lacking without key": func() { endpointmock.NewUnstartedServer(endpointmock.Options{Lacking: 1}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
