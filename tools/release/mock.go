// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
)

// checkMock reports everything that is wrong with the archives of the mock server.
func (r release) checkMock(ctx context.Context, folder string, c commit) error {
	var problems []error
	for _, t := range r.mock {
		name := executable(mockName, t)
		binary, _, err := r.checkArchive(filepath.Join(folder, r.mockArchive(t)), name, t, c)
		problems = append(problems, within(r.mockArchive(t), err))
		if t == (target{runtime.GOOS, runtime.GOARCH}) && binary != nil {
			problems = append(problems, within(r.mockArchive(t), checkVersion(ctx, binary, name, mockName+" "+r.version)))
		}
	}
	return errors.Join(problems...)
}
