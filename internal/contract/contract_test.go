// SPDX-License-Identifier: MPL-2.0

// Package contract tests what the provider takes for granted about the Graph API.
//
// The same steps run against the mock server in every test run, and against Meta
// when the owner of a test number runs "make test-live". Each step is named after
// the statement that it tries. What the server answers is recorded without the
// token, the IDs and the keys, so that the record can be published, and compared
// with what the mock server answers.
//
// The client uploads canonical PEM of a key of 2048 bits and nothing else. The
// steps that need another form send it with net/http.
package contract

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// The statements that the steps try.
const (
	stepRead = "GET answers HTTP 200 with the key and the status of its signature; the key is blank if none was ever set"

	stepShort = "A key of 1024 bits is refused with HTTP 400 and code 100, and the refusal changes nothing"

	// What Meta documents does not settle these two. An upload that is accepted
	// must be what the next read shows, and one that is refused must not.
	stepPKCS1 = "Unknown: whether BEGIN RSA PUBLIC KEY is accepted, and what is stored"
	stepCRLF  = "Unknown: whether lines that end with CR LF are accepted, and what is stored"

	stepCanonical = "POST answers HTTP 200 with success; the last write replaces the key, and its signature becomes VALID"
	stepAgain     = "The same key is accepted again, and its signature is VALID"

	stepFlow = "GET of a Flow answers HTTP 200 with its ID, its status, and whether it can be sent from the number"

	stepRestore = "The text of a key that was read is accepted again, and reads the same"
)

// account is the number that the steps are tried on.
type account struct {
	baseURL    string // empty means Meta
	apiVersion string
	token      string
	appSecret  string // may be empty
	number     string
	flow       string // may be empty: then no Flow is read

	mayLeaveKey bool        // if there was none before
	rescue      string      // the file that has the key that was there, until it is restored
	clock       graph.Clock // nil means real time
}

// keys are those that the steps upload. Each is another one, so that a read shows
// which upload took effect.
type keys struct{ short, pkcs1, crlf, canonical *rsa.PublicKey }

func newKeys(t testing.TB) keys {
	t.Helper()
	return keys{short: newKey(t, 1024), pkcs1: newKey(t, 2048), crlf: newKey(t, 2048), canonical: newKey(t, 2048)}
}

func newKey(t testing.TB, bits int) *rsa.PublicKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return &private.PublicKey
}

// run is one pass through the steps. It reports nothing to testing.TB that has
// not been redacted.
type run struct {
	account
	keys
	t      testing.TB
	rec    *recorder
	client *graph.Client

	before     pemkey.PublicKey // the key that was there; zero if there was none
	beforeText string           // exactly as the server returned it
}

// try goes through the steps. A key that was there is on the number again when
// the test is over, however it ends.
func try(ctx context.Context, t testing.TB, a account, k keys, rec *recorder) {
	t.Helper()
	c := &run{account: a, keys: k, t: t, rec: rec}
	rec.names = map[string]*rsa.PublicKey{
		"the key of 1024 bits": k.short, "the key sent as PKCS #1": k.pkcs1, "the key sent with CR LF": k.crlf, "the key sent by the client": k.canonical,
	}
	client, err := graph.New(graph.Config{
		AccessToken: a.token, AppSecret: a.appSecret, APIVersion: a.apiVersion, BaseURL: a.baseURL,
		UserAgent: "terraform-provider-whatsapp/contract", MaxRetries: graph.DefaultMaxRetries, Transport: rec, Clock: a.clock,
	})
	if err != nil {
		c.fatalf("%v", err)
	}
	c.client = client

	c.begin(ctx)
	c.uploadShort(ctx)
	c.uploadOtherForm(ctx, stepPKCS1, block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(k.pkcs1)), k.pkcs1)
	c.uploadOtherForm(ctx, stepCRLF, strings.ReplaceAll(spki(k.crlf), "\n", "\r\n"), k.crlf)
	c.uploadCanonical(ctx, stepCanonical)
	c.uploadCanonical(ctx, stepAgain)
	c.readFlow(ctx)
}

// begin reads the number, and stops the test if it could not be left as it was.
func (c *run) begin(ctx context.Context) {
	c.step(stepRead)
	slot := c.read(ctx)
	c.before, c.beforeText = slot.Key, c.rec.keyText()
	c.rec.before = c.beforeText
	switch {
	case slot.HasKey() && slot.Key.IsZero():
		c.fatalf("The number holds something that is not a readable RSA key of 2048 bits. It could not be put back, so nothing was sent.")
	case !slot.HasKey() && !c.mayLeaveKey:
		c.fatalf("The number holds no key. The Graph API cannot delete a key, so a key of this test would stay on the number, and nobody has its private key. Nothing was sent. "+
			"Either put a key of your own on the number first, or set %s=yes.", envMayLeaveKey)
	case !slot.HasKey():
		c.t.Cleanup(func() {
			c.logf("The number had no key. What was uploaded last stays on it: put a key of your own there before you use Flows with this number.")
		})
		return
	}
	if err := c.save(); err != nil {
		c.fatalf("The key of the number cannot be saved in {rescue}, so nothing was sent: %v. "+
			"If the file exists, an earlier run did not restore a key: put that key back first, and remove the file.", errors.Unwrap(err))
	}
	c.logf("The key of the number is saved in {rescue} until it is restored.")
	c.t.Cleanup(c.restore)
}

// save is for a test that is killed, and cannot restore anything.
func (c *run) save() error {
	file, err := os.OpenFile(c.rescue, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(c.beforeText)
	return errors.Join(err, file.Close())
}

func (c *run) uploadShort(ctx context.Context) {
	c.step(stepShort)
	status, code, _ := c.post(ctx, spki(c.short))
	c.expect(status == http.StatusBadRequest && code == 100, "the answer is HTTP %d with code %d", status, code)
	if after := c.read(ctx); after.Key != c.before {
		c.expect(false, "the number shows another key than before")
	}
}

// uploadOtherForm uploads a form that the client would not send.
func (c *run) uploadOtherForm(ctx context.Context, statement, text string, key *rsa.PublicKey) {
	c.step(statement)
	status, code, accepted := c.post(ctx, text)
	holds := c.read(ctx).Holds(c.parse(key))
	c.expect(holds == accepted, "accepted is %t and the number shows the key is %t", accepted, holds)
	if accepted {
		c.logf("It is accepted.")
	} else {
		c.logf("It is refused with HTTP %d and code %d.", status, code)
	}
}

func (c *run) uploadCanonical(ctx context.Context, statement string) {
	c.step(statement)
	key := c.parse(c.canonical)
	if err := c.client.SetBusinessPublicKey(ctx, c.number, key); err != nil {
		c.fatalf("The upload fails: %v", err)
	}
	if err := c.client.Confirm(ctx, c.number, key); err != nil {
		c.expect(false, "the number does not show the key with a valid signature: %v", err)
	}
}

// readFlow looks for the fields that every Flow should have.
func (c *run) readFlow(ctx context.Context) {
	if c.flow == "" {
		return
	}
	c.step(stepFlow)
	flow, err := c.client.Flow(ctx, c.flow, c.number)
	if err != nil {
		c.expect(false, "the read fails: %v", err)
		return
	}
	c.expect(flow.ID == c.flow, "the ID is another one")
	c.expect(flow.Status != "", "there is no status")
	c.expect(flow.CanSendMessage != "" && len(flow.Entities) > 0, "the health is %q, with %d entities", flow.CanSendMessage, len(flow.Entities))
}

// restore puts the key back that was on the number. The context of a test has
// ended when its cleanups run.
func (c *run) restore() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c.rec.begin(stepRestore)
	status, code, accepted := c.post(ctx, c.beforeText)
	slot, err := c.client.BusinessEncryption(ctx, c.number)
	if same := err == nil && c.rec.keyText() == c.beforeText; !accepted || !same {
		c.expect(false, "the upload is answered with HTTP %d and code %d, and what is read after it is the same text: %t", status, code, same)
	}
	if !slot.Confirms(c.before) {
		err = c.client.SetBusinessPublicKey(ctx, c.number, c.before)
		if err == nil {
			err = c.client.Confirm(ctx, c.number, c.before)
		}
		if err != nil {
			c.errorf("THE KEY OF THE NUMBER IS NOT RESTORED: %v. It is saved in {rescue}: put it back, for example with the provider, and then remove the file.", err)
			return
		}
	}
	if err := os.Remove(c.rescue); err != nil {
		c.errorf("The key of the number is restored, but {rescue} cannot be removed: %v", errors.Unwrap(err))
		return
	}
	c.logf("The key of the number is restored.")
}

// read reads the number with the client.
func (c *run) read(ctx context.Context) graph.Slot {
	slot, err := c.client.BusinessEncryption(ctx, c.number)
	if err != nil {
		c.fatalf("The read fails: %v", err)
	}
	return slot
}

// post uploads a text as it is. The code is -1 if the answer has none.
func (c *run) post(ctx context.Context, text string) (status, code int, accepted bool) {
	form := url.Values{fieldKey: {text}}
	if c.appSecret != "" {
		form.Set("appsecret_proof", proof(c.appSecret, c.token))
	}
	target := strings.TrimSuffix(orDefault(c.baseURL, graph.DefaultBaseURL), "/") + "/" + c.version() + "/" + c.number + "/whatsapp_business_encryption"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		c.fatalf("%v", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := http.Client{Transport: c.rec, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: time.Minute}
	response, err := client.Do(request)
	if err != nil {
		c.errorf("An upload has no answer: %v", err)
		return 0, -1, false
	}
	defer response.Body.Close()
	return c.rec.outcome()
}

func (c *run) version() string { return orDefault(c.apiVersion, graph.DefaultAPIVersion) }

func (c *run) parse(key *rsa.PublicKey) pemkey.PublicKey {
	parsed, err := pemkey.Parse(spki(key))
	if err != nil {
		c.fatalf("%v", err)
	}
	return parsed
}

func (c *run) step(statement string) {
	c.t.Helper()
	c.rec.begin(statement)
	c.logf("%s", statement)
}

// expect fails the test if the statement of the step does not hold, and goes on:
// the other statements are tried as well.
func (c *run) expect(holds bool, format string, args ...any) {
	c.t.Helper()
	if !holds {
		c.errorf("The statement %q does not hold: %s", c.rec.statement(), fmt.Sprintf(format, args...))
	}
}

func (c *run) logf(format string, args ...any) {
	c.t.Helper()
	c.t.Log(c.say(format, args...))
}

func (c *run) errorf(format string, args ...any) {
	c.t.Helper()
	c.t.Error(c.say(format, args...))
}

func (c *run) fatalf(format string, args ...any) {
	c.t.Helper()
	c.t.Fatal(c.say(format, args...))
}

// say redacts a message. The path of a file can look like a key, so it is put in
// afterwards.
func (c *run) say(format string, args ...any) string {
	return strings.ReplaceAll(c.rec.redact(fmt.Sprintf(format, args...)), "{rescue}", c.rescue)
}

func spki(key *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err) // an RSA key can be marshalled
	}
	return block("PUBLIC KEY", der)
}

func block(typ string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}))
}

func proof(appSecret, token string) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
