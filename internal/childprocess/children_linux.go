// SPDX-License-Identifier: MPL-2.0

package childprocess

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// list reads /proc, because ps is missing in many containers.
func list() ([]process, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the process has ended
		}
		// pid (name) state ppid …; the name may hold spaces and parentheses.
		before, after := text[:bytes.LastIndexByte(text, ')')], text[bytes.LastIndexByte(text, ')')+1:]
		pid, name, _ := strings.Cut(string(before), " (")
		p := process{name: name}
		if p.id, err = strconv.Atoi(pid); err != nil {
			return nil, err
		}
		if p.parent, err = strconv.Atoi(strings.Fields(string(after))[1]); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
