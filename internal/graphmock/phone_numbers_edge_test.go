// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const list = "/v25.0/" + waba + "/phone_numbers"

type page struct {
	ids    []string
	before string
	after  string
	next   string
	paging bool
}

func readPage(t *testing.T, got result) page {
	t.Helper()
	data, ok := got.body["data"].([]any)
	if got.status != 200 || !ok {
		t.Fatalf("%d %s", got.status, got.text)
	}
	var p page
	for _, d := range data {
		switch id := d.(map[string]any)["id"].(type) {
		case string:
			p.ids = append(p.ids, id)
		case float64:
			p.ids = append(p.ids, "#"+strconv.FormatFloat(id, 'f', 0, 64))
		}
	}
	paging, ok := got.body["paging"].(map[string]any)
	if p.paging = ok; ok {
		p.next, _ = paging["next"].(string)
		cursors, _ := paging["cursors"].(map[string]any)
		p.before, _ = cursors["before"].(string)
		p.after, _ = cursors["after"].(string)
	}
	return p
}

// walk follows the cursors, not the next URLs, for at most that many pages.
func walk(t *testing.T, s *graphmock.Server, query string, most int) []page {
	t.Helper()
	var pages []page
	after := ""
	for range most {
		p := readPage(t, get(t, s, list+"?"+query+after))
		pages = append(pages, p)
		if p.next == "" {
			break
		}
		after = "&after=" + url.QueryEscape(p.after)
	}
	return pages
}

// with has the numbers 1 to n; number itself belongs to another account.
func with(t *testing.T, n int) *graphmock.Server {
	t.Helper()
	s := start(t, graphmock.Options{})
	s.AddNumber(graphmock.Number{ID: number, WABAID: "7"})
	s.AddWABA(waba)
	for i := range n {
		s.AddNumber(graphmock.Number{ID: strconv.Itoa(i + 1), WABAID: waba})
	}
	return s
}

func show(pages []page) string {
	var b []string
	for _, p := range pages {
		b = append(b, strings.Join(p.ids, " "))
	}
	return strings.Join(b, "|")
}

func TestPaging(t *testing.T) {
	for _, tt := range []struct {
		name  string
		n     int
		query string
		pages graphmock.Pages
		want  string
	}{
		{"one page", 3, "", graphmock.Pages{}, "1 2 3"},
		{"limit", 5, "limit=2", graphmock.Pages{}, "1 2|3 4|5"},
		{"exact", 4, "limit=2", graphmock.Pages{}, "1 2|3 4"},
		{"page size", 5, "limit=4", graphmock.Pages{PageSize: 2}, "1 2|3 4|5"},
		{"page size above limit", 3, "limit=2", graphmock.Pages{PageSize: 9}, "1 2|3"},
		{"empty first page", 3, "limit=2", graphmock.Pages{Empty: []int{1}}, "|1 2|3"},
		{"empty pages within", 3, "limit=2", graphmock.Pages{Empty: []int{2, 3}}, "1 2|||3"},
		{"empty page at the end", 3, "limit=2", graphmock.Pages{Empty: []int{3}}, "1 2|3|"},
		{"duplicates", 5, "limit=2", graphmock.Pages{Duplicates: true}, "1 2|2 3 4|4 5"},
		{"numeric IDs", 2, "", graphmock.Pages{NumericIDs: true}, "#1 #2"},
		{"repeated cursor", 5, "limit=2", graphmock.Pages{RepeatCursor: 2}, "1 2|3 4|3 4|3 4"},
		{"repeated cursor on the first page", 3, "limit=2", graphmock.Pages{RepeatCursor: 1}, "1 2|1 2|1 2|1 2"},
		{"none", 0, "", graphmock.Pages{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := with(t, tt.n)
			s.SetPages(tt.pages)
			pages := walk(t, s, tt.query, 4)
			if got := show(pages); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			for i, p := range pages[1:] {
				if tt.pages.RepeatCursor == 0 && p.after == pages[i].after {
					t.Errorf("page %d repeats the cursor %s", i+2, p.after)
				}
			}
		})
	}
}

func TestRepeatedCursor(t *testing.T) {
	s := with(t, 5)
	s.SetPages(graphmock.Pages{RepeatCursor: 2})
	pages := walk(t, s, "limit=2", 3)
	if pages[1].after != pages[0].after || pages[1].next == "" {
		t.Errorf("%+v", pages)
	}
}

func TestLimitsAndCursorsAreChecked(t *testing.T) {
	s := with(t, 130)
	for query, want := range map[string]int{"": 25, "limit=1": 1, "limit=100": 100} {
		if p := readPage(t, get(t, s, list+"?"+query)); len(p.ids) != want || p.next == "" {
			t.Errorf("%q: %d numbers, next %q", query, len(p.ids), p.next)
		}
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "after=x", "after=", "before=x"} {
		if got := get(t, s, list+"?"+query); got.status != 400 || got.code() != 100 || !strings.HasPrefix(got.str("message"), "(#100) ") {
			t.Errorf("%s: %d %s", query, got.status, got.text)
		}
	}
}

func TestTheNextURLHoldsTheToken(t *testing.T) {
	s := with(t, 3)
	p := readPage(t, get(t, s, list+"?limit=2&fields=id"))
	u, err := url.Parse(p.next)
	if err != nil || !strings.HasPrefix(p.next, s.URL()+list+"?") {
		t.Fatalf("next %q", p.next)
	}
	q := u.Query()
	if q.Get("access_token") != token || q.Get("after") != p.after || q.Get("limit") != "2" || q.Get("fields") != "id" || p.before == "" {
		t.Errorf("next %q", p.next)
	}
	if got := get(t, s, u.RequestURI()); got.code() != 190 {
		t.Errorf("next was served verbatim: %s", got.text)
	}
	s.SetPages(graphmock.Pages{NextBase: "https://graph.example/"})
	if p := readPage(t, get(t, s, list+"?limit=2")); !strings.HasPrefix(p.next, "https://graph.example/v25.0/") {
		t.Errorf("next %q", p.next)
	}
}

func TestOnlyTheFieldsAskedForAreSent(t *testing.T) {
	s := with(t, 0)
	s.AddNumber(graphmock.Number{
		ID: "1", WABAID: waba, DisplayPhoneNumber: "+49 30 1", VerifiedName: "N", NameStatus: "DECLINED", QualityRating: "YELLOW",
		CodeVerificationStatus: "EXPIRED", PlatformType: "ON_PREMISE", Status: "FLAGGED",
	})
	all := map[string]any{
		"id": "1", "display_phone_number": "+49 30 1", "verified_name": "N", "name_status": "DECLINED", "quality_rating": "YELLOW",
		"code_verification_status": "EXPIRED", "platform_type": "ON_PREMISE", "status": "FLAGGED",
	}
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"", []string{"id", "display_phone_number", "verified_name", "name_status", "quality_rating", "code_verification_status", "platform_type", "status"}},
		{"fields=", []string{"id", "display_phone_number", "verified_name", "name_status", "quality_rating", "code_verification_status", "platform_type", "status"}},
		{"fields=id,status", []string{"id", "status"}},
		{"fields=verified_name", []string{"id", "verified_name"}},
		{"fields=id,%20status,throughput", []string{"id", "status"}},
	} {
		got := get(t, s, list+"?"+tt.query)
		want := map[string]any{}
		for _, f := range tt.want {
			want[f] = all[f]
		}
		data, _ := got.body["data"].([]any)
		if len(data) != 1 || fmt.Sprint(data[0]) != fmt.Sprint(want) {
			t.Errorf("%s: %s, want %v", tt.query, got.text, want)
		}
	}
	got := get(t, s, list+"?fields=id,nonsense")
	if got.code() != 100 || got.str("message") != "(#100) Tried accessing nonexisting field (nonsense) on node type (WhatsAppBusinessPhoneNumber)" {
		t.Error(got.text)
	}
}

func TestWhichNumbersAreListed(t *testing.T) {
	s := with(t, 4)
	s.AddNumber(graphmock.Number{ID: "9", WABAID: "8"})
	s.Deregister("2")
	s.DeleteNumber("3")
	if got := show(walk(t, s, "", 1)); got != "1 2 4" {
		t.Error(got)
	}
	s.DeleteNumber("9")
	if p := readPage(t, get(t, s, "/v25.0/8/phone_numbers")); len(p.ids) != 0 || p.paging {
		t.Errorf("%+v", p)
	}
	if got := get(t, s, "/v25.0/999/phone_numbers"); got.code() != 100 || got.num("error_subcode") != 33 {
		t.Error(got.text)
	}
	s.AddNumber(graphmock.Number{ID: "not-digits", WABAID: waba})
	s.SetPages(graphmock.Pages{NumericIDs: true})
	if p := walk(t, s, "", 1)[0]; !slices.Contains(p.ids, "not-digits") || !slices.Contains(p.ids, "#1") {
		t.Errorf("%+v", p)
	}
}
