// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// plan shows the plan and checks that it has the wanted actions, and none for any
// other resource. A nil want is an empty plan.
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
		if change.DeposedKey == "" && deposed(plan, change.Address) {
			continue // the action is that of the old object
		}
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

// deposed says whether the plan has an old object of the address, which a failed
// replacement left.
func deposed(plan *tfjson.Plan, address string) bool {
	return slices.ContainsFunc(plan.ResourceChanges, func(c *tfjson.ResourceChange) bool {
		return c.Address == address && c.DeposedKey != ""
	})
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
	changes, err := d.tf.Plan(ctx)
	if err == nil && changes {
		err = errors.New("the plan after the apply has changes")
	}
	return err
}

// failToReplace replaces the pair, while the upload to one number is refused.
func (d *demo) failToReplace(ctx context.Context, number string) error {
	d.server.Script(graphmock.Fault{
		Method: http.MethodPost, Object: number, Status: http.StatusBadRequest,
		Body: graphmock.ErrorBody(133010, 0, "OAuthException", "Account not registered", nil),
	})
	var out bytes.Buffer
	d.tf.SetStdout(&out)
	err := d.tf.Apply(ctx, tfexec.Replace(pairAddress))
	d.tf.SetStdout(io.Discard)
	show(out.String())
	if err == nil {
		return errors.New("the apply did not fail")
	}
	if !strings.Contains(err.Error(), "Account not registered") {
		return err
	}
	show(err.Error())
	if !strings.Contains(out.String(), "A different key on the number is replaced") {
		return errors.New("the plan did not warn that the keys are replaced")
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
