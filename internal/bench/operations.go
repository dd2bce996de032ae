// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// operation is one run of the CLI.
type operation struct {
	name     string
	args     []string
	requests int                   // for each number, at most
	sending  int                   // how many plugin processes of the run send requests
	before   func(*site)           // what happens to the numbers before
	env      func(string) []string // what the floor has to be told
}

var operations = []operation{
	{name: "apply", args: []string{"apply", "-auto-approve"}, requests: 4, sending: 2},
	{name: "plan, nothing to do", args: []string{"plan", "-detailed-exitcode"}, requests: 1, sending: 1},
	{
		name: "repair of all", args: []string{"apply", "-auto-approve"}, requests: 3, sending: 2,
		before: func(s *site) {
			for _, number := range s.numbers {
				s.server.Reregister(number)
			}
		},
		env: func(provider string) []string {
			if provider == floorName {
				return []string{"FLOOR_STATUS=MISMATCH"}
			}
			return nil
		},
	},
	{name: "destroy", args: []string{"destroy", "-auto-approve"}, requests: 1, sending: 1},
}

// play runs one operation in a site.
func (op operation) play(ctx context.Context, s *site, slots int, more ...string) (usage, error) {
	if op.before != nil {
		op.before(s)
	}
	var env []string
	if op.env != nil {
		env = op.env(s.provider)
	}
	args := append(append([]string{}, op.args...), "-input=false", "-no-color", fmt.Sprintf("-parallelism=%d", slots))
	return s.runWith(ctx, env, append(args, more...)...)
}

// counts checks the requests of each operation, which no noise can change.
func (b *bench) counts(ctx context.Context) error {
	b.say("\n## Requests for each number\n\n| operation | requests | at most | |\n|---|---|---|---|")
	var failed error
	check := func(s *site, name, most string) error {
		got, err := s.methods()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		verdict := "met"
		if got != most {
			verdict = "MISSED"
			failed = errors.Join(failed, fmt.Errorf("%s sent %q, not %q", name, got, most))
		}
		b.say("| %s | %s | %s | %s |", name, cmp.Or(got, "none"), cmp.Or(most, "none"), verdict)
		return nil
	}
	plan := operation{args: []string{"plan", "-out=plan"}}
	apply := operation{args: []string{"apply"}}
	for _, round := range []struct{ more, name, plan, apply string }{
		{"", "first apply", "GET", "GET POST GET"},
		{"allow_overwrite = true", "first apply with allow_overwrite", "", "POST GET"},
	} {
		s, err := b.site(ctx, ourName, 10, 0, round.more)
		if err != nil {
			return err
		}
		defer s.close()
		step := func(op operation, name, most string, more ...string) error {
			if _, err := op.play(ctx, s, 10, more...); err != nil {
				return err
			}
			return check(s, name, most)
		}
		if err := errors.Join(
			step(plan, round.name+": plan", round.plan),
			step(apply, round.name+": apply", round.apply, "plan"),
			step(operations[1], "plan, nothing to do", "GET"),
			step(operations[1], "plan, nothing to do, -refresh=false", "", "-refresh=false"),
		); err != nil {
			return err
		}
		for _, number := range s.numbers {
			s.server.Reregister(number)
		}
		if err := errors.Join(
			step(plan, "repair: plan", "GET"),
			step(apply, "repair: apply", "POST GET", "plan"),
			step(operations[3], "destroy", "GET"),
		); err != nil {
			return err
		}
	}
	return failed
}

// cell is what was measured of one operation with one set of conditions.
type cell struct {
	count, slots int
	latency      time.Duration
	operation
	all map[string][]usage // by provider
}

// operations measures each operation under each set of conditions.
func (b *bench) operations(ctx context.Context) error {
	var cells []*cell
	for _, count := range b.numbers {
		for _, latency := range b.latencies {
			for _, slots := range b.parallelisms {
				if count == 1 && slots != b.parallelisms[0] {
					continue // one number has one slot
				}
				measured, err := b.measure(ctx, count, latency, slots)
				if err != nil {
					return err
				}
				cells = append(cells, measured...)
			}
		}
	}
	return b.report(cells)
}

func (b *bench) measure(ctx context.Context, count int, latency time.Duration, slots int) ([]*cell, error) {
	var cells []*cell
	for _, op := range operations {
		cells = append(cells, &cell{count: count, slots: slots, latency: latency, operation: op, all: map[string][]usage{}})
	}
	for run := range b.runs {
		if err := b.place(); err != nil {
			return nil, err
		}
		sites := map[string]*site{}
		for _, provider := range providers {
			s, err := b.site(ctx, provider, count, latency, "")
			if err != nil {
				return nil, err
			}
			defer s.close()
			sites[provider] = s
		}
		// Both do the same operation in immediate succession.
		for _, c := range cells {
			for _, provider := range providers {
				u, err := c.play(ctx, sites[provider], slots)
				if err != nil {
					return nil, err
				}
				c.all[provider] = append(c.all[provider], u)
			}
			last := func(provider string) usage { return c.all[provider][run] }
			progress("n=%d latency=%s slots=%d run %d, %s: floor %.2f s, whatsapp %.2f s", count, latency, slots, run+1, c.name, last(floorName).wall.Seconds(), last(ourName).wall.Seconds())
		}
		for _, s := range sites {
			s.close()
		}
	}
	return cells, nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func (c *cell) wall(provider string) (least, median, most time.Duration) {
	return spread(c.all[provider], func(u usage) time.Duration { return u.wall }, cmp.Compare[time.Duration])
}

func (c *cell) median(provider string, value func(usage) int64) int64 {
	_, median, _ := spread(c.all[provider], value, cmp.Compare[int64])
	return median
}

// goal is the most that the median may be: a tenth more than the floor, and
// what the server keeps each slot waiting.
func (c *cell) goal() time.Duration {
	_, floor, _ := c.wall(floorName)
	requests := c.median(ourName, func(u usage) int64 { return int64(u.requests) })
	waiting := time.Duration(float64(c.latency) * float64(requests) / float64(min(c.slots, c.count)))
	return floor*110/100 + waiting
}

func cpu(u usage) int64 { return int64(u.cliCPU + u.pluginCPU) }

func (b *bench) report(cells []*cell) error {
	b.say("\n## Wall time\n\nIn seconds, least / median / most. The goal is 1.10 × the median of the floor + requests ÷ slots × latency. With N = 1, one slot is in use.\n")
	b.say("| N | latency | slots | operation | floor | whatsapp | ratio | goal | |\n|---:|---:|---:|---|---:|---:|---:|---:|---|")
	var failed error
	missed := 0
	for _, c := range cells {
		fl, fm, fh := c.wall(floorName)
		wl, wm, wh := c.wall(ourName)
		verdict := "met"
		if wm > c.goal() {
			verdict = "missed"
			missed++
		}
		b.say("| %d | %s | %d | %s | %s / %s / %s | %s / %s / %s | %.2f | %s | %s |", c.count, c.latency, c.slots, c.name,
			seconds(fl), seconds(fm), seconds(fh), seconds(wl), seconds(wm), seconds(wh), wm.Seconds()/fm.Seconds(), seconds(c.goal()), verdict)
	}
	b.say("\n%d of %d met the goal.", len(cells)-missed, len(cells))

	b.say("\n## CPU, memory, requests and connections\n\nMedians: CPU in seconds, of all plugin processes of a run together; peak memory in MiB, of the largest. Floor, then whatsapp. \"CPU ratio\" is that of CLI and plugins together, which other load on the machine disturbs less than the wall time. \"Mock\" is the CPU of the mock server, which shares the machine.\n")
	b.say("| N | latency | slots | operation | CPU of the CLI | CPU of the plugins | CPU ratio | mock | peak of the CLI | peak of a plugin | requests | a number | connections | |\n|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|")
	for _, c := range cells {
		pair := func(format string, value func(usage) int64, unit float64) string {
			return fmt.Sprintf(format+" → "+format, float64(c.median(floorName, value))/unit, float64(c.median(ourName, value))/unit)
		}
		_, _, requests := spread(c.all[ourName], func(u usage) int { return u.requests }, cmp.Compare[int])
		_, _, connections := spread(c.all[ourName], func(u usage) int { return u.connection }, cmp.Compare[int])
		verdict := "met"
		if most := c.requests * c.count; requests > most {
			verdict = "MISSED"
			failed = errors.Join(failed, fmt.Errorf("%s of %d sent %d requests, and %d is the most", c.name, c.count, requests, most))
		}
		// Each plugin process has connections of its own.
		if most := c.sending * min(c.slots, c.count); connections > most {
			verdict = "MISSED"
			failed = errors.Join(failed, fmt.Errorf("%s of %d with %d slots made %d connections, and %d is the most", c.name, c.count, c.slots, connections, most))
		}
		b.say("| %d | %s | %d | %s | %s | %s | %.2f | %s | %s | %s | %d | %.0f | %d | %s |", c.count, c.latency, c.slots, c.name,
			pair("%.2f", func(u usage) int64 { return int64(u.cliCPU) }, 1e9),
			pair("%.2f", func(u usage) int64 { return int64(u.pluginCPU) }, 1e9),
			float64(c.median(ourName, cpu))/float64(c.median(floorName, cpu)),
			seconds(time.Duration(c.median(ourName, func(u usage) int64 { return int64(u.mockCPU) }))),
			pair("%.0f", func(u usage) int64 { return u.cliPeak }, 1024),
			pair("%.0f", func(u usage) int64 { return u.pluginPeak }, 1024),
			requests, float64(requests)/float64(c.count), connections, verdict)
	}
	return failed
}

// scale measures a plan that has nothing to do, for states that grow.
func (b *bench) scale(ctx context.Context) error {
	b.say("\n## A plan with nothing to do, for large states\n\nMedians. \"Per number\" is the wall time divided by N, in milliseconds. Numbers in one resource block: %s.\n", map[bool]string{true: "all", false: fmt.Sprint(b.block)}[b.block == 0])
	b.say("| N | slots | wall, floor → whatsapp | ratio | per number | CPU of the CLI | CPU of the plugins | peak of the CLI, MiB | peak of a plugin, MiB |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	plan := operations[1]
	for _, count := range b.numbers {
		c := &cell{count: count, slots: b.parallelisms[0], operation: plan, all: map[string][]usage{}}
		sites := map[string]*site{}
		for _, provider := range providers {
			s, err := b.site(ctx, provider, count, 0, "")
			if err != nil {
				return err
			}
			defer s.close()
			if err := s.writeState(); err != nil {
				return err
			}
			sites[provider] = s
		}
		for range b.runs {
			if err := b.place(); err != nil {
				return err
			}
			for _, provider := range providers {
				u, err := plan.play(ctx, sites[provider], c.slots)
				if err != nil {
					return err
				}
				if want := map[string]int{ourName: count}[provider]; u.requests != want {
					return fmt.Errorf("%d requests, not %d", u.requests, want)
				}
				progress("scale n=%d %s: %.2f s, peaks %d and %d MiB", count, provider, u.wall.Seconds(), u.cliPeak>>10, u.pluginPeak>>10)
				c.all[provider] = append(c.all[provider], u)
			}
		}
		pair := func(format string, value func(usage) int64, unit float64) string {
			return fmt.Sprintf(format+" → "+format, float64(c.median(floorName, value))/unit, float64(c.median(ourName, value))/unit)
		}
		wall := func(u usage) int64 { return int64(u.wall) }
		b.say("| %d | %d | %s | %.2f | %s | %s | %s | %s | %s |", count, c.slots, pair("%.2f", wall, 1e9),
			float64(c.median(ourName, wall))/float64(c.median(floorName, wall)), pair("%.2f", wall, 1e6*float64(count)),
			pair("%.2f", func(u usage) int64 { return int64(u.cliCPU) }, 1e9), pair("%.2f", func(u usage) int64 { return int64(u.pluginCPU) }, 1e9),
			pair("%.0f", func(u usage) int64 { return u.cliPeak }, 1024), pair("%.0f", func(u usage) int64 { return u.pluginPeak }, 1024))
	}
	return nil
}
