// SPDX-License-Identifier: MPL-2.0

//go:build unix

package childprocess

import (
	"os/exec"
	"syscall"
)

// InNewGroup makes Interrupt and KillGroup reach the command and its children, and
// not the tests. Call it before the command starts.
func InNewGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// Interrupt does to a process in a group of its own what Ctrl-C does.
func Interrupt(id int) error {
	return syscall.Kill(id, syscall.SIGINT)
}

// KillGroup kills a process and its children, also when it has already ended.
func KillGroup(id int) error {
	return syscall.Kill(-id, syscall.SIGKILL)
}
