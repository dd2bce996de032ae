// SPDX-License-Identifier: MPL-2.0

//go:build linux

// Command bench measures the provider with the real CLI, against the mock server,
// side by side with the floor: a provider with the same schema that does nothing.
// Machines are noisy, so what counts are medians and ratios to the floor, from runs
// that alternate between the two. Requests and connections are exact.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "\nbench:", err)
		os.Exit(1)
	}
}

// bench is what all measurements share.
type bench struct {
	cli          string
	root         string // the repository
	folder       string // everything is built and run in here
	reportFile   string
	out          io.Writer
	measurements string
	runs         int
	http         bool
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

// run measures what args ask for, and writes the tables to stdout and to a file.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	b := &bench{}
	if err := b.parse(args); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.reportFile), 0o750); err != nil {
		return err
	}
	file, err := os.Create(b.reportFile)
	if err != nil {
		return err
	}
	defer file.Close()
	b.out = io.MultiWriter(stdout, file)
	if err := b.build(ctx); err != nil {
		return err
	}

	version, err := exec.CommandContext(ctx, b.cli, "version").Output() //nolint:gosec // whoever runs the bench chooses the CLI
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(version), "\n")
	protocol := "HTTP/2 over TLS"
	if b.http {
		protocol = "HTTP/1.1 without TLS"
	}
	b.say("# Bench\n\n%s, %s, %s, %s/%s with %d processors, %d runs of each provider in turn.",
		first, protocol, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), b.runs)

	for name := range strings.SplitSeq(b.measurements, ",") {
		measure, ok := map[string]func(context.Context) error{
			"start": b.start, "operations": b.operations, "scale": b.scale,
		}[name]
		if !ok {
			return fmt.Errorf("there is nothing called %q to measure", name)
		}
		if err := measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (b *bench) parse(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&b.cli, "cli", "terraform", "the terraform or tofu binary")
	flags.StringVar(&b.root, "root", ".", "the root of the repository")
	flags.StringVar(&b.folder, "folder", ".cache/bench", "where to build and run")
	flags.StringVar(&b.reportFile, "report", ".cache/bench.md", "where to write the tables, beside standard output")
	flags.StringVar(&b.measurements, "measure", "start,operations", "what to measure: any of start, operations and scale")
	flags.IntVar(&b.runs, "runs", 5, "how often each provider is measured")
	flags.IntVar(&b.block, "block", 0, "numbers in one resource block (default all): Terraform's time grows with their square")
	flags.Func("n", "phone numbers in the configuration (default 1,100,500; for scale 500,1000,2000,5000)", list(&b.numbers, strconv.Atoi))
	flags.BoolVar(&b.http, "http", false, "speak HTTP/1.1 without TLS, and not HTTP/2 over TLS")
	flags.Func("latency", "the round-trip time to the server, which delays handshakes as well (default 0s,80ms)", list(&b.latencies, time.ParseDuration))
	flags.Func("parallelism", "parallel slots of the CLI (default 10,50)", list(&b.parallelisms, strconv.Atoi))
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if b.runs < 1 {
		return errors.New("there has to be a run")
	}
	b.latencies = or(b.latencies, 0, 80*time.Millisecond)
	b.parallelisms = or(b.parallelisms, 10, 50)
	var err error
	if b.cli, err = exec.LookPath(b.cli); err != nil {
		return err
	}
	for _, path := range []*string{&b.cli, &b.root, &b.folder} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	return nil
}

// or is what was given, or else the default.
func or[T any](given []T, byDefault ...T) []T {
	if len(given) == 0 {
		return byDefault
	}
	return given
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
