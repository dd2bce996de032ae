// SPDX-License-Identifier: MPL-2.0

// Command demo shows the life of an encryption key against the mock Graph server,
// with the real CLI and the configuration in examples/two-numbers, and checks
// every step. It ends with a Flow request that WhatsApp's side encrypts with
// the key on the number and the private key from Terraform decrypts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const (
	support = "106540352242922"
	orders  = "106540352242923"

	pairAddress    = "tls_private_key.flows"
	supportAddress = `whatsapp_business_encryption.flows["support"]`
	ordersAddress  = `whatsapp_business_encryption.flows["orders"]`
)

func main() {
	cli := flag.String("cli", "terraform", "the terraform or tofu binary")
	configuration := flag.String("configuration", "examples/two-numbers/main.tf", "the configuration to apply")
	picture := flag.String("picture", "", "draw the plan of the repair into this SVG file, and end")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "Usage: demo [flags]\n\nIt runs the life cycle of a key against a mock Graph server, and proves that a\nmessage can be decrypted. Run it in the folder of the repository.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *cli, *configuration, *picture)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\nThe demo FAILED:", err)
		os.Exit(1)
	}
	fmt.Println("\nEvery step was as it should be.")
}

type demo struct {
	server *graphmock.Server
	tf     *tfexec.Terraform
	step   int
}

func run(ctx context.Context, cli, configuration, picture string) error {
	const token = "demo-access-token"
	// TLS and HTTP/2, as Meta speaks. On the other systems, Go does not read
	// SSL_CERT_FILE.
	server := graphmock.NewServer(graphmock.Options{Token: token, TLS: runtime.GOOS == "linux"}, support, orders)
	defer server.Close()

	folder, err := os.MkdirTemp("", "whatsapp-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	text, err := os.ReadFile(configuration)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), text, 0o600); err != nil {
		return err
	}

	authority := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(authority, []byte(graphmock.CertificateAuthority()), 0o600); err != nil {
		return err
	}

	for name, value := range map[string]string{"WHATSAPP_BASE_URL": server.URL(), "WHATSAPP_ACCESS_TOKEN": token, "SSL_CERT_FILE": authority} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	tf, err := tfexec.NewTerraform(folder, cli)
	if err != nil {
		return err
	}
	d := &demo{server: server, tf: tf}
	fmt.Printf("The mock Graph server listens on %s. The configuration is %s.\n", server.URL(), configuration)
	if picture != "" {
		return d.picture(ctx, picture)
	}
	return d.play(ctx)
}

// start gives both numbers their first key.
func (d *demo) start(ctx context.Context) error {
	d.say("Set up the folder", "init")
	if err := d.tf.Init(ctx); err != nil {
		return err
	}

	d.say("Give both numbers a key", "apply")
	return d.apply(ctx, map[string]tfjson.Actions{
		pairAddress:    {tfjson.ActionCreate},
		supportAddress: {tfjson.ActionCreate},
		ordersAddress:  {tfjson.ActionCreate},
	})
}

func (d *demo) play(ctx context.Context) error {
	if err := d.start(ctx); err != nil {
		return err
	}
	original, status := d.server.Key(support)
	if status != graphmock.StatusValid {
		return fmt.Errorf("the signature status of %s is %q", support, status)
	}

	d.say("Plan again: nothing to do", "plan")
	if err := d.plan(ctx, nil); err != nil {
		return err
	}

	d.say("The support number is registered again, so WhatsApp's signature no longer fits", "")
	d.server.Reregister(support)
	d.say("The plan repairs exactly that number", "apply")
	if err := d.apply(ctx, map[string]tfjson.Actions{supportAddress: {tfjson.ActionUpdate}}); err != nil {
		return err
	}
	if key, status := d.server.Key(support); status != graphmock.StatusValid || key != original {
		return errors.New("the support number does not hold the same key with a valid signature")
	}

	d.say("Somebody puts another key on the orders number, out of band", "")
	foreign, err := foreignKey()
	if err != nil {
		return err
	}
	d.server.SetKey(orders, foreign, graphmock.StatusValid)
	d.say("The plan shows it and puts the right key back", "apply")
	if err := d.apply(ctx, map[string]tfjson.Actions{ordersAddress: {tfjson.ActionUpdate}}); err != nil {
		return err
	}
	if key, _ := d.server.Key(orders); key != original {
		return errors.New("the orders number does not hold the key of the configuration again")
	}

	d.say("The proof: a Flow request, encrypted as WhatsApp does with the key on the number, "+
		"decrypted with the private key from Terraform", "")
	text, err := d.outputPrivateKey(ctx)
	if err != nil {
		return err
	}
	if err := d.proveDecryption(text, support, orders); err != nil {
		return err
	}

	d.say("A new pair replaces the old one, and the upload to the orders number fails", "apply -replace="+pairAddress)
	if err := d.failToReplace(ctx, orders); err != nil {
		return err
	}
	d.say("The old pair is still in the state, so the private key of each number is there", "state pull")
	if text, err = d.tf.StatePull(ctx); err != nil {
		return err
	}
	if err := d.proveDecryption(text, support, orders); err != nil {
		return err
	}
	d.say("The next apply completes the replacement", "apply")
	if err := d.apply(ctx, map[string]tfjson.Actions{
		ordersAddress: {tfjson.ActionUpdate},
		pairAddress:   {tfjson.ActionDelete}, // the old pair
	}); err != nil {
		return err
	}
	if key, _ := d.server.Key(orders); key == original {
		return errors.New("the orders number still holds the old key")
	}

	if err := d.checkTheEndpoint(ctx); err != nil {
		return err
	}

	d.say("Destroy warns that the keys stay on the numbers", "destroy")
	return d.destroy(ctx)
}

func (d *demo) say(what, command string) {
	d.step++
	fmt.Printf("\n=== %d. %s\n", d.step, what)
	if command != "" {
		fmt.Printf("$ %s %s\n", filepath.Base(d.tf.ExecPath()), command)
	}
}

func show(text string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		fmt.Print("    ", line)
	}
	fmt.Println()
}
