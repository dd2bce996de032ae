// SPDX-License-Identifier: MPL-2.0

package flowendpoint

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const (
	// patience is how long Meta waits for an answer.
	patience = 10 * time.Second

	maxBody   = 1 << 20
	maxHeader = 64 << 10
)

// ping is the message of Meta's health check, for each version of the Data API.
const ping = `{"version":"3.0","action":"ping"}`

var errPatience = fmt.Errorf("no complete answer within %.0f seconds", patience.Seconds())

// Answer is what an endpoint says to one question.
type Answer struct {
	Verdict    Verdict
	HTTPStatus int    // 0 when there was no answer
	Reason     string // what was answered, as a sentence
	Took       time.Duration
}

// Ask sends one message that is encrypted for the key, on a new connection. The
// error is the cause of the context's end.
func (e *Endpoint) Ask(ctx context.Context, key pemkey.PublicKey) (Answer, error) {
	if key.IsZero() {
		return Answer{}, errors.New("there is no key to ask for")
	}
	message, err := flowmessage.EncryptRequest(key.RSA(), []byte(ping))
	if err != nil {
		return Answer{}, err
	}
	started := e.config.Clock.Now()
	answer := e.send(ctx, message)
	if ctx.Err() != nil {
		return Answer{}, context.Cause(ctx)
	}
	answer.Took = e.config.Clock.Now().Sub(started)
	if e.config.OnAnswer != nil {
		e.config.OnAnswer(ctx, e.String(), answer)
	}
	return answer, nil
}

func (e *Endpoint) send(ctx context.Context, message flowmessage.Request) Answer {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	req, err := e.request(ctx, message)
	if err != nil {
		return unreachable(ctx, err)
	}
	transport := transport()
	defer transport.CloseIdleConnections()
	client := http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return unreachable(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return unreachable(ctx, err)
	}
	return judge(message, resp.StatusCode, body)
}

// request is written as Meta writes it, down to the escaped slashes: an endpoint
// that signs what it has parsed and written again, and not what it received, has
// to fail here as it fails there.
func (e *Endpoint) request(ctx context.Context, message flowmessage.Request) (*http.Request, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	body = bytes.ReplaceAll(body, []byte("/"), []byte(`\/`))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", "sha256="+e.sign(body))
	req.Header.Set("User-Agent", e.config.UserAgent)
	return req, nil
}

// sign returns a signature of the right form even when the secret is not known.
// Meta's own sample of an endpoint ends its process when the header is missing or
// has another length.
func (e *Endpoint) sign(body []byte) string {
	secret := []byte(e.config.AppSecret)
	if len(secret) == 0 {
		secret = make([]byte, sha256.Size)
		_, _ = rand.Read(secret) // never fails: it ends the program instead
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func unreachable(ctx context.Context, err error) Answer {
	if errors.Is(context.Cause(ctx), errPatience) {
		return Answer{Verdict: Unreachable, Reason: fmt.Sprintf("It gave no complete answer within %.0f seconds.", patience.Seconds())}
	}
	return Answer{Verdict: Unreachable, Reason: "There was no answer: " + transportReason(err) + "."}
}

// transportReason leaves out the URL, which may hold a secret, and anything that
// the other side says.
func transportReason(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		if e.IsNotFound {
			return "the name of the host is not known"
		}
		return "the name of the host could not be looked up"
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "proxyconnect"):
		return "the proxy did not open the connection"
	case strings.Contains(text, "tls: ") || strings.Contains(text, "x509: ") || strings.Contains(text, "HTTP response to HTTPS"):
		return "the TLS connection could not be made"
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return "the connection could not be opened"
	}
	return "the connection was closed, or what it carried is not HTTP"
}
