// SPDX-License-Identifier: MPL-2.0

package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// appSecretProof shows that the caller knows the app's secret: the lower-case
// hexadecimal HMAC-SHA256 of the access token, with the secret as its key.
func appSecretProof(secret, token string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}
