// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// What is said of a request that was not sent, and of one that may have been.
func TestUploadsWithoutAConnection(t *testing.T) {
	t.Parallel()
	upload := graph.Call{Method: http.MethodPost, Object: testNumber, Edge: "whatsapp_business_encryption"}
	for name, test := range map[string]struct {
		err  graph.Error
		want []string
	}{
		"no connection": {
			graph.Error{Call: upload, Class: graph.ClassNoConnection, NotSent: true, Err: errors.New("dial tcp: no such host"), Tries: 3},
			[]string{"There is no connection to the server: dial tcp: no such host.", "HTTPS_PROXY", "The key on the number was not changed.", "Kind of error: no connection."},
		},
		"proxy": {
			graph.Error{Call: upload, Class: graph.ClassProxy, NotSent: true, Err: errors.New("the proxy p:3128 answered HTTP 407 Proxy Authentication Required to CONNECT"), Tries: 1},
			[]string{"answered HTTP 407", "percent-encoded", "The key on the number was not changed.", "Kind of error: refused by the proxy."},
		},
		"proxy, another number": {
			graph.Error{Call: upload, Class: graph.ClassProxy, NotSent: true, SameAs: "1", Err: errors.New("x")},
			[]string{"Not sent for " + testNumber + ": see the error for 1. The key on the number was not changed."},
		},
		"TLS": {
			graph.Error{Call: upload, Class: graph.ClassCertificate, NotSent: true, Err: errors.New("remote error: tls: certificate required"), Tries: 1},
			[]string{"The TLS connection could not be made: remote error: tls: certificate required.", "SSL_CERT_FILE", "The key on the number was not changed.", "Kind of error: TLS failure."},
		},
		"silent": {
			graph.Error{Call: upload, Class: graph.ClassTransient, Err: errors.New("the connection was silent for 20 seconds"), Tries: 1},
			[]string{"There was no answer: the connection was silent for 20 seconds.", "It is not known whether the key on the number was changed.", "Kind of error: temporary failure."},
		},
		"stream refused": {
			graph.Error{Call: upload, Class: graph.ClassTransient, NotSent: true, Err: errors.New("stream error: stream ID 3; REFUSED_STREAM"), Tries: 1},
			[]string{"The key on the number was not changed.", "Kind of error: temporary failure."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			detail := graphErrorDetail(testNumber, outcome(&test.err), &test.err)
			for _, part := range test.want {
				if !strings.Contains(detail, part) {
					t.Errorf("%q is not in:\n%s", part, detail)
				}
			}
		})
	}
}
