// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const (
	flow     = "1231231231231"
	flowPath = "/v25.0/" + flow
	health   = "?fields=health_status.phone_number(" + number + ")"
	endpoint = "https://example.com/flow?token=x"
)

// summary is the whole state, then that of each entity that is not available with
// the names of its failed checks.
func summary(r result) string {
	h, _ := r.body["health_status"].(map[string]any)
	out := fmt.Sprint(h["can_send_message"])
	entities, _ := h["entities"].([]any)
	for _, e := range entities {
		entity, _ := e.(map[string]any)
		if entity["can_send_message"] == "AVAILABLE" && entity["errors"] == nil {
			continue
		}
		out += fmt.Sprintf(" %s=%s", entity["entity_type"], entity["can_send_message"])
		errs, _ := entity["errors"].([]any)
		for _, one := range errs {
			err, _ := one.(map[string]any)
			check, _, _ := strings.Cut(fmt.Sprint(err["error_description"]), ":")
			out += fmt.Sprintf("(%.0f %s)", err["error_code"], check)
		}
	}
	return out
}

// The health follows what the number holds, and what the Flow is.
func TestFlowHealth(t *testing.T) {
	const noKey = " PHONE_NUMBER=BLOCKED(131000 public_key_check)"
	for name, test := range map[string]struct {
		flow   graphmock.Flow
		before func(*graphmock.Server)
		want   string
	}{
		"all is well":        {graphmock.Flow{EndpointURI: endpoint}, func(s *graphmock.Server) { s.SetKey(number, keyA(), "VALID") }, "AVAILABLE"},
		"no key":             {graphmock.Flow{EndpointURI: endpoint}, func(*graphmock.Server) {}, "BLOCKED" + noKey},
		"lost signature":     {graphmock.Flow{EndpointURI: endpoint}, func(s *graphmock.Server) { s.SetKey(number, keyA(), "VALID"); s.Reregister(number) }, "BLOCKED" + noKey},
		"not registered":     {graphmock.Flow{EndpointURI: endpoint}, func(s *graphmock.Server) { s.SetKey(number, keyA(), "VALID"); s.Deregister(number) }, "BLOCKED PHONE_NUMBER=BLOCKED(131000 phone_number_check)"},
		"no endpoint":        {graphmock.Flow{}, func(s *graphmock.Server) { s.SetKey(number, keyA(), "VALID") }, "BLOCKED FLOW=BLOCKED(131000 endpoint_uri)"},
		"neither":            {graphmock.Flow{}, func(*graphmock.Server) {}, "BLOCKED FLOW=BLOCKED(131000 endpoint_uri)" + noKey},
		"needs none":         {graphmock.Flow{DataAPIVersion: "-"}, func(*graphmock.Server) {}, "AVAILABLE"},
		"throttled":          {graphmock.Flow{DataAPIVersion: "-", Status: "THROTTLED"}, func(*graphmock.Server) {}, "LIMITED FLOW=LIMITED"},
		"throttled, no key":  {graphmock.Flow{EndpointURI: endpoint, Status: "THROTTLED"}, func(*graphmock.Server) {}, "BLOCKED FLOW=LIMITED" + noKey},
		"blocked":            {graphmock.Flow{DataAPIVersion: "-", Status: "BLOCKED"}, func(*graphmock.Server) {}, "BLOCKED FLOW=BLOCKED"},
		"deprecated":         {graphmock.Flow{DataAPIVersion: "-", Status: "DEPRECATED"}, func(*graphmock.Server) {}, "BLOCKED FLOW=BLOCKED"},
		"published, no key":  {graphmock.Flow{EndpointURI: endpoint, Status: "PUBLISHED"}, func(*graphmock.Server) {}, "BLOCKED" + noKey},
		"a key after a post": {graphmock.Flow{EndpointURI: endpoint}, func(s *graphmock.Server) { do(t, s, "POST", edge, form(keyA())) }, "AVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, graphmock.Options{})
			test.flow.ID = flow
			s.AddFlow(test.flow)
			test.before(s)
			got := get(t, s, flowPath+health)
			if summary(got) != test.want {
				t.Errorf("%s, not %s: %s", summary(got), test.want, got.text)
			}
			if lost := strings.Contains(got.text, "Upload the public key again"); lost != (name == "lost signature") {
				t.Error(got.text)
			}
		})
	}
}

// Without a number, the health is that of the Flow alone.
func TestFlowHealthWithoutANumber(t *testing.T) {
	s := start(t, graphmock.Options{})
	s.AddFlow(graphmock.Flow{ID: flow, EndpointURI: endpoint})
	if got := get(t, s, flowPath+"?fields=health_status"); summary(got) != "AVAILABLE" || strings.Contains(got.text, "PHONE_NUMBER") {
		t.Error(got.text)
	}
}

func TestFlowFields(t *testing.T) {
	s := start(t, graphmock.Options{Token: token})
	s.AddFlow(graphmock.Flow{ID: flow, Name: "N", Status: "PUBLISHED", EndpointURI: endpoint, JSONVersion: "6.0", ApplicationID: "7"})
	got := get(t, s, flowPath+"?fields=id,name,status,json_version,data_api_version,endpoint_uri,application,whatsapp_business_account")
	application, _ := got.body["application"].(map[string]any)
	account, _ := got.body["whatsapp_business_account"].(map[string]any)
	if got.status != 200 || got.body["id"] != flow || got.body["name"] != "N" || got.body["status"] != "PUBLISHED" || got.body["endpoint_uri"] != endpoint ||
		got.body["json_version"] != "6.0" || got.body["data_api_version"] != "3.0" || application["id"] != "7" || account["id"] != waba || got.body["health_status"] != nil {
		t.Error(got.text)
	}
	s.AddFlow(graphmock.Flow{ID: flow, DataAPIVersion: "-"})
	got = get(t, s, flowPath+"?fields=status,endpoint_uri,data_api_version")
	if len(got.body) != 2 || got.body["status"] != "DRAFT" {
		t.Error(got.text)
	}
	s.Reset()
	if got := get(t, s, flowPath+"?fields=name"); got.body["name"] != "Appointment" {
		t.Errorf("after a reset: %s", got.text)
	}
	if r := s.Requests(); len(r) != 1 || r[0].Object != flow || r[0].Edge != "" || r[0].Status != 200 {
		t.Errorf("recorded %+v", r)
	}
}

func TestFlowRefusals(t *testing.T) {
	s := start(t, graphmock.Options{Token: token})
	s.AddFlow(graphmock.Flow{ID: flow})
	s.AddNumber(graphmock.Number{ID: "200001", WABAID: "8"})
	for path, want := range map[string]string{
		flowPath + "?fields=nonsense":                           "nonexisting field (nonsense) on node type (Flow)",
		"/v25.0/" + number + "?fields=json_version":             "nonexisting field (json_version) on node type (WhatsAppBusinessPhoneNumber)",
		"/v25.0/" + waba + "?fields=json_version":               "nonexisting field (json_version) on node type (WhatsAppBusinessAccount)",
		"/v25.0/" + waba:                                        "Unknown path components",
		"/v25.0/999?fields=json_version":                        "Object with ID '999' does not exist",
		flowPath + "?fields=health_status.phone_number(999)":    "Object with ID '999' does not exist",
		flowPath + "?fields=health_status.phone_number(200001)": "Object with ID '200001' does not exist",
		flowPath + "/whatsapp_business_encryption":              "Object with ID '" + flow + "' does not exist",
		flowPath + "/": "Unknown path components",
	} {
		if got := get(t, s, path); got.status != 400 || !strings.Contains(got.str("message"), want) {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	if got := do(t, s, "POST", flowPath, "name=x"); got.code() != 100 {
		t.Error(got.text)
	}
	if got := get(t, s, flowPath+"?fields=id", header("Authorization", "Bearer other")); got.code() != 190 {
		t.Error(got.text)
	}
}

func TestFlowOverTheControlInterface(t *testing.T) {
	s := start(t, graphmock.Options{Control: true})
	got := do(t, s, "POST", "/_mock/flows", "id="+flow+"&status=PUBLISHED&endpoint_uri=https%3A%2F%2Fexample.com%2F")
	if got.status != 200 || got.body["id"] != flow || got.body["status"] != "PUBLISHED" {
		t.Error(got.text)
	}
	if got := get(t, s, flowPath+"?fields=status,endpoint_uri"); got.body["status"] != "PUBLISHED" || got.body["endpoint_uri"] != "https://example.com/" {
		t.Error(got.text)
	}
	for _, form := range []string{"", "id=", "id=x", "status=DRAFT", "id=1&nonsense=1"} {
		if got := do(t, s, "POST", "/_mock/flows", form); got.status != 400 {
			t.Errorf("%s: %s", form, got.text)
		}
	}
}
