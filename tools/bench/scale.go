// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"strconv"
)

// scale measures a plan that has nothing to do, for states that grow.
func (b *bench) scale(ctx context.Context) error {
	block := "all"
	if b.block > 0 {
		block = strconv.Itoa(b.block)
	}
	b.say("\n## A plan with nothing to do, for large states\n\nMedians. \"Per number\" is the wall time divided by N, in milliseconds. "+
		"Numbers in one resource block: %s.\n", block)
	b.say("| N | slots | wall, floor → whatsapp | ratio | per number | CPU of the CLI | CPU of the plugins | peak of the CLI, MiB | peak of a plugin, MiB |\n" +
		"|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, count := range or(b.numbers, 500, 1000, 2000, 5000) {
		c := &cell{count: count, slots: b.parallelisms[0], operation: planNothing, all: map[string][]usage{}}
		sites := map[string]*site{}
		for _, provider := range providers {
			s, err := b.site(ctx, provider, count, 0)
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
				u, err := c.run(ctx, sites[provider], c.slots)
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
		b.say("| %d | %d | %s | %.2f | %s | %s | %s | %s | %s |", count, c.slots,
			c.pair("%.2f", wall, 1e9), c.ratio(wall), c.pair("%.2f", wall, 1e6*float64(count)),
			c.pair("%.2f", cliCPU, 1e9), c.pair("%.2f", pluginCPU, 1e9), c.pair("%.0f", cliPeak, 1024), c.pair("%.0f", pluginPeak, 1024))
	}
	return nil
}
