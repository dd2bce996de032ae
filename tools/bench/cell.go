// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// cell is what was measured of one operation with one set of conditions.
type cell struct {
	count, slots int
	latency      time.Duration // the round-trip time
	handshake    int           // round trips before the first request of a connection
	operation
	all map[string][]usage // by provider
}

func (c *cell) wall(provider string) spread {
	walls := sorted(c.all[provider], func(u usage) time.Duration { return u.wall })
	return spread{walls[0], walls[len(walls)/2], walls[len(walls)-1]}
}

func (c *cell) median(provider string, value func(usage) int64) int64 {
	values := sorted(c.all[provider], value)
	return values[len(values)/2]
}

// pair is the median of the floor and that of the provider, in a unit.
func (c *cell) pair(format string, value func(usage) int64, unit float64) string {
	return fmt.Sprintf(format+" → "+format, float64(c.median(floorName, value))/unit, float64(c.median(ourName, value))/unit)
}

// ratio is the median of the provider by that of the floor.
func (c *cell) ratio(value func(usage) int64) float64 {
	return float64(c.median(ourName, value)) / float64(c.median(floorName, value))
}

// goal is the most that the median wall time may be: a twentieth more than that of
// the floor, one handshake, and the time for which each slot waits for the server.
func (c *cell) goal() time.Duration {
	requests := c.median(ourName, func(u usage) int64 { return int64(u.requests) })
	waiting := time.Duration(float64(c.latency) * (float64(c.handshake) + float64(requests)/float64(min(c.slots, c.count))))
	return c.wall(floorName).median*105/100 + waiting
}

// spread is how the wall time varied from run to run.
type spread struct{ least, median, most time.Duration }

func (s spread) String() string {
	return fmt.Sprintf("%s / %s / %s", seconds(s.least), seconds(s.median), seconds(s.most))
}

func sorted[T cmp.Ordered](all []usage, value func(usage) T) []T {
	var values []T
	for _, u := range all {
		values = append(values, value(u))
	}
	slices.Sort(values)
	return values
}

func most(all []usage, value func(usage) int) int {
	values := sorted(all, value)
	return values[len(values)-1]
}

func wall(u usage) int64       { return int64(u.wall) }
func cliCPU(u usage) int64     { return int64(u.cliCPU) }
func pluginCPU(u usage) int64  { return int64(u.pluginCPU) }
func cliPeak(u usage) int64    { return u.cliPeak }
func pluginPeak(u usage) int64 { return u.pluginPeak }
