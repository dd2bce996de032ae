// SPDX-License-Identifier: MPL-2.0

package flowendpoint

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
)

// statusBadSignature is what an endpoint answers to a wrong X-Hub-Signature-256.
const statusBadSignature = 432

// judge says what an answer means. What opens under the AES key of the message is
// a proof, whatever the status is.
func judge(message flowmessage.Request, status int, body []byte) Answer {
	tooLong := len(body) > maxBody
	text := strings.TrimSpace(strings.TrimPrefix(string(body), "\ufeff"))
	if opened, err := message.DecryptResponse(text); err == nil && !tooLong {
		if status == http.StatusOK && isActive(opened) {
			return answer(Proven, status, "It decrypted the message and answered the health check.")
		}
		return answer(NoHealthCheck, status, fmt.Sprintf(`It decrypted the message, but did not answer the health check with HTTP 200 and {"data":{"status":"active"}}. The status was %d.`, status))
	}

	answered := strings.TrimSpace(fmt.Sprintf("It answered HTTP %d %s", status, http.StatusText(status)))
	switch {
	case status == http.StatusMisdirectedRequest:
		return answer(WrongKey, status, answered+", which means that no private key that it has can decrypt the message.")
	case status == statusBadSignature:
		return answer(Refused, status, answered+", which means that the message was signed with another app secret than the one it has.")
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return answer(Refused, status, answered+": the message was refused before it was decrypted.")
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusGone:
		return answer(NotAnEndpoint, status, answered+": no Flow endpoint is there.")
	case status >= 300 && status <= 399:
		return answer(NotAnEndpoint, status, answered+", a redirect, which is not followed.")
	case status < 200 || status > 299:
		return answer(Failing, status, answered+". Many endpoints answer an error like this to a message that they cannot decrypt.")
	case tooLong:
		return answer(NotEncrypted, status, fmt.Sprintf("%s with more than %d bytes.", answered, maxBody))
	}
	if _, err := message.DecryptResponseWithSameNonce(text); err == nil {
		return answer(OldProtocol, status, "It decrypted the message, but encrypted its answer without inverting the bits of the initialization vector.")
	}
	var quoted string
	if json.Unmarshal([]byte(text), &quoted) == nil {
		if _, err := message.DecryptResponse(quoted); err == nil {
			return answer(NotEncrypted, status, "It decrypted the message, but sent its encrypted answer as a JSON string, with quotation marks. The body has to be the bare base64 text.")
		}
	}
	return answer(NotEncrypted, status, answered+" with a body that is not encrypted, or not with the AES key of the message.")
}

func answer(v Verdict, status int, reason string) Answer {
	return Answer{Verdict: v, HTTPStatus: status, Reason: reason}
}

// isActive reports whether the answer is the one that Meta's health check wants.
func isActive(opened []byte) bool {
	var answer struct {
		Data struct {
			Status string `json:"status"`
		} `json:"data"`
	}
	return json.Unmarshal(opened, &answer) == nil && answer.Data.Status == "active"
}
