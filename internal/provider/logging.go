// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// masked returns a context whose log lines cannot hold the provider's secrets.
// Nothing here logs them on purpose; the mask is for later changes, and for text
// that comes from the server.
func (d *providerData) masked(ctx context.Context) context.Context {
	return tflog.MaskAllFieldValuesStrings(tflog.MaskMessageStrings(ctx, d.secrets...), d.secrets...)
}

// logWait logs at INFO, so that somebody who watches a run that seems to hang can
// see what it is waiting for.
func (d *providerData) logWait(ctx context.Context, w graph.Wait) {
	object := attrPhoneNumberID
	switch {
	case w.Lists():
		object = attrWABAID
	case w.ReadsFlow():
		object = attrFlowID
	}
	tflog.Info(d.masked(ctx), "Waiting before the Graph API is called again", map[string]any{
		object:    w.Object,
		"reason":  w.Reason,
		"seconds": int(math.Ceil(w.For.Seconds())),
	})
}

func (d *providerData) logAnswer(ctx context.Context, a graph.Answer) {
	d.served.saw(a.AskedVersion, a.ServedVersion)
	tflog.Debug(d.masked(ctx), "The Graph API answered", map[string]any{
		"method":      a.Method,
		"object":      a.Object,
		"edge":        a.Edge,
		"http_status": a.HTTPStatus,
		"took_ms":     a.Took.Milliseconds(),
		"api_version": a.ServedVersion,
	})
}

// logEndpointWait logs at INFO for the same reason as logWait.
func (d *providerData) logEndpointWait(ctx context.Context, w flowendpoint.Wait) {
	tflog.Info(d.masked(ctx), "Waiting for an endpoint to prove that it can decrypt", map[string]any{
		"endpoint":     w.Endpoint,
		"verdict":      string(w.Answer.Verdict),
		"http_status":  w.Answer.HTTPStatus,
		"seconds":      int(math.Ceil(w.For.Seconds())),
		"seconds_left": int(math.Ceil(w.Left.Seconds())),
	})
}

func (d *providerData) logEndpointAnswer(ctx context.Context, endpoint string, a flowendpoint.Answer) {
	tflog.Debug(d.masked(ctx), "An endpoint answered", map[string]any{
		"endpoint":    endpoint,
		"verdict":     string(a.Verdict),
		"http_status": a.HTTPStatus,
		"took_ms":     a.Took.Milliseconds(),
	})
}

// servedVersion notices that the Graph API answers with another version than
// it was asked for, which it does silently once a version has ended.
type servedVersion struct {
	mu            sync.Mutex
	asked, served string
	warned        bool
}

func (v *servedVersion) saw(asked, served string) {
	if served == "" || served == asked {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked, v.served = asked, served
}

// warnOnce adds the warning to the first operation that asks, and to no other.
func (v *servedVersion) warnOnce(diags *diag.Diagnostics) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.served == "" || v.warned {
		return
	}
	v.warned = true
	diags.AddWarning("The Graph API answers with another version",
		fmt.Sprintf("The provider asked for version %s, and the Graph API answered with %s, as it does when a version has ended. Set the provider argument api_version, or the environment variable %s, to %s or later.",
			v.asked, v.served, envAPIVersion, v.served))
}
