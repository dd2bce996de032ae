// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
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
	document := archive + ".spdx.json"
	mock := "graphmock_1.2.3_" + runtime.GOOS + "_" + runtime.GOARCH + ".zip"
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
			f.sums = func(registry, _ *string) { *registry = "00000000" + (*registry)[8:] }
		}, []string{"there is no line with the checksum of " + archive}},
		"the manifest is not summed": {func(_ *testing.T, f *fixture) {
			f.sums = func(registry, _ *string) { take(registry, base+"manifest.json") }
		}, []string{"there is no line with the checksum of " + base + "manifest.json"}},
		"the SBOM is missing": {func(_ *testing.T, f *fixture) {
			f.files = func(files map[string][]byte) { delete(files, document) }
		}, []string{document + " is missing"}},
		"the SBOM is in the checksums for the registries": {func(_ *testing.T, f *fixture) {
			f.sums = func(registry, extra *string) { *registry += take(extra, document) }
		}, []string{"SHA256SUMS has more than the checksums", "extra_checksums.txt: there is no line with the checksum of " + document}},
		"the SBOM is in both checksums": {func(_ *testing.T, f *fixture) {
			f.sums = func(registry, extra *string) {
				copied := *extra
				*registry += take(&copied, document)
			}
		}, []string{"SHA256SUMS has more than the checksums"}},
		"the SBOM is in neither checksums": {func(_ *testing.T, f *fixture) {
			f.sums = func(_, extra *string) { take(extra, document) }
		}, []string{"extra_checksums.txt: there is no line with the checksum of " + document}},
		"the SBOM was changed": {func(_ *testing.T, f *fixture) {
			f.signed = func(files map[string][]byte) { files[document] = append(files[document], '\n') }
		}, []string{"extra_checksums.txt: there is no line with the checksum of " + document}},
		"the checksum of the SBOM was changed as well": {func(_ *testing.T, f *fixture) {
			f.signed = func(files map[string][]byte) {
				files[document] = append(files[document], '\n')
				extra := string(files[base+"extra_checksums.txt"])
				take(&extra, document)
				extra += fmt.Sprintf("%x  %s\n", sha256.Sum256(files[document]), document)
				files[base+"extra_checksums.txt"] = []byte(extra)
			}
		}, []string{"extra_checksums.txt.sig: openpgp: invalid signature"}},
		"the extra checksums are missing": {func(_ *testing.T, f *fixture) {
			f.signed = func(files map[string][]byte) { delete(files, base+"extra_checksums.txt") }
		}, []string{"extra_checksums.txt is missing"}},
		"the extra checksums are not signed": {func(_ *testing.T, f *fixture) {
			f.signed = func(files map[string][]byte) { delete(files, base+"extra_checksums.txt.sig") }
		}, []string{"extra_checksums.txt.sig is missing"}},
		"the archive is in the extra checksums": {func(_ *testing.T, f *fixture) {
			f.sums = func(registry, extra *string) { *extra += take(registry, archive) }
		}, []string{"SHA256SUMS: there is no line with the checksum of " + archive, "extra_checksums.txt has more than the checksums"}},
		"the manifest has another protocol": {func(_ *testing.T, f *fixture) {
			f.manifest = `{"version":1,"metadata":{"protocol_versions":["5.0"]}}`
		}, []string{"is not the manifest of a provider with protocol 6.0"}},
		"signed with another key": {func(t *testing.T, f *fixture) {
			t.Helper()
			f.signer = newKey(t, packet.PubKeyAlgoRSA)
		}, []string{
			"SHA256SUMS.sig: openpgp: signature made by unknown entity",
			"extra_checksums.txt.sig: openpgp: signature made by unknown entity",
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
		}, []string{"graphmock_1.2.3_plan9_arm.zip is missing"}},
		"the mock server is in the checksums for the registries": {func(_ *testing.T, f *fixture) {
			f.sums = func(registry, extra *string) { *registry = take(extra, mock) + *registry }
		}, []string{"SHA256SUMS has more than the checksums", "extra_checksums.txt: there is no line with the checksum of " + mock}},
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

// take removes the line of a file from checksums.
func take(sums *string, name string) string {
	for line := range strings.Lines(*sums) {
		if strings.HasSuffix(line, "  "+name+"\n") {
			*sums = strings.Replace(*sums, line, "", 1)
			return line
		}
	}
	panic(name + " is not in the checksums")
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
