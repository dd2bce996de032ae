// SPDX-License-Identifier: MPL-2.0

package main

import "slices"

// release is the set of files that a registry gets. The registries require the
// names of the archives, the manifest, the checksums and the signature:
// https://developer.hashicorp.com/terraform/registry/providers/publishing
type release struct {
	config
	version string // without "v"
}

func (r release) prefix() string { return r.project + "_" + r.version + "_" }

func (r release) archive(t target) string { return r.prefix() + t.String() + ".zip" }

func (r release) sbom(t target) string { return r.archive(t) + ".spdx.json" }

func (r release) manifest() string { return r.prefix() + "manifest.json" }

func (r release) sums() string { return r.prefix() + "SHA256SUMS" }

func (r release) signature() string { return r.sums() + ".sig" }

func (r release) binary(t target) string { return executable(r.project+"_v"+r.version, t) }

// mockArchive is the archive of the mock server. The registries may not take it for
// one of the provider, so that its name begins differently, and it is not in the
// checksums.
func (r release) mockArchive(t target) string {
	return mockName + "_" + r.version + "_" + t.String() + ".zip"
}

func (r release) mockSignature(t target) string { return r.mockArchive(t) + ".sig" }

func executable(name string, t target) string {
	if t.os == "windows" {
		name += ".exe"
	}
	return name
}

// summed are the names of the files that have a line in the checksums, sorted.
func (r release) summed() []string {
	names := []string{r.manifest()}
	for _, t := range r.targets {
		names = append(names, r.archive(t), r.sbom(t))
	}
	slices.Sort(names)
	return names
}
