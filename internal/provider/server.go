// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

var _ frameworkServer = server{}

// NewServer returns the provider as the CLI speaks to it. The version is the
// one that the User-Agent names.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		return newServer(&whatsappProvider{version: version, clock: graph.SystemClock{}})
	}
}

func newServer(p provider.Provider) tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)()
	if all, ok := framework.(frameworkServer); ok {
		return server{all}
	}
	return framework
}

// frameworkServer is all that the server of the framework does for this
// provider: what is not named here could not be called through [server].
type frameworkServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// server lets the context of a call go when the call has ended. The framework
// keeps each one until the process ends, to be able to cancel it, and with it
// the loggers and buffers of the call: in a plan, 0.12 MiB for each number. It
// concerns the calls that are made for each number.
type server struct{ frameworkServer }

func (s server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return during(ctx, req, s.frameworkServer.ValidateResourceConfig)
}

func (s server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return during(ctx, req, s.frameworkServer.UpgradeResourceState)
}

func (s server) UpgradeResourceIdentity(ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return during(ctx, req, s.frameworkServer.UpgradeResourceIdentity)
}

func (s server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return during(ctx, req, s.frameworkServer.ImportResourceState)
}

func (s server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return during(ctx, req, s.frameworkServer.ReadResource)
}

func (s server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return during(ctx, req, s.frameworkServer.PlanResourceChange)
}

func (s server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return during(ctx, req, s.frameworkServer.ApplyResourceChange)
}

func (s server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return during(ctx, req, s.frameworkServer.ReadDataSource)
}

func (s server) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return during(ctx, req, s.frameworkServer.CallFunction)
}

// during makes a call with a context that ends, and is empty, after it.
func during[Request, Response any](ctx context.Context, req Request, call func(context.Context, Request) (Response, error)) (Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	passing := &passingContext{done: ctx.Done()}
	passing.inner.Store(&ctx)
	defer func() {
		cancel()
		passing.inner.Store(&noCall)
	}()
	return call(passing, req)
}

// passingContext is another context for as long as a call takes. What keeps it
// for longer keeps nothing of the other.
type passingContext struct {
	done  <-chan struct{} // does not change, as the interface demands
	inner atomic.Pointer[context.Context]
}

// noCall is what the context of a call is after the call.
var noCall = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (c *passingContext) Deadline() (time.Time, bool) { return (*c.inner.Load()).Deadline() }
func (c *passingContext) Done() <-chan struct{}       { return c.done }
func (c *passingContext) Err() error                  { return (*c.inner.Load()).Err() }
func (c *passingContext) Value(key any) any           { return (*c.inner.Load()).Value(key) }
