// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/flowmessage"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// endpoint is the endpoint of a Flow: it decrypts with every private key that
// it knows.
type endpoint struct {
	mu   sync.Mutex
	keys []*rsa.PrivateKey
}

// learn replaces what the endpoint knows with the outputs of the example.
func (e *endpoint) learn(t *testing.T, c *cli) {
	t.Helper()
	outputs, err := c.Output(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var pems map[string]string
	if err := json.Unmarshal(outputs["endpoint_private_keys"].Value, &pems); err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keys = nil
	for _, text := range pems {
		block, _ := pem.Decode([]byte(text))
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		e.keys = append(e.keys, key)
	}
}

var errMisdirected = errors.New("421 Misdirected Request")

// receive answers as an endpoint should: 421 when no key decrypts.
func (e *endpoint) receive(r flowmessage.Request) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, key := range e.keys {
		if _, _, err := flowmessage.Decrypt(key, r); err == nil {
			return nil
		}
	}
	return errMisdirected
}

// client is a WhatsApp client: it caches the key of the number, and fetches it
// again when the endpoint answers 421.
type client struct {
	server *graphmock.Server
	number string
	cached *rsa.PublicKey
}

func (c *client) fetch() error {
	text, _ := c.server.Key(c.number)
	return c.parse(text)
}

// parse caches a key.
func (c *client) parse(text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("the number holds no key")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return errors.New("the number holds no RSA key")
	}
	c.cached = key
	return nil
}

func (c *client) send(e *endpoint) error {
	request, err := flowmessage.EncryptRequest(c.cached, []byte(`{"action":"ping"}`))
	if err != nil {
		return err
	}
	return e.receive(request)
}

// The rotation of the example. At every request that Terraform makes, a client
// fetches the key of the number and sends a request, and the endpoint can decrypt
// every one of these. A client that still has the old key is served until the
// end, and then fetches the new one.
func TestCLI_rotation(t *testing.T) {
	t.Parallel()
	numbers := []string{"106540352242922", "106540352242923"}
	w := newWorld(t, numbers...)
	c := w.cli(example(t, "rotation/main.tf"))
	e := &endpoint{}
	step := func(generations, active string) {
		t.Helper()
		if err := c.Apply(t.Context(), tfexec.Var("generations="+generations), tfexec.Var("active="+active)); err != nil {
			t.Fatal(err)
		}
	}

	step(`["2026"]`, "2026")
	e.learn(t, c)
	cached := &client{server: w.Server, number: numbers[0]}
	if err := cached.fetch(); err != nil {
		t.Fatal(err)
	}

	// From here on, at every request: each number's key of this moment.
	var mu sync.Mutex
	moments := 0
	w.Script(graphmock.Fault{Times: -1, Hook: func() {
		mu.Lock()
		defer mu.Unlock()
		for _, id := range numbers {
			fresh := &client{server: w.Server, number: id}
			if err := fresh.fetch(); err != nil {
				t.Error(err)
			} else if err := fresh.send(e); err != nil {
				t.Errorf("a request to %s cannot be decrypted: %v", id, err)
			}
			moments++
		}
	}})

	w.ResetRequests()
	step(`["2026","2027"]`, "2026")
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("the preparation uploaded %d keys", n)
	}
	e.learn(t, c)

	step(`["2026","2027"]`, "2027")
	if n := w.Count("POST", ""); n != len(numbers) {
		t.Errorf("the switch uploaded %d keys", n)
	}
	if err := cached.send(e); err != nil {
		t.Errorf("in the grace period, the cached old key is not served: %v", err)
	}
	e.learn(t, c)

	w.ResetRequests()
	step(`["2027"]`, "2027")
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("the end uploaded %d keys", n)
	}
	e.learn(t, c)
	if err := cached.send(e); !errors.Is(err, errMisdirected) {
		t.Errorf("after the end, the cached old key gives %v", err)
	}
	if err := cached.fetch(); err != nil {
		t.Fatal(err)
	}
	if err := cached.send(e); err != nil {
		t.Errorf("after the 421: %v", err)
	}
	if mu.Lock(); moments < 20 {
		t.Errorf("looked at only %d moments", moments)
	}
	mu.Unlock()

	if err := c.Apply(t.Context(), tfexec.Var(`generations=["2027"]`), tfexec.Var("active=2026")); err == nil || !strings.Contains(err.Error(), "has to decrypt with it") {
		t.Errorf("an active generation that does not exist: %v", err)
	}
}

// A plan that skips a step is refused, and so is that of the last step while a
// number still holds the old key. The steps in order still apply.
func TestCLI_rotationOutOfOrder(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" || os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		t.Skip("runs the real CLI: use make test")
	}
	test := exampleCase{numbers: []string{support, orders}}
	e := test.folder(t, "rotation", standInMirror(t))
	variables := func(generations, active string) []string {
		return []string{noColor, noInput, "-var=generations=" + generations, "-var=active=" + active}
	}
	apply := func(generations, active string) []string {
		return append([]string{"apply", "-auto-approve"}, variables(generations, active)...)
	}
	refused := func(generations, active string, stranded ...string) {
		t.Helper()
		want := "These numbers still hold the key of a generation that would be removed: " + strings.Join(stranded, ", ") + "."
		if out := e.mustFail(append([]string{"plan"}, variables(generations, active)...)...); !strings.Contains(out, want) {
			t.Errorf("%s and %s are not refused with %q:\n%s", generations, active, want, out)
		}
	}

	e.mustRun(apply(`["2026"]`, "2026")...)
	refused(`["2027"]`, "2027", support+" (2026)", orders+" (2026)")
	refused(`["2027","2028"]`, "2028", support+" (2026)", orders+" (2026)")

	e.mustRun(apply(`["2026","2027"]`, "2026")...)
	refused(`["2027"]`, "2027", support+" (2026)", orders+" (2026)")
	e.failUpload(orders)
	e.mustFail(apply(`["2026","2027"]`, "2027")...)
	e.mustDecrypt(test.numbers)
	refused(`["2027"]`, "2027", orders+" (2026)")

	e.mustRun(apply(`["2026","2027"]`, "2027")...)
	e.mustRun(apply(`["2027"]`, "2027")...)
	refused(`["2028"]`, "2028", support+" (2027)", orders+" (2027)")
	e.mustPlan(map[string]string{}, variables(`["2027"]`, "2027")...)
	e.mustServe(test.numbers)
}

// The test files of the examples, as a user runs them.
func TestCLI_terraformTest(t *testing.T) {
	t.Parallel()
	for folder, file := range map[string]string{"rotation": "rotation.tftest.hcl", "two-numbers": "two_numbers.tftest.hcl"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "106540352242922", "106540352242923", "106540352242924")
			c := w.cli(example(t, folder+"/main.tf"))
			if err := os.Mkdir(filepath.Join(c.WorkingDir(), "tests"), 0o700); err != nil {
				t.Fatal(err)
			}
			c.write("tests/"+file, example(t, folder+"/tests/"+file))
			if out, err := c.run("test"); err != nil || !strings.Contains(out, "Success!") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
