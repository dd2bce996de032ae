// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/tools/bench/reading"
)

// usage is what one run of the CLI used.
type usage struct {
	wall                  time.Duration
	cliCPU, pluginCPU     time.Duration
	cliPeak, pluginPeak   int64 // KiB
	plugins               int
	requests, connections int
	handshakes            int
	bytes                 int64 // to the server and from it, TLS included
	mockCPU               time.Duration
}

// usageOf sums up what the meters of one run wrote.
func usageOf(file string) (u usage, err error) {
	all, err := reading.Load(file)
	if err != nil {
		return u, err
	}
	for _, r := range all {
		if r.Plugin {
			u.plugins++
			u.pluginCPU += r.CPU
			u.pluginPeak = max(u.pluginPeak, r.PeakKiB)
			// The CPU of the CLI includes the plugin and its meter.
			u.cliCPU -= r.CPU + r.Own
			continue
		}
		u.wall, u.cliPeak = r.Wall, r.PeakKiB
		u.cliCPU += r.CPU
	}
	if u.wall == 0 || u.plugins == 0 {
		return u, fmt.Errorf("the meters wrote %+v", all)
	}
	return u, nil
}
