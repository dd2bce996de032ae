// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Flow is a WhatsApp Flow. The values are plain strings, as those of [Number].
type Flow struct {
	ID             string // digits
	WABAID         string
	Name           string
	Status         string // DRAFT unless given
	EndpointURI    string // "" = it was not set
	JSONVersion    string
	DataAPIVersion string // "-" = none: the Flow needs no endpoint and no key
	ApplicationID  string
}

const (
	noDataAPI = "-"

	available = "AVAILABLE"
	limited   = "LIMITED"
	blocked   = "BLOCKED"

	flowBusiness = "116540352249999"
)

// AddFlow adds a Flow, or replaces the one with its ID. Empty fields but EndpointURI
// take plausible values, among them the WABA of [Server.AddNumber].
func (s *Server) AddFlow(f Flow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.ID = cmp.Or(f.ID, "1231231231231")
	f.WABAID = cmp.Or(f.WABAID, "102290129340398")
	f.Name = cmp.Or(f.Name, "Appointment")
	f.Status = cmp.Or(f.Status, "DRAFT")
	f.JSONVersion = cmp.Or(f.JSONVersion, "7.1")
	f.DataAPIVersion = cmp.Or(f.DataAPIVersion, "3.0")
	f.ApplicationID = cmp.Or(f.ApplicationID, "670843887433847")
	s.addWABALocked(f.WABAID)
	if s.flows == nil {
		s.flows = map[string]Flow{}
	}
	s.flows[f.ID] = f
}

// putFlow is the command of the control interface.
func putFlow(s *Server, _ string, form url.Values) (any, error) {
	id := form.Get("id")
	if id == "" || strings.Trim(id, "0123456789") != "" {
		return nil, errors.New("the field id is missing, or is not the ID of a Flow, which has only digits")
	}
	s.AddFlow(Flow{ID: id, Name: form.Get("name"), Status: form.Get("status"), EndpointURI: form.Get("endpoint_uri")})
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.flows[id]
	return map[string]any{"id": f.ID, "waba_id": f.WABAID, "name": f.Name, "status": f.Status, "endpoint_uri": f.EndpointURI}, nil
}

const (
	healthField = "health_status"
	healthOf    = healthField + ".phone_number("
)

// node answers for an object itself. Only Flows are served.
func (s *Server) node(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	flow, isFlow := s.flows[c.object]
	fields := strings.FieldsFunc(c.URL.Query().Get("fields"), func(r rune) bool { return r == ',' || r == ' ' })
	switch {
	case isFlow:
	case s.findLocked(c.object) == nil && !slices.Contains(s.wabas, c.object):
		return noObject(c.Method, c.object)
	case slices.Contains(fields, "json_version"):
		kind := "WhatsAppBusinessPhoneNumber"
		if s.findLocked(c.object) == nil {
			kind = "WhatsAppBusinessAccount"
		}
		return noField("json_version", kind)
	default:
		return unknownPath(c.path)
	}
	if c.Method != http.MethodGet {
		return unsupportedMethod(c.Method)
	}
	known := flow.fields()
	shown := map[string]any{"id": flow.ID}
	for _, field := range fields {
		number, ofNumber := strings.CutPrefix(field, healthOf)
		number, closed := strings.CutSuffix(number, ")")
		switch value, ok := known[field]; {
		case field == healthField:
			shown[healthField] = s.healthLocked(flow, nil)
		case ofNumber && closed:
			n := s.findLocked(number)
			if n == nil || n.deleted || n.WABAID != flow.WABAID {
				return noObject(c.Method, number)
			}
			shown[healthField] = s.healthLocked(flow, n)
		case !ok:
			return noField(field, "Flow")
		default:
			shown[field] = value
		}
	}
	maps.DeleteFunc(shown, func(_ string, v any) bool { return v == "" })
	return answer{status: http.StatusOK, body: encode(shown)}
}

func noField(field, kind string) answer {
	return graphError(http.StatusBadRequest, 100, 0, typeOAuth, fmt.Sprintf("(#100) Tried accessing nonexisting field (%s) on node type (%s)", field, kind), nil)
}

func (f Flow) exchangesData() bool { return f.DataAPIVersion != noDataAPI }

func (f Flow) fields() map[string]any {
	data := f.DataAPIVersion
	if !f.exchangesData() {
		data = ""
	}
	return map[string]any{
		"id": f.ID, "name": f.Name, "status": f.Status, "json_version": f.JSONVersion, "data_api_version": data, "endpoint_uri": f.EndpointURI,
		"application":               map[string]any{"link": "https://www.facebook.com/games/?app_id=" + f.ApplicationID, "name": "Flows", "id": f.ApplicationID},
		"whatsapp_business_account": map[string]any{"id": f.WABAID, "name": "Lucky Shrub", "currency": "USD", "timezone_id": "1", "message_template_namespace": "b9f0"},
	}
}

// healthLocked says whether the Flow can be sent. The endpoint is missing in the
// words of Meta; how it reports a key is a guess.
func (s *Server) healthLocked(f Flow, n *slot) map[string]any {
	var onFlow, onNumber []any
	failed := func(check, text string) map[string]any {
		return map[string]any{
			"error_code": 131000, "error_description": check + ": " + text,
			"possible_solution": "https://developers.facebook.com/docs/whatsapp/flows/reference/error-codes#" + check,
		}
	}
	if f.exchangesData() && f.EndpointURI == "" {
		onFlow = append(onFlow, failed("endpoint_uri", "You need to set the endpoint URI before you can send or publish a flow."))
	}
	switch {
	case n == nil || !f.exchangesData():
	case n.unregistered:
		onNumber = append(onNumber, failed("phone_number_check", "The phone number is not registered."))
	case n.pem == "":
		onNumber = append(onNumber, failed("public_key_check", "You need to set a business public key for the phone number before you can send or publish a flow."))
	case n.status != StatusValid:
		onNumber = append(onNumber, failed("public_key_check", "The signature of the business public key is not valid. Upload the public key again."))
	}
	worst := available
	entity := func(kind, id, least string, errs []any) map[string]any {
		state := least
		e := map[string]any{"entity_type": kind, "id": id}
		if len(errs) > 0 {
			state, e["errors"] = blocked, errs
		}
		if state == blocked || worst == available {
			worst = state
		}
		e["can_send_message"] = state
		return e
	}
	byStatus := map[string]string{"THROTTLED": limited, "BLOCKED": blocked, "DEPRECATED": blocked}
	onItself := entity("FLOW", f.ID, cmp.Or(byStatus[f.Status], available), onFlow)
	if f.Status == "THROTTLED" {
		onItself["additional_info"] = []any{"The flow is throttled, because its endpoint is slow or fails."}
	}
	entities := []any{
		onItself,
		entity("WABA", f.WABAID, available, nil),
		entity("BUSINESS", flowBusiness, available, nil),
		entity("APP", f.ApplicationID, available, nil),
	}
	if n != nil {
		entities = append(entities, entity("PHONE_NUMBER", n.ID, available, onNumber))
	}
	return map[string]any{"can_send_message": worst, "entities": entities}
}
