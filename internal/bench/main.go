// SPDX-License-Identifier: MPL-2.0

//go:build linux

// The bench measures the provider on the real CLI, against the mock server,
// side by side with the floor: a provider with the same schema that does
// nothing. Machines are noisy, so what counts are medians and ratios to the
// floor, from runs that alternate between the two. The requests are exact.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\nbench:", err)
		os.Exit(1)
	}
}

// bench is what all measurements share.
type bench struct {
	cli          string
	folder       string // everything is built and run in here
	out          io.Writer
	runs         int
	block        int // numbers in one resource block; 0 is all
	numbers      []int
	latencies    []time.Duration
	parallelisms []int
	binaries     map[string]string // by provider
	key          string
}

// The two providers that are measured, in the order of the runs.
const (
	floorName = "floor"
	ourName   = "whatsapp"
)

var providers = []string{floorName, ourName}

func run(ctx context.Context) error {
	b := &bench{}
	var report, what string
	flag.StringVar(&b.cli, "cli", "terraform", "the terraform or tofu binary")
	flag.StringVar(&b.folder, "folder", ".cache/bench", "where to build and run")
	flag.StringVar(&report, "report", ".cache/bench.md", "where to write the tables, beside standard output")
	flag.StringVar(&what, "measure", "counts,start,operations", "what to measure: any of counts, start, operations and scale")
	flag.IntVar(&b.runs, "runs", 5, "how often each provider is measured")
	flag.IntVar(&b.block, "block", 0, "numbers in one resource block, because Terraform's time grows with the square of them (default all)")
	flag.Func("n", "numbers in the configuration (default 1,100,500; for scale 500,1000,2000,5000)", list(&b.numbers, strconv.Atoi))
	flag.Func("latency", "what the server takes to answer (default 0s,50ms)", list(&b.latencies, time.ParseDuration))
	flag.Func("parallelism", "parallel slots of the CLI (default 10,50)", list(&b.parallelisms, strconv.Atoi))
	flag.Parse()

	numbers := b.numbers
	for value, byDefault := range map[*[]int][]int{&b.numbers: {1, 100, 500}, &b.parallelisms: {10, 50}} {
		if len(*value) == 0 {
			*value = byDefault
		}
	}
	if len(b.latencies) == 0 {
		b.latencies = []time.Duration{0, 50 * time.Millisecond}
	}

	var err error
	if b.cli, err = exec.LookPath(b.cli); err != nil {
		return err
	}
	for _, path := range []*string{&b.cli, &b.folder} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	file, err := os.Create(report)
	if err != nil {
		return err
	}
	defer file.Close()
	b.out = io.MultiWriter(os.Stdout, file)
	if err := b.build(ctx); err != nil {
		return err
	}

	version, err := exec.CommandContext(ctx, b.cli, "version").Output() //nolint:gosec // whoever runs the bench chooses the CLI
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(version), "\n")
	b.say("# Bench\n\n%s, %s, %s/%s with %d processors, %d runs of each provider in turn.", first, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), b.runs)

	for name := range strings.SplitSeq(what, ",") {
		var err error
		switch name {
		case "counts":
			err = b.counts(ctx)
		case "start":
			err = b.start(ctx)
		case "operations":
			err = b.operations(ctx)
		case "scale":
			if len(numbers) == 0 {
				b.numbers = []int{500, 1000, 2000, 5000}
			}
			err = b.scale(ctx)
		default:
			err = fmt.Errorf("there is nothing called %q to measure", name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func list[T any](to *[]T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		*to = nil
		for word := range strings.SplitSeq(text, ",") {
			value, err := parse(word)
			if err != nil {
				return err
			}
			*to = append(*to, value)
		}
		return nil
	}
}

func (b *bench) say(format string, values ...any) {
	fmt.Fprintf(b.out, format+"\n", values...)
}

func progress(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
}

// version is that of the providers in the mirror.
const version = "0.0.1"

// build makes both providers as a release does, and a mirror of its own in
// which each lies behind a meter: the mirror of the tests must not have meters.
func (b *bench) build(ctx context.Context) error {
	const module = "github.com/wa-flows/terraform-provider-whatsapp"
	b.binaries = map[string]string{}
	compile := func(name, pkg string) (string, error) {
		file := filepath.Join(b.folder, "bin", name)
		command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, pkg)
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		command.Stderr = os.Stderr
		return file, command.Run()
	}
	meter, err := compile("meter", module+"/internal/bench/meter")
	if err != nil {
		return err
	}
	for name, pkg := range map[string]string{ourName: module, floorName: module + "/internal/bench/floor"} {
		if b.binaries[name], err = compile("terraform-provider-"+name, pkg); err != nil {
			return err
		}
		for _, host := range hosts {
			if err := link(meter, b.mirrored(host, name)); err != nil {
				return err
			}
		}
	}
	if err := b.place(); err != nil {
		return err
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.Join(b.folder, "mirror"))
	if err := os.WriteFile(b.cliConfig(), []byte(config), 0o600); err != nil {
		return err
	}
	b.key, err = newKey()
	return err
}

var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// mirrored is the plugin that the CLI finds.
func (b *bench) mirrored(host, provider string) string {
	return filepath.Join(b.folder, "mirror", host, "wa-flows", provider, version, runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-"+provider+"_v"+version)
}

// program is the provider that the meter in its place runs.
func (b *bench) program(host, provider string) string {
	folder, base := filepath.Split(b.mirrored(host, provider))
	return folder + "real-" + base
}

// place puts a new copy of each provider where its meter looks for it. Where a
// file comes to lie in memory makes its starts up to 4 ms faster or slower for
// as long as it is there, so each run has a copy of its own.
func (b *bench) place() error {
	for name, binary := range b.binaries {
		first := b.program(hosts[0], name)
		text, err := os.ReadFile(binary)
		_ = os.Remove(first)
		if err := errors.Join(err, os.WriteFile(first, text, 0o700)); err != nil { //nolint:gosec // it is a program
			return err
		}
		for _, host := range hosts[1:] {
			if err := link(first, b.program(host, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func link(file, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		return err
	}
	_ = os.Remove(target)
	return os.Link(file, target)
}

func (b *bench) cliConfig() string { return filepath.Join(b.folder, "cli.tfrc") }
func (b *bench) meter() string     { return filepath.Join(b.folder, "bin", "meter") }

// reading is a line of the meter.
type reading struct {
	Program string
	Plugin  bool
	Wall    time.Duration
	CPU     time.Duration
	Own     time.Duration
	PeakKiB int64
}

// usage is what one run of the CLI used.
type usage struct {
	wall                 time.Duration
	cliCPU, pluginCPU    time.Duration
	cliPeak, pluginPeak  int64 // KiB
	plugins              int
	requests, connection int
	mockCPU              time.Duration
}

func usageOf(file string) (u usage, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(text)) {
		var r reading
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return u, err
		}
		if r.Plugin {
			u.plugins++
			u.pluginCPU += r.CPU
			u.pluginPeak = max(u.pluginPeak, r.PeakKiB)
			// What wait4 says of the CLI has the plugin and its meter in it.
			u.cliCPU -= r.CPU + r.Own
			continue
		}
		u.wall, u.cliPeak = r.Wall, r.PeakKiB
		u.cliCPU += r.CPU
	}
	if u.wall == 0 || u.plugins == 0 {
		return u, fmt.Errorf("the meters wrote %q", text)
	}
	return u, nil
}

// spread is how a value varied from run to run.
func spread[T any](all []usage, value func(usage) T, order func(a, b T) int) (least, median, most T) {
	var values []T
	for _, u := range all {
		values = append(values, value(u))
	}
	slices.SortFunc(values, order)
	return values[0], values[len(values)/2], values[len(values)-1]
}
