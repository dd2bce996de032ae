// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

var _ frameworkServer = server{}

func newServer(p provider.Provider) tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)()
	if all, ok := framework.(frameworkServer); ok {
		return server{all}
	}
	return framework
}

// frameworkServer is what the framework's server can do for this provider.
// Terraform can call nothing through [server] that is not named here.
type frameworkServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// server releases the context of a call when the call returns. The framework's
// server keeps every context until the process exits, so that it can cancel them
// all (registerContext in its package proto6server), and with each the loggers
// and buffers of the call: 0.12 MiB for each number of a plan. Only the calls
// that Terraform makes for each number are wrapped. When the framework releases
// contexts itself, this file can be deleted.
type server struct{ frameworkServer }

func (s server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return releasing(ctx, req, s.frameworkServer.ValidateResourceConfig)
}

func (s server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return releasing(ctx, req, s.frameworkServer.UpgradeResourceState)
}

func (s server) UpgradeResourceIdentity(ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return releasing(ctx, req, s.frameworkServer.UpgradeResourceIdentity)
}

func (s server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return releasing(ctx, req, s.frameworkServer.ImportResourceState)
}

func (s server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return releasing(ctx, req, s.frameworkServer.ReadResource)
}

func (s server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return releasing(ctx, req, s.frameworkServer.PlanResourceChange)
}

func (s server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return releasing(ctx, req, s.frameworkServer.ApplyResourceChange)
}

func (s server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return releasing(ctx, req, s.frameworkServer.ReadDataSource)
}

func (s server) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return releasing(ctx, withNullArguments(req), s.frameworkServer.CallFunction)
}

// releasing runs call with a context that is cancelled, and loses its values,
// when call returns.
func releasing[Request, Response any](ctx context.Context, req Request, call func(context.Context, Request) (Response, error)) (Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	standIn := &callContext{done: ctx.Done()}
	standIn.inner.Store(&ctx)
	defer func() {
		cancel()
		standIn.inner.Store(&returned)
	}()
	return call(standIn, req)
}

// callContext stands for another context until a call returns. Whoever retains it
// retains nothing of the original.
type callContext struct {
	done  <-chan struct{} // does not change, as the interface demands
	inner atomic.Pointer[context.Context]
}

// returned takes the place of the original context when the call has returned.
var returned = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (c *callContext) Deadline() (time.Time, bool) { return (*c.inner.Load()).Deadline() }
func (c *callContext) Done() <-chan struct{}       { return c.done }
func (c *callContext) Err() error                  { return (*c.inner.Load()).Err() }
func (c *callContext) Value(key any) any           { return (*c.inner.Load()).Value(key) }
