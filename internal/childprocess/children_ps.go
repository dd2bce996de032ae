// SPDX-License-Identifier: MPL-2.0

//go:build unix && !linux

package childprocess

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

func list() ([]process, error) {
	out, err := exec.CommandContext(context.Background(), "ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "comm=").Output()
	if err != nil {
		return nil, err
	}
	var all []process
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		p := process{name: filepath.Base(strings.Join(fields[2:], " "))}
		if p.id, err = strconv.Atoi(fields[0]); err != nil {
			return nil, err
		}
		if p.parent, err = strconv.Atoi(fields[1]); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
