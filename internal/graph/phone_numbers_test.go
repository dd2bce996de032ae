// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"fmt"
	"net/http"
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

func TestEveryFieldOfAPhoneNumber(t *testing.T) {
	numbers, err := answering(t, 200, "application/json", `{"data":[{"id":"1","display_phone_number":"a","verified_name":"b",
		"quality_rating":"c","code_verification_status":"d","platform_type":"e","status":"f","more":"g"}]}`).PhoneNumbers(t.Context(), waba)
	want := graph.PhoneNumber{ID: "1", DisplayPhoneNumber: "a", VerifiedName: "b", QualityRating: "c", CodeVerificationStatus: "d", PlatformType: "e", Status: "f"}
	if err != nil || len(numbers) != 1 || numbers[0] != want {
		t.Errorf("%+v, %v", numbers, err)
	}
}

// The cursor of a page is sent with the request for the next, and nothing of the
// URL that the page names.
func TestTheCursorOfAPageLeadsToTheNext(t *testing.T) {
	const page = `{"data":[{"id":"%[1]d"},{"id":"0"}],"paging":{"cursors":{"before":"b","after":"%[1]d"},"next":"https://elsewhere.example.com/?access_token=x&after=y"}}`
	var queries []string
	client, _ := over(t, func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != "graph.facebook.com" || r.URL.Path != "/v25.0/"+waba+"/phone_numbers" {
			t.Errorf("asked %s", r.URL)
		}
		queries = append(queries, r.URL.Query().Get("after"))
		if n := len(queries); n < 3 {
			return response(200, nil, fmt.Sprintf(page, 9-n)), nil
		}
		return response(200, nil, `{"data":[{"id":"5"}],"paging":{"cursors":{"after":"6"}}}`), nil
	}, nil)
	numbers, err := client.PhoneNumbers(t.Context(), waba)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"", "8", "7"}; !slices.Equal(queries, want) {
		t.Errorf("the cursors are %q", queries)
	}
	if want := []graph.PhoneNumber{{ID: "0"}, {ID: "5"}, {ID: "7"}, {ID: "8"}}; !slices.Equal(numbers, want) {
		t.Errorf("the numbers are %v", numbers)
	}
}

func TestListingsThatAreNotUnderstood(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                                `the field "data" of the answer is missing`,
		`{"data":[{"id":"1"},{"id":""}]}`:   "the phone number 2 of the page has no ID",
		`{"data":[],"paging":{"next":"x"}}`: "there is another page of phone numbers, but no cursor for it",
		`{"data":[],"paging":{"next":7}}`:   `the field "paging.next" of the answer is a JSON number, which is not expected there`,
		`{"data":[],"paging":{"cursors":{"after":"a"},"next":"x"}}`: "the listing of phone numbers has no end: a page names the cursor of an earlier page",
	} {
		_, err := answering(t, 200, "application/json", body).PhoneNumbers(t.Context(), waba)
		if e := mustFail(t, err); e.Class != graph.ClassNotUnderstood || e.Reason() != "The server's answer was not understood: "+want+"." {
			t.Errorf("%s: %v", body, err)
		}
	}
}
