// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

var committed = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)

// packed is a file in an archive.
type packed struct {
	name    string
	content []byte
	mode    fs.FileMode
	time    time.Time
}

// fixture is a release of a program that does nothing, for the machine of the test.
// Its parts can be damaged before it is written.
type fixture struct {
	release
	commit
	key      *openpgp.Entity
	archived []packed
	mocked   []packed // in the archive of the mock server
	modules  map[string]string
	created  time.Time
	manifest string
	files    func(map[string][]byte)       // changes the files before they are summed
	sums     func(registry, extra *string) // changes the checksums before they are signed
	signed   func(map[string][]byte)       // changes the files after they are signed
	signer   *openpgp.Entity
	sign     func(signature []byte) []byte
}

// program is what the binary in the archive is built from. Unlike the provider it
// has no dependencies, so that it builds without a network.
const program = `package main

import "os"

var name, version = "terraform-provider-example", "dev"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-version" {
		os.Stdout.WriteString(name + " " + version + "\n")
	}
}
`

func newFixture(t *testing.T) *fixture {
	t.Helper()
	source := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":       "module example.com/terraform-provider-example\n\ngo 1.26.0\n",
		"main.go":      program,
		"README.md":    "the readme\n",
		"LICENSE":      "the license\n",
		"CHANGELOG.md": "the changelog\n",
	} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary, mock := filepath.Join(t.TempDir(), "binary"), filepath.Join(t.TempDir(), "mock")
	for _, args := range [][]string{
		{"git", "init", "--quiet"},
		{"git", "add", "--all"},
		{"git", "commit", "--quiet", "--message", "x"},
		{"git", "tag", "v1.2.3"},
		{"go", "build", "-trimpath", "-buildvcs=true", "-ldflags", "-s -w -X main.version=1.2.3", "-o", binary, "."},
		{"go", "build", "-trimpath", "-buildvcs=true", "-ldflags", "-s -w -X main.version=1.2.3 -X main.name=graphmock", "-o", mock, "."},
	} {
		command := exec.Command(args[0], args[1:]...)
		command.Dir = source
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x@example.com", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@example.com",
			"GIT_COMMITTER_DATE="+committed.Format(time.RFC3339))
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%q: %s\n%s", args, err, text)
		}
	}
	c, err := readCommit(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	here := target{runtime.GOOS, runtime.GOARCH}
	f := &fixture{
		release:  release{config{"terraform-provider-example", []target{here}, []target{here}}, "1.2.3"},
		commit:   c,
		key:      newKey(t, packet.PubKeyAlgoRSA),
		modules:  map[string]string{"stdlib": runtime.Version(), "example.com/terraform-provider-example": "v1.2.3"},
		created:  committed,
		manifest: `{"version":1,"metadata":{"protocol_versions":["6.0"]}}`,
		files:    func(map[string][]byte) {},
		sums:     func(_, _ *string) {},
		signed:   func(map[string][]byte) {},
		sign:     func(signature []byte) []byte { return signature },
	}
	f.signer = f.key
	add := func(to *[]packed, name, file string, mode fs.FileMode) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		*to = append(*to, packed{name, content, mode, committed})
	}
	for _, name := range []string{"CHANGELOG.md", "LICENSE", "README.md"} {
		add(&f.archived, name, filepath.Join(source, name), 0o644)
		add(&f.mocked, name, filepath.Join(source, name), 0o644)
	}
	add(&f.archived, f.binary(here), binary, 0o755)
	add(&f.mocked, executable(mockName, here), mock, 0o755)
	return f
}

// clone is a copy that can be damaged.
func (f *fixture) clone() *fixture {
	c := *f
	c.archived, c.mocked, c.modules = slices.Clone(f.archived), slices.Clone(f.mocked), maps.Clone(f.modules)
	return &c
}

// write writes the release into a folder.
func (f *fixture) write(t *testing.T) string {
	t.Helper()
	base := "terraform-provider-example_1.2.3_"
	archive := base + runtime.GOOS + "_" + runtime.GOARCH + ".zip"
	files := map[string][]byte{
		archive:                pack(t, f.archived),
		archive + ".spdx.json": f.document(t),
		base + "manifest.json": []byte(f.manifest),
		"graphmock_1.2.3_" + runtime.GOOS + "_" + runtime.GOARCH + ".zip": pack(t, f.mocked),
	}
	f.files(files)
	var registry, extra string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		line := fmt.Sprintf("%x  %s\n", sha256.Sum256(files[name]), name)
		if strings.HasSuffix(name, ".spdx.json") || strings.HasPrefix(name, "graphmock_") {
			extra += line
		} else {
			registry += line
		}
	}
	f.sums(&registry, &extra)
	for name, text := range map[string]string{base + "SHA256SUMS": registry, base + "extra_checksums.txt": extra} {
		files[name] = []byte(text)
		var signature bytes.Buffer
		if err := openpgp.DetachSign(&signature, f.signer, bytes.NewReader(files[name]), nil); err != nil {
			t.Fatal(err)
		}
		files[name+".sig"] = f.sign(signature.Bytes())
	}
	f.signed(files)
	folder := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func (f *fixture) document(t *testing.T) []byte {
	t.Helper()
	packages := []map[string]string{}
	for name, version := range f.modules {
		packages = append(packages, map[string]string{"name": name, "versionInfo": version})
	}
	text, err := json.Marshal(map[string]any{
		"spdxVersion":  "SPDX-2.3",
		"creationInfo": map[string]any{"created": f.created},
		"packages":     packages,
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func pack(t *testing.T, files []packed) []byte {
	t.Helper()
	var out bytes.Buffer
	writer := zip.NewWriter(&out)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: f.time}
		header.SetMode(f.mode)
		entry, err := writer.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write(f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func newKey(t *testing.T, algorithm packet.PublicKeyAlgorithm) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("Test", "", "test@example.com", &packet.Config{Algorithm: algorithm, RSABits: 2048})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// armored is the public part of a key.
func armored(t *testing.T, key *openpgp.Entity) []byte {
	t.Helper()
	var out bytes.Buffer
	writer, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Serialize(writer); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
