// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// operation is one run of the CLI.
type operation struct {
	name     string
	args     []string
	requests int         // for each number, at most
	sending  int         // how many plugin processes of the run send requests
	before   func(*site) // what happens to the numbers before
	status   string      // the signature status that the floor finds; "" is that of the state
}

var planNothing = operation{name: "plan, nothing to do", args: []string{"plan", "-detailed-exitcode"}, requests: 1, sending: 1}

var operations = []operation{
	{name: "apply", args: []string{"apply", "-auto-approve"}, requests: 4, sending: 2},
	planNothing,
	{
		name: "repair of all", args: []string{"apply", "-auto-approve"}, requests: 3, sending: 2,
		before: func(s *site) {
			for _, number := range s.numbers {
				s.server.Reregister(number)
			}
		},
		status: graphmock.StatusMismatch,
	},
	{name: "destroy", args: []string{"destroy", "-auto-approve"}, requests: 1, sending: 1},
}

// run runs one operation in a site.
func (op operation) run(ctx context.Context, s *site, slots int) (usage, error) {
	if op.before != nil {
		op.before(s)
	}
	args := append(slices.Clone(op.args), "-input=false", "-no-color", fmt.Sprintf("-parallelism=%d", slots))
	return s.run(ctx, []string{"FLOOR_STATUS=" + op.status}, args...)
}

// operations measures each operation under each set of conditions.
func (b *bench) operations(ctx context.Context) error {
	var cells []*cell
	for _, count := range or(b.numbers, 1, 100, 500) {
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

// measure runs the operations in turn under one set of conditions.
func (b *bench) measure(ctx context.Context, count int, latency time.Duration, slots int) ([]*cell, error) {
	var cells []*cell
	handshake := 2 // TCP, TLS 1.3
	if b.http {
		handshake = 1
	}
	for _, op := range operations {
		cells = append(cells, &cell{count: count, slots: slots, latency: latency, handshake: handshake, operation: op, all: map[string][]usage{}})
	}
	for run := range b.runs {
		if err := b.place(); err != nil {
			return nil, err
		}
		sites := map[string]*site{}
		for _, provider := range providers {
			s, err := b.site(ctx, provider, count, latency)
			if err != nil {
				return nil, err
			}
			defer s.close()
			sites[provider] = s
		}
		// Both do the same operation in immediate succession.
		for _, c := range cells {
			for _, provider := range providers {
				u, err := c.run(ctx, sites[provider], slots)
				if err != nil {
					return nil, err
				}
				c.all[provider] = append(c.all[provider], u)
			}
			last := func(provider string) float64 { return c.all[provider][run].wall.Seconds() }
			progress("n=%d latency=%s slots=%d run %d, %s: floor %.2f s, whatsapp %.2f s",
				count, latency, slots, run+1, c.name, last(floorName), last(ourName))
		}
		for _, s := range sites {
			s.close()
		}
	}
	return cells, nil
}
