// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const base = "terraform-provider-example_1.2.3_"

// A release that is right passes, and each damage to it is found and named.
func TestVerify(t *testing.T) {
	original := newFixture(t)
	archive := base + runtime.GOOS + "_" + runtime.GOARCH + ".zip"
	for name, test := range map[string]struct {
		damage func(*testing.T, *fixture)
		want   []string // in the error; none is no error
	}{
		"nothing": {func(*testing.T, *fixture) {}, nil},
		"a platform is missing": {func(_ *testing.T, f *fixture) {
			f.targets = append(f.targets, target{"plan9", "arm"})
		}, []string{base + "plan9_arm.zip is missing", base + "plan9_arm.zip.spdx.json is missing"}},
		"an archive has another name": {func(_ *testing.T, f *fixture) {
			f.files = func(files map[string][]byte) {
				files[strings.ToUpper(archive)] = files[archive]
				delete(files, archive)
			}
		}, []string{archive + " is missing", strings.ToUpper(archive) + " does not belong to the release"}},
		"a file too much": {func(_ *testing.T, f *fixture) {
			f.files = func(files map[string][]byte) { files["notes.txt"] = []byte("x") }
		}, []string{"notes.txt does not belong to the release", "has more than the checksums"}},
		"an archive was changed": {func(_ *testing.T, f *fixture) {
			f.sums = func(text string) string { return strings.Replace(text, text[:8], "00000000", 1) }
		}, []string{"there is no line with the checksum of " + archive}},
		"the manifest is not summed": {func(_ *testing.T, f *fixture) {
			f.sums = func(text string) string { return text[:strings.LastIndex(strings.TrimSpace(text), "\n")+1] }
		}, []string{"there is no line with the checksum of " + base + "manifest.json"}},
		"the SBOM is missing": {func(_ *testing.T, f *fixture) {
			f.files = func(files map[string][]byte) { delete(files, archive+".spdx.json") }
		}, []string{archive + ".spdx.json is missing"}},
		"the manifest has another protocol": {func(_ *testing.T, f *fixture) {
			f.manifest = `{"version":1,"metadata":{"protocol_versions":["5.0"]}}`
		}, []string{"is not the manifest of a provider with protocol 6.0"}},
		"signed with another key": {func(t *testing.T, f *fixture) {
			t.Helper()
			f.signer = newKey(t, packet.PubKeyAlgoRSA)
		}, []string{
			"SHA256SUMS.sig: openpgp: signature made by unknown entity",
			runtime.GOARCH + ".zip.sig: openpgp: signature made by unknown entity",
		}},
		"the signature is text": {func(_ *testing.T, f *fixture) {
			f.sign = func(signature []byte) []byte {
				var out bytes.Buffer
				writer, _ := armor.Encode(&out, "PGP SIGNATURE", nil)
				_, _ = writer.Write(signature)
				_ = writer.Close()
				return out.Bytes()
			}
		}, []string{"SHA256SUMS.sig: "}},
		"a kind of key that the registry refuses": {func(t *testing.T, f *fixture) {
			t.Helper()
			f.key = newKey(t, packet.PubKeyAlgoEdDSA)
			f.signer = f.key
		}, []string{"the key is neither RSA nor DSA"}},
		"a file in the archive has another time": {func(_ *testing.T, f *fixture) {
			f.archived[0].time = committed.Add(time.Second)
		}, []string{archive + ": CHANGELOG.md was modified at"}},
		"the binary cannot be run": {func(_ *testing.T, f *fixture) {
			f.archived[3].mode = 0o644
		}, []string{"has the mode -rw-r--r--, not -rwxr-xr-x"}},
		"the archive lacks the licence": {func(_ *testing.T, f *fixture) {
			f.archived = slices.Delete(f.archived, 1, 2)
		}, []string{archive + ": it holds "}},
		"a file in the archive too much": {func(_ *testing.T, f *fixture) {
			f.archived = append(f.archived, packed{"token", []byte("x"), fs.FileMode(0o644), committed})
		}, []string{archive + ": it holds "}},
		"a file in the archive twice": {func(_ *testing.T, f *fixture) {
			f.archived = append(f.archived, f.archived[0])
		}, []string{archive + ": it holds "}},
		"the binary has another name": {func(_ *testing.T, f *fixture) {
			f.archived[3].name = "terraform-provider-example"
		}, []string{archive + ": it holds ", archive + ": terraform-provider-example has the mode"}},
		"the readme is another": {func(_ *testing.T, f *fixture) {
			f.archived[2].content = []byte("x")
		}, []string{"README.md is not that of the repository"}},
		"built from another commit": {func(_ *testing.T, f *fixture) {
			f.hash = strings.Repeat("0", 40)
		}, []string{`for vcs.revision, not "0000000000000000000000000000000000000000"`}},
		"built with another Go": {func(_ *testing.T, f *fixture) {
			f.commit.version = "go1.26.0"
		}, []string{`for Go, not "go1.26.0"`}},
		"built for another platform": {func(_ *testing.T, f *fixture) {
			f.targets = []target{{"plan9", "arm"}}
			f.files = func(files map[string][]byte) {
				for _, end := range []string{"", ".spdx.json"} {
					files[base+"plan9_arm.zip"+end] = files[archive+end]
					delete(files, archive+end)
				}
			}
		}, []string{`for GOOS, not "plan9"`, `for GOARCH, not "arm"`}},
		"the binary has a path of the machine": {func(_ *testing.T, f *fixture) {
			f.absent = []string{"example.com/terraform-provider-example"}
		}, []string{"the binary has the path"}},
		"the mock server is missing for a platform": {func(_ *testing.T, f *fixture) {
			f.mock = append(f.mock, target{"plan9", "arm"})
		}, []string{"graphmock_1.2.3_plan9_arm.zip is missing", "graphmock_1.2.3_plan9_arm.zip.sig is missing"}},
		"the mock server is in the checksums": {func(_ *testing.T, f *fixture) {
			f.sums = func(text string) string {
				return strings.Repeat("0", 64) + "  graphmock_1.2.3_" + runtime.GOOS + "_" + runtime.GOARCH + ".zip\n" + text
			}
		}, []string{"has more than the checksums"}},
		"the archive of the mock server has the provider": {func(_ *testing.T, f *fixture) {
			f.mocked[3].content = f.archived[3].content
		}, []string{"graphmock_1.2.3_", `-version prints "terraform-provider-example 1.2.3", not "graphmock 1.2.3"`}},
		"the archive of the mock server has another mode": {func(_ *testing.T, f *fixture) {
			f.mocked[0].mode = 0o755
		}, []string{"graphmock_1.2.3_", "CHANGELOG.md has the mode"}},
		"the SBOM lacks a module": {func(_ *testing.T, f *fixture) {
			f.modules["stdlib"] = "go1.0"
		}, []string{"spdx.json: it does not name stdlib " + runtime.Version()}},
		"the SBOM has the time of the build": {func(_ *testing.T, f *fixture) {
			f.created = time.Now()
		}, []string{"spdx.json: it was created at"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := original.clone()
			test.damage(t, f)
			err := f.verify(t.Context(), f.write(t), f.commit, armored(t, f.key))
			if (err == nil) != (test.want == nil) {
				t.Fatalf("the error is %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not have %q:\n%s", want, err)
				}
			}
		})
	}
}

// The version that a binary prints is compared with that of the release.
func TestVerifyRunsTheBinary(t *testing.T) {
	f := newFixture(t)
	here := f.targets[0]
	for version, want := range map[string]string{
		"1.2.3": "",
		"1.2.4": `-version prints "terraform-provider-example 1.2.3", not "terraform-provider-example 1.2.4"`,
	} {
		got := ""
		if err := checkVersion(t.Context(), f.archived[3].content, f.binary(here), "terraform-provider-example "+version); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("the error for %s is %q, not %q", version, got, want)
		}
	}
}
