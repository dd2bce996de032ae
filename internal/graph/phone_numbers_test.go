// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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
				if r.Query.Get("limit") != "100" || r.Query.Has("access_token") || !strings.Contains(r.Query.Get("fields"), "platform_type") || !strings.Contains(r.Query.Get("fields"), "name_status") {
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
		`{"data":[],"paging":[]}`:                                                        false,
		`{"data":[],"paging":""}`:                                                        false,
		`{"data":[],"paging":false}`:                                                     false,
		`{"data":[],"paging":{"cursors":[]}}`:                                            false,
		`{"data":[],"paging":{"cursors":"","next":""}}`:                                  false,
		`{"data":[],"paging":{"cursors":null,"next":null}}`:                              false,
		`{"data":[],"paging":{"cursors":{"after":"x"},"next":[]}}`:                       false,
		`{"data":[],"paging":{"next":false}}`:                                            false,
		`{"data":[],"paging":{"next":"https://x/?limit=25"}}`:                            true,
		`{"data":[],"paging":{"next":"%zz"}}`:                                            true,
		`{"data":[]}`:                                                                    false,
		`{"data":[{"id":"1"}],"paging":{}}`:                                              false,
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
	numbers, err := answering(t, 200, "application/json", `{"data":[{"id":"1","display_phone_number":"a","verified_name":"b","name_status":"h",
		"quality_rating":"c","code_verification_status":"d","platform_type":"e","status":"f","more":"g"}]}`).PhoneNumbers(t.Context(), waba)
	want := graph.PhoneNumber{ID: "1", DisplayPhoneNumber: "a", VerifiedName: "b", NameStatus: "h", QualityRating: "c", CodeVerificationStatus: "d", PlatformType: "e", Status: "f"}
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
		`{"data":[],"paging":{"next":7}}`:   "there is another page of phone numbers, but no cursor for it",
		`{"data":[],"paging":{"cursors":{"after":"a"},"next":"x"}}`: "the listing of phone numbers has no end: a page names the cursor of an earlier page",
	} {
		_, err := answering(t, 200, "application/json", body).PhoneNumbers(t.Context(), waba)
		if e := mustFail(t, err); e.Class != graph.ClassNotUnderstood || e.Reason() != "The server's answer was not understood: "+want+"." {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// Where there is no cursor, the place of the next page is taken from the URL that
// the page names, and nothing else of it.
func TestThePlaceOfTheNextPage(t *testing.T) {
	for name, test := range map[string]struct {
		paging string
		want   string // the part of the next query that says where
	}{
		"cursor":              {`{"cursors":{"after":"c"},"next":"https://elsewhere.example.com/?after=u&offset=7"}`, "after=c"},
		"cursor as a number":  {`{"cursors":{"after":5},"next":"https://elsewhere.example.com/"}`, "after=5"},
		"no cursors":          {`{"next":"https://elsewhere.example.com/v25.0/1/phone_numbers?access_token=x&limit=25&after=u"}`, "after=u"},
		"PHP's empty cursors": {`{"cursors":[],"next":"https://elsewhere.example.com/?offset=100&limit=100&access_token=x"}`, "offset=100"},
		"empty cursor":        {`{"cursors":{"after":""},"next":"https://elsewhere.example.com/?offset=100"}`, "offset=100"},
		"encoded":             {`{"next":"https://elsewhere.example.com/?after=a%2Bb%3D"}`, "after=a%2Bb%3D"},
	} {
		t.Run(name, func(t *testing.T) {
			var queries []url.Values
			client, _ := over(t, func(r *http.Request) (*http.Response, error) {
				if r.URL.Host != "graph.facebook.com" {
					t.Errorf("asked %s", r.URL)
				}
				queries = append(queries, r.URL.Query())
				if len(queries) == 1 {
					return response(200, nil, `{"data":[{"id":"1"}],"paging":`+test.paging+`}`), nil
				}
				return response(200, nil, `{"data":[{"id":"2"}],"paging":[]}`), nil
			}, nil)
			numbers, err := client.PhoneNumbers(t.Context(), waba)
			if err != nil || len(numbers) != 2 || len(queries) != 2 {
				t.Fatalf("%+v, %v, %v", numbers, err, queries)
			}
			got := queries[1]
			if got.Get("limit") != "100" || got.Has("access_token") {
				t.Errorf("the query is %v", got)
			}
			got.Del("limit")
			got.Del("fields")
			if got.Encode() != test.want {
				t.Errorf("the next page is asked for with %s, not %s", got.Encode(), test.want)
			}
		})
	}
}

// A listing by offsets ends, too, when it leads back.
func TestOffsetsInCircles(t *testing.T) {
	requests := 0
	client, _ := over(t, func(*http.Request) (*http.Response, error) {
		requests++
		return response(200, nil, `{"data":[],"paging":{"next":"https://x/?offset=100"}}`), nil
	}, nil)
	if _, err := client.PhoneNumbers(t.Context(), waba); graph.ClassOf(err) != graph.ClassNotUnderstood || requests != 2 {
		t.Errorf("%d requests: %v", requests, err)
	}
}

// The server asks for less data: the page becomes half as large, down to one
// number, and twice as large again when the server answers.
func TestPagesBecomeSmaller(t *testing.T) {
	const tooMuch = `{"error":{"message":"Please reduce the amount of data you're asking for, then retry your request","code":1}}`
	for name, test := range map[string]struct {
		most  int // the largest page that the server answers
		pages []string
		fails bool
	}{
		"the first page only": {50, []string{"100", "50", "100", "50"}, false},
		"a third":             {33, []string{"100", "50", "25", "50", "25"}, false},
		"one":                 {1, []string{"100", "50", "25", "12", "6", "3", "1", "2", "1"}, false},
		"none":                {0, []string{"100", "50", "25", "12", "6", "3", "1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var sizes []string
			answers := 0
			client, clock := over(t, func(r *http.Request) (*http.Response, error) {
				size := r.URL.Query().Get("limit")
				sizes = append(sizes, size)
				if n, _ := strconv.Atoi(size); n > test.most {
					return response(500, nil, tooMuch), nil
				}
				answers++
				if answers == 1 {
					return response(200, nil, `{"data":[{"id":"1"}],"paging":{"cursors":{"after":"x"},"next":"https://x/"}}`), nil
				}
				return response(200, nil, `{"data":[{"id":"2"}]}`), nil
			}, nil)
			numbers, err := client.PhoneNumbers(t.Context(), waba)
			if (err != nil) != test.fails || !test.fails && len(numbers) != 2 {
				t.Errorf("%+v, %v", numbers, err)
			}
			if !slices.Equal(sizes, test.pages) {
				t.Errorf("asked for %v, not %v", sizes, test.pages)
			}
			if waits := clock.Waits(); len(waits) > 0 {
				t.Errorf("waited %v", waits)
			}
		})
	}
}
