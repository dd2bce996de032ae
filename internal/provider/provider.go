// SPDX-License-Identifier: MPL-2.0

// Package provider is the Terraform side: schemas, models, plan logic and
// diagnostics. What a key is, and what the Graph API says, is in the packages
// pemkey and graph.
package provider

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

var _ provider.ProviderWithListResources = (*whatsappProvider)(nil)

// The environment variables that stand in for provider arguments.
const (
	envAccessToken  = "WHATSAPP_ACCESS_TOKEN"
	envAppSecret    = "WHATSAPP_APP_SECRET" //nolint:gosec // the name of a variable, not a secret
	envAPIVersion   = "WHATSAPP_API_VERSION"
	envBaseURL      = "WHATSAPP_BASE_URL"
	envMaxRetries   = "WHATSAPP_MAX_RETRIES"
	envRetryMaxWait = "WHATSAPP_RETRY_MAX_WAIT"
)

// The bounds of what can be configured: enough for any outage that a run may
// wait for, and not so much that a typing error hangs it for days.
const (
	mostRetries    = 20
	longestMaxWait = time.Hour
)

type whatsappProvider struct {
	version string
	clock   graph.Clock
}

type providerModel struct {
	AccessToken  types.String `tfsdk:"access_token"`
	AppSecret    types.String `tfsdk:"app_secret"`
	APIVersion   types.String `tfsdk:"api_version"`
	BaseURL      types.String `tfsdk:"base_url"`
	MaxRetries   types.Int64  `tfsdk:"max_retries"`
	RetryMaxWait types.String `tfsdk:"retry_max_wait"`
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
				MarkdownDescription: "The access token for the Graph API, best the token of a system user with the permission `whatsapp_business_messaging`. " +
					"It is sent in the `Authorization` header only. It can also be given with the environment variable `" + envAccessToken + "`, which keeps it out of the configuration.",
				Optional:  true,
				Sensitive: true,
			},
			"app_secret": schema.StringAttribute{
				MarkdownDescription: "The secret of the app that the access token was issued for. With it, every request carries `appsecret_proof`, which the Graph API demands from apps that have \"Require app secret\" switched on. " +
					"The secret itself is never sent. It can also be given with the environment variable `" + envAppSecret + "`.",
				Optional:  true,
				Sensitive: true,
			},
			"api_version": schema.StringAttribute{
				MarkdownDescription: "The version of the Graph API. It can also be given with the environment variable `" + envAPIVersion + "`. Defaults to `" + graph.DefaultAPIVersion + "`.",
				Optional:            true,
				Validators:          []validator.String{checkedBy{graph.CheckAPIVersion, "must be a Graph API version such as `" + graph.DefaultAPIVersion + "`", false}},
			},
			"base_url": schema.StringAttribute{
				MarkdownDescription: "The URL of the Graph API, without the version: `https`, or `http` to a loopback address for tests. " +
					"It can also be given with the environment variable `" + envBaseURL + "`. Defaults to `" + graph.DefaultBaseURL + "`.",
				Optional:   true,
				Validators: []validator.String{checkedBy{graph.CheckBaseURL, "must be an https URL, or an http URL to a loopback address", true}},
			},
			"max_retries": schema.Int64Attribute{
				MarkdownDescription: fmt.Sprintf("How often a request is sent again when it failed for a passing reason: a rate limit, an error of the server, or no answer. From `0` to `%d`. "+
					"It can also be given with the environment variable `%s`. Defaults to `%d`.", mostRetries, envMaxRetries, graph.DefaultMaxRetries),
				Optional:   true,
				Validators: []validator.Int64{int64validator.Between(0, mostRetries)},
			},
			"retry_max_wait": schema.StringAttribute{
				MarkdownDescription: fmt.Sprintf("The longest wait before a request is sent again, as a duration such as `30s` or `5m`, `%s` at most. When the server asks for a longer wait, the operation fails at once and says how long it is. "+
					"It can also be given with the environment variable `%s`. Defaults to `%s`.", shortDuration(longestMaxWait), envRetryMaxWait, shortDuration(graph.DefaultRetryMaxWait)),
				Optional:   true,
				Validators: []validator.String{checkedBy{checkMaxWait, "must be a duration such as `30s` or `5m`", false}},
			},
		},
	}
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
	version := data.setting("api_version", config.APIVersion, envAPIVersion)
	baseURL := data.setting("base_url", config.BaseURL, envBaseURL)
	maxWait := data.setting("retry_max_wait", config.RetryMaxWait, envRetryMaxWait)
	maxRetries := data.setting("max_retries", digits(config.MaxRetries), envMaxRetries)
	if version.value == "" && !version.unknown {
		version.value = graph.DefaultAPIVersion
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data

	if token.value == "" && !token.unknown {
		resp.Diagnostics.AddAttributeError(path.Root("access_token"), "Missing WhatsApp access token",
			"The Graph API needs an access token, and none was given. Set the argument access_token in the provider block, or the environment variable "+envAccessToken+". "+
				"A value that is set but empty counts as not given.")
	}
	token.check(graph.CheckAccessToken, &resp.Diagnostics)
	secret.check(graph.CheckAppSecret, &resp.Diagnostics)
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
		return
	}

	client, err := graph.New(graph.Config{
		AccessToken:  token.value,
		AppSecret:    secret.value,
		APIVersion:   version.value,
		BaseURL:      baseURL.value,
		UserAgent:    "terraform-provider-whatsapp/" + p.version + " Terraform/" + req.TerraformVersion,
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
	data.secrets = []string{token.value}
	if secret.value != "" {
		data.secrets = append(data.secrets, secret.value)
	}
}

func (p *whatsappProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newBusinessEncryptionResource}
}

func (p *whatsappProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newBusinessEncryptionDataSource, newPhoneNumbersDataSource}
}

func (p *whatsappProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newBusinessEncryptionListResource}
}

// providerData is what Configure hands to resources and data sources.
type providerData struct {
	client  *graph.Client // nil while an argument is unknown
	unknown []string      // the names of those arguments
	secrets []string      // never to be logged, and none is empty

	run           run
	warnOfDestroy sync.Once
	served        servedVersion
}

// providerDataFrom is what Configure of a resource or data source makes of the
// value that it is given. Nothing is given while Terraform only validates.
func providerDataFrom(given any, diags *diag.Diagnostics) *providerData {
	if given == nil {
		return nil
	}
	data, ok := given.(*providerData)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("Got %T. Please report this as a bug of the provider.", given))
	}
	return data
}

// requireClient reports an error when the client cannot be had yet.
func (d *providerData) requireClient(diags *diag.Diagnostics) *graph.Client {
	if d.client == nil {
		diags.AddError("Provider configuration not known yet",
			fmt.Sprintf("The Graph API has to be called now, but the provider argument %s is known only after another resource was applied. "+
				"Apply that resource first, with -target, or give a value that does not depend on a resource.", strings.Join(d.unknown, " and ")))
	}
	return d.client
}

// setting is one provider argument, from the configuration or from the
// environment. The configuration goes first, even when it is empty.
type setting struct {
	value    string
	unknown  bool
	argument string
	source   string
}

func (d *providerData) setting(argument string, configured types.String, env string) setting {
	switch {
	case configured.IsUnknown():
		d.unknown = append(d.unknown, argument)
		return setting{unknown: true, argument: argument}
	case configured.IsNull():
		return setting{value: os.Getenv(env), argument: argument, source: "the environment variable " + env}
	default:
		return setting{value: configured.ValueString(), argument: argument, source: "the argument " + argument}
	}
}

// check reports an error without pointing at the argument: Terraform prints the
// source line of an argument that an error points at, with the secret in it.
func (s setting) check(check func(string) error, diags *diag.Diagnostics) {
	if s.value == "" {
		return
	}
	if err := check(s.value); err != nil {
		diags.AddError("Invalid "+s.argument, "The value comes from "+s.source+". "+sentence(err.Error()))
	}
}

// digits lets a number take the way of the other settings.
func digits(n types.Int64) types.String {
	switch {
	case n.IsUnknown():
		return types.StringUnknown()
	case n.IsNull():
		return types.StringNull()
	default:
		return types.StringValue(strconv.FormatInt(n.ValueInt64(), 10))
	}
}

func (s setting) number(byDefault int) int {
	if n, err := strconv.Atoi(s.value); err == nil {
		return n
	}
	return byDefault
}

func (s setting) duration() time.Duration {
	d, _ := time.ParseDuration(s.value) // checked before; empty is zero
	return d
}

func checkMaxRetries(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n < 0 || n > mostRetries {
		return fmt.Errorf("%q is not a whole number from 0 to %d", s, mostRetries)
	}
	return nil
}

func checkMaxWait(s string) error {
	if err := checkDuration(s); err != nil {
		return err
	}
	if d, _ := time.ParseDuration(s); d < time.Second || d > longestMaxWait {
		return fmt.Errorf("%q is not between 1s and %s", s, shortDuration(longestMaxWait))
	}
	return nil
}

// checkedBy is a validator for a rule that another package owns.
type checkedBy struct {
	check       func(string) error
	description string
	secret      bool // the line of the configuration must not be shown
}

func (v checkedBy) Description(context.Context) string         { return v.description }
func (v checkedBy) MarkdownDescription(context.Context) string { return v.description }

func (v checkedBy) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || req.ConfigValue.ValueString() == "" {
		return
	}
	if err := v.check(req.ConfigValue.ValueString()); err != nil {
		if v.secret {
			resp.Diagnostics.AddError("Invalid "+req.Path.String(), sentence(err.Error()))
			return
		}
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), sentence(err.Error()))
	}
}

// sentence turns the text of a Go error into a sentence for a person. Only an
// ASCII letter is made a capital: the words may be a server's, in any language.
func sentence(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return ended(s)
}

// ended adds a full stop where none is.
func ended(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") || strings.HasSuffix(s, "。") {
		return s
	}
	return s + "."
}

func checkDuration(s string) error {
	if d, err := time.ParseDuration(s); err != nil || d <= 0 {
		return fmt.Errorf("%q is not a duration greater than zero; write one such as \"90s\", \"5m\" or \"1h\"", s)
	}
	return nil
}

func shortDuration(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
