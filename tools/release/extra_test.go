// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Each archive of the provider gets an SBOM, and the checksums are those of what is
// not for the registries.
func TestExtra(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"syft":                          "#!/bin/sh\n" + `echo '{"documentNamespace":"x-ceb02d1e-175b-44c7-921d-43d9908428ee","creationInfo":{}}'` + "\n",
		"graphmock_1.2.3_linux_arm.zip": "mock",
		"terraform-provider-x_1.2.3_linux_arm.zip": "archive",
		"terraform-provider-x_1.2.3_linux_386.zip": "archive",
		"metadata.json": "{}",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sums := filepath.Join(folder, "terraform-provider-x_1.2.3_extra_checksums.txt")
	if err := extra(t.Context(), []string{"-syft", filepath.Join(folder, "syft"), "-created", "2026-03-04T05:06:07Z", sums}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(sums)
	if err != nil {
		t.Fatal(err)
	}
	// printf mock | sha256sum, and the same for the document, which TestReproducible describes.
	const want = "ec864fe99b539704b8872ac591067ef22d836a8d942087f2dba274b301ebe6e5  graphmock_1.2.3_linux_arm.zip\n" +
		"9edbdee02de46f54edd37b7121221085dc540af6ee82987d160c32d1cf03e90a  terraform-provider-x_1.2.3_linux_386.zip.spdx.json\n" +
		"9edbdee02de46f54edd37b7121221085dc540af6ee82987d160c32d1cf03e90a  terraform-provider-x_1.2.3_linux_arm.zip.spdx.json\n"
	if string(got) != want {
		t.Errorf("the checksums are\n%s\nnot\n%s", got, want)
	}
}
