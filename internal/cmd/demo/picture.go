// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// picture writes the plan of the repair into an SVG, as it looks on a terminal.
// Nothing in this plan differs between two runs: the key does not change, so its
// text and its fingerprint are not in it.
func (d *demo) picture(ctx context.Context, file string) error {
	if err := d.start(ctx); err != nil {
		return err
	}
	d.server.Reregister(support)
	d.say("Draw the plan of the repair", "show plan")
	if err := d.plan(ctx, map[string]tfjson.Actions{supportAddress: {tfjson.ActionUpdate}}); err != nil {
		return err
	}
	// What the command plan prints before that, the progress of the refresh, comes
	// in any order. terraform-exec has no way to ask for colours.
	show := exec.CommandContext(ctx, d.tf.ExecPath(), "show", "plan") //nolint:gosec // whoever runs the demo chooses the CLI
	show.Dir = d.tf.WorkingDir()
	show.Stderr = os.Stderr
	text, err := show.Output()
	if err != nil {
		return fmt.Errorf("show plan: %w", err)
	}
	drawn, err := drawTerminal("$ terraform plan\n\n"+strings.TrimSpace(string(text))+"\n",
		"A plan that repairs the signature of a key",
		"Terraform plans to update whatsapp_business_encryption.flows[\"support\"] in place. The signature status of its key changes from MISMATCH to VALID. Nothing is added or destroyed.")
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(drawn), 0o644) //nolint:gosec // it is published
}
