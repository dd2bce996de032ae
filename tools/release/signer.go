// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// signer is a throw-away key of gpg.
type signer struct {
	home        string
	public      []byte
	environment []string
}

func newSigner(ctx context.Context) (*signer, error) {
	// The path has to be short: it is that of a socket.
	home, err := os.MkdirTemp("", "gpg-")
	if err != nil {
		return nil, err
	}
	s := &signer{home: home}
	const user = "rehearsal@example.com"
	if _, err := s.gpg(ctx, "--quick-generate-key", user, "rsa3072", "sign", "1d"); err != nil {
		s.close()
		return nil, err
	}
	if s.public, err = s.gpg(ctx, "--armor", "--export", user); err != nil {
		s.close()
		return nil, err
	}
	s.environment = []string{"GNUPGHOME=" + home, "GPG_FINGERPRINT=" + user}
	return s, nil
}

func (s *signer) gpg(ctx context.Context, args ...string) ([]byte, error) {
	args = append([]string{"--homedir", s.home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)
	text, err := exec.CommandContext(ctx, "gpg", args...).Output()
	if err != nil {
		return nil, fmt.Errorf("gpg: %w", err)
	}
	return text, nil
}

func (s *signer) close() {
	_ = exec.Command("gpgconf", "--homedir", s.home, "--kill", "all").Run() //nolint:gosec,noctx // the agent ends with the rehearsal, even when it is interrupted
	_ = os.RemoveAll(s.home)
}
