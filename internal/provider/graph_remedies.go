// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// remedy says what to do next, in whole sentences. It is empty when nothing is
// known but what the server says.
func remedy(e *graph.Error) string {
	if e.NewerVersion != "" {
		return fmt.Sprintf("Version %s of the Graph API was asked for, and this version of the provider knows %s as the newest one. If Meta has not released %s, set api_version or %s to %s or an earlier version.",
			e.NewerVersion, graph.NewestKnown(), e.NewerVersion, envAPIVersion, graph.NewestKnown())
	}
	if e.Class == graph.ClassOther && e.Message == "" && e.UserMessage == "" && e.Details == "" {
		return "Apply again in a few minutes. If the answer is the same, check base_url, and whether a proxy or gateway answers in place of the Graph API."
	}
	if text, ok := remedyOfCode[e.Code]; ok && e.HasCode {
		return text
	}
	if text, ok := remedyOfListing[e.Class]; ok && e.Lists() {
		return text
	}
	if text, ok := remedyOfFlow[e.Class]; ok && e.ReadsFlow() {
		return text
	}
	return remedyOfClass[e.Class]
}

// remedyOfCode is for codes that need another remedy than the rest of their
// class.
var remedyOfCode = map[int]string{
	133015: "The number was deleted or deregistered a moment ago. Wait five minutes before it is registered again, then apply again.",
	133016: "The number was registered or deregistered too often and is blocked for up to 72 hours. Each further call makes it longer.",
}

// remedyOfListing is for classes that need another remedy when the phone numbers
// of an account are listed.
var remedyOfListing = map[graph.Class]string{
	graph.ClassWrongObject: "This answer means one of several things: the ID is not that of a WhatsApp Business Account (a phone number ID, a business ID or an app ID are often pasted instead), " +
		"the account is not assigned to the system user that the token belongs to, or the token lacks the permission whatsapp_business_management. " +
		"Check the account ID in WhatsApp Manager under account settings, and the assets of the system user in Business settings.",
	graph.ClassPermission: "The access token needs the permission whatsapp_business_management to list phone numbers, and the WhatsApp Business Account must be assigned to the system user.",
}

// remedyOfFlow is for classes that need another remedy when a Flow is read.
var remedyOfFlow = map[graph.Class]string{
	graph.ClassWrongObject: "This answer means one of several things: the ID is not that of a Flow (a phone number ID, a WhatsApp Business Account ID or an app ID are often pasted instead), " +
		"the phone number is not one of the account of the Flow, that account is not assigned to the system user that the token belongs to, or the token lacks the permission whatsapp_business_management. " +
		"Check the ID of the Flow in WhatsApp Manager under Flows, the phone number ID, and the assets of the system user in Business settings.",
	graph.ClassPermission: "The access token needs the permission whatsapp_business_management to read a Flow, and the WhatsApp Business Account of the Flow must be assigned to the system user.",
}

var remedyOfClass = map[graph.Class]string{
	graph.ClassKeyRefused: "If the error is about the key: the API accepts only one RSA public key of exactly 2048 bits, in PEM.",
	graph.ClassWrongObject: "This answer means one of several things: the ID is not a phone number ID (a WhatsApp Business Account ID, an app ID or the phone number itself are often pasted instead), " +
		"the number is not assigned to the system user that the token belongs to, or the token lacks the permission whatsapp_business_messaging. " +
		"Check the phone number ID in the app dashboard under WhatsApp > API Setup, or in WhatsApp Manager under Phone numbers, and the assets of the system user in Business settings.",
	graph.ClassWrongPath:      "The API does not know the path of the request, or no longer serves it. Check base_url and api_version.",
	graph.ClassAppSecretProof: "The app requires an app secret proof, and the call carried none or a wrong one. Give the secret of the app that the access token was issued for in app_secret or " + envAppSecret + ": the proof is made from the two.",
	graph.ClassNumberDeleted:  "The phone number was deleted from its WhatsApp Business Account.",
	graph.ClassAuth:           "The access token is expired, revoked or not valid for this app. Create a new one, preferably a system user token that does not expire, and pass it in access_token or " + envAccessToken + ".",
	graph.ClassPermission:     "The access token needs the permission whatsapp_business_messaging (with Advanced Access when the number belongs to another business), and the WhatsApp Business Account must be assigned to the system user with full control.",
	graph.ClassPolicy:         "Meta has restricted the business or the account. Business support home in Meta Business Suite shows why; trying again does not help.",
	graph.ClassNotRegistered:  "Register the number with the Cloud API first (POST /PHONE_NUMBER_ID/register with its PIN), then apply again.",
	graph.ClassRateLimit:      "Too many calls were made with this app or account. Each further call makes the wait longer: wait, then apply again, with a lower -parallelism.",
	graph.ClassTransient:      "This is usually temporary. Apply again in a few minutes.",
	graph.ClassNoConnection:   "This is usually temporary. Apply again in a few minutes. If the error is the same, check the network, base_url, and the proxy in the environment variable HTTPS_PROXY; the guide \"Networks and proxies\" says more.",
	graph.ClassProxy:          "The proxy in the environment variable HTTPS_PROXY or https_proxy has to allow CONNECT to the host in base_url (graph.facebook.com by default) and port 443. HTTP 407 means that its user name or password is missing or wrong: write both into the URL of the proxy, percent-encoded. The provider does not give them to the proxy again in this run, because that could lock the account. To go around the proxy, add the host to NO_PROXY.",
	graph.ClassCertificate:    "Check base_url, the CA certificates of this machine, and whether a proxy intercepts TLS with its own certificate: then name the file with its CA certificate in the environment variable SSL_CERT_FILE. The guide \"Networks and proxies\" says more.",
	graph.ClassInterrupted:    "Apply again. If the operation timed out, give it more time with the timeouts argument of the resource.",
	graph.ClassNotUnderstood:  "Check base_url, and whether the answer came from a proxy or gateway between Terraform and the Graph API.",
	graph.ClassOther:          "", // the server's message says all that is known
}

// gaveUp says why a request was not sent again, in whole sentences. It is empty
// when no reason is needed.
func gaveUp(g graph.GaveUp) string {
	wait := "The next try would be in " + inWords(g.Wait)
	if g.Asked {
		wait = "The server asks to wait " + inWords(g.Wait)
	}
	var why string
	switch g.Why {
	case graph.WaitTooLong:
		why = wait + ", and the longest wait that is configured (retry_max_wait) is " + inWords(g.Allowed) + "."
	case graph.WaitPastDeadline:
		why = wait + ", and the operation times out before then."
	case graph.WaitInterrupted:
		why = "The wait before the next try was interrupted."
	case graph.OutcomeUnknown:
		why = "The request was not sent again, because the provider could not read whether it had taken effect."
	}
	if g.MetBy != "" {
		why = fmt.Sprintf("The request for %s hit the limit, and this request was not sent. %s", g.MetBy, why)
	}
	return why
}

// inWords rounds up, because a wait that is shorter than the server asks for is useless.
func inWords(d time.Duration) string {
	if d > 90*time.Second {
		return fmt.Sprintf("%d minutes", int(math.Ceil(d.Minutes())))
	}
	if seconds := int(math.Ceil(d.Seconds())); seconds != 1 {
		return fmt.Sprintf("%d seconds", seconds)
	}
	return "1 second"
}

// withTrimHint adds where a line break or a blank at an end mostly comes from, and
// what removes it. No function of the configuration can change the environment
// variable env; it is empty when the secret comes from the configuration.
func withTrimHint(secret, env string, check func(string) error) error {
	err := check(secret)
	if err == nil || check(strings.TrimSpace(secret)) != nil {
		return err
	}
	if env != "" {
		return fmt.Errorf("%w; a trailing newline often comes from a secret that was pasted with its line break: set %s again without it", err, env)
	}
	return fmt.Errorf("%w; a trailing newline often comes from reading a file, and trimspace() removes it", err)
}
