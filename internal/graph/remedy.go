// SPDX-License-Identifier: MPL-2.0

package graph

// Remedy says what to do next, in whole sentences. It is empty when the
// server's own words are all that is known.
func (e *Error) Remedy() string {
	if remedy, ok := remedyOfCode[e.Code]; ok && e.HasCode {
		return remedy
	}
	if remedy, ok := remedyOfListing[e.Class]; ok && e.Lists() {
		return remedy
	}
	for _, x := range Explanations() {
		if x.Class == e.Class {
			return x.Remedy
		}
	}
	return ""
}

// Explanation is what a class of errors means, and what to do about it, in
// whole sentences. The documentation is made from it.
type Explanation struct {
	Class         Class
	Cause, Remedy string
}

// Explanations lists every class.
func Explanations() []Explanation {
	return []Explanation{
		{
			ClassKeyRefused, "The API does not take what was uploaded, which on this edge mostly means the key.",
			"If it is about the key: the API takes one RSA public key of exactly 2048 bits, in PEM.",
		},
		{
			ClassWrongObject, "The object does not exist, or the token may not see it, or the ID is of another kind. The API does not tell these apart, so it is never taken for a deleted number.",
			"This answer means one of several things: the ID is not a phone number ID (a WhatsApp Business Account ID, an app ID or the phone number itself are often pasted instead), " +
				"the number is not assigned to the system user that the token belongs to, or the token lacks the permission whatsapp_business_messaging. " +
				"Check the phone number ID in WhatsApp Manager under API setup, and the assets of the system user in Business settings.",
		},
		{
			ClassAppSecretProof, "The app has \"Require app secret\" switched on, and the request carried no proof, or one that was made from another secret or another token.",
			"The app requires an app secret proof, and the call carried none or a wrong one. Give the secret of the app that the access token was issued for in app_secret or WHATSAPP_APP_SECRET: the proof is made from the two.",
		},
		{
			ClassNumberDeleted, "The one answer of the API that means \"gone\". A resource in the state is removed from it, with a warning.",
			"The phone number was deleted from its WhatsApp Business Account.",
		},
		{
			ClassAuth, "The access token is not accepted.",
			"The access token is expired, revoked or not valid for this app. Create a new one, best a system user token that does not expire, and pass it in access_token or WHATSAPP_ACCESS_TOKEN.",
		},
		{
			ClassPermission, "The access token is valid and may not do this.",
			"The access token needs the permission whatsapp_business_messaging (with Advanced Access when the number belongs to another business), and the WhatsApp Business Account must be assigned to the system user with full control.",
		},
		{
			ClassPolicy, "Meta has restricted the business, the account or the number.",
			"Meta has restricted the business or the account. Business support home in Meta Business Suite shows why; trying again does not help.",
		},
		{
			ClassNotRegistered, "The number is not registered with the Cloud API.",
			"Register the number with the Cloud API first (POST /PHONE_NUMBER_ID/register with its PIN), then apply again.",
		},
		{
			ClassRateLimit, "Too many calls were made. The provider has waited and tried again, unless the server asks for a longer wait than retry_max_wait or the timeout allow. Meanwhile it held back the requests for all other numbers, too.",
			"Too many calls were made with this app or account. Calling on makes the wait longer; wait, then apply again, with a lower -parallelism.",
		},
		{
			ClassTransient, "The server had a passing error, or there was no answer. The provider has tried again, max_retries times at most. After an upload with an uncertain outcome it has read the number before it uploaded again.",
			"This is usually temporary. Apply again in a few minutes.",
		},
		{
			ClassCertificate, "The server's certificate is not trusted, or the server does not speak TLS.",
			"Check base_url, the CA certificates of this machine, and whether a proxy stands between and shows a certificate of its own.",
		},
		{
			ClassInterrupted, "The run was cancelled, or the operation ran into its timeout.",
			"Apply again. When the time was too short, the argument timeouts of the resource gives it more.",
		},
		{
			ClassNotUnderstood, "What answered is not the Graph API, or the answer has no documented shape.",
			"Check base_url, and whether a proxy or gateway stands between Terraform and the Graph API.",
		},
		{
			ClassOther, "Any other error of the Graph API. The server's own words are all that is known.",
			"",
		},
	}
}

// remedyOfCode is for codes that want something else than their class does.
var remedyOfCode = map[int]string{
	2500:   "The address of the request is not one that the API knows. Check base_url and api_version.",
	133015: "The number was deleted or deregistered a moment ago. Wait five minutes before it is registered again, then apply again.",
	133016: "The number was registered or deregistered too often and is blocked for up to 72 hours. Calling again makes it longer.",
}

// remedyOfListing is for what the listing of phone numbers wants instead.
var remedyOfListing = map[Class]string{
	ClassWrongObject: "This answer means one of several things: the ID is not that of a WhatsApp Business Account (a phone number ID, a business ID or an app ID are often pasted instead), " +
		"the account is not assigned to the system user that the token belongs to, or the token lacks the permission whatsapp_business_management. " +
		"Check the account ID in WhatsApp Manager under account settings, and the assets of the system user in Business settings.",
	ClassPermission: "The access token needs the permission whatsapp_business_management to list phone numbers, and the WhatsApp Business Account must be assigned to the system user.",
}
