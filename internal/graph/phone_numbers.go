// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

const (
	phoneNumbersEdge = "phone_numbers"

	// phoneNumbersPage is how many numbers are asked for at once: the most that
	// the API takes, because each page counts as a call.
	phoneNumbersPage = 100
)

// PhoneNumber is a business phone number of a WhatsApp Business Account. All
// fields but ID may be empty. The documents of Meta disagree on the values of
// the enumerations, so they are passed on as they come.
type PhoneNumber struct {
	ID                     string // the phone number ID
	DisplayPhoneNumber     string // such as "+1 631-555-5555"
	VerifiedName           string
	NameStatus             string // of the display name: APPROVED, …
	QualityRating          string
	CodeVerificationStatus string
	PlatformType           string // CLOUD_API, ON_PREMISE, NOT_APPLICABLE, …
	Status                 string // CONNECTED, …
}

// PhoneNumbers lists the numbers of a WhatsApp Business Account: GET
// /{version}/{WABA ID}/phone_numbers, page by page, each number once, sorted by
// ID. Where the server asks for less data, the pages become smaller, and larger
// again when it answers. A page that leads back to an earlier page is an error.
// Failures are *Error.
func (c *Client) PhoneNumbers(ctx context.Context, wabaID string) ([]PhoneNumber, error) {
	var numbers []PhoneNumber
	seen, places := map[string]bool{}, map[string]bool{}
	values := url.Values{
		"fields": {"id,display_phone_number,verified_name,name_status,quality_rating,code_verification_status,platform_type,status"},
	}
	for size := phoneNumbersPage; ; {
		values.Set("limit", strconv.Itoa(size))
		var page phoneNumbersAnswer
		err := c.do(ctx, request{
			method: http.MethodGet, object: wabaID, edge: phoneNumbersEdge, values: values, smaller: size > 1,
			decode: func(data []byte) (err error) {
				page, err = decodePhoneNumbers(data)
				if err == nil && page.next != nil && places[page.next.Encode()] {
					err = errors.New("the listing of phone numbers has no end: a page names the cursor of an earlier page")
				}
				return err
			},
		})
		if e, ok := errors.AsType[*Error](err); ok && e.wantsLess && size > 1 {
			size /= 2
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, n := range page.numbers {
			if !seen[n.ID] {
				seen[n.ID] = true
				numbers = append(numbers, n)
			}
		}
		if page.next == nil {
			break
		}
		places[page.next.Encode()] = true
		values.Del("after")
		values.Del("offset")
		maps.Copy(values, page.next)
		size = min(2*size, phoneNumbersPage)
	}
	slices.SortFunc(numbers, func(a, b PhoneNumber) int { return cmp.Compare(a.ID, b.ID) })
	return numbers, nil
}

type phoneNumbersAnswer struct {
	numbers []PhoneNumber
	next    url.Values // where the next page begins: "after" or "offset"; nil on the last page
}

// decodePhoneNumbers reads a page of a listing.
func decodePhoneNumbers(data []byte) (phoneNumbersAnswer, error) {
	var body struct {
		Data   *[]map[string]json.RawMessage `json:"data"`
		Paging json.RawMessage               `json:"paging"`
	}
	if err := decodeObject(data, &body); err != nil {
		return phoneNumbersAnswer{}, err
	}
	if body.Data == nil {
		return phoneNumbersAnswer{}, errors.New(`the field "data" of the answer is missing`)
	}
	var answer phoneNumbersAnswer
	for i, fields := range *body.Data {
		n := PhoneNumber{
			ID:                     lenientString(fields["id"]),
			DisplayPhoneNumber:     serverText(lenientString(fields["display_phone_number"])),
			VerifiedName:           serverText(lenientString(fields["verified_name"])),
			NameStatus:             serverText(lenientString(fields["name_status"])),
			QualityRating:          serverText(lenientString(fields["quality_rating"])),
			CodeVerificationStatus: serverText(lenientString(fields["code_verification_status"])),
			PlatformType:           serverText(lenientString(fields["platform_type"])),
			Status:                 serverText(lenientString(fields["status"])),
		}
		if n.ID == "" {
			return phoneNumbersAnswer{}, fmt.Errorf("the phone number %d of the page has no ID", i+1)
		}
		answer.numbers = append(answer.numbers, n)
	}
	var err error
	answer.next, err = nextPage(body.Paging)
	return answer, err
}

// nextPage is where the next page begins, or nil when there is none. That there is
// one is said by "next". The URL in it is not followed, because it can point to
// another host and carries the access token; only where it begins is taken from it,
// when there is no cursor beside it.
func nextPage(raw json.RawMessage) (url.Values, error) {
	var paging struct{ Next, Cursors json.RawMessage }
	_ = json.Unmarshal(raw, &paging) // anything but an object says that there is no other page
	next := lenientString(paging.Next)
	if next == "" {
		return nil, nil
	}
	var cursors struct{ After json.RawMessage }
	_ = json.Unmarshal(paging.Cursors, &cursors)
	if after := lenientString(cursors.After); after != "" {
		return url.Values{"after": {after}}, nil
	}
	if u, err := url.Parse(next); err == nil {
		for _, name := range []string{"after", "offset"} {
			if value := u.Query().Get(name); value != "" {
				return url.Values{name: {value}}, nil
			}
		}
	}
	return nil, errors.New("there is another page of phone numbers, but no cursor for it")
}
