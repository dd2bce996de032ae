// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
)

func TestProviderData_requireClient(t *testing.T) {
	t.Parallel()
	var resp datasource.ReadResponse
	data := &providerData{unknown: []string{"access_token", "base_url"}}
	if client := data.requireClient(&resp.Diagnostics); client != nil {
		t.Error("there is a client")
	}
	if detail := resp.Diagnostics[0].Detail(); !strings.Contains(detail, "access_token and base_url") || !strings.Contains(detail, "-target") {
		t.Error(detail)
	}
}
