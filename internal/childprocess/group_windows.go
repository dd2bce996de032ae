// SPDX-License-Identifier: MPL-2.0

package childprocess

import (
	"errors"
	"os/exec"
	"syscall"
)

var generateConsoleCtrlEvent = syscall.NewLazyDLL("kernel32.dll").NewProc("GenerateConsoleCtrlEvent")

// InNewGroup makes Interrupt and KillGroup reach the command and its children, and
// not the tests. Call it before the command starts.
func InNewGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Interrupt does to a process in a group of its own what Ctrl-C does. Windows
// sends Ctrl-C to no other group, but does send Ctrl-Break, and a Go program
// receives both as [os.Interrupt]. Unlike on Unix, its children receive it, too.
func Interrupt(id int) error {
	if ok, _, err := generateConsoleCtrlEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(id)); ok == 0 {
		return err
	}
	return nil
}

// KillGroup kills a process and its children, also when it has already ended.
// Windows cannot kill a group, but remembers the parent of each process.
func KillGroup(id int) error {
	children, err := Children(id, "")
	for _, child := range children {
		err = errors.Join(err, KillGroup(child))
	}
	return errors.Join(err, Kill(id))
}
