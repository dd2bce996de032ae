// SPDX-License-Identifier: MPL-2.0

package childprocess

import (
	"errors"
	"syscall"
	"unsafe"
)

func list() ([]process, error) {
	snapshot, err := syscall.CreateToolhelp32Snapshot(syscall.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.CloseHandle(snapshot) }()
	var all []process
	entry := syscall.ProcessEntry32{Size: uint32(unsafe.Sizeof(syscall.ProcessEntry32{}))}
	for err = syscall.Process32First(snapshot, &entry); err == nil; err = syscall.Process32Next(snapshot, &entry) {
		all = append(all, process{int(entry.ProcessID), int(entry.ParentProcessID), syscall.UTF16ToString(entry.ExeFile[:])})
	}
	if !errors.Is(err, syscall.ERROR_NO_MORE_FILES) {
		return nil, err
	}
	return all, nil
}
