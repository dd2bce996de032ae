// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	edgePhoneNumbers = "phone_numbers"

	defaultLimit = 25
	maxLimit     = 100
)

// Pages makes the list of numbers irregular. The zero value is a regular list.
// Pages are counted from 1.
type Pages struct {
	// Empty names pages without numbers. Such a page still has next while numbers
	// or other empty pages follow, which Meta documents as possible.
	Empty []int
	// RepeatCursor names a page whose next always leads to itself; 0 = none.
	RepeatCursor int
	// Duplicates begins each page after the first with the last number of the
	// page before.
	Duplicates bool
	// NumericIDs sends IDs as JSON numbers; both kinds are seen.
	NumericIDs bool
	// PageSize is the most that a page holds, below what limit asks for; 0 = no cap.
	PageSize int
	// NextBase begins the URLs in paging.next; "" = the server's own address.
	NextBase string
}

// SetPages chooses how the list of numbers is paged.
func (s *Server) SetPages(p Pages) {
	p.Empty = slices.Clone(p.Empty)
	s.set(func(k *knobs) { k.pages = p })
}

// otherFields are documented by Meta, may be asked for, and are not served.
var otherFields = []string{
	"account_mode", "certificate", "country_dial_code", "eligibility_for_api_business_global_search", "health_status",
	"host_platform", "is_official_business_account", "is_on_biz_app", "is_pin_enabled", "is_preverified_number",
	"last_onboarded_time", "messaging_limit_tier", "new_certificate", "new_name_status",
	"quality_score", "search_visibility", "throughput", "username", "webhook_configuration",
}

func (n *slot) fields() map[string]any {
	return map[string]any{
		"id":                       n.ID,
		"display_phone_number":     n.DisplayPhoneNumber,
		"verified_name":            n.VerifiedName,
		"name_status":              n.NameStatus,
		"quality_rating":           n.QualityRating,
		"code_verification_status": n.CodeVerificationStatus,
		"platform_type":            n.PlatformType,
		"status":                   n.Status,
	}
}

// cursor is a place in the list. It is sent in base64, so that clients are not
// tempted to read it.
type cursor struct{ page, offset int }

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d:%d", c.page, c.offset))
}

func parseCursor(s string) (c cursor, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return c, false
	}
	_, err = fmt.Sscanf(string(b), "%d:%d", &c.page, &c.offset)
	return c, err == nil && c.page > 0 && c.offset >= 0
}

func (s *Server) phoneNumbers(c call) answer {
	invalid := func(format string, a ...any) answer {
		return graphError(http.StatusBadRequest, 100, 0, typeOAuth, "(#100) "+fmt.Sprintf(format, a...), nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.wabas, c.object) {
		return noObject(c.Method, c.object)
	}
	if c.Method != http.MethodGet {
		return unsupportedMethod(c.Method)
	}

	q, k := c.URL.Query(), s.knobs.pages
	limit := defaultLimit
	if q.Has("limit") {
		n, err := strconv.Atoi(q.Get("limit"))
		if err != nil || n < 1 || n > maxLimit {
			return invalid("Param limit must be a number from 1 to %d", maxLimit)
		}
		limit = n
	}
	if k.PageSize > 0 {
		limit = min(limit, k.PageSize)
	}
	at := cursor{page: 1}
	if q.Has("after") {
		var ok bool
		if at, ok = parseCursor(q.Get("after")); !ok {
			return invalid("Invalid cursors values")
		}
	}
	if q.Has("before") {
		return invalid("Paging backwards is not supported")
	}
	fields, unknown := fieldList(q)
	if unknown != "" {
		return invalid("Tried accessing nonexisting field (%s) on node type (WhatsAppBusinessPhoneNumber)", unknown)
	}

	var all []*slot
	for _, n := range s.numbers {
		if n.WABAID == c.object && !n.deleted {
			all = append(all, n)
		}
	}
	from := min(at.offset, len(all))
	to := min(from+limit, len(all))
	if slices.Contains(k.Empty, at.page) {
		to = from
	}
	shown := all[from:to]
	if k.Duplicates && from > 0 && to > from {
		shown = all[from-1 : to]
	}
	data := make([]any, 0, len(shown))
	for _, n := range shown {
		data = append(data, n.selected(fields, k.NumericIDs))
	}

	after := cursor{at.page + 1, to}
	more := to < len(all) || slices.Contains(k.Empty, after.page)
	if at.page == k.RepeatCursor {
		after, more = at, true
	}
	body := map[string]any{"data": data}
	if len(data) > 0 || more {
		paging := map[string]any{"cursors": map[string]any{"before": at.String(), "after": after.String()}}
		if more {
			paging["next"] = s.nextLocked(c, k.NextBase, after)
		}
		body["paging"] = paging
	}
	return answer{status: http.StatusOK, body: encode(body)}
}

// nextLocked is a URL with the caller's token in it, as Meta's is: a client that
// requests it unchanged is refused here, and one that logs it leaks the token.
func (s *Server) nextLocked(c call, base string, after cursor) string {
	q := url.Values{paramToken: {c.token}, "after": {after.String()}, "limit": {strconv.Itoa(defaultLimit)}}
	for _, name := range []string{"limit", "fields"} {
		if c.URL.Query().Has(name) {
			q.Set(name, c.URL.Query().Get(name))
		}
	}
	base = cmp.Or(base, s.urlLocked(), "http://"+c.Host)
	return strings.TrimSuffix(base, "/") + c.path + "?" + q.Encode()
}

func fieldList(q url.Values) (fields []string, unknown string) {
	known := (&slot{}).fields()
	for f := range strings.SplitSeq(q.Get("fields"), ",") {
		f = strings.TrimSpace(f)
		if f == "" {
			continue
		}
		if _, ok := known[f]; !ok && !slices.Contains(otherFields, f) {
			return nil, f
		}
		fields = append(fields, f)
	}
	return fields, ""
}

// selected always holds the ID, asked for or not, as Graph does on every node.
func (n *slot) selected(fields []string, numericID bool) map[string]any {
	m := n.fields()
	for f := range m {
		if f != "id" && len(fields) > 0 && !slices.Contains(fields, f) {
			delete(m, f)
		}
	}
	if _, err := strconv.ParseUint(n.ID, 10, 64); err == nil && numericID {
		m["id"] = json.Number(n.ID)
	}
	return m
}
