// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// flowEdge is the edge of a request for a Flow: the object itself.
const flowEdge = ""

// Flow is a WhatsApp Flow as Meta sees it. All fields but ID may be empty.
// Enumerations are passed on as they come.
type Flow struct {
	ID                        string
	Name                      string
	Status                    string // DRAFT, PUBLISHED, DEPRECATED, BLOCKED, THROTTLED, …
	EndpointURI               string // as it came; it can have a secret in its query
	JSONVersion               string
	DataAPIVersion            string
	ApplicationID             string
	WhatsAppBusinessAccountID string

	CanSendMessage string // AVAILABLE, LIMITED, BLOCKED, …
	Entities       []FlowEntity
}

// FlowEntity is what sending a Flow depends on: the Flow itself, its account, the
// business, the app, or the phone number.
type FlowEntity struct {
	Type           string // FLOW, WABA, BUSINESS, APP, PHONE_NUMBER, …
	ID             string
	CanSendMessage string
	Errors         []FlowError
	AdditionalInfo []string
}

// FlowError is a check of Meta's that failed. The description begins with the name
// of the check.
type FlowError struct {
	Code             int // 0 when absent
	Description      string
	PossibleSolution string
}

// Flow reads a Flow and whether it can be sent, from the phone number if there is
// one: GET /{version}/{Flow ID}. The texts of the health do not have the user name,
// the password and the query of the endpoint's URL. Failures are *Error.
func (c *Client) Flow(ctx context.Context, flowID, phoneNumberID string) (Flow, error) {
	health := "health_status"
	if phoneNumberID != "" {
		health += ".phone_number(" + phoneNumberID + ")"
	}
	var flow Flow
	err := c.do(ctx, request{
		method: http.MethodGet, object: flowID, edge: flowEdge,
		values: url.Values{"fields": {"id,name,status,json_version,data_api_version,endpoint_uri,application,whatsapp_business_account," + health}},
		decode: func(data []byte) (err error) {
			flow, err = decodeFlow(data)
			return err
		},
	})
	return flow, err
}

// ReadsFlow reports whether the call is for a Flow, and not for a phone number or
// an account.
func (c Call) ReadsFlow() bool { return c.Method == http.MethodGet && c.Edge == flowEdge }

// somethingWentWrong is temporary when a key is signed, and permanent for a Flow.
const somethingWentWrong = 131000

func (e *Error) classifyFlow() {
	if e.ReadsFlow() && e.HasCode && e.Code == somethingWentWrong && !e.IsTransient {
		e.Class = ClassOther
	}
}

// decodeFlow takes no answer without an ID, so that the "please log in" of a
// gateway is not a Flow about which nothing is known.
func decodeFlow(data []byte) (Flow, error) {
	var body map[string]json.RawMessage
	if err := decodeObject(data, &body); err != nil {
		return Flow{}, err
	}
	text := func(name string) string { return serverText(lenientString(body[name])) }
	flow := Flow{
		ID: text("id"), Name: text("name"), Status: text("status"),
		EndpointURI: lenientString(body["endpoint_uri"]),
		JSONVersion: text("json_version"), DataAPIVersion: text("data_api_version"),
		ApplicationID: idOf(body["application"]), WhatsAppBusinessAccountID: idOf(body["whatsapp_business_account"]),
	}
	if flow.ID == "" {
		return Flow{}, errors.New("the answer has no ID, so it is not about a Flow")
	}
	shown := withoutSecretsOf(flow.EndpointURI)
	health := objectOrNone(body["health_status"])
	flow.CanSendMessage = shown(health["can_send_message"])
	for _, entity := range objects(health["entities"]) {
		e := FlowEntity{Type: shown(entity["entity_type"]), ID: shown(entity["id"]), CanSendMessage: shown(entity["can_send_message"])}
		for _, failed := range objects(entity["errors"]) {
			code, _ := lenientInt(failed["error_code"])
			e.Errors = append(e.Errors, FlowError{code, shown(failed["error_description"]), shown(failed["possible_solution"])})
		}
		for _, info := range listOrOne(entity["additional_info"]) {
			if info := shown(info); info != "" {
				e.AdditionalInfo = append(e.AdditionalInfo, info)
			}
		}
		flow.Entities = append(flow.Entities, e)
	}
	return flow, nil
}

// withoutSecretsOf returns a function that reads a text in which the URL of the
// endpoint may be repeated.
func withoutSecretsOf(endpoint string) func(json.RawMessage) string {
	// Without url.Parse, because the server may have stored what is no URL.
	var secrets []string
	rest, query, _ := strings.Cut(endpoint, "?")
	if query != "" {
		secrets = append(secrets, "?"+query)
	}
	_, rest, _ = strings.Cut(rest, "://")
	authority, _, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at > 0 {
		secrets = append(secrets, authority[:at+1])
	}
	return func(raw json.RawMessage) string {
		text := lenientString(raw)
		for _, secret := range secrets {
			text = strings.ReplaceAll(text, secret, "")
		}
		return serverText(text)
	}
}

// idOf is the ID in an object, or a bare ID.
func idOf(raw json.RawMessage) string {
	return serverText(cmp.Or(lenientString(objectOrNone(raw)["id"]), lenientString(raw)))
}

func objectOrNone(raw json.RawMessage) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil // PHP writes an empty object as []
	}
	return object
}

// objects are the objects of a list, or the one that is there instead.
func objects(raw json.RawMessage) []map[string]json.RawMessage {
	var all []map[string]json.RawMessage
	for _, one := range listOrOne(raw) {
		if object := objectOrNone(one); len(object) > 0 {
			all = append(all, object)
		}
	}
	return all
}

func listOrOne(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	return []json.RawMessage{raw}
}
