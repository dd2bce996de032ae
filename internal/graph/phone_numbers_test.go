// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const waba = "102290129340398"

func startWABA(t testing.TB, count int, pages graphmock.Pages) *graphmock.Server {
	t.Helper()
	server := graphmock.NewServer(graphmock.Options{Token: token})
	t.Cleanup(server.Close)
	server.AddWABA(waba)
	for i := range count {
		server.AddNumber(graphmock.Number{ID: fmt.Sprintf("20000%04d", count-i), WABAID: waba})
	}
	server.SetPages(pages)
	return server
}

func TestPhoneNumbers(t *testing.T) {
	for name, test := range map[string]struct {
		count, requests int
		pages           graphmock.Pages
	}{
		"none":                      {0, 1, graphmock.Pages{}},
		"one page":                  {100, 1, graphmock.Pages{}},
		"three pages":               {250, 3, graphmock.Pages{}},
		"an empty page in between":  {250, 4, graphmock.Pages{Empty: []int{2}}},
		"duplicates":                {250, 3, graphmock.Pages{Duplicates: true}},
		"IDs as numbers":            {150, 2, graphmock.Pages{NumericIDs: true}},
		"small pages of the server": {10, 4, graphmock.Pages{PageSize: 3}},
		"next on another host":      {150, 2, graphmock.Pages{NextBase: "https://elsewhere.example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := startWABA(t, test.count, test.pages)
			numbers, err := newClient(t, server.URL()).PhoneNumbers(t.Context(), waba)
			if err != nil {
				t.Fatal(err)
			}
			if len(numbers) != test.count {
				t.Errorf("%d numbers", len(numbers))
			}
			if !slices.IsSortedFunc(numbers, func(a, b graph.PhoneNumber) int { return strings.Compare(a.ID, b.ID) }) {
				t.Error("not sorted")
			}
			if n := server.Count("GET", waba); n != test.requests || n != server.Count("", "") {
				t.Errorf("%d requests of %d", n, server.Count("", ""))
			}
			for _, r := range server.Requests() {
				if r.Query.Get("limit") != "100" || r.Query.Has("access_token") || !strings.Contains(r.Query.Get("fields"), "platform_type") {
					t.Errorf("the query is %v", r.Query)
				}
			}
		})
	}
}

func TestPhoneNumbersInCircles(t *testing.T) {
	server := startWABA(t, 500, graphmock.Pages{RepeatCursor: 2})
	_, err := newClient(t, server.URL()).PhoneNumbers(t.Context(), waba)
	if err == nil || !strings.Contains(err.Error(), "has no end") || graph.ClassOf(err) != graph.ClassNotUnderstood {
		t.Error(err)
	}
	if n := server.Count("", ""); n > 3 {
		t.Errorf("%d requests", n)
	}
}

func TestPhoneNumbersOfWhatIsNoWABA(t *testing.T) {
	server := startWABA(t, 1, graphmock.Pages{})
	_, err := newClient(t, server.URL()).PhoneNumbers(t.Context(), "200000001")
	if graph.ClassOf(err) != graph.ClassWrongObject {
		t.Error(err)
	}
}

func TestPhoneNumbersDecoding(t *testing.T) {
	for body, fails := range map[string]bool{
		`{"data":[]}`:                       false,
		`{"data":[{"id":"1"}],"paging":{}}`: false,
		`{"data":[{"id":12345678901234567890}],"paging":{"cursors":{"after":"x"}}}`:      false,
		`{"data":[{"id":"1","status":null,"quality_rating":{"score":1}}],"paging":null}`: false,
		`{}`:            true,
		`{"data":null}`: true,
		`{"data":{}}`:   true,
		`{"data":[{"display_phone_number":"+1"}]}`:  true,
		`{"data":[],"paging":{"next":"https://x"}}`: true,
		`<html>`: true,
	} {
		_, err := answering(t, 200, "application/json", body).PhoneNumbers(t.Context(), waba)
		if (err != nil) != fails {
			t.Errorf("%s: %v", body, err)
		}
	}
	numbers, err := answering(t, 200, "application/json", `{"data":[{"id":12345678901234567890,"status":"CONNECTED"}]}`).PhoneNumbers(t.Context(), waba)
	if err != nil || numbers[0] != (graph.PhoneNumber{ID: "12345678901234567890", Status: "CONNECTED"}) {
		t.Errorf("%+v, %v", numbers, err)
	}
}
