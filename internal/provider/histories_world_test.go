// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// keyID names one of the keys of a history. The first are those of testdata,
// whose private keys an endpoint can have; any other number is a key as well.
type keyID int

const (
	keyAlpha keyID = iota
	keyBravo
	keyCharlie
	keyForeign          // what somebody else puts on a number
	firstNewKey   keyID = 100
	keyUnreadable keyID = -1
	keyNone       keyID = -2
)

func (k keyID) String() string {
	switch {
	case k == keyNone:
		return "no key"
	case k == keyUnreadable:
		return "a damaged key"
	case k >= firstNewKey:
		return fmt.Sprintf("generated key %d", int(k-firstNewKey))
	}
	return "key " + string(rune('A'+int(k)))
}

// keyring has the keys that were used so far.
type keyring struct {
	mu      sync.Mutex
	public  map[keyID]*rsa.PublicKey
	pem     map[keyID]string
	byN     map[string]keyID
	private map[keyID]*rsa.PrivateKey
}

var keys = &keyring{public: map[keyID]*rsa.PublicKey{}, pem: map[keyID]string{}, byN: map[string]keyID{}, private: map[keyID]*rsa.PrivateKey{}}

// readPrivate reads the keys of testdata.
func (r *keyring) readPrivate(t testing.TB) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.private) > 0 {
		return
	}
	for id, file := range map[keyID]string{keyAlpha: "rsa2048_a.private_pkcs8.pem", keyBravo: "rsa2048_b.private_pkcs1.pem", keyCharlie: "rsa2048_e3.private_pkcs8.pem"} {
		key := privateKey(t, file)
		r.private[id] = key
		r.addLocked(id, &key.PublicKey)
	}
}

func (r *keyring) addLocked(id keyID, key *rsa.PublicKey) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	r.public[id], r.byN[string(key.N.Bytes())] = key, id
	r.pem[id] = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// smallFactors is the product of the odd numbers that no modulus has as a factor.
var smallFactors = func() *big.Int {
	product := big.NewInt(1)
	for n := int64(3); n < 1000; n += 2 {
		product.Mul(product, big.NewInt(n))
	}
	return product
}()

// text is the key in PEM. A key without a private key is made up of its number:
// nobody can tell that its modulus is not the product of two primes.
func (r *keyring) text(id keyID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.public[id]; !ok {
		var n []byte
		for i := range uint64(8) {
			block := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(id)), i))
			n = append(n, block[:]...)
		}
		n[0], n[255] = n[0]|0x80, n[255]|1
		modulus := new(big.Int).SetBytes(n)
		for new(big.Int).GCD(nil, nil, modulus, smallFactors).BitLen() > 1 {
			modulus.Add(modulus, big.NewInt(2))
		}
		r.addLocked(id, &rsa.PublicKey{N: modulus, E: 65537})
	}
	return r.pem[id]
}

// privateText is the private key in PEM, of a key that has one.
func (r *keyring) privateText(id keyID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	der, err := x509.MarshalPKCS8PrivateKey(r.private[id])
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (r *keyring) fingerprint(id keyID) string {
	block, _ := pem.Decode([]byte(r.text(id)))
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:])
}

// identify says which key a text is.
func (r *keyring) identify(text string) keyID {
	text = strings.TrimSpace(text)
	if text == "" {
		return keyNone
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return keyUnreadable
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		if public, err = x509.ParsePKCS1PublicKey(block.Bytes); err != nil {
			return keyUnreadable
		}
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return keyUnreadable
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id, ok := r.byN[string(key.N.Bytes())]
	if !ok {
		return keyUnreadable
	}
	return id
}

// forms are ways to write a key, which all mean the same.
var forms = []func(string) string{
	func(s string) string { return s },
	graphmock.StoreTrimmed,
	graphmock.StoreCRLF,
	graphmock.StoreRewrapped,
	graphmock.StorePKCS1,
}

const (
	storyToken     = "EAATokenOfTheHistories"
	storyAppSecret = "0123456789abcdef0123456789abcdef"
	storySecretURI = "token-of-the-endpoint"
	storyWABA      = "102290129340398"
	storyURL       = "https://graph.facebook.com"
)

// numbers are those that a configuration can name. The last is never in one.
var storyNumbers = []string{testNumber, "106540352242902", "106540352242903", "106540352242909"}

func number(i int) string        { return storyNumbers[i] }
func numberOf(b block) string    { return number(b.number) }
func bystanderOfHistory() string { return storyNumbers[len(storyNumbers)-1] }

// simulation is where a history takes place: a mock server that is reached without a
// network, some endpoints, and the projects that people have.
type simulation struct {
	schema       *tfprotov6.Schema
	typ          tftypes.Object
	identityType tftypes.Type

	server    *graphmock.Server
	endpoints []*endpointmock.Server
	projects  []*project
	logs      context.Context // of each call of the provider
	retries   int
	seed      uint64

	orphans orphanOrder

	changed      int               // how often the world has changed
	disturbed    string            // the fault of the run that is under way
	lost         map[string]string // numbers that the token may not read, and why
	oldVersion   bool              // the API no longer serves the version that is asked for
	lagging      bool              // reads show an upload late
	together     bool              // two projects run at the same time
	healthy      []bool            // endpoints that have all keys
	deleted      map[int]bool      // numbers
	unregistered map[int]bool
	told         int // how much of log is in the transcript

	mu         sync.Mutex // guards the fields below
	log        []*exchange
	counts     map[string]int
	violations []string
	refuse     *refusedConnections
	silence    *activeSilence
	held       *heldUp
	transcript []string
}

// orphanOrder is when the destroy of a resource that is no longer in the configuration
// is planned (managedResourceExecute in node_resource_plan_orphan.go). What the provider
// says of it is printed, whatever the read then shows.
type orphanOrder int

const (
	planAfterRead        orphanOrder = iota // OpenTofu
	alwaysPlanAfterRead                     // Terraform, also when it is only to refresh
	alwaysPlanBeforeRead                    // Terraform before 1.12
)

// exchange is a request and its answer.
type exchange struct {
	sent   time.Time
	at     time.Time // when it arrived
	call   *rpc
	method string
	object string
	posted keyID // of a POST

	hung time.Duration // without an answer, until the client gave it up

	answered bool // with the status
	back     time.Time
	status   int
	accepted bool // a POST, and the answer says success
	read     bool // a GET, and the answer shows what the number holds
	shown    keyID
	signed   string // the status of the signature that it shows
	gone     bool   // the answer says that the number was deleted
}

func (x *exchange) String() string {
	what := x.method
	if x.method == http.MethodPost {
		what += " of " + x.posted.String()
	}
	switch {
	case x.read:
		return fmt.Sprintf("%s (%s, %s)", what, x.shown, x.signed)
	case x.answered:
		return fmt.Sprintf("%s (HTTP %d)", what, x.status)
	default:
		return what + " (no answer)"
	}
}

// refusedConnections makes requests fail before they are written.
type refusedConnections struct{ after, times int }

// storySchemas are the same for each process of the provider.
var storySchemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	resp, err := NewServer("test")().GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		panic(err)
	}
	return resp
})

var storyIdentityType = sync.OnceValue(func() tftypes.Type {
	resp, err := NewServer("test")().GetResourceIdentitySchemas(context.Background(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		panic(err)
	}
	return resp.IdentitySchemas[resourceType].ValueType()
})

func newSimulation(endpoints []*endpointmock.Server) *simulation {
	schema := storySchemas().ResourceSchemas[resourceType]
	s := &simulation{
		schema: schema, typ: schema.ValueType().(tftypes.Object), identityType: storyIdentityType(),
		server:    graphmock.NewUnstartedServer(graphmock.Options{Token: storyToken, AppSecret: storyAppSecret, OldestVersion: "v25.0"}, storyNumbers...),
		endpoints: endpoints, lost: map[string]string{}, deleted: map[int]bool{}, unregistered: map[int]bool{}, counts: map[string]int{},
	}
	s.server.SetKey(bystanderOfHistory(), keys.text(keyForeign), graphmock.StatusValid)
	s.projects = []*project{newProject("first"), newProject("second")}
	s.logs = context.Background()
	return s
}

// violated is called when something is not as it has to be.
func (s *simulation) violated(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

func (s *simulation) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transcript = append(s.transcript, fmt.Sprintf(format, args...))
}

// storyProvider is the provider with a transport that needs no network.
type storyProvider struct {
	*whatsappProvider
	simulation *simulation
}

func (p storyProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	p.whatsappProvider.Configure(ctx, req, resp)
	data, ok := resp.ResourceData.(*providerData)
	if !ok {
		return
	}
	client, err := graph.New(graph.Config{
		AccessToken: storyToken, AppSecret: storyAppSecret, MaxRetries: p.simulation.retries, Clock: p.clock, OnWait: data.logWait, OnAnswer: data.logAnswer,
		Transport: p.simulation,
	})
	if err != nil {
		panic(err)
	}
	data.client = client
}

func (s *simulation) newPlugin() *plugin {
	p := &plugin{simulation: s, ProviderServer: newServer(storyProvider{&whatsappProvider{version: "test", clock: graph.SystemClock{}}, s})}
	typ := storySchemas().Provider.ValueType().(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, attribute := range typ.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
	}
	values["access_token"], values["app_secret"] = text(storyToken), text(storyAppSecret)
	config, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, values))
	if err != nil {
		panic(err)
	}
	resp, err := p.ConfigureProvider(s.logs, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.16.4", Config: &config})
	if err != nil || failed(resp.Diagnostics) {
		panic(fmt.Sprint(err, resp.Diagnostics))
	}
	for _, e := range s.endpoints {
		p.asked = append(p.asked, len(e.Requests()))
	}
	return p
}

// RoundTrip carries a request to the mock server and takes its time, which is
// never the same twice: so the order of parallel requests depends on nothing but
// the seed.
func (s *simulation) RoundTrip(req *http.Request) (*http.Response, error) {
	c, ok := req.Context().Value(callKey{}).(*rpc)
	if !ok {
		s.violated("a request to %s belongs to no call of Terraform", req.URL.Path)
		return nil, errors.New("no call")
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	x := &exchange{call: c, sent: time.Now(), method: req.Method, object: parts[min(1, len(parts)-1)], shown: keyNone, posted: keyNone}
	if err := s.travel(req.Context(), x.object); err != nil {
		return nil, err
	}
	if c.plugin.dead.Load() {
		return nil, io.ErrUnexpectedEOF
	}
	if s.refused() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	x.at = time.Now()
	s.judgeNumber(x)
	if x.method == http.MethodPost {
		form, _ := url.ParseQuery(string(body))
		x.posted = keys.identify(form.Get("business_public_key"))
		s.judgeUpload(x)
	}
	s.mu.Lock()
	s.log = append(s.log, x)
	s.mu.Unlock()
	c.mu.Lock()
	c.exchanges = append(c.exchanges, x)
	c.mu.Unlock()

	if d := s.swallowing(x); d != nil {
		return nil, s.hang(d, req, body, x)
	}
	resp, err := s.serve(req, body)
	if err != nil {
		return nil, err
	}
	if err := s.travel(req.Context(), x.object); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.oldVersion {
		resp.Header.Set("Facebook-Api-Version", "v26.0")
	}
	s.mu.Unlock()
	s.understand(x, resp)
	return resp, nil
}

func (s *simulation) travel(ctx context.Context, object string) error {
	s.mu.Lock()
	s.counts[object]++
	h := fnv.New64a()
	_ = binary.Write(h, binary.BigEndian, s.seed)
	_, _ = fmt.Fprint(h, object, s.counts[object])
	s.mu.Unlock()
	timer := time.NewTimer(50*time.Millisecond + time.Duration(h.Sum64()%200_000_000))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *simulation) refused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse == nil {
		return false
	}
	if s.refuse.after > 0 {
		s.refuse.after--
		return false
	}
	if s.refuse.times--; s.refuse.times < 0 {
		return false
	}
	return true
}

// serve lets the mock server answer. A connection that it ends is an error.
func (s *simulation) serve(req *http.Request, body []byte) (*http.Response, error) {
	received := req.Clone(req.Context())
	received.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	ended := true
	func() {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // a panic value
				panic(p)
			}
		}()
		s.server.ServeHTTP(recorder, received)
		ended = false
	}()
	switch {
	case req.Context().Err() != nil:
		return nil, context.Cause(req.Context())
	case ended && recorder.Body.Len() > 0:
		resp := recorder.Result()
		resp.Body = io.NopCloser(io.MultiReader(resp.Body, brokenBody{}))
		return resp, nil
	case ended:
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return recorder.Result(), nil
}

// storySecrets are never printed, and never stored.
var storySecrets = sync.OnceValue(func() []string {
	mac := hmac.New(sha256.New, []byte(storyAppSecret))
	mac.Write([]byte(storyToken))
	secrets := []string{storyToken, storyAppSecret, storySecretURI, hex.EncodeToString(mac.Sum(nil)), "PRIVATE KEY"}
	for _, id := range []keyID{keyAlpha, keyBravo, keyCharlie} {
		lines := strings.Split(keys.privateText(id), "\n")
		secrets = append(secrets, lines[len(lines)/2])
	}
	return secrets
})

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// understand writes down what an answer shows.
func (s *simulation) understand(x *exchange, resp *http.Response) {
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(data), brokenBody{}))
		return // whoever reads the body gets the error
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	// Other calls look at what was seen.
	s.mu.Lock()
	defer s.mu.Unlock()
	x.answered, x.back, x.status = true, time.Now(), resp.StatusCode
	var answer struct {
		Success bool
		Error   struct{ Code int }
		Data    []struct {
			Key    *string `json:"business_public_key"`
			Status *string `json:"business_public_key_signature_status"`
		}
	}
	if json.Unmarshal(data, &answer) != nil {
		return
	}
	x.accepted = x.method == http.MethodPost && resp.StatusCode == http.StatusOK && answer.Success
	x.gone = answer.Error.Code == 33
	if x.method == http.MethodGet && resp.StatusCode == http.StatusOK && bytes.Contains(data, []byte(`"data"`)) {
		x.read = true
		for _, slot := range answer.Data {
			if slot.Key != nil {
				x.shown = keys.identify(*slot.Key)
			}
			if slot.Status != nil {
				x.signed = *slot.Status
			}
		}
	}
}
