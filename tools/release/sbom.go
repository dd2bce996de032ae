// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const spdxVersion = "SPDX-2.3"

// writeSBOM runs Syft, which puts the time and a random identifier into each document.
// With those of the commit and the archive, the same archive has the same document.
func writeSBOM(ctx context.Context, syft, file, document string, created time.Time) error {
	archive, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	project, rest, _ := strings.Cut(filepath.Base(file), "_")
	version, _, _ := strings.Cut(rest, "_")
	command := exec.CommandContext(ctx, syft, "scan", "file:"+file, "--quiet", //nolint:gosec // the caller chooses the binary
		"--source-name", project, "--source-version", version, "--output", "spdx-json@"+spdxVersion[len("SPDX-"):])
	command.Env = append(os.Environ(), "SYFT_CHECK_FOR_APP_UPDATE=false")
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return fmt.Errorf("syft: %w", err)
	}
	text, err = reproducible(text, archive, created)
	if err != nil {
		return err
	}
	return os.WriteFile(document, text, 0o644) //nolint:gosec // it is published
}

var randomID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// reproducible replaces what differs from run to run.
func reproducible(document, archive []byte, created time.Time) ([]byte, error) {
	var d map[string]any
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	namespace, _ := d["documentNamespace"].(string)
	creation, ok := d["creationInfo"].(map[string]any)
	if !ok || !randomID.MatchString(namespace) {
		return nil, errors.New("what syft wrote has no creationInfo, or no documentNamespace that ends with a random identifier")
	}
	d["documentNamespace"] = randomID.ReplaceAllString(namespace, fmt.Sprintf("%x", sha256.Sum256(archive)))
	creation["created"] = created.UTC().Format(time.RFC3339)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(d)
	return out.Bytes(), err
}

// checkSBOM compares a document with the modules that the binary itself names.
func checkSBOM(document []byte, modules map[string]string, created time.Time) error {
	var d struct {
		SPDXVersion  string `json:"spdxVersion"`
		CreationInfo struct {
			Created time.Time `json:"created"`
		} `json:"creationInfo"`
		Packages []struct {
			Name    string `json:"name"`
			Version string `json:"versionInfo"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return err
	}
	var problems []error
	if d.SPDXVersion != spdxVersion {
		problems = append(problems, fmt.Errorf("it is %q, not %q", d.SPDXVersion, spdxVersion))
	}
	if !d.CreationInfo.Created.Equal(created) {
		problems = append(problems, fmt.Errorf("it was created at %s, and not at the time of the commit, %s", d.CreationInfo.Created, created))
	}
	named := map[string]bool{}
	for _, p := range d.Packages {
		named[p.Name+" "+p.Version] = true
	}
	for _, module := range sortedKeys(modules) {
		if !named[module+" "+modules[module]] {
			problems = append(problems, fmt.Errorf("it does not name %s %s, which is in the binary", module, modules[module]))
		}
	}
	return errors.Join(problems...)
}
