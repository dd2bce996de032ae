// SPDX-License-Identifier: MPL-2.0

// Package childprocess interrupts and kills the programs that the tests start,
// in the same way on each operating system.
package childprocess

import "os"

// process is an entry in the list of all processes.
type process struct {
	id     int
	parent int
	name   string // of the file, without its folder; Linux cuts it after 15 bytes
}

// Kill ends a process, without a chance to clean up.
func Kill(id int) error {
	p, err := os.FindProcess(id)
	if err != nil {
		return err
	}
	return p.Kill()
}
