// SPDX-License-Identifier: MPL-2.0

//go:build linux

// The meter runs one program, with its own input and output, and appends what
// it used to the file that BENCH_METER names. It stands between the bench and
// the CLI, and between the CLI and each plugin, because of three things that
// Linux does:
//
//   - what wait4 says of the CLI includes the plugins that the CLI waited for,
//     so the plugins need a count of their own to be taken off;
//   - the peak memory that wait4 says of a child is at least that of the process
//     which forked it, and the bench is large, the meter small;
//   - polling the CPU time of a plugin in /proc misses its last moments.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// reading is one line of the file.
type reading struct {
	Program string
	Plugin  bool
	Wall    time.Duration
	CPU     time.Duration // with its children that it waited for
	Own     time.Duration // what the meter itself used
	PeakKiB int64         // VmHWM, of the program alone
}

func main() {
	name, arguments, plugin := command()
	c := exec.Command(name, arguments...) //nolint:noctx // it ends with the program, and not before
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	// Ctrl-C reaches the whole group by itself; a plugin ignores it.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	started := time.Now()
	if err := c.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(127)
	}
	ended := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watch(c.Process.Pid, plugin, ended) }()
	_ = c.Wait()
	r := reading{Program: filepath.Base(name), Plugin: plugin, Wall: time.Since(started), CPU: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	close(ended)
	r.PeakKiB = <-peak
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok && plugin {
		r.PeakKiB = max(r.PeakKiB, usage.Maxrss) // a plugin has no children, so this is exact
	}
	var own syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &own) == nil {
		r.Own = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	}
	note(r)
	os.Exit(c.ProcessState.ExitCode())
}

// command is the program to run: for a plugin, the one that lies beside the
// meter under the same name with "real-" in front.
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

// watch returns the highest VmHWM that it saw. The value only grows, so what is
// missed is the growth of the last milliseconds.
func watch(pid int, plugin bool, ended <-chan struct{}) int64 {
	if plugin {
		<-ended
		return 0
	}
	var highest int64
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		highest = max(highest, field("/proc/"+strconv.Itoa(pid)+"/status", "VmHWM:"))
		select {
		case <-tick.C:
		case <-ended:
			return highest
		}
	}
}

func field(file, name string) int64 {
	text, _ := os.ReadFile(file)
	_, rest, _ := bytes.Cut(text, []byte(name))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(line)), " kB"), 10, 64)
	return n
}

func note(r reading) {
	text, err := json.Marshal(r)
	if err != nil {
		return
	}
	f, err := os.OpenFile(os.Getenv("BENCH_METER"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the bench names the file
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.Write(append(text, '\n'))
}
