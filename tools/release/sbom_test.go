// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What differs from run to run is replaced, and what Syft found is not.
func TestReproducible(t *testing.T) {
	const document = `{"spdxVersion":"SPDX-2.3",` +
		`"documentNamespace":"https://anchore.com/syft/file/x-ceb02d1e-175b-44c7-921d-43d9908428ee",` +
		`"creationInfo":{"creators":["Tool: syft-1"],"created":"2026-11-26T10:12:43Z"},"packages":[{"name":"a&b"}]}`
	got, err := reproducible([]byte(document), []byte("archive"), committed)
	if err != nil {
		t.Fatal(err)
	}
	// printf archive | sha256sum
	const want = `{
 "creationInfo": {
  "created": "2026-03-04T05:06:07Z",
  "creators": [
   "Tool: syft-1"
  ]
 },
 "documentNamespace": "https://anchore.com/syft/file/x-0eb3e36bfb24dcd9bb1d1bece1531216b59539a8fde17ee80224af0653c92aa3",
 "packages": [
  {
   "name": "a&b"
  }
 ],
 "spdxVersion": "SPDX-2.3"
}
`
	if string(got) != want {
		t.Errorf("the document is\n%s\nnot\n%s", got, want)
	}
	if _, err := reproducible([]byte(strings.Replace(document, "-43d9908428ee", "", 1)), nil, committed); err == nil {
		t.Error("a document whose random identifier was not found was taken for reproducible")
	}
}

// The name and the version are those of the archive.
func TestSBOM(t *testing.T) {
	folder := t.TempDir()
	script := "#!/bin/sh\n" + `echo '{"documentNamespace":"x-ceb02d1e-175b-44c7-921d-43d9908428ee","creationInfo":{},"arguments":"'"$*"'"}'` + "\n"
	syft, archive, document := filepath.Join(folder, "syft"), filepath.Join(folder, "terraform-provider-example_1.2.3_linux_arm.zip"), filepath.Join(folder, "document")
	for file, text := range map[string]string{syft: script, archive: "archive"} {
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeSBOM(t.Context(), syft, archive, document, committed); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := `"arguments": "scan file:` + archive + ` --quiet --source-name terraform-provider-example --source-version 1.2.3 --output spdx-json@2.3"`
	if !strings.Contains(string(got), want) {
		t.Errorf("the document is\n%s\nwithout\n%s", got, want)
	}
}
