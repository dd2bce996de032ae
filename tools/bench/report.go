// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"errors"
	"fmt"
	"time"
)

// report writes the tables, and fails where there were more requests or connections
// than there may be. A missed goal is no failure: machines differ.
func (b *bench) report(cells []*cell) error {
	b.reportTimes(cells)
	return b.reportUsage(cells)
}

func (b *bench) reportTimes(cells []*cell) {
	b.say("\n## Wall time\n\nIn seconds, least / median / most. The goal is 1.05 × the median of the floor + one handshake + requests ÷ slots × round-trip time. " +
		"With N = 1, one slot is in use. " +
		"The goal leaves out what only few numbers show: apply and repair send requests from two processes, one that plans and one that applies, " +
		"and the second makes a handshake as well; and each process that makes one reads the certificate authorities of the system before.\n")
	b.say("| N | round trip | slots | operation | floor | whatsapp | ratio | goal | |\n|---:|---:|---:|---|---:|---:|---:|---:|---|")
	missed := 0
	for _, c := range cells {
		floor, ours := c.wall(floorName), c.wall(ourName)
		verdict := "met"
		if ours.median > c.goal() {
			verdict = "missed"
			missed++
		}
		b.say("| %d | %s | %d | %s | %s | %s | %.2f | %s | %s |", c.count, c.latency, c.slots, c.name,
			floor, ours, ours.median.Seconds()/floor.median.Seconds(), seconds(c.goal()), verdict)
	}
	b.say("\n%d of %d met the goal.", len(cells)-missed, len(cells))
}

func (b *bench) reportUsage(cells []*cell) error {
	b.say("\n## CPU, memory, requests, connections and bytes\n\nMedians: CPU in seconds, of all plugin processes of a run together; " +
		"peak memory in MiB, of the largest. Floor, then whatsapp. \"CPU ratio\" is that of CLI and plugins together, " +
		"which other load on the machine disturbs less than the wall time. " +
		"\"Mock\" is the CPU of the mock server, which shares the machine.\n")
	b.say("| N | round trip | slots | operation | CPU of the CLI | CPU of the plugins | CPU ratio | mock | peak of the CLI | peak of a plugin | " +
		"requests | a number | connections | handshakes | KiB | |\n|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|")
	var failed error
	for _, c := range cells {
		requests, connections := most(c.all[ourName], func(u usage) int { return u.requests }), most(c.all[ourName], func(u usage) int { return u.connections })
		verdict := "met"
		if limit := c.requests * c.count; requests > limit {
			verdict = "MISSED"
			failed = errors.Join(failed, fmt.Errorf("%s of %d sent %d requests, and %d is the most", c.name, c.count, requests, limit))
		}
		// Each plugin process has connections of its own, and one over HTTP/2.
		limit := c.sending
		if b.http {
			limit *= min(c.slots, c.count)
		}
		if connections > limit {
			verdict = "MISSED"
			failed = errors.Join(failed, fmt.Errorf("%s of %d with %d slots made %d connections, and %d is the most",
				c.name, c.count, c.slots, connections, limit))
		}
		b.say("| %d | %s | %d | %s | %s | %s | %.2f | %s | %s | %s | %d | %.0f | %d | %d | %.1f | %s |", c.count, c.latency, c.slots, c.name,
			c.pair("%.2f", cliCPU, 1e9), c.pair("%.2f", pluginCPU, 1e9), c.ratio(func(u usage) int64 { return cliCPU(u) + pluginCPU(u) }),
			seconds(time.Duration(c.median(ourName, func(u usage) int64 { return int64(u.mockCPU) }))),
			c.pair("%.0f", cliPeak, 1024), c.pair("%.0f", pluginPeak, 1024),
			requests, float64(requests)/float64(c.count), connections,
			most(c.all[ourName], func(u usage) int { return u.handshakes }), float64(c.median(ourName, func(u usage) int64 { return u.bytes }))/1024, verdict)
	}
	return failed
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }
