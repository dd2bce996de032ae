// SPDX-License-Identifier: MPL-2.0

package graphmock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func TestWorksAsAHandler(t *testing.T) {
	s := graphmock.NewUnstartedServer(graphmock.Options{}, number)
	r := httptest.NewRequest(http.MethodGet, edge, nil)
	r.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestVersionHeader(t *testing.T) {
	for _, tt := range []struct{ oldest, asked, want string }{
		{"", "v1.0", "v1.0"},
		{"v22.0", "v21.0", "v22.0"},
		{"v22.0", "v9.0", "v22.0"},
		{"v22.0", "v22.0", "v22.0"},
		{"v22.0", "v25.0", "v25.0"},
	} {
		s := start(t, graphmock.Options{OldestVersion: tt.oldest})
		got := get(t, s, "/"+tt.asked+"/"+number+"/whatsapp_business_encryption")
		if v := got.header.Get("facebook-api-version"); got.status != 200 || v != tt.want {
			t.Errorf("oldest %q, asked %s: %d, header %q, want %q", tt.oldest, tt.asked, got.status, v, tt.want)
		}
	}
}

func TestUnsupportedMethods(t *testing.T) {
	s := start(t, graphmock.Options{})
	for _, tt := range []struct{ method, path, text string }{
		{http.MethodDelete, edge, "Unsupported delete request"},
		{http.MethodPut, edge, "Unsupported put request"},
		{http.MethodPatch, edge, "Unsupported patch request"},
		{http.MethodDelete, "/v25.0/" + waba + "/phone_numbers", "Unsupported delete request"},
		{http.MethodPost, "/v25.0/" + waba + "/phone_numbers", "Unsupported post request"},
	} {
		got := do(t, s, tt.method, tt.path, "")
		if got.status != 400 || got.code() != 100 || got.num("error_subcode") != 0 || !strings.HasPrefix(got.str("message"), tt.text) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, got.status, got.text)
		}
	}
}
