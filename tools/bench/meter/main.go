// SPDX-License-Identifier: MPL-2.0

//go:build linux

// Command meter runs one program, with its own input and output, and appends what
// the program used to a file. It stands between the bench and the CLI, and between
// the CLI and each plugin, because of three properties of Linux:
//
//   - the CPU time that wait4 reports for the CLI includes the plugins that the CLI
//     waited for, so the plugins are measured by themselves to be subtracted;
//   - the peak memory that wait4 reports for a child is at least that of the process
//     that forked it, and the bench is large, the meter small;
//   - polling the CPU time of a plugin in /proc misses its last moments.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/tools/bench/reading"
)

func main() {
	name, arguments, plugin := command()
	c := exec.Command(name, arguments...) //nolint:noctx // the meter ends with the program, and not before
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	// Ctrl-C reaches the whole process group by itself; a plugin ignores it.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	started := time.Now()
	if err := c.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(127)
	}
	ended := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watchPeak(c.Process.Pid, plugin, ended) }()
	_ = c.Wait()
	r := reading.Reading{
		Program: filepath.Base(name), Plugin: plugin, Wall: time.Since(started),
		CPU: c.ProcessState.UserTime() + c.ProcessState.SystemTime(),
	}
	close(ended)
	r.PeakKiB = <-peak
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok && plugin {
		r.PeakKiB = max(r.PeakKiB, usage.Maxrss) // a plugin has no children, so this is exact
	}
	var own syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &own) == nil {
		r.Own = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	}
	// The bench reports a reading that is missing.
	_ = r.Append(os.Getenv(reading.FileVariable))
	os.Exit(c.ProcessState.ExitCode())
}

// command is the program to run: for a plugin, the one beside the meter that has
// the meter's name with "real-" in front.
func command() (name string, arguments []string, plugin bool) {
	if folder, base := filepath.Split(os.Args[0]); strings.HasPrefix(base, "terraform-provider-") {
		return folder + "real-" + base, os.Args[1:], true
	}
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: meter program [argument ...]")
		os.Exit(2)
	}
	return os.Args[1], os.Args[2:], false
}

// watchPeak returns the highest VmHWM that it saw. The value only grows, so what it
// misses is the growth of the last milliseconds.
func watchPeak(pid int, plugin bool, ended <-chan struct{}) int64 {
	if plugin {
		<-ended
		return 0
	}
	var highest int64
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		highest = max(highest, reading.Memory(pid, "VmHWM"))
		select {
		case <-tick.C:
		case <-ended:
			return highest
		}
	}
}
