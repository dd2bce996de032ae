// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/tools/bench/reading"
)

const asMeter = "METER_TEST_CHILD"

// TestMain lets the test binary stand in for the meter.
func TestMain(m *testing.M) {
	if os.Getenv(asMeter) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A plugin is run by the meter that lies in its place; anything else is named in
// the arguments. The exit code and the output are those of the program.
func TestMeter(t *testing.T) {
	folder := t.TempDir()
	const script = "#!/bin/sh\nsleep 0.1\necho $1\nexit 3\n"
	for name, test := range map[string]struct {
		meter, program string
		plugin         bool
	}{
		"plugin": {"terraform-provider-x", "real-terraform-provider-x", true},
		"CLI":    {"meter", "cli", false},
	} {
		t.Run(name, func(t *testing.T) {
			meter, program := filepath.Join(folder, test.meter), filepath.Join(folder, test.program)
			if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(os.Args[0], meter); err != nil {
				t.Fatal(err)
			}
			readings := filepath.Join(folder, "readings-"+test.program)
			args := []string{"hello"}
			if !test.plugin {
				args = []string{program, "hello"}
			}
			command := exec.CommandContext(t.Context(), meter, args...)
			command.Env = append(os.Environ(), asMeter+"=1", reading.FileVariable+"="+readings)
			var out bytes.Buffer
			command.Stdout = &out
			_ = command.Run()
			if code := command.ProcessState.ExitCode(); code != 3 || out.String() != "hello\n" {
				t.Errorf("exit code %d, output %q", code, &out)
			}
			all, err := reading.Load(readings)
			if err != nil || len(all) != 1 {
				t.Fatalf("%v, %+v", err, all)
			}
			if r := all[0]; r.Program != test.program || r.Plugin != test.plugin || r.Wall < 100*time.Millisecond || r.PeakKiB == 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}
