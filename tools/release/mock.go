// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// mockFiles are the names of the files of the mock server.
func (r release) mockFiles(signed bool) []string {
	var names []string
	for _, t := range r.mock {
		names = append(names, r.mockArchive(t))
		if signed {
			names = append(names, r.mockSignature(t))
		}
	}
	return names
}

// checkMock reports everything that is wrong with the archives of the mock server.
func (r release) checkMock(ctx context.Context, folder string, c commit, key []byte) error {
	var problems []error
	for _, t := range r.mock {
		file, name := filepath.Join(folder, r.mockArchive(t)), executable(mockName, t)
		binary, _, err := r.checkArchive(file, name, t, c)
		problems = append(problems, within(r.mockArchive(t), err))
		if t == (target{runtime.GOOS, runtime.GOARCH}) && binary != nil {
			problems = append(problems, within(r.mockArchive(t), checkVersion(ctx, binary, name, mockName+" "+r.version)))
		}
		if key != nil {
			problems = append(problems, within(r.mockSignature(t), checkFile(file, filepath.Join(folder, r.mockSignature(t)), key)))
		}
	}
	return errors.Join(problems...)
}

// compareMock fails unless both builds have the same archives of the mock server,
// which are not in the checksums.
func (r release) compareMock(first, second string) error {
	var problems []error
	for _, name := range r.mockFiles(false) {
		one, err := os.ReadFile(filepath.Join(first, name))
		if err != nil {
			return err
		}
		other, err := os.ReadFile(filepath.Join(second, name))
		if err != nil {
			return err
		}
		if !bytes.Equal(one, other) {
			problems = append(problems, fmt.Errorf("two builds of one commit differ in %s", name))
		}
	}
	return errors.Join(problems...)
}

// checkFile checks the signature of a file.
func checkFile(file, signatureFile string, key []byte) error {
	signed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	signature, err := os.ReadFile(signatureFile)
	if err != nil {
		return err
	}
	return checkSignature(signed, signature, key)
}
