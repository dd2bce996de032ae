// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

// terraformBlocks returns the configurations that a page shows, with this endpoint.
func terraformBlocks(t *testing.T, page string, e *endpointmock.Server) []string {
	t.Helper()
	text, err := os.ReadFile("../../templates/guides/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, found := range regexp.MustCompile("(?s)```terraform\n(.*?)```\n").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, atEndpoint(found[1], e))
	}
	return blocks
}

func atEndpoint(config string, e *endpointmock.Server) string {
	return strings.ReplaceAll(config, "https://flows.example.com/endpoint", e.URL()+"/endpoint")
}

// The configurations of the guide are applied as they are.
func TestCLI_endpointGuide(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{})
	blocks := terraformBlocks(t, "endpoint-check.md.tmpl", e)
	if len(blocks) != 3 {
		t.Fatalf("the guide has %d configurations", len(blocks))
	}
	c := w.cli(requiredProviders)
	c.write("public.pem", keyA(t))
	c.write("new_public.pem", keyB(t))

	// Before a key is uploaded: no proof, no upload.
	c.write("main.tf", requiredProviders+blocks[0])
	printed, err := c.run("apply", "-auto-approve")
	if err == nil || !strings.Contains(printed, notProven) || w.Count("POST", "") != 0 {
		t.Errorf("the apply ends with %v after %d uploads:\n%s", err, w.Count("POST", ""), printed)
	}
	e.AddKey(privateA(t))
	c.mustRun("apply", "-auto-approve")
	pinged(t, e, 1+defaultAnswers)
	// Only the signature: the endpoint is not asked.
	e.RemoveKey(nil)
	w.Reregister(testNumber)
	c.mustRun("apply", "-auto-approve")
	pinged(t, e, 0)

	// A key that is not on the number yet.
	c.write("main.tf", requiredProviders+blocks[2])
	if printed, err := c.run("plan"); err != nil || !strings.Contains(inOneLine(printed), "HTTP 421") {
		t.Errorf("%v\n%s", err, printed)
	}
	e.AddKey(privateB(t))
	if printed, err := c.run("plan"); err != nil || !strings.Contains(printed, "It decrypted the message and answered the health check.") {
		t.Errorf("%v\n%s", err, printed)
	}

	// The endpoint gets the key after the apply has begun.
	e.RemoveKey(nil)
	w.SetKey(testNumber, "", "MISMATCH")
	var asked atomic.Int32
	e.SetHook(func(int) {
		if asked.Add(1) == 2 {
			e.AddKey(privateA(t))
		}
	})
	c.write("main.tf", requiredProviders+blocks[1])
	c.mustRun("apply", "-auto-approve")
	if asked.Load() < 2+defaultAnswers-1 {
		t.Errorf("the endpoint was asked %d times", asked.Load())
	}
	if pem, status := w.Key(testNumber); status != "VALID" || !sameKey(t, pem, keyA(t)) {
		t.Errorf("the number holds %q, %s", pem, status)
	}
}

// The example of the data source warns when the endpoint cannot decrypt, and says
// nothing else.
func TestCLI_flowEndpointExample(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newEndpoint(t, endpointmock.Options{}, privateA(t))
	w.SetKey(testNumber, keyA(t), "VALID")
	c := w.cli(atEndpoint(example(t, "data-sources/whatsapp_flow_endpoint/data-source.tf"), e))
	for _, test := range []struct {
		before func()
		warns  string
	}{
		{func() {}, ""},
		{func() { w.SetKey(testNumber, keyB(t), "VALID") }, "HTTP 421"}, // VALID says nothing of the endpoint
		{func() { w.SetKey(testNumber, keyA(t), "MISMATCH") }, ""},      // nor does MISMATCH
		{func() { w.SetKey(testNumber, "", "MISMATCH") }, "holds no key"},
	} {
		test.before()
		printed, err := c.run("plan")
		if err != nil || !strings.Contains(printed, "No changes.") || strings.Contains(printed, "Warning: ") != (test.warns != "") || !strings.Contains(inOneLine(printed), test.warns) {
			t.Errorf("%q: %v\n%s", test.warns, err, printed)
		}
	}
}

// What is in front of an endpoint, as the guide has it.
func TestCLI_endpointBehindAGateway(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		behaviour endpointmock.Behaviour
		verdict   string
		mayPass   bool // with inconclusive = "warning"
	}{
		{endpointmock.Status401, "refused", true},
		{endpointmock.Status403, "refused", true},
		{endpointmock.Status400, "failing", true},
		{endpointmock.CloseBefore, "unreachable", false},
		{endpointmock.Status421, "wrong_key", false},
	} {
		t.Run(string(test.behaviour), func(t *testing.T) {
			t.Parallel()
			w, e := newWorld(t), newEndpoint(t, endpointmock.Options{Behaviour: test.behaviour}, privateA(t))
			block := terraformBlocks(t, "endpoint-check.md.tmpl", e)[0]
			verdict := "data \"whatsapp_flow_endpoint\" \"asked\" {\n  endpoint_uri        = \"" + e.URL() + "/endpoint\"\n  business_public_key = file(\"public.pem\")\n}\noutput \"verdict\" {\n  value = data.whatsapp_flow_endpoint.asked.verdict\n}\n"
			c := w.cli(requiredProviders + block + verdict)
			c.write("public.pem", keyA(t))
			if printed, err := c.run("apply", "-auto-approve"); err == nil || !strings.Contains(printed, `+ verdict = "`+test.verdict+`"`) {
				t.Errorf("%v\n%s", err, printed)
			}
			c.write("main.tf", requiredProviders+strings.Replace(block, "endpoint_check = {", "endpoint_check = {\n    inconclusive = \"warning\"", 1)+verdict)
			if printed, err := c.run("apply", "-auto-approve"); (err == nil) != test.mayPass {
				t.Errorf("%v\n%s", err, printed)
			}
		})
	}
}
