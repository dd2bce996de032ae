// SPDX-License-Identifier: MPL-2.0

// The demo plays the life of an encryption key against the mock Graph server,
// with the real CLI and the configuration in examples/two-numbers, and checks
// every step. It ends with a Flow request that WhatsApp's side encrypts with
// the key on the number and the private key from Terraform decrypts.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const (
	support = "106540352242922"
	orders  = "106540352242923"

	supportAddress = `whatsapp_business_encryption.flows["support"]`
	ordersAddress  = `whatsapp_business_encryption.flows["orders"]`
)

func main() {
	cli := flag.String("cli", "terraform", "the terraform or tofu binary")
	configuration := flag.String("configuration", "examples/two-numbers/main.tf", "the configuration to play")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *cli, *configuration)
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

func run(ctx context.Context, cli, configuration string) error {
	const token = "demo-access-token"
	server := graphmock.NewServer(graphmock.Options{Token: token}, support, orders)
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

	for name, value := range map[string]string{"WHATSAPP_BASE_URL": server.URL(), "WHATSAPP_ACCESS_TOKEN": token} {
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
	return d.play(ctx)
}

func (d *demo) play(ctx context.Context) error {
	d.say("Set up the folder", "init")
	if err := d.tf.Init(ctx); err != nil {
		return err
	}

	d.say("Give both numbers a key", "apply")
	if err := d.apply(ctx, map[string]tfjson.Actions{
		"tls_private_key.flows": {tfjson.ActionCreate},
		supportAddress:          {tfjson.ActionCreate},
		ordersAddress:           {tfjson.ActionCreate},
	}); err != nil {
		return err
	}
	original, status := d.server.Key(support)
	if status != "VALID" {
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
	if key, status := d.server.Key(support); status != "VALID" || key != original {
		return errors.New("the support number does not hold the same key with a valid signature")
	}

	d.say("Somebody puts another key on the orders number, out of band", "")
	foreign, err := foreignKey()
	if err != nil {
		return err
	}
	d.server.SetKey(orders, foreign, "VALID")
	d.say("The plan shows it and puts the right key back", "apply")
	if err := d.apply(ctx, map[string]tfjson.Actions{ordersAddress: {tfjson.ActionUpdate}}); err != nil {
		return err
	}
	if key, _ := d.server.Key(orders); key != original {
		return errors.New("the orders number does not hold the key of the configuration again")
	}

	d.say("The proof: a Flow request, encrypted as WhatsApp does with the key on the number, decrypted with the private key from Terraform", "")
	if err := d.proveDecryption(ctx, support, orders); err != nil {
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

// plan shows the plan and holds it against the actions that are expected; any
// other resource must have none.
func (d *demo) plan(ctx context.Context, want map[string]tfjson.Actions) error {
	d.server.ResetRequests()
	changes, err := d.tf.Plan(ctx, tfexec.Out("plan"))
	if err != nil {
		return err
	}
	text, err := d.tf.ShowPlanFileRaw(ctx, "plan")
	if err != nil {
		return err
	}
	show(text)
	if changes != (want != nil) {
		return fmt.Errorf("the plan has changes: %t", changes)
	}
	plan, err := d.tf.ShowPlanFile(ctx, "plan")
	if err != nil {
		return err
	}
	for _, change := range plan.ResourceChanges {
		expected, ok := want[change.Address]
		if !ok {
			expected = tfjson.Actions{tfjson.ActionNoop}
		}
		if change.Mode == tfjson.ManagedResourceMode && !slices.Equal(change.Change.Actions, expected) {
			return fmt.Errorf("%s is planned as %v, not as %v", change.Address, change.Change.Actions, expected)
		}
		delete(want, change.Address)
	}
	if len(want) > 0 {
		return fmt.Errorf("the plan lacks %v", want)
	}
	if n := d.server.Count("POST", ""); n != 0 {
		return fmt.Errorf("a plan sent %d POST requests", n)
	}
	return nil
}

// apply plans, checks, applies, and checks that exactly the numbers of the
// plan got a POST, and that nothing is left to do.
func (d *demo) apply(ctx context.Context, want map[string]tfjson.Actions) error {
	posts := 0
	for address := range want {
		if strings.HasPrefix(address, "whatsapp_") {
			posts++
		}
	}
	if err := d.plan(ctx, want); err != nil {
		return err
	}
	var out bytes.Buffer
	d.tf.SetStdout(&out)
	err := d.tf.Apply(ctx, tfexec.DirOrPlan("plan"))
	d.tf.SetStdout(io.Discard)
	show(out.String())
	if err != nil {
		return err
	}
	if n := d.server.Count("POST", ""); n != posts {
		return fmt.Errorf("the apply sent %d POST requests, not %d", n, posts)
	}
	if changes, err := d.tf.Plan(ctx); err != nil || changes {
		return fmt.Errorf("the plan after the apply has changes: %t (%w)", changes, err)
	}
	return nil
}

func (d *demo) destroy(ctx context.Context) error {
	d.server.ResetRequests()
	before, _ := d.server.Key(support)
	var out bytes.Buffer
	d.tf.SetStdout(&out)
	err := d.tf.Destroy(ctx)
	d.tf.SetStdout(io.Discard)
	show(out.String())
	if err != nil {
		return err
	}
	if !strings.Contains(out.String(), "The key stays active on the phone number") {
		return errors.New("destroy did not warn")
	}
	if after, _ := d.server.Key(support); after != before || d.server.Count("POST", "")+d.server.Count("DELETE", "") != 0 {
		return errors.New("destroy changed the key on a number")
	}
	return nil
}

func (d *demo) proveDecryption(ctx context.Context, numbers ...string) error {
	outputs, err := d.tf.Output(ctx)
	if err != nil {
		return err
	}
	var text string
	if err := json.Unmarshal(outputs["private_key_pem"].Value, &text); err != nil {
		return err
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("the output private_key_pem is not PEM")
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return err
	}

	const payload = `{"version":"3.0","action":"ping"}`
	for _, number := range numbers {
		stored, _ := d.server.Key(number)
		block, _ := pem.Decode([]byte(stored))
		if block == nil {
			return fmt.Errorf("the key on %s is not PEM", number)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return err
		}
		public, ok := parsed.(*rsa.PublicKey)
		if !ok {
			return fmt.Errorf("the key on %s is not an RSA key", number)
		}
		request, err := flowmessage.EncryptRequest(public, []byte(payload))
		if err != nil {
			return err
		}
		plain, _, err := flowmessage.Decrypt(private, request)
		if err != nil {
			return fmt.Errorf("a request to %s cannot be decrypted: %w", number, err)
		}
		if string(plain) != payload {
			return fmt.Errorf("a request to %s was decrypted to something else", number)
		}
		fmt.Printf("    %s: sent %s\n    %s  read %s\n", number, payload, strings.Repeat(" ", len(number)), plain)
	}
	return nil
}

func foreignKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	public, err := pemkey.FromRSA(&key.PublicKey)
	return public.PEM(), err
}

func show(text string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		fmt.Print("    ", line)
	}
	fmt.Println()
}
