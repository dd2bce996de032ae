// SPDX-License-Identifier: MPL-2.0

// Package reading is what the meter writes and the bench reads: a file with one
// line of JSON for each program that was run.
package reading

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"
)

// FileVariable is the environment variable that names the file.
const FileVariable = "BENCH_METER"

// Reading is what one program used.
type Reading struct {
	Program string
	Plugin  bool
	Wall    time.Duration
	CPU     time.Duration // with its children that it waited for
	Own     time.Duration // the CPU of the meter itself
	PeakKiB int64         // the largest resident memory of the program alone
}

// Append adds a line to the file.
func (r Reading) Append(file string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// In one call, because meters of one run append to the same file.
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Close())
}

// Load reads the whole file.
func Load(file string) ([]Reading, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all []Reading
	for line := range bytes.Lines(text) {
		var r Reading
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// Memory is a field of /proc/PID/status in KiB, such as VmRSS or VmHWM; 0 when the
// process has ended.
func Memory(pid int, field string) int64 {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	_, rest, _ := strings.Cut(string(text), "\n"+field+":")
	line, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(line), " kB"), 10, 64)
	return n
}
