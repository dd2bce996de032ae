// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const (
	testFlow    = "1231231231231"
	flowAddress = "data.whatsapp_flow.test"
)

func flowData(with string) string {
	return "data \"whatsapp_flow\" \"test\" {\n  flow_id = \"" + testFlow + "\"\n  " + with + "\n}\n"
}

const fromTestNumber = "phone_number_id = \"" + testNumber + "\""

func flowValue(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(flowAddress, at(attribute), want)
}

// What can be sent follows the number and the Flow; a Flow that cannot be sent is
// no error.
func TestAccFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	received := stateCheck(func() error {
		for _, r := range w.Requests() {
			if r.Edge != "" || !strings.HasSuffix(r.Query.Get("fields"), ",health_status.phone_number("+testNumber+")") {
				w.t.Errorf("asked for %s with %v", r.Path, r.Query)
			}
		}
		return w.expectRequests(map[string]string{testFlow: "GET"})
	})
	entity := func(i int, kind string, errors ...string) statecheck.StateCheck {
		state := "AVAILABLE"
		var list []knownvalue.Check
		for _, check := range errors {
			state = "BLOCKED"
			list = append(list, knownvalue.ObjectExact(map[string]knownvalue.Check{
				"error_code":        knownvalue.Int64Exact(131000),
				"error_description": knownvalue.StringRegexp(regexp.MustCompile("^" + check + ": ")),
				"possible_solution": knownvalue.StringRegexp(regexp.MustCompile("^https://.*#" + check + "$")),
			}))
		}
		return statecheck.ExpectKnownValue(flowAddress, at("entities").AtSliceIndex(i), knownvalue.ObjectExact(map[string]knownvalue.Check{
			"entity_type":      knownvalue.StringExact(kind),
			"id":               knownvalue.NotNull(),
			"can_send_message": knownvalue.StringExact(state),
			"errors":           knownvalue.ListExact(list),
			"additional_info":  knownvalue.ListExact(nil),
		}))
	}
	step := func(flow graphmock.Flow, before func(), checks ...statecheck.StateCheck) resource.TestStep {
		return resource.TestStep{
			PreConfig:         w.forget(func() { flow.ID = testFlow; w.AddFlow(flow) }, before),
			Config:            w.config(flowData(fromTestNumber)),
			ConfigStateChecks: append(checks, received),
		}
	}
	w.run(
		step(graphmock.Flow{Status: "DRAFT"}, func() {},
			flowValue("status", knownvalue.StringExact("DRAFT")), flowValue("endpoint_uri", knownvalue.Null()),
			flowValue("can_send_message", knownvalue.StringExact("BLOCKED")), entity(0, "FLOW", "endpoint_uri"), entity(4, "PHONE_NUMBER", "public_key_check")),
		step(graphmock.Flow{Status: "PUBLISHED", Name: "N", EndpointURI: "https://example.com/?k=s", JSONVersion: "6.0", ApplicationID: "77777"}, func() { w.SetKey(testNumber, keyA(t), "MISMATCH") },
			flowValue("name", knownvalue.StringExact("N")), flowValue("status", knownvalue.StringExact("PUBLISHED")), flowValue("endpoint_uri", knownvalue.StringExact("https://example.com/?k=s")),
			flowValue("json_version", knownvalue.StringExact("6.0")), flowValue("data_api_version", knownvalue.StringExact("3.0")), flowValue("application_id", knownvalue.StringExact("77777")),
			flowValue("whatsapp_business_account_id", knownvalue.StringExact("102290129340398")), flowValue("can_send_message", knownvalue.StringExact("BLOCKED")),
			statecheck.ExpectSensitiveValue(flowAddress, at("endpoint_uri")),
			entity(0, "FLOW"), entity(1, "WABA"), entity(2, "BUSINESS"), entity(3, "APP"), entity(4, "PHONE_NUMBER", "public_key_check")),
		step(graphmock.Flow{Status: "NEW_STATUS", EndpointURI: "https://example.com/"}, func() { w.SetKey(testNumber, keyA(t), "VALID") },
			flowValue("status", knownvalue.StringExact("NEW_STATUS")), flowValue("can_send_message", knownvalue.StringExact("AVAILABLE")), flowValue("entities", knownvalue.ListSizeExact(5))),
	)
}

// The URL of the endpoint goes from the Flow to the check of the endpoint and to
// the resource.
func TestAccFlow_endpoint(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{}, privateA(t))
	w.AddFlow(graphmock.Flow{ID: testFlow, EndpointURI: e.URL() + "/flow?token=hidden-token"})
	w.run(resource.TestStep{
		Config: w.config(flowData(""), "data \"whatsapp_flow_endpoint\" \"test\" {\n  endpoint_uri = "+flowAddress+".endpoint_uri\n  business_public_key = "+quote(keyA(t))+"\n}\n",
			numberWith(quote(keyA(t)), "  endpoint_check = {\n    endpoint_uris = ["+flowAddress+".endpoint_uri]\n  }")),
		ConfigStateChecks: []statecheck.StateCheck{
			endpointValue("verdict", knownvalue.StringExact(string(flowendpoint.Proven))),
			flowValue("entities", knownvalue.ListSizeExact(4)), // none of a number
			value(attrSignatureStatus, "VALID"),
		},
	})
}

// The URL of the endpoint can have a secret in its query. It is in no message, no
// plan that is printed, and no log, although Meta's texts repeat it.
func TestCLI_flowSecrets(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{})
	uri := strings.Replace(e.URL(), "://", "://hidden-user:hidden-password@", 1) + "/flow?token=hidden-token"
	w.Script(graphmock.Fault{Object: testFlow, Times: -1, Body: fmt.Sprintf(`{"id": %q, "endpoint_uri": %q, "health_status": {"can_send_message": "BLOCKED", "entities": [
		{"entity_type": "FLOW", "errors": [{"error_code": 131000, "error_description": "endpoint_available: %[2]s is down"}], "additional_info": ["see %[2]s"]}]}}`, testFlow, uri)})
	c := w.cli(requiredProviders + flowData("") + numberWith(quote(keyA(t)), "  endpoint_check = {\n    endpoint_uris = ["+flowAddress+".endpoint_uri]\n  }") +
		"output \"entities\" {\n  value = " + flowAddress + ".entities\n}\n")
	log := filepath.Join(c.WorkingDir(), "provider.log")
	c.environment["TF_LOG_PROVIDER"], c.environment["TF_LOG_PATH"] = "TRACE", log
	printed, err := c.run("apply", "-auto-approve")
	if err == nil || !strings.Contains(printed, "The endpoint did not prove that it can decrypt") || !strings.Contains(printed, "endpoint_available: "+e.URL()+"/flow is down") {
		t.Errorf("%v: %s", err, printed)
	}
	logged, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(logged), "The Graph API answered") {
		t.Errorf("%v: the answer is not in the log", err)
	}
	for place, text := range map[string]string{"the output": printed, "the log": string(logged)} {
		if i := strings.Index(text, "hidden-"); i >= 0 {
			t.Errorf("a secret is in %s: …%q…", place, text[max(0, i-200):i])
		}
	}
}

// flow reads the data source.
func (p *protocol) flow(number string) (map[string]tftypes.Value, []*tfprotov6.Diagnostic) {
	p.t.Helper()
	const name = "whatsapp_flow"
	typ := p.schema.DataSourceSchemas[name].ValueType()
	config := map[string]tftypes.Value{attrFlowID: text(testFlow)}
	if number != "" {
		config[attrPhoneNumberID] = text(number)
	}
	resp, err := p.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: p.object(typ, config)})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.fields(typ, resp.State), resp.Diagnostics
}

// What the answer leaves out is null, and a list without anything is empty.
func TestFlowFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AddFlow(graphmock.Flow{ID: testFlow})
	w.Script(graphmock.Fault{Body: `{"id": "` + testFlow + `", "name": "", "endpoint_uri": " ", "health_status": []}`},
		graphmock.Fault{Body: `{"id": "` + testFlow + `", "health_status": {"can_send_message": "ODD", "entities": [{"errors": [{"error_code": "x"}], "additional_info": "a"}]}}`})
	p := w.protocol()
	for i, state := range []any{nil, "ODD"} {
		got, diags := p.flow("")
		if len(diags) != 0 {
			t.Fatalf("%+v", diags)
		}
		for name, value := range got {
			switch want := tftypes.NewValue(tftypes.String, nil); name {
			case attrFlowID:
			case "can_send_message":
				if !value.Equal(tftypes.NewValue(tftypes.String, state)) {
					t.Errorf("can_send_message is %s", value)
				}
			case "entities":
				var entities []tftypes.Value
				if err := value.As(&entities); value.IsNull() || err != nil || len(entities) != i {
					t.Errorf("the entities are %s", value)
				}
				for _, entity := range entities {
					if s := entity.String(); strings.Count(s, `<null>`) != 6 || !strings.Contains(s, `"a"`) {
						t.Errorf("the entity is %s", s)
					}
				}
			default:
				if !value.Equal(want) {
					t.Errorf("%s is %s", name, value)
				}
			}
		}
		w.mustHaveSent(map[string]string{testFlow: "GET"})
	}
}

// Every class of error points at the Flow, says what to do about a Flow, and says
// nothing of a key.
func TestFlowErrors(t *testing.T) {
	t.Parallel()
	graphFault := func(status, code, subcode int, message string) graphmock.Fault {
		return graphmock.Fault{Status: status, Body: graphmock.ErrorBody(code, subcode, "OAuthException", message, map[string]any{"fbtrace_id": "AbC"})}
	}
	limited := graphFault(400, 80008, 0, "(#80008) too many calls")
	limited.Header = http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"type":"whatsapp","estimated_time_to_regain_access":37}]}`}}
	const retried = graph.DefaultMaxRetries + 1
	for name, test := range map[string]struct {
		fault graphmock.Fault
		kind  graph.Class
		says  string
		sent  int
	}{
		"wrong object":      {graphFault(400, 100, 33, "Unsupported get request"), graph.ClassWrongObject, "the ID is not that of a Flow", 1},
		"wrong kind":        {graphFault(400, 100, 0, "(#100) Tried accessing nonexisting field (json_version) on node type (WhatsAppBusinessAccount)"), graph.ClassWrongObject, "the ID is not that of a Flow", 1},
		"path":              {graphFault(400, 2500, 0, "Unknown path components: /x"), graph.ClassWrongPath, "api_version", 1},
		"proof":             {graphFault(400, 100, 0, "requires an appsecret_proof argument"), graph.ClassAppSecretProof, "WHATSAPP_APP_SECRET", 1},
		"number deleted":    {graphFault(400, 33, 0, "The business phone number has been deleted"), graph.ClassNumberDeleted, "was deleted", 1},
		"token":             {graphFault(401, 190, 463, "expired"), graph.ClassAuth, "WHATSAPP_ACCESS_TOKEN", 1},
		"permission":        {graphFault(403, 200, 0, "(#200) Permissions error"), graph.ClassPermission, "whatsapp_business_management", 1},
		"policy":            {graphFault(400, 368, 0, "Temporarily blocked"), graph.ClassPolicy, "restricted", 1},
		"not registered":    {graphFault(400, 133010, 0, "Account not registered"), graph.ClassNotRegistered, "Register the number", 1},
		"rate limit":        {limited, graph.ClassRateLimit, "37 minutes", 1},
		"temporary":         {graphFault(500, 2, 0, "Service"), graph.ClassTransient, "usually temporary", retried},
		"131000":            {graphFault(500, 131000, 0, "(#131000) Something went wrong"), graph.ClassOther, "Something went wrong", 1},
		"other":             {graphFault(400, 131009, 0, "(#131009) Parameter value is not valid"), graph.ClassOther, "Parameter value is not valid", 1},
		"a gateway":         {graphmock.Fault{Status: 502, Body: "<html>"}, graph.ClassTransient, "HTTP 502", retried},
		"a login":           {graphmock.Fault{Body: `{"login":"please"}`}, graph.ClassNotUnderstood, "no ID", 1},
		"a lost connection": {graphmock.Fault{Drop: graphmock.DropAfterRequest}, graph.ClassTransient, "no answer", retried},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.AddFlow(graphmock.Flow{ID: testFlow, EndpointURI: "https://example.com/?k=s3cr3t"})
			test.fault.Times = -1
			w.Script(test.fault)
			got, diags := w.protocol().flow(testNumber)
			if len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityError || diags[0].Summary != "Could not read the Flow" || diags[0].Attribute.String() != `AttributeName("flow_id")` {
				t.Fatalf("%+v", diags)
			}
			detail := diags[0].Detail
			if !strings.HasPrefix(detail, "Flow ID "+testFlow+": ") || !strings.Contains(detail, test.says) || !strings.Contains(detail, "Kind of error: "+string(test.kind)) ||
				strings.Contains(detail, "The key on the number") || strings.Contains(detail, "whatsapp_business_messaging") || strings.Contains(detail, "s3cr3t") {
				t.Error(detail)
			}
			if !got["name"].IsNull() {
				t.Errorf("the state has %v", got)
			}
			if n := w.Count("GET", testFlow); n != test.sent || n != w.Count("", "") {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestAccFlow_invalid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(
		resource.TestStep{
			Config:      w.config("data \"whatsapp_flow\" \"test\" {\n  flow_id = \"my flow\"\n}\n"),
			ExpectError: regexp.MustCompile(`(?s)must\s+be\s+the\s+ID\s+of\s+a\s+Flow`),
		},
		resource.TestStep{
			Config:      w.config(flowData("phone_number_id = \"+1 631\"")),
			ExpectError: regexp.MustCompile(`(?s)must\s+be\s+a\s+phone\s+number\s+ID`),
		},
		w.nothingSent(),
	)
}
