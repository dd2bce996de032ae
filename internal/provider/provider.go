// SPDX-License-Identifier: MPL-2.0

// Package provider is the Terraform side: schemas, models, plan logic and
// diagnostics. What a key is, and what the Graph API says, is in the packages
// pemkey and graph.
package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

var (
	_ provider.ProviderWithFunctions     = (*whatsappProvider)(nil)
	_ provider.ProviderWithListResources = (*whatsappProvider)(nil)
)

// The environment variables that set provider arguments.
const (
	envAccessToken   = "WHATSAPP_ACCESS_TOKEN"
	envAppSecret     = "WHATSAPP_APP_SECRET" //nolint:gosec // the name of a variable, not a secret
	envAPIVersion    = "WHATSAPP_API_VERSION"
	envBaseURL       = "WHATSAPP_BASE_URL"
	envFlowAppSecret = "WHATSAPP_FLOW_APP_SECRET" //nolint:gosec // the name of a variable, not a secret
	envMaxRetries    = "WHATSAPP_MAX_RETRIES"
	envRetryMaxWait  = "WHATSAPP_RETRY_MAX_WAIT"
)

// The bounds of what can be configured: enough to wait out an outage, and not so
// much that a typing error makes a run hang for days.
const (
	mostRetries    = 20
	longestMaxWait = time.Hour
)

// NewServer returns a function that starts the provider's server. The version
// is the one in the User-Agent header.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		return newServer(&whatsappProvider{version: version, clock: graph.SystemClock{}})
	}
}

type whatsappProvider struct {
	version string
	clock   graph.Clock
}

type providerModel struct {
	AccessToken   types.String `tfsdk:"access_token"`
	AppSecret     types.String `tfsdk:"app_secret"`
	APIVersion    types.String `tfsdk:"api_version"`
	BaseURL       types.String `tfsdk:"base_url"`
	FlowAppSecret types.String `tfsdk:"flow_app_secret"`
	MaxRetries    types.Number `tfsdk:"max_retries"`
	RetryMaxWait  types.String `tfsdk:"retry_max_wait"`
}

func (p *whatsappProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "whatsapp"
	resp.Version = p.version
}

func (p *whatsappProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The provider manages the public keys that WhatsApp clients use to encrypt what they send to the endpoint of a WhatsApp Flow.",
		Attributes: map[string]schema.Attribute{
			"access_token": schema.StringAttribute{
				MarkdownDescription: "The access token for the Graph API, preferably the token of a system user with the permission `whatsapp_business_messaging`. " +
					"It is sent in the `Authorization` header only. " + orFromEnvironment(envAccessToken) + " That keeps it out of the configuration.",
				Optional:  true,
				Sensitive: true,
			},
			"app_secret": schema.StringAttribute{
				MarkdownDescription: "The secret of the app that the access token was issued for. With it, every request carries `appsecret_proof`, which the Graph API demands from apps that have \"Require app secret\" switched on. " +
					"The secret itself is never sent. " + orFromEnvironment(envAppSecret),
				Optional:  true,
				Sensitive: true,
			},
			"api_version": schema.StringAttribute{
				MarkdownDescription: "The version of the Graph API. " + orFromEnvironment(envAPIVersion) + " Defaults to `" + graph.DefaultAPIVersion + "`.",
				Optional:            true,
				Validators:          []validator.String{checkedBy{check: graph.CheckAPIVersion, description: "must be a Graph API version such as `" + graph.DefaultAPIVersion + "`", mayBeEmpty: true}},
			},
			"base_url": schema.StringAttribute{
				MarkdownDescription: "The URL of the Graph API, without the version: `https`, or `http` to a loopback address for tests. " +
					orFromEnvironment(envBaseURL) + " Defaults to `" + graph.DefaultBaseURL + "`, unless one of the two is set and empty: that is an error, because the access token would go to another place than was meant.",
				Optional:   true,
				Validators: []validator.String{checkedBy{check: graph.CheckBaseURL, description: "must be an https URL, or an http URL to a loopback address", secret: true, mayBeEmpty: true}},
			},
			"flow_app_secret": schema.StringAttribute{
				MarkdownDescription: "The secret of the app that the Flow is connected to, where that is another app than that of the access token. It signs what `endpoint_check` and `whatsapp_flow_endpoint` send to an endpoint, as Meta signs it. " +
					"The secret itself is never sent. " + orFromEnvironment(envFlowAppSecret) + " Defaults to `app_secret`.",
				Optional:  true,
				Sensitive: true,
			},
			"max_retries": schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("How many times a request is sent again after it failed for a temporary reason: a rate limit, a server error, or no answer. From `0` to `%d`. "+
					"When it is null, the environment variable `%s` is used. Defaults to `%d`.", mostRetries, envMaxRetries, graph.DefaultMaxRetries),
				Optional:   true,
				Validators: []validator.Number{wholeNumber{0, mostRetries}},
			},
			"retry_max_wait": schema.StringAttribute{
				MarkdownDescription: fmt.Sprintf("The longest wait before a request is sent again, as a duration such as `30s` or `5m`, `%s` at most. When the server asks for a longer wait, the operation fails at once and says how long it is. "+
					"%s Defaults to `%s`.", shortDuration(longestMaxWait), orFromEnvironment(envRetryMaxWait), shortDuration(graph.DefaultRetryMaxWait)),
				Optional:   true,
				Validators: []validator.String{checkedBy{check: checkMaxWait, description: "must be a duration such as `30s` or `5m`", mayBeEmpty: true}},
			},
		},
	}
}

// orFromEnvironment completes the description of a text argument.
func orFromEnvironment(name string) string {
	return "When it is null or empty, the environment variable `" + name + "` is used."
}

// Configure sends nothing. A value that is not known yet, because it comes
// from a resource that this run creates, is not an error here: only the first
// call that needs the client reports it.
func (p *whatsappProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}

	data := &providerData{}
	token := data.setting("access_token", config.AccessToken, envAccessToken)
	secret := data.setting("app_secret", config.AppSecret, envAppSecret)
	flowSecret := data.setting("flow_app_secret", config.FlowAppSecret, envFlowAppSecret)
	version := data.setting("api_version", config.APIVersion, envAPIVersion)
	baseURL := data.setting("base_url", config.BaseURL, envBaseURL)
	maxWait := data.setting("retry_max_wait", config.RetryMaxWait, envRetryMaxWait)
	maxRetries := data.setting("max_retries", digits(config.MaxRetries), envMaxRetries)
	if version.value == "" {
		version.value = graph.DefaultAPIVersion
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data

	if token.value == "" && !token.unknown {
		resp.Diagnostics.AddAttributeError(path.Root("access_token"), "Missing WhatsApp access token",
			"The Graph API needs an access token, and "+token.missing()+". Set the argument access_token in the provider block, or the environment variable "+envAccessToken+".")
	}
	if baseURL.value == "" && len(baseURL.empty) > 0 {
		resp.Diagnostics.AddAttributeError(path.Root("base_url"), "Empty base_url",
			"No URL was given for the Graph API: "+baseURL.missing()+". The default is not used, because the access token would then go to "+graph.DefaultBaseURL+", which may not be what was meant. "+
				"Give a URL, or leave both out (in an expression, null) to use the default.")
	}
	token.checkSecret(graph.CheckAccessToken, &resp.Diagnostics)
	secret.checkSecret(graph.CheckAppSecret, &resp.Diagnostics)
	flowSecret.checkSecret(graph.CheckAppSecret, &resp.Diagnostics)
	version.check(graph.CheckAPIVersion, &resp.Diagnostics)
	baseURL.check(graph.CheckBaseURL, &resp.Diagnostics)
	maxWait.check(checkMaxWait, &resp.Diagnostics)
	maxRetries.check(checkMaxRetries, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if since := graph.Expired(version.value, p.clock.Now()); since != "" && !version.unknown {
		resp.Diagnostics.AddAttributeWarning(path.Root("api_version"), "The Graph API version has ended",
			fmt.Sprintf("%s is no longer served, %s. Meta answers with the oldest version that it still serves, which may behave differently. Set api_version or %s to a current version, such as %s.",
				version.value, since, envAPIVersion, graph.DefaultAPIVersion))
	}
	if len(data.unknown) > 0 {
		// A CLI that can plan in several rounds then comes back when it knows.
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		}
		return
	}

	userAgent := "terraform-provider-whatsapp/" + p.version + " Terraform/" + req.TerraformVersion
	client, err := graph.New(graph.Config{
		AccessToken:  token.value,
		AppSecret:    secret.value,
		APIVersion:   version.value,
		BaseURL:      baseURL.value,
		UserAgent:    userAgent,
		MaxRetries:   maxRetries.number(graph.DefaultMaxRetries),
		RetryMaxWait: maxWait.duration(),
		Clock:        p.clock,
		OnWait:       data.logWait,
		OnAnswer:     data.logAnswer,
	})
	if err != nil {
		resp.Diagnostics.AddError("Invalid provider configuration", sentence(err.Error()))
		return
	}
	data.client = client
	data.endpoints = flowendpoint.Config{
		AppSecret: cmp.Or(flowSecret.value, secret.value),
		UserAgent: userAgent,
		Clock:     p.clock,
		OnWait:    data.logEndpointWait,
		OnAnswer:  data.logEndpointAnswer,
	}
	data.secrets = slices.DeleteFunc([]string{token.value, secret.value, flowSecret.value}, func(s string) bool { return s == "" })
}

func (p *whatsappProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newBusinessEncryptionResource}
}

func (p *whatsappProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newBusinessEncryptionDataSource, newBusinessEncryptionsDataSource, newFlowDataSource, newFlowEndpointDataSource, newPhoneNumbersDataSource}
}

// Functions do not need a configured provider: Terraform calls them on one that
// is not configured.
func (p *whatsappProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newPublicKeyFunction, newPublicKeyFingerprintFunction}
}

func (p *whatsappProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newBusinessEncryptionListResource}
}
