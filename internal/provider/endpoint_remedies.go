// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowendpoint"
)

// endpointRemedy says what to do about an answer, in whole sentences.
func endpointRemedy(a flowendpoint.Answer) string {
	if a.Verdict == flowendpoint.Refused && (a.HTTPStatus == http.StatusUnauthorized || a.HTTPStatus == http.StatusForbidden) {
		return "A firewall, a gateway or mutual TLS may let only Meta in. Run Terraform where the endpoint can be reached, or set inconclusive to \"" + inconclusiveWarning + "\" in " + attrEndpointCheck + "."
	}
	return remedyOfVerdict[a.Verdict]
}

var remedyOfVerdict = map[flowendpoint.Verdict]string{
	flowendpoint.Proven:        "",
	flowendpoint.NoHealthCheck: "WhatsApp clients can read its answers, but Meta's health check fails, and so does the publishing of the Flow: let it answer the action \"ping\".",
	flowendpoint.OldProtocol:   "WhatsApp clients cannot read that: let it invert every bit of the initialization vector before it encrypts the answer.",
	flowendpoint.NotEncrypted:  "Check that the URL is that of the Flow endpoint, and that nothing in front of it answers in its place.",
	flowendpoint.WrongKey:      "Give it the private key of this public key, beside those that it has, and try again.",
	flowendpoint.Refused:       "Set flow_app_secret or " + envFlowAppSecret + " to the secret of the app that the Flow is connected to.",
	flowendpoint.Failing:       "Most likely it does not have the private key; its log says more. Give it the private key of this public key, beside those that it has, and try again.",
	flowendpoint.NotAnEndpoint: "Check the URL: it has to be the endpoint_uri of the Flow.",
	flowendpoint.Unreachable:   "If the reason is not on this machine or between it and the endpoint, Meta cannot reach the endpoint, either. Check the URL, the certificate and the network.",
}
