// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
	"github.com/wa-flows/terraform-provider-whatsapp/tools/bench/reading"
)

const token = "bench-access-token"

// silence keeps the framework of the floor from writing the log that the CLI
// discards. The provider does that by itself: without this the floor would have a
// cost that the provider does not have.
const silence = "TF_LOG_SDK=OFF"

// site is a folder with a configuration for one provider, and a server.
type site struct {
	b        *bench
	provider string
	folder   string
	server   *graphmock.Server
	distance *distance
	numbers  []string
}

func newKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	public, err := pemkey.FromRSA(&key.PublicKey)
	return public.PEM(), err
}

// site makes a folder in which init has run, with a server at a distance.
func (b *bench) site(ctx context.Context, provider string, count int, latency time.Duration) (*site, error) {
	s := &site{b: b, provider: provider}
	for i := range count {
		s.numbers = append(s.numbers, strconv.Itoa(106540352200000+i))
	}
	s.server = graphmock.NewServer(graphmock.Options{Token: token, TLS: !b.http}, s.numbers...)
	_, address, _ := strings.Cut(s.server.URL(), "://")
	var err error
	if s.distance, err = newDistance(address, latency); err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.authority(), []byte(graphmock.CertificateAuthority()), 0o600); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp(b.folder, "site-"); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(s.folder, "main.tf"), []byte(s.configuration()), 0o600); err != nil {
		return nil, err
	}
	_, err = s.run(ctx, nil, "init", "-input=false", "-no-color")
	return s, err
}

// configuration is a resource block for each of the blocks.
func (s *site) configuration() string {
	var config strings.Builder
	fmt.Fprintf(&config, `terraform {
  required_providers {
    %[1]s = {
      source = "wa-flows/%[1]s"
    }
  }
}
`, s.provider)
	for i, numbers := range s.blocks() {
		fmt.Fprintf(&config, `
locals {
  numbers_%[2]d = toset(["%[3]s"])
}

resource "%[1]s_business_encryption" "test_%[2]d" {
  for_each            = local.numbers_%[2]d
  phone_number_id     = each.value
  business_public_key = "%[4]s"
}
`, s.provider, i, strings.Join(numbers, `", "`), strings.ReplaceAll(s.b.key, "\n", `\n`))
	}
	return config.String()
}

// blocks are the numbers of each resource block.
func (s *site) blocks() [][]string {
	size := s.b.block
	if size == 0 {
		size = len(s.numbers)
	}
	return slices.Collect(slices.Chunk(s.numbers, size))
}

// authority is the file with the certificate of the CA of the servers.
func (b *bench) authority() string { return filepath.Join(b.folder, "ca.pem") }

func (s *site) url() string {
	scheme, _, _ := strings.Cut(s.server.URL(), "://")
	return scheme + "://" + s.distance.address()
}

func (s *site) close() {
	s.distance.close()
	s.server.Close()
	_ = os.RemoveAll(s.folder)
}

// run runs the CLI with more environment variables, and returns what it used.
func (s *site) run(ctx context.Context, environment []string, args ...string) (usage, error) {
	readings := filepath.Join(s.folder, "readings")
	_ = os.Remove(readings)
	s.server.ResetRequests()
	s.distance.bytes.Store(0)
	command := exec.CommandContext(ctx, s.b.meter(), append([]string{s.b.cli}, args...)...) //nolint:gosec // whoever runs the bench chooses the CLI
	command.Dir = s.folder
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "CHECKPOINT_DISABLE=1",
		"TF_CLI_CONFIG_FILE=" + s.b.cliConfig(), reading.FileVariable + "=" + readings,
		silence, "WHATSAPP_BASE_URL=" + s.url(), "SSL_CERT_FILE=" + s.b.authority(), "WHATSAPP_ACCESS_TOKEN=" + token, "WHATSAPP_MAX_RETRIES=0",
	}, environment...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	before := ownCPU()
	if err := command.Run(); err != nil {
		return usage{}, fmt.Errorf("%s %s: %w\n%s", s.provider, strings.Join(args, " "), err, &out)
	}
	mock := ownCPU() - before
	if args[0] == "init" {
		return usage{}, nil
	}
	u, err := usageOf(readings)
	u.mockCPU, u.requests, u.connections = mock, s.server.Count("", ""), s.server.Connections()
	u.handshakes, u.bytes = s.server.Handshakes(), s.distance.bytes.Load()
	if n := s.server.Count("DELETE", ""); n > 0 {
		return u, fmt.Errorf("%d DELETE requests", n)
	}
	return u, err
}

func ownCPU() time.Duration {
	var own syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &own)
	return time.Duration(own.Utime.Nano() + own.Stime.Nano())
}

// writeState writes the state that an apply would have left, which takes minutes for
// thousands of numbers, and puts the keys on the numbers.
func (s *site) writeState() error {
	key, err := pemkey.Parse(s.b.key)
	if err != nil {
		return err
	}
	host := "registry.terraform.io"
	if out, err := exec.Command(s.b.cli, "version").Output(); err == nil && bytes.HasPrefix(out, []byte("OpenTofu")) { //nolint:gosec,noctx // a moment, and as above
		host = "registry.opentofu.org"
	}
	fingerprint := key.Fingerprint()
	if s.provider == floorName {
		fingerprint = strings.Repeat("0", 64)
	}
	var resources []any
	for i, numbers := range s.blocks() {
		var instances []any
		for _, number := range numbers {
			s.server.SetKey(number, s.b.key, graphmock.StatusValid)
			instances = append(instances, map[string]any{
				"schema_version": 1, "index_key": number,
				"attributes": map[string]any{
					"id": number, "phone_number_id": number, "allow_overwrite": false, "endpoint_check": nil, "timeouts": nil,
					"business_public_key": s.b.key, "business_public_key_wo": nil, "business_public_key_wo_version": nil,
					"business_public_key_signature_status": graphmock.StatusValid, "business_public_key_fingerprint": fingerprint,
				},
			})
		}
		resources = append(resources, map[string]any{
			"mode": "managed", "type": s.provider + "_business_encryption", "name": fmt.Sprintf("test_%d", i),
			"provider": `provider["` + host + `/wa-flows/` + s.provider + `"]`, "instances": instances,
		})
	}
	text, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "9f2c3a52-6c1b-4b5e-8d0a-0c6f1e1a7b11",
		"outputs": map[string]any{}, "resources": resources,
	})
	return errors.Join(err, os.WriteFile(filepath.Join(s.folder, "terraform.tfstate"), text, 0o600))
}
