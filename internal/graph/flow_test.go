// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const flowID = "1231231231231"

// The answer that Meta documents.
const documentedFlow = `{
	"id": "1231231231231", "name": "Appointment", "status": "THROTTLED", "json_version": "7.1", "data_api_version": "3.0",
	"endpoint_uri": "https://user:pass@example.com/flow?token=s3cr3t&x=1",
	"application": {"link": "https://www.facebook.com/games/?app_id=67", "name": "Flows", "id": "67"},
	"whatsapp_business_account": {"id": "102290129340398", "name": "Lucky Shrub", "currency": "USD"},
	"health_status": {"can_send_message": "BLOCKED", "entities": [
		{"entity_type": "FLOW", "id": "1231231231231", "can_send_message": "BLOCKED", "errors": [
			{"error_code": 131000, "error_description": "endpoint_available: https://user:pass@example.com/flow?token=s3cr3t&x=1 does not answer", "possible_solution": "https://example.com/docs#x"},
			{"error_code": "131001", "error_description": "app_check: no"}
		]},
		{"entity_type": "PHONE_NUMBER", "id": 106540352242922, "can_send_message": "LIMITED", "additional_info": ["one", "two"]}
	]}
}`

func TestFlow(t *testing.T) {
	got, err := answering(t, 200, "application/json", documentedFlow).Flow(t.Context(), flowID, number)
	want := graph.Flow{
		ID: flowID, Name: "Appointment", Status: "THROTTLED", JSONVersion: "7.1", DataAPIVersion: "3.0",
		EndpointURI: "https://user:pass@example.com/flow?token=s3cr3t&x=1", ApplicationID: "67", WhatsAppBusinessAccountID: "102290129340398",
		CanSendMessage: "BLOCKED",
		Entities: []graph.FlowEntity{
			{Type: "FLOW", ID: flowID, CanSendMessage: "BLOCKED", Errors: []graph.FlowError{
				{131000, "endpoint_available: https://example.com/flow does not answer", "https://example.com/docs#x"},
				{131001, "app_check: no", ""},
			}},
			{Type: "PHONE_NUMBER", ID: number, CanSendMessage: "LIMITED", AdditionalInfo: []string{"one", "two"}},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v\nnot\n%+v", err, got, want)
	}
}

// The health is asked for with the number, if there is one.
func TestFlowRequest(t *testing.T) {
	for phone, health := range map[string]string{number: "health_status.phone_number(" + number + ")", "": "health_status"} {
		client, _ := over(t, func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodGet || r.URL.EscapedPath() != "/v25.0/"+flowID {
				t.Errorf("asked %s %s", r.Method, r.URL)
			}
			want := "id,name,status,json_version,data_api_version,endpoint_uri,application,whatsapp_business_account," + health
			if got := r.URL.Query().Get("fields"); got != want || len(r.URL.Query()) != 1 {
				t.Errorf("asked for %s, not %s", r.URL.RawQuery, want)
			}
			return response(200, nil, `{"id":"1"}`), nil
		}, nil)
		if _, err := client.Flow(t.Context(), flowID, phone); err != nil {
			t.Error(err)
		}
	}
}

// Whatever else is odd, what can be read is read. Without an ID it is not a Flow.
func TestFlowDecoding(t *testing.T) {
	one := func(e graph.FlowEntity) graph.Flow { return graph.Flow{ID: "1", Entities: []graph.FlowEntity{e}} }
	for body, want := range map[string]graph.Flow{
		`{"id":"1"}`: {ID: "1"},
		`{"id":1,"name":" ","status":null,"endpoint_uri":" ","json_version":7.1,"data_api_version":3.0}`: {ID: "1", JSONVersion: "7.1", DataAPIVersion: "3.0"},
		`{"id":"1","status":"NEW_STATUS","application":"67","whatsapp_business_account":8}`:              {ID: "1", Status: "NEW_STATUS", ApplicationID: "67", WhatsAppBusinessAccountID: "8"},
		`{"id":"1","application":{"id":67},"whatsapp_business_account":{}}`:                              {ID: "1", ApplicationID: "67"},
		`{"id":"1","application":[],"whatsapp_business_account":null,"health_status":[]}`:                {ID: "1"},
		`{"id":"1","health_status":"x"}`:                                                                                  {ID: "1"},
		`{"id":"1","health_status":{"can_send_message":"AVAILABLE"}}`:                                                     {ID: "1", CanSendMessage: "AVAILABLE"},
		`{"id":"1","health_status":{"entities":null}}`:                                                                    {ID: "1"},
		`{"id":"1","health_status":{"entities":["x",{},null,7,[]]}}`:                                                      {ID: "1"},
		`{"id":"1","health_status":{"entities":{"entity_type":"APP"}}}`:                                                   one(graph.FlowEntity{Type: "APP"}),
		`{"id":"1","health_status":{"entities":[{"id":"2","errors":[],"additional_info":[]}]}}`:                           one(graph.FlowEntity{ID: "2"}),
		`{"id":"1","health_status":{"entities":[{"id":"2","errors":null,"additional_info":null}]}}`:                       one(graph.FlowEntity{ID: "2"}),
		`{"id":"1","health_status":{"entities":[{"id":"2","errors":{"error_description":"e"},"additional_info":"a"}]}}`:   one(graph.FlowEntity{ID: "2", Errors: []graph.FlowError{{0, "e", ""}}, AdditionalInfo: []string{"a"}}),
		`{"id":"1","health_status":{"entities":[{"id":"2","errors":[{"error_code":"no"}],"additional_info":["",{},3]}]}}`: one(graph.FlowEntity{ID: "2", Errors: []graph.FlowError{{}}, AdditionalInfo: []string{"3"}}),
		"{\"id\":\"1\",\"name\":\"a\\u001b[2Jb\"}":                                                                        {ID: "1", Name: `a\u001b[2Jb`},
	} {
		got, err := answering(t, 200, "application/json", body).Flow(t.Context(), flowID, "")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v\nnot\n%+v", body, err, got, want)
		}
	}
	for _, body := range []string{``, `[]`, `{}`, `{"status":"please log in"}`, `{"id":""}`, `{"id":{}}`, `<html>`, `{"id":"1"`, `{"data":[{"id":"1"}]}`} {
		_, err := answering(t, 200, "application/json", body).Flow(t.Context(), flowID, "")
		if graph.ClassOf(err) != graph.ClassNotUnderstood {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// What may be secret in the URL of the endpoint is in no other text.
func TestFlowWithoutTheSecretsOfItsEndpoint(t *testing.T) {
	for endpoint, shown := range map[string]string{
		"https://example.com/flow":                            "https://example.com/flow",
		"https://example.com/flow?s3cr3t":                     "https://example.com/flow",
		"https://example.com?k=s3cr3t?&k2=@":                  "https://example.com",
		"https://s3cr3t@example.com/a@b?k=s3cr3t":             "https://example.com/a@b",
		"https://me:s3cr3t@example.com":                       "https://example.com",
		"https://me:s3@cr3t@example.com/?s3cr3t=%zz":          "https://example.com/",
		"https://example.com:bad port/?s3cr3t":                "https://example.com:bad port/",
		"https://example.com/flow?":                           "https://example.com/flow?",
		"":                                                    "",
		"https://example.com/@me/x":                           "https://example.com/@me/x",
		"https://example.com/" + strings.Repeat("long/", 500): "https://example.com/" + strings.Repeat("long/", 500),
	} {
		body := fmt.Sprintf(`{"id":"1","endpoint_uri":%[1]q,"health_status":{"entities":[{"entity_type":%[1]q,"errors":[{"error_description":%[1]q,"possible_solution":%[1]q}],"additional_info":[%[1]q]}]}}`, endpoint)
		flow, err := answering(t, 200, "application/json", body).Flow(t.Context(), flowID, "")
		if err != nil {
			t.Fatal(err)
		}
		if flow.EndpointURI != endpoint {
			t.Errorf("the endpoint %q is passed on as %q", endpoint, flow.EndpointURI)
		}
		entity := flow.Entities
		if endpoint == "" {
			continue
		}
		for _, text := range []string{entity[0].Type, entity[0].Errors[0].Description, entity[0].Errors[0].PossibleSolution, entity[0].AdditionalInfo[0]} {
			if cut, _, _ := strings.Cut(text, "… (cut off"); !strings.HasPrefix(shown, cut) || len(cut) < min(len(shown), 2000) {
				t.Errorf("for the endpoint %q a text says %q", endpoint, text)
			}
		}
	}
}

// 131000 is temporary when a key is signed, and permanent for a Flow, unless the
// answer says otherwise.
func TestFlowErrors(t *testing.T) {
	for name, test := range map[string]struct {
		status, code, subcode int
		message               string
		transient             any
		class                 graph.Class
		tries                 int
	}{
		"131000":            {400, 131000, 0, "Something went wrong", nil, graph.ClassOther, 1},
		"131000, 500":       {500, 131000, 0, "Something went wrong", nil, graph.ClassOther, 1},
		"131000, transient": {500, 131000, 0, "Something went wrong", true, graph.ClassTransient, graph.DefaultMaxRetries + 1},
		"2":                 {500, 2, 0, "Service", nil, graph.ClassTransient, graph.DefaultMaxRetries + 1},
		"wrong object":      {400, 100, 33, "Unsupported get request", nil, graph.ClassWrongObject, 1},
		"wrong kind":        {400, 100, 0, "(#100) Tried accessing nonexisting field (json_version) on node type (WhatsAppBusinessPhoneNumber)", nil, graph.ClassWrongObject, 1},
		"a parameter":       {400, 100, 0, "(#100) Invalid parameter", nil, graph.ClassOther, 1},
		"token":             {401, 190, 463, "expired", nil, graph.ClassAuth, 1},
		"permission":        {403, 200, 0, "(#200) Permissions error", nil, graph.ClassPermission, 1},
		"proof":             {400, 100, 0, "requires an appsecret_proof argument", nil, graph.ClassAppSecretProof, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := startMock(t)
			server.AddFlow(graphmock.Flow{ID: flowID})
			server.Script(graphmock.Fault{Times: -1, Status: test.status, Body: graphmock.ErrorBody(test.code, test.subcode, "OAuthException", test.message, map[string]any{"is_transient": test.transient, "fbtrace_id": "A"})})
			client, _ := retrying(t, server, nil)
			_, err := client.Flow(t.Context(), flowID, number)
			e := mustFail(t, err)
			if e.Class != test.class || e.Tries != test.tries || server.Count("GET", flowID) != test.tries || !e.ReadsFlow() || e.Lists() || e.Uncertain() || e.ObjectName() != "Flow ID" {
				t.Errorf("class %q after %d tries: %+v", e.Class, e.Tries, e)
			}
			if !strings.HasPrefix(e.Error(), "GET "+flowID+": ") {
				t.Error(e)
			}
		})
	}
	// On the other edges it stays temporary.
	server := startMock(t)
	server.Script(graphmock.Fault{Times: -1, Status: 500, Body: errorBody(131000)})
	_, err := newClient(t, server.URL()).BusinessEncryption(t.Context(), number)
	if e := mustFail(t, err); e.Class != graph.ClassTransient || e.ReadsFlow() || e.ObjectName() != "Phone number ID" {
		t.Errorf("%+v", e)
	}
}

// The client reads what the mock server serves.
func TestFlowOfTheMock(t *testing.T) {
	server := startMock(t)
	server.AddFlow(graphmock.Flow{ID: flowID, EndpointURI: "https://example.com/flow"})
	client := newClient(t, server.URL())
	flow, err := client.Flow(t.Context(), flowID, number)
	if err != nil || flow.ID != flowID || flow.EndpointURI != "https://example.com/flow" || flow.CanSendMessage != "BLOCKED" || len(flow.Entities) != 5 {
		t.Fatalf("%v %+v", err, flow)
	}
	for _, wrong := range []string{number, "102290129340398", "999999"} {
		if _, err := client.Flow(t.Context(), wrong, number); graph.ClassOf(err) != graph.ClassWrongObject {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if _, err := client.Flow(t.Context(), flowID, "999999"); graph.ClassOf(err) != graph.ClassWrongObject {
		t.Errorf("another number: %v", err)
	}
}
