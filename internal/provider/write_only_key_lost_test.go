// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Somebody puts another key on the number, and the plugin is killed while an apply
// puts the uploaded one back. The CLI gets no answer. It keeps the resource as the
// refresh has left it, with the key of somebody else, and without its private data,
// which had the uploaded key. Nothing may take the one for the other.
func TestCLI_uploadedKeyIsLostWithThePlugin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cli(requiredProviders + writeOnlyNumber(quote(keyA(t)), version1))
	c.apply()
	if private := c.privateData(); !strings.Contains(private, uploadedName) {
		t.Fatalf("the private data after the create is %q", private)
	}

	foreign := fixture(t, "rsa2048_e3.spki.pem")
	w.SetKey(testNumber, foreign, graphmock.StatusValid)
	c.write("main.tf", requiredProviders+writeOnlyNumber(quote(keyB(t)), version1))
	w.ResetRequests()
	out, err := c.applyWithSignal(func(process int) { kill("provider", process) })
	if err == nil || !noAnswer.MatchString(inOneLine(out)) {
		t.Errorf("the apply ends with %v\n%s", err, out)
	}
	w.mustHaveSent(map[string]string{testNumber: "GET POST"})
	if private := c.privateData(); private != "" {
		t.Errorf("the private data after the plugin was killed is %q", private)
	}

	out, err = c.run("plan", "-detailed-exitcode")
	if exitCode(err) != 1 || !strings.Contains(inOneLine(out), "Error: The uploaded key is not known any more") {
		t.Errorf("the plan ends with %v\n%s", err, out)
	}
	w.mustHaveSent(map[string]string{testNumber: "GET"})

	// What the message says.
	c.write("main.tf", requiredProviders+writeOnlyNumber(quote(keyB(t)), version2))
	c.apply()
	w.mustUploadOnly(keyB(t))
	c.mustRun("plan", "-detailed-exitcode")
}

// noAnswer is what the CLI says of a plugin that died. The first is for the connection
// that broke, the second for the connection that the CLI closed because it saw the
// process end. Which of the two it notices first is a matter of chance.
var noAnswer = regexp.MustCompile("Error: (Plugin did not respond|Request cancelled) ")

// privateData is what the state file has of the one resource that only the provider
// reads.
func (c *cli) privateData() string {
	c.w.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.WorkingDir(), "terraform.tfstate"))
	if err != nil {
		c.w.t.Fatal(err)
	}
	var state struct {
		Resources []struct{ Instances []struct{ Private []byte } }
	}
	if err := json.Unmarshal(text, &state); err != nil || len(state.Resources) != 1 || len(state.Resources[0].Instances) != 1 {
		c.w.t.Fatalf("%v\n%s", err, text)
	}
	return string(state.Resources[0].Instances[0].Private)
}
