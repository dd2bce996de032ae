// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const (
	source = "wa-flows/whatsapp"
	number = "106540352242922"
	token  = "rehearsal-access-token"
)

// hosts are where the CLIs look for the provider.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// install is the command that does with the archives what a user does.
func install(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("install FOLDER", flag.ContinueOnError)
	version := flags.String("version", "", "the version of the release, without v")
	clis := flags.String("cli", "terraform,tofu", "the binaries of the CLIs, separated by commas")
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	config, err := readConfig(configFile)
	if err != nil {
		return err
	}
	r := release{config, strings.TrimPrefix(*version, "v")}
	return r.install(ctx, flags.Arg(0), strings.Split(*clis, ","), out)
}

// install installs from a mirror of the archives with each CLI.
func (r release) install(ctx context.Context, folder string, clis []string, out io.Writer) error {
	work, err := os.MkdirTemp("", "release-install-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := r.mirror(folder, filepath.Join(work, "mirror")); err != nil {
		return err
	}
	for i, cli := range clis {
		if err := r.installWith(ctx, cli, work, filepath.Join(work, fmt.Sprint(i))); err != nil {
			return fmt.Errorf("%s: %w", cli, err)
		}
		fmt.Fprintf(out, "%s: installed, locked for %d platforms, planned\n", cli, len(r.targets))
	}
	return nil
}

// mirror makes a packed filesystem mirror, which has the archives as a registry
// serves them.
func (r release) mirror(folder, mirror string) error {
	for _, host := range hosts {
		packed := filepath.Join(mirror, host, filepath.FromSlash(source))
		if err := os.MkdirAll(packed, 0o750); err != nil {
			return err
		}
		for _, t := range r.targets {
			content, err := os.ReadFile(filepath.Join(folder, r.archive(t)))
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(packed, r.archive(t)), content, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// installWith runs init, locks all platforms, and plans from a fresh folder in
// which the lock file may not change.
func (r release) installWith(ctx context.Context, cli, work, folder string) error {
	key, err := publicKey()
	if err != nil {
		return err
	}
	server := graphmock.NewServer(graphmock.Options{Token: token}, number)
	defer server.Close()
	mirror := filepath.Join(work, "mirror")
	cliConfig := filepath.Join(work, "cli.tfrc")
	if err := os.WriteFile(cliConfig, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror), 0o600); err != nil {
		return err
	}
	first, second := filepath.Join(folder, "first"), filepath.Join(folder, "second")
	for _, f := range []string{first, second} {
		if err := os.MkdirAll(f, 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(f, "main.tf"), []byte(r.configuration(key)), 0o600); err != nil {
			return err
		}
	}
	run := func(folder string, args ...string) (string, error) {
		command := exec.CommandContext(ctx, cli, args...)
		command.Dir = folder
		command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+cliConfig, "CHECKPOINT_DISABLE=1",
			"WHATSAPP_BASE_URL="+server.URL(), "WHATSAPP_ACCESS_TOKEN="+token)
		text, err := command.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, text)
		}
		return string(text), err
	}
	if _, err := run(first, "init", "-no-color"); err != nil {
		return err
	}
	lock := []string{"providers", "lock", "-fs-mirror=" + mirror}
	for _, t := range r.targets {
		lock = append(lock, "-platform="+t.String())
	}
	if _, err := run(first, lock...); err != nil {
		return err
	}
	if err := r.lockFile(filepath.Join(first, ".terraform.lock.hcl"), second); err != nil {
		return err
	}
	if _, err := run(second, "init", "-no-color", "-lockfile=readonly"); err != nil {
		return err
	}
	plan, err := run(second, "plan", "-no-color")
	if err != nil {
		return err
	}
	if !strings.Contains(plan, "Plan: 1 to add, 0 to change, 0 to destroy.") || server.Count(http.MethodGet, number) == 0 || server.Count(http.MethodPost, "") != 0 {
		return fmt.Errorf("the plan is not to create a key for a number that was read:\n%s", plan)
	}
	return nil
}

func (r release) configuration(key string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    whatsapp = {
      source  = %q
      version = %q
    }
  }
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id     = %q
  business_public_key = <<-EOT
%s  EOT
}
`, source, r.version, number, key)
}

// lockFile copies a lock file that has the version and a checksum for each target.
func (r release) lockFile(file, folder string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), fmt.Sprintf("version     = %q", r.version)) || strings.Count(string(text), `"h1:`) != len(r.targets) {
		return fmt.Errorf("the lock file does not have version %s with %d checksums:\n%s", r.version, len(r.targets), text)
	}
	return os.WriteFile(filepath.Join(folder, filepath.Base(file)), text, 0o600)
}

func publicKey() (string, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}
