// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

func TestErrorClasses(t *testing.T) {
	for _, test := range []struct {
		method, body string
		status       int
		class        graph.Class
	}{
		{"POST", `{"error":{"code":100,"message":"Business public key is invalid"}}`, 400, graph.ClassKeyRefused},
		{"POST", `{"error":{"code":100,"error_data":"Business public key is invalid"}}`, 400, graph.ClassKeyRefused},
		{"GET", `{"error":{"code":100,"message":"Invalid parameter"}}`, 400, graph.ClassOther},
		{"GET", `{"error":{"code":100,"error_subcode":33}}`, 400, graph.ClassWrongObject},
		{"POST", `{"error":{"code":100,"error_subcode":33}}`, 404, graph.ClassWrongObject},
		{"GET", `{"error":{"code":100,"message":"API calls from the server require an appsecret_proof argument","type":"GraphMethodException"}}`, 400, graph.ClassAppSecretProof},
		{"GET", `{"error":{"code":33,"message":"The business phone number has been deleted"}}`, 400, graph.ClassNumberDeleted},
		{"GET", `{"error":{"code":100,"type":"OAuthException","message":"(#100) Tried accessing nonexisting field (whatsapp_business_encryption) on node type (WhatsAppBusinessAccount)"}}`, 400, graph.ClassWrongObject},
		{"POST", `{"error":{"code":100,"type":"OAuthException","message":"(#100) Tried accessing nonexisting field (whatsapp_business_encryption) on node type (Application)"}}`, 400, graph.ClassWrongObject},
		{"POST", `{"error":{"code":100,"error_data":{"details":"Tried accessing Nonexisting Field (x) on node type (User)"}}}`, 400, graph.ClassWrongObject},
		{"GET", `{"error":{"code":100,"message":"Unsupported get request. Please read the Graph API documentation"}}`, 400, graph.ClassWrongObject},
		{"POST", `{"error":{"code":100,"message":"Unsupported post request. Object with ID '1' does not exist"}}`, 400, graph.ClassWrongObject},
		{"POST", `{"error":{"code":100,"message":"Unsupported request - method type: post"}}`, 400, graph.ClassWrongObject},
		{"GET", `{"error":{"code":803,"message":"(#803) Some of the aliases you requested do not exist: x"}}`, 404, graph.ClassWrongObject},
		{"POST", `{"error":{"code":803,"message":"(#803) Cannot query users by their username (x)"}}`, 400, graph.ClassWrongObject},
		{"GET", `{"error":{"code":2500,"type":"OAuthException","message":"Unknown path components: /whatsapp_business_encryption"}}`, 400, graph.ClassWrongPath},
		{"POST", `{"error":{"code":2500,"type":"OAuthException","message":"Unknown path components: /whatsapp_business_encryption"}}`, 400, graph.ClassWrongPath},
		{"POST", `{"error":{"message":"Unknown path components: /x"}}`, 400, graph.ClassWrongPath},
		{"GET", `{"error":{"code":100,"message":"Unknown path component: x"}}`, 400, graph.ClassWrongPath},
		{"GET", `{"error":{"code":2500,"message":"An active access token must be used to query information about the current user."}}`, 400, graph.ClassAuth},
		{"GET", `{"error":{"code":2500,"message":"something else"}}`, 400, graph.ClassWrongPath},
		{"GET", `{"error":{"code":2635,"message":"(#2635) You are calling a deprecated version of the API."}}`, 400, graph.ClassWrongPath},
		{"GET", `{"error":{"code":12,"message":"(#12) This endpoint is deprecated"}}`, 400, graph.ClassWrongPath},
		{"POST", `{"error":{"code":100,"message":"(#100) Invalid parameter","error_data":{"details":"Business public key is invalid"}}}`, 400, graph.ClassKeyRefused},
		{"GET", `{"error":{"code":0}}`, 401, graph.ClassAuth},
		{"GET", `{"error":{"code":190,"error_subcode":463}}`, 401, graph.ClassAuth},
		{"GET", `{"error":{"code":102}}`, 400, graph.ClassAuth},
		{"GET", `{"error":{"code":104}}`, 400, graph.ClassAuth},
		{"GET", `{"error":{"code":3}}`, 400, graph.ClassPermission},
		{"GET", `{"error":{"code":10}}`, 403, graph.ClassPermission},
		{"GET", `{"error":{"code":200}}`, 403, graph.ClassPermission},
		{"GET", `{"error":{"code":299}}`, 403, graph.ClassPermission},
		{"GET", `{"error":{"code":199}}`, 403, graph.ClassOther},
		{"GET", `{"error":{"code":300}}`, 403, graph.ClassOther},
		{"GET", `{"error":{"code":100,"error_data":"appsecret_proof is wrong"}}`, 400, graph.ClassAppSecretProof},
		{"POST", `{"error":{"code":100,"message":"Invalid appsecret_proof"}}`, 400, graph.ClassAppSecretProof},
		{"GET", `{"error":{"code":190,"message":"appsecret_proof"}}`, 400, graph.ClassAuth},
		{"GET", `{"error":{"code":131008,"error_subcode":33,"message":"appsecret_proof"}}`, 400, graph.ClassOther},
		{"GET", `{"error":{"code":100,"error_subcode":34}}`, 400, graph.ClassOther},
		{"GET", `{"error":{"code":190,"is_transient":true}}`, 401, graph.ClassTransient},
		{"GET", `{"error":{"code":131099}}`, 429, graph.ClassRateLimit},
		{"GET", `{"error":{"code":131099}}`, 499, graph.ClassOther},
		{"GET", `{"error":{"code":131099}}`, 500, graph.ClassTransient},
		{"POST", `{"error":{"code":100}}`, 499, graph.ClassKeyRefused},
		{"POST", `{"error":{"code":131005}}`, 403, graph.ClassPermission},
		{"POST", `{"error":{"code":368,"is_transient":true}}`, 400, graph.ClassPolicy},
		{"POST", `{"error":{"code":131031}}`, 400, graph.ClassPolicy},
		{"POST", `{"error":{"code":130497}}`, 400, graph.ClassPolicy},
		{"POST", `{"error":{"code":133010}}`, 400, graph.ClassNotRegistered},
		{"POST", `{"error":{"code":133015}}`, 400, graph.ClassNotRegistered},
		{"GET", `{"error":{"code":4,"is_transient":true}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":17}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":32}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":341}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":613}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":80007}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":80008}}`, 400, graph.ClassRateLimit},
		{"GET", `{"error":{"code":130429}}`, 429, graph.ClassRateLimit},
		{"POST", `{"error":{"code":133016}}`, 400, graph.ClassRateLimit},
		{"GET", `slow down`, 429, graph.ClassRateLimit},
		{"GET", `{"error":{"code":12345,"is_transient":true}}`, 400, graph.ClassTransient},
		{"GET", `{"error":{"code":1}}`, 500, graph.ClassTransient},
		{"GET", `{"error":{"code":1}}`, 400, graph.ClassOther},
		{"GET", `{"error":{"code":2}}`, 400, graph.ClassTransient},
		{"POST", `{"error":{"code":131000}}`, 500, graph.ClassTransient},
		{"POST", `{"error":{"code":131016}}`, 400, graph.ClassTransient},
		{"POST", `{"error":{"code":131057}}`, 400, graph.ClassTransient},
		{"POST", `{"error":{"code":133004}}`, 400, graph.ClassTransient},
		{"GET", ``, 502, graph.ClassTransient},
		{"GET", `<html>`, 408, graph.ClassTransient},
		{"POST", `{"error":{"code":131008}}`, 400, graph.ClassOther},
		{"GET", `{"error":{"code":131099}}`, 503, graph.ClassTransient},
		{"POST", `{"error":{"code":100,"message":"x"}}`, 500, graph.ClassTransient},
		{"GET", `{"error":{"code":190}}`, 500, graph.ClassAuth},
		{"POST", `{"error":{"message":"no code at all"}}`, 400, graph.ClassOther},
		{"GET", `{"error":"invalid"}`, 400, graph.ClassOther},
		{"GET", `<html>`, 403, graph.ClassNotUnderstood},
		{"GET", ``, 404, graph.ClassNotUnderstood},
		{"GET", `{"data":[]}`, 400, graph.ClassNotUnderstood},
		{"GET", `{"error":{"code":190}}`, 200, graph.ClassAuth},
	} {
		t.Run(fmt.Sprintf("%s %d %s", test.method, test.status, test.body), func(t *testing.T) {
			client := answering(t, test.status, "application/json", test.body)
			var err error
			if test.method == http.MethodPost {
				err = client.SetBusinessPublicKey(t.Context(), number, testKey(t))
			} else {
				_, err = client.BusinessEncryption(t.Context(), number)
			}
			if got := graph.ClassOf(err); err == nil || got != test.class {
				t.Errorf("class %q of %v", got, err)
			}
		})
	}
}

func TestClassOf(t *testing.T) {
	for want, err := range map[graph.Class]error{
		graph.ClassAuth:      fmt.Errorf("wrapped: %w", &graph.Error{Class: graph.ClassAuth}),
		graph.ClassTransient: &graph.Error{Class: graph.ClassTransient},
		graph.ClassOther:     errors.New("of another package"),
	} {
		if got := graph.ClassOf(err); got != want {
			t.Errorf("%v: %s", err, got)
		}
	}
	if got := graph.ClassOf(nil); got != graph.ClassOther {
		t.Errorf("no error: %s", got)
	}
}
