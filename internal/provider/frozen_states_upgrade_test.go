// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"maps"
	"os/exec"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A new version of the provider finds the states of all earlier ones, and plans
// nothing.
func TestCLI_frozenStates(t *testing.T) {
	t.Parallel()
	for _, f := range allFrozenStates(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := f.world(t)
			c := w.cli("")
			c.write("main.tf.json", f.configuration)
			c.write("terraform.tfstate", f.state)
			c.mustRun("init")
			if f.tainted {
				c.replacesTainted(f)
			}
			c.plansNothing()
			w.mustHaveSent(map[string]string{testNumber: "GET"})
		})
	}
}

func (c *cli) plansNothing() {
	c.w.t.Helper()
	out, err := c.run("plan", "-detailed-exitcode")
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 2 {
		c.w.t.Errorf("the plan has changes:\n%s", out)
	} else if err != nil {
		c.w.t.Errorf("%v\n%s", err, out)
	}
}

// replacesTainted expects the replacement of a tainted resource, which Terraform
// plans whatever the provider says. It must be harmless: the same key is uploaded
// again, and the guard recognises it.
func (c *cli) replacesTainted(f frozenState) {
	t := c.w.t
	t.Helper()
	if actions := c.actions(); len(actions) != 1 || !actions[address].Replace() {
		t.Fatalf("planned %v", actions)
	}
	c.w.mustHaveSent(map[string]string{testNumber: "GET GET"}) // the refresh and the guard
	plan, err := c.ShowPlanFile(t.Context(), "plan")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range plan.ResourceChanges {
		after := change.Change.After.(map[string]any)
		if key, _ := after[attrPublicKey].(string); !sameKey(t, key, f.text(t, attrPublicKey)) {
			t.Errorf("planned the key %q", key)
		}
	}
	if err := c.Apply(t.Context(), tfexec.DirOrPlan("plan")); err != nil {
		t.Fatal(err)
	}
	c.w.mustHaveSent(map[string]string{testNumber: "GET POST GET"})
	if key, _ := c.w.Key(testNumber); !sameKey(t, key, f.text(t, attrPublicKey)) {
		t.Error("the apply has put another key on the number")
	}
}

// The same without a CLI, and also with the state of a version that did not have
// one of the computed attributes yet: the refresh fills it, and nothing is planned.
func TestFrozenStates_upgrade(t *testing.T) {
	t.Parallel()
	for _, f := range allFrozenStates(t) {
		if f.tainted {
			continue // Terraform plans a replacement, which TestCLI_frozenStates applies
		}
		for _, missing := range append(newWorld(t).protocol().computed(), "nothing") {
			t.Run(f.name+" without "+missing, func(t *testing.T) {
				t.Parallel()
				f.world(t).protocol().upgrades(f, missing)
			})
		}
	}
}

// upgrades upgrades a state, refreshes it, and expects a plan without changes.
func (p *protocol) upgrades(f frozenState, missing string) {
	ctx := p.t.Context()
	p.t.Helper()
	upgraded, err := p.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: resourceType, Version: f.schema, RawState: &tfprotov6.RawState{JSON: f.json(p.t, missing)},
	})
	p.check(err, upgraded.Diagnostics)
	read, err := p.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: resourceType, CurrentState: upgraded.UpgradedState, Private: f.private})
	p.check(err, read.Diagnostics)
	before := p.state(read.NewState)
	for _, attribute := range p.computed() {
		if before[attribute].IsNull() {
			p.t.Errorf("after the refresh, %s is null", attribute)
		}
	}

	config := p.configured(f)
	plan, err := p.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: read.NewState, Config: p.values(config),
		ProposedNewState: p.proposed(before, config), PriorPrivate: read.Private,
	})
	p.check(err, plan.Diagnostics)
	for _, d := range plan.Diagnostics {
		p.t.Errorf("the plan warns: %s: %s", d.Summary, d.Detail)
	}
	for attribute, after := range p.state(plan.PlannedState) {
		if !after.Equal(before[attribute]) {
			p.t.Errorf("%s: %s is planned as %s", attribute, before[attribute], after)
		}
	}
	if len(plan.RequiresReplace) > 0 {
		p.t.Errorf("a replacement is planned because of %v", plan.RequiresReplace)
	}
}

// configured is the resource of the configuration.
func (p *protocol) configured(f frozenState) map[string]tftypes.Value {
	p.t.Helper()
	schema := p.schema.ResourceSchemas[resourceType]
	value, err := (&tfprotov6.RawState{JSON: f.resource}).Unmarshal(schema.ValueType())
	if err != nil {
		p.t.Fatal(err)
	}
	fields := map[string]tftypes.Value{}
	if err := value.As(&fields); err != nil {
		p.t.Fatal(err)
	}
	for _, block := range schema.Block.BlockTypes {
		if fields[block.TypeName].IsNull() && isList(block) {
			fields[block.TypeName] = tftypes.NewValue(fields[block.TypeName].Type(), []tftypes.Value{})
		}
	}
	return fields
}

// proposed is what Terraform proposes to the provider: the configuration, and
// what the state has of the computed attributes that are not configured.
func (p *protocol) proposed(before, config map[string]tftypes.Value) *tfprotov6.DynamicValue {
	p.t.Helper()
	values := maps.Clone(config)
	for _, attribute := range p.schema.ResourceSchemas[resourceType].Block.Attributes {
		switch {
		case attribute.WriteOnly:
			values[attribute.Name] = tftypes.NewValue(attribute.ValueType(), nil)
		case attribute.Computed && config[attribute.Name].IsNull():
			values[attribute.Name] = before[attribute.Name]
		}
	}
	return p.values(values)
}
