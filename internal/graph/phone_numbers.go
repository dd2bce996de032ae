// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	QualityRating          string
	CodeVerificationStatus string
	PlatformType           string // CLOUD_API, ON_PREMISE, NOT_APPLICABLE, …
	Status                 string // CONNECTED, …
}

// PhoneNumbers lists the numbers of a WhatsApp Business Account: GET
// /{version}/{WABA ID}/phone_numbers, page by page, each number once, sorted by
// ID. A page that names the cursor of an earlier page is an error. Failures are
// *Error.
func (c *Client) PhoneNumbers(ctx context.Context, wabaID string) ([]PhoneNumber, error) {
	var numbers []PhoneNumber
	seen, cursors := map[string]bool{}, map[string]bool{}
	values := url.Values{
		"fields": {"id,display_phone_number,verified_name,quality_rating,code_verification_status,platform_type,status"},
		"limit":  {strconv.Itoa(phoneNumbersPage)},
	}
	for {
		var page phoneNumbersAnswer
		err := c.do(ctx, request{
			method: http.MethodGet, object: wabaID, edge: phoneNumbersEdge, values: values,
			decode: func(data []byte) (err error) {
				page, err = decodePhoneNumbers(data)
				if err == nil && cursors[page.after] {
					err = errors.New("the listing of phone numbers has no end: a page names the cursor of an earlier page")
				}
				return err
			},
		})
		if err != nil {
			return nil, err
		}
		for _, n := range page.numbers {
			if !seen[n.ID] {
				seen[n.ID] = true
				numbers = append(numbers, n)
			}
		}
		if page.after == "" {
			break
		}
		cursors[page.after] = true
		values.Set("after", page.after)
	}
	slices.SortFunc(numbers, func(a, b PhoneNumber) int { return cmp.Compare(a.ID, b.ID) })
	return numbers, nil
}

type phoneNumbersAnswer struct {
	numbers []PhoneNumber
	after   string // empty on the last page
}

// decodePhoneNumbers takes the cursor and not the URL in "next", which can point
// to another host and carries the access token.
func decodePhoneNumbers(data []byte) (phoneNumbersAnswer, error) {
	var body struct {
		Data   *[]map[string]json.RawMessage `json:"data"`
		Paging struct {
			Cursors struct {
				After json.RawMessage `json:"after"`
			} `json:"cursors"`
			Next string `json:"next"`
		} `json:"paging"`
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
			DisplayPhoneNumber:     lenientString(fields["display_phone_number"]),
			VerifiedName:           lenientString(fields["verified_name"]),
			QualityRating:          lenientString(fields["quality_rating"]),
			CodeVerificationStatus: lenientString(fields["code_verification_status"]),
			PlatformType:           lenientString(fields["platform_type"]),
			Status:                 lenientString(fields["status"]),
		}
		if n.ID == "" {
			return phoneNumbersAnswer{}, fmt.Errorf("the phone number %d of the page has no ID", i+1)
		}
		answer.numbers = append(answer.numbers, n)
	}
	if body.Paging.Next != "" {
		answer.after = lenientString(body.Paging.Cursors.After)
		if answer.after == "" {
			return phoneNumbersAnswer{}, errors.New("there is another page of phone numbers, but no cursor for it")
		}
	}
	return answer, nil
}
