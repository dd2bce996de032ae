// SPDX-License-Identifier: MPL-2.0

package graphmock

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	paramToken = "access_token"
	paramProof = "appsecret_proof"
)

// authenticate returns the bearer token, or the refusal. The codes are Meta's;
// which HTTP status goes with them varies between its documents.
func (s *Server) authenticate(c call) (token string, refusal *answer) {
	query := c.URL.Query()
	// Graph itself takes the token as a parameter. Here it is an error, because a
	// token in a URL ends up in logs, and the provider promises not to do it.
	for _, in := range []struct {
		name   string
		values url.Values
	}{{"query", query}, {"body", c.form}} {
		if in.values.Has(paramToken) {
			return "", refuse(http.StatusBadRequest, 190, typeOAuth,
				"The access token came in the "+in.name+" of the request: send it in the Authorization header only")
		}
	}

	auth := c.Header.Values("Authorization")
	if len(auth) == 0 || auth[0] == "" {
		return "", refuse(http.StatusUnauthorized, 104, typeOAuth, "An access token is required to request this resource.")
	}
	scheme, token, _ := strings.Cut(auth[0], " ")
	if len(auth) > 1 || !strings.EqualFold(scheme, "Bearer") || !wellFormed(token) {
		return "", refuse(http.StatusBadRequest, 190, typeOAuth, "Malformed access token")
	}
	if !s.accepts(token) {
		return "", refuse(http.StatusUnauthorized, 190, typeOAuth, "Invalid OAuth access token - Cannot parse access token")
	}

	if s.opts.AppSecret == "" {
		return token, nil
	}
	proofs := slices.Concat(query[paramProof], c.form[paramProof])
	if len(proofs) == 0 {
		return "", refuse(http.StatusBadRequest, 100, typeMethod, "API calls from the server require an appsecret_proof argument")
	}
	want := proof(s.opts.AppSecret, token)
	for _, p := range proofs {
		if p != want {
			return "", refuse(http.StatusBadRequest, 100, typeMethod, "Invalid appsecret_proof provided in the API argument")
		}
	}
	return token, nil
}

func wellFormed(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

func proof(secret, token string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}
