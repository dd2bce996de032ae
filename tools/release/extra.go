// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// extra is the command that GoReleaser runs where it has put the archives. It writes
// an SBOM for each archive of the provider, and one file with the checksums of the
// SBOMs and of the archives of the mock server. GoReleaser itself writes only the
// checksums that the registries get.
func extra(ctx context.Context, args []string, _ io.Writer) error {
	flags := flag.NewFlagSet("extra CHECKSUMS", flag.ContinueOnError)
	syft := flags.String("syft", "syft", "the syft binary")
	created := flags.String("created", "", "the time of the commit, as in 2026-01-02T15:04:05Z")
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, *created)
	if err != nil {
		return err
	}
	folder := filepath.Dir(flags.Arg(0))
	archives, err := filepath.Glob(filepath.Join(folder, "*.zip"))
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, archive := range archives {
		file := archive
		if !strings.HasPrefix(filepath.Base(archive), mockName+"_") {
			file += ".spdx.json"
			if err := writeSBOM(ctx, *syft, archive, file, at); err != nil {
				return err
			}
		}
		line, err := sumLine(folder, filepath.Base(file))
		if err != nil {
			return err
		}
		lines.WriteString(line)
	}
	return os.WriteFile(flags.Arg(0), []byte(lines.String()), 0o644) //nolint:gosec // it is published
}
