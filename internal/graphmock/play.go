// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// played is a preset with the settings that it was given, or has by default.
type played struct {
	preset   Preset
	settings values
}

// Play starts a fault that has a name. text is the name of a [Preset] and, if they
// are to differ from their defaults, its settings: "rate-limit,minutes=7,times=1".
// A value cannot contain a comma here. The fault lasts until it has disturbed as
// many requests as its settings say, or until [Server.Reset].
func (s *Server) Play(text string) error {
	name, rest, more := strings.Cut(text, ",")
	form := url.Values{}
	for more {
		var pair string
		pair, rest, more = strings.Cut(rest, ",")
		setting, value, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("fault %s: %q is not of the form SETTING=VALUE", name, pair)
		}
		form.Add(setting, value)
	}
	return s.play(name, form)
}

// play starts a fault whose settings came as a form.
func (s *Server) play(name string, form url.Values) error {
	p, err := readPlayed(name, form)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.preset.fault != nil {
		s.scriptLocked(p.preset.fault(p.settings), p)
		return nil
	}
	p.preset.lasting(s, p.settings)
	s.lasting = append(slices.DeleteFunc(s.lasting, func(x *played) bool { return x.preset.Name == name }), p)
	return nil
}

func readPlayed(name string, form url.Values) (*played, error) {
	presets := Presets()
	i := slices.IndexFunc(presets, func(p Preset) bool { return p.Name == name })
	if i < 0 {
		var names []string
		for _, p := range presets {
			names = append(names, p.Name)
		}
		return nil, fmt.Errorf("there is no fault %q: the faults are %s", name, strings.Join(names, ", "))
	}
	p := &played{preset: presets[i], settings: values{}}
	var problems []error
	var names []string
	for _, setting := range p.preset.all() {
		names = append(names, setting.Name)
		value := setting.Default
		switch given := form[setting.Name]; {
		case len(given) > 1:
			problems = append(problems, fmt.Errorf("fault %s: the setting %s is given more than once", name, setting.Name))
			continue
		case len(given) == 1:
			value = given[0]
		case value == "":
			problems = append(problems, fmt.Errorf("fault %s: the setting %s is missing", name, setting.Name))
			continue
		}
		if err := setting.check(value); err != nil {
			problems = append(problems, fmt.Errorf("fault %s: the setting %s: %q %w", name, setting.Name, value, err))
		}
		p.settings[setting.Name] = value
	}
	for given := range form {
		if !slices.Contains(names, given) {
			problems = append(problems, fmt.Errorf("fault %s: there is no setting %q: the settings are %s", name, given, strings.Join(names, ", ")))
		}
	}
	return p, errors.Join(problems...)
}

// stopPlaying ends every fault, and what it still does to the reads of a number.
func (s *Server) stopPlaying() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.lasting, s.budget = nil, nil, budget{}
	s.knobs.keyLag, s.knobs.signatureLag = 0, 0
	for _, n := range s.numbers {
		n.keyLag, n.signatureLag = 0, 0
	}
}

// controlFault is a fault as the control interface shows it.
type controlFault struct {
	Name     string `json:"name"`
	Settings values `json:"settings"`
	Left     string `json:"left,omitempty"` // how many more requests it disturbs
}

func (s *Server) controlFaults() []controlFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []controlFault{}
	for _, f := range s.faults {
		if f.played == nil {
			continue
		}
		left := wordAlways
		if f.Times >= 0 {
			left = strconv.Itoa(f.left)
		}
		out = append(out, controlFault{f.played.preset.Name, f.played.settings, left})
	}
	for _, p := range s.lasting {
		out = append(out, controlFault{p.preset.Name, p.settings, ""})
	}
	return out
}
