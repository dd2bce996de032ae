// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

type contextKey struct{}

// Nothing of a call that the CLI makes for each number stays in memory.
func TestServer_letsTheContextOfACallGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyA(t), graphmock.StatusValid)
	p := w.protocol()
	config, state := p.settled(testNumber, keyA(t))
	for name, call := range map[string]func(context.Context) error{
		"validate": func(ctx context.Context) error {
			_, err := p.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: resourceType, Config: config})
			return err
		},
		"upgrade": func(ctx context.Context) error {
			_, err := p.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{TypeName: resourceType, RawState: &tfprotov6.RawState{JSON: []byte("{}")}})
			return err
		},
		"upgrade of the identity": func(ctx context.Context) error {
			_, err := p.UpgradeResourceIdentity(ctx, &tfprotov6.UpgradeResourceIdentityRequest{TypeName: resourceType, RawIdentity: &tfprotov6.RawState{JSON: []byte("{}")}})
			return err
		},
		"import": func(ctx context.Context) error {
			_, err := p.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, ID: testNumber})
			return err
		},
		"read": func(ctx context.Context) error {
			_, err := p.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: resourceType, CurrentState: state})
			return err
		},
		"plan": func(ctx context.Context) error {
			_, err := p.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: resourceType, PriorState: state, ProposedNewState: state, Config: config})
			return err
		},
		"apply": func(ctx context.Context) error {
			_, err := p.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: resourceType, PriorState: state, PlannedState: state, Config: config})
			return err
		},
		"data source": func(ctx context.Context) error {
			_, err := p.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: "whatsapp_business_encryption", Config: config})
			return err
		},
		"function": func(ctx context.Context) error {
			_, err := p.CallFunction(ctx, &tfprotov6.CallFunctionRequest{Name: "public_key_fingerprint"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value := &[64]byte{}
			kept := weak.Make(value)
			func() {
				ctx := context.WithValue(t.Context(), contextKey{}, value)
				if err := call(ctx); err != nil {
					t.Fatal(err)
				}
			}()
			value = nil
			for range 1000 {
				if runtime.GC(); kept.Value() == nil {
					return
				}
				time.Sleep(10 * time.Millisecond) // a connection may still hold it
			}
			t.Error("the context of the call is still in memory")
		})
	}
}

// Until the call returns, its context behaves like the caller's.
func TestReleasing(t *testing.T) {
	t.Parallel()
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(context.WithValue(t.Context(), contextKey{}, "value"), deadline)
	defer cancel()
	var kept context.Context
	got, err := releasing(ctx, "request", func(ctx context.Context, request string) (string, error) {
		kept = ctx //nolint:fatcontext // what is left of it is what is tested
		if until, ok := ctx.Deadline(); !ok || !until.Equal(deadline) || ctx.Value(contextKey{}) != "value" || ctx.Err() != nil {
			t.Errorf("%v", ctx)
		}
		child, release := context.WithCancel(ctx)
		defer release()
		cancel()
		<-child.Done()
		<-ctx.Done()
		return strings.ToUpper(request), ctx.Err()
	})
	if got != "REQUEST" || !errors.Is(err, context.Canceled) {
		t.Errorf("%q, %v", got, err)
	}
	if _, ok := kept.Deadline(); ok || kept.Value(contextKey{}) != nil || !errors.Is(kept.Err(), context.Canceled) {
		t.Errorf("%v is still there after the call", kept)
	}
	<-kept.Done()
}
