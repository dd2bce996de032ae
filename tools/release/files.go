// SPDX-License-Identifier: MPL-2.0

package main

import "slices"

// release is the set of files that are published. The registries require the names
// of the archives, the manifest, the checksums and the signature:
// https://developer.hashicorp.com/terraform/registry/providers/publishing
type release struct {
	config
	version string // without "v"
}

func (r release) prefix() string { return r.project + "_" + r.version + "_" }

func (r release) archive(t target) string { return r.prefix() + t.String() + ".zip" }

func (r release) sbom(t target) string { return r.archive(t) + ".spdx.json" }

func (r release) manifest() string { return r.prefix() + "manifest.json" }

func (r release) binary(t target) string { return executable(r.project+"_v"+r.version, t) }

// mockArchive is the archive of the mock server. The registries may not take it for
// one of the provider, so that its name begins differently.
func (r release) mockArchive(t target) string {
	return mockName + "_" + r.version + "_" + t.String() + ".zip"
}

func executable(name string, t target) string {
	if t.os == "windows" {
		name += ".exe"
	}
	return name
}

// sums is a file of checksums, next to which is its signature.
type sums struct {
	name   string
	summed []string // the files that have a line in it, sorted
}

func (s sums) signature() string { return s.name + ".sig" }

// allSums cover every other file of the release. The registries get the first, and
// the Terraform registry refuses it if it lists anything but the files that the
// registry asks for. Everything else is in the second.
func (r release) allSums() []sums {
	registry := sums{r.prefix() + "SHA256SUMS", []string{r.manifest()}}
	extra := sums{name: r.prefix() + "extra_checksums.txt"}
	for _, t := range r.targets {
		registry.summed = append(registry.summed, r.archive(t))
		extra.summed = append(extra.summed, r.sbom(t))
	}
	for _, t := range r.mock {
		extra.summed = append(extra.summed, r.mockArchive(t))
	}
	slices.Sort(registry.summed)
	slices.Sort(extra.summed)
	return []sums{registry, extra}
}
