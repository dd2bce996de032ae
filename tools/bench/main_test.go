// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/tools/bench/reading"
)

// Every measurement, with few numbers, on the real CLI. How long something took is
// not asserted: it depends on the machine.
func TestEveryMeasurement(t *testing.T) {
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if os.Getenv("TF_ACC") == "" || cli == "" {
		t.Skip("needs TF_ACC and TF_ACC_TERRAFORM_PATH")
	}
	folder := t.TempDir()
	report := filepath.Join(folder, "report.md")
	var out strings.Builder
	err := run(t.Context(), []string{
		"-cli", cli, "-root", "../..", "-folder", folder, "-report", report,
		"-measure", "start,operations,scale", "-n", "1,2", "-latency", "0s", "-parallelism", "2", "-runs", "1", "-block", "1",
	}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if written, err := os.ReadFile(report); err != nil || string(written) != out.String() {
		t.Errorf("%v: the report is\n%s", err, written)
	}
	// Each of the four operations is in the table of times and in that of the rest.
	for row, want := range map[string]int{
		"floor |": 1, "whatsapp |": 1, "1 | 0s | 2 | ": 8, "2 | 0s | 2 | ": 8, "1 | 2 | ": 1, "2 | 2 | ": 1,
	} {
		if n := strings.Count(out.String(), "\n| "+row); n != want {
			t.Errorf("%d rows, not %d, begin with %q in\n%s", n, want, row, out.String())
		}
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"-cli sh -measure nonsense -n x": "invalid value",
		"-cli sh -latency 5":             "missing unit",
		"-cli sh -runs 0":                "there has to be a run",
		"-cli sh extra":                  `unexpected argument "extra"`,
		"-cli nowhere-to-be-found":       "not found",
	} {
		if err := (&bench{}).parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	b := &bench{}
	if err := b.parse(strings.Fields("-cli sh -n 1,20 -latency 0s,50ms")); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.numbers, []int{1, 20}) || !slices.Equal(b.latencies, []time.Duration{0, 50 * time.Millisecond}) ||
		!slices.Equal(b.parallelisms, []int{10, 50}) || !filepath.IsAbs(b.cli) {
		t.Errorf("%+v", b)
	}
}

// The CPU of the CLI is without that of its plugins and their meters; the peak of
// the plugins is that of the largest.
func TestUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "readings")
	for _, r := range []reading.Reading{
		{Plugin: true, Wall: time.Second, CPU: 300 * time.Millisecond, Own: 10 * time.Millisecond, PeakKiB: 20},
		{Plugin: true, Wall: time.Second, CPU: 200 * time.Millisecond, Own: 20 * time.Millisecond, PeakKiB: 30},
		{Wall: 3 * time.Second, CPU: 2 * time.Second, Own: 5 * time.Millisecond, PeakKiB: 70},
	} {
		if err := r.Append(file); err != nil {
			t.Fatal(err)
		}
	}
	got, err := usageOf(file)
	want := usage{
		wall: 3 * time.Second, cliCPU: 1470 * time.Millisecond, pluginCPU: 500 * time.Millisecond,
		cliPeak: 70, pluginPeak: 30, plugins: 2,
	}
	if err != nil || got != want {
		t.Errorf("%v: %+v, want %+v", err, got, want)
	}
	if err := os.WriteFile(file, []byte(`{"Wall":1,"CPU":1}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := usageOf(file); err == nil {
		t.Error("a run without a plugin was accepted")
	}
}

func TestGoal(t *testing.T) {
	c := cell{count: 100, slots: 10, latency: 50 * time.Millisecond, handshake: 2, all: map[string][]usage{
		floorName: {{wall: 9 * time.Second}, {wall: 2 * time.Second}, {wall: time.Second}},
		ourName:   {{requests: 100}, {requests: 400}, {requests: 400}},
	}}
	// 1.05 × 2 s, a handshake of 2 × 50 ms, and 400 requests of 50 ms on 10 slots.
	if got := c.goal(); got != 4200*time.Millisecond {
		t.Errorf("%s", got)
	}
	if got := c.wall(floorName).String(); got != "1.00 / 2.00 / 9.00" {
		t.Error(got)
	}
}
