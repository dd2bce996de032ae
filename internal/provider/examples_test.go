// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

const (
	examplesFolder = "../../examples"

	support = "106540352242922"
	orders  = "106540352242923"
)

// exampleCase is what the test has to know about an example.
type exampleCase struct {
	numbers []string             // that are managed
	add     []graphmock.Number   // numbers that are not simply an ID
	files   map[string]string    // what the person adds to the folder
	held    string               // the private keys of that person
	store   map[string]string    // what is in the secret store before
	env     []string             // variables
	owners  []graphmock.Business // whose accounts the numbers belong to, if not all to the caller
	before  func(*exampleFolder) // before the first apply
	prior   string               // a configuration that was applied before
	once    string               // a file that is deleted after the first apply
	uploads int                  // of the first apply, unless it is one for each number
	none    bool                 // the first apply uploads nothing

	openTofu bool   // runs with OpenTofu only
	since    string // the version of the CLI that it needs

	pair   string   // the pair in the state or the KMS, to be replaced
	resize bool     // try a pair of another size as well
	newer  []string // the variables that give the numbers another key otherwise
	secret bool     // no private key may be in a plan or a state
	check  string   // the example changes nothing, and warns like this
	by     string   // the test that applies the example instead
}

// foreignKey is what somebody else puts on a number.
var foreignKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	public, err := pemkey.FromRSA(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	return public.PEM()
})

// exampleCases has every folder in examples that has a configuration, and the
// configuration in the README.
func exampleCases(t *testing.T) map[string]exampleCase {
	t.Helper()
	private := fixture(t, "rsa2048_a.private_pkcs8.pem")
	publicFile := map[string]string{"public.pem": keyA(t)}
	one, two := []string{support}, []string{support, orders}
	onNumber := func(numbers ...string) func(*exampleFolder) {
		return func(e *exampleFolder) {
			for _, number := range numbers {
				e.SetKey(number, keyA(e.t), "VALID")
			}
		}
	}
	withFlow := func(e *exampleFolder) {
		onNumber(support)(e)
		e.AddFlow(graphmock.Flow{ID: "1231231231231", EndpointURI: newEndpoint(e.t, endpointmock.Options{}, privateA(e.t)).URL() + "/flow"})
	}
	migration := func(source, kind string) exampleCase {
		prior := fmt.Sprintf("resource %q \"encryption_key\" {}\n", kind)
		if name, _, _ := strings.Cut(kind, "_"); source != "" {
			prior += fmt.Sprintf("terraform {\n  required_providers {\n    %s = {\n      source = %q\n    }\n  }\n}\n", name, source)
		}
		if kind == "restapi_object" {
			prior += "provider \"restapi\" {\n  uri = \"https://graph.facebook.com\"\n}\n"
		}
		return exampleCase{numbers: one, files: publicFile, held: private, prior: prior, before: onNumber(support), none: true}
	}
	return map[string]exampleCase{
		"README.md":                                   {numbers: two, pair: "tls_private_key.flows"},
		"two-numbers":                                 {numbers: two, pair: "tls_private_key.flows", resize: true},
		"resources/whatsapp_business_encryption":      {numbers: one, pair: "tls_private_key.flows"},
		"data-sources/whatsapp_phone_numbers":         {numbers: []string{support, orders, "200001", "200003"}, add: []graphmock.Number{{ID: "200001"}, {ID: "200002", PlatformType: "ON_PREMISE"}, {ID: "200003"}}, pair: "tls_private_key.flows"},
		"encrypted-state":                             {secret: true, numbers: one, pair: "tls_private_key.flows", openTofu: true, env: []string{"TF_VAR_state_passphrase=a passphrase of the test"}},
		"rotation":                                    {numbers: two, pair: `tls_private_key.flows["2026"]`},
		"import/by-id":                                {numbers: one, files: publicFile, held: private, before: onNumber(support), none: true},
		"import/by-identity":                          {numbers: one, files: publicFile, held: private, before: onNumber(support), none: true, since: "1.12.0"},
		"import-all-numbers":                          {numbers: []string{support, orders, "200001", "200002"}, add: []graphmock.Number{{ID: "200001"}, {ID: "200002"}}, files: publicFile, held: private, before: onNumber(support, orders, "200001"), uploads: 1, once: "import.tf"},
		"timeouts":                                    {numbers: one, files: publicFile, held: private},
		"provider-aliases":                            {numbers: two, files: publicFile, held: private, env: []string{"TF_VAR_access_token_europe=" + testToken, "TF_VAR_access_token_americas=" + testToken}},
		"module-per-account":                          manyBusinesses("module.bakery.tls_private_key.flows"),
		"provider-for-each":                           onOpenTofu(manyBusinesses(`module.account["bakery"].tls_private_key.flows`)),
		"many-numbers":                                {numbers: threeHundredNumbers(), files: publicFile, held: private},
		"functions/public_key":                        {secret: true, numbers: one, files: map[string]string{"private.pem": fixture(t, "private/pbkdf2_aes256_SHA256.pem")}, held: private, env: []string{"TF_VAR_passphrase=" + fixturePassphrase}},
		"functions/public_key_fingerprint":            {numbers: one, files: publicFile, before: onNumber(support), check: "Check block assertion failed"},
		"data-sources/whatsapp_business_encryption":   {numbers: one, files: publicFile, before: onNumber(support), check: "Check block assertion failed"},
		"data-sources/whatsapp_flow_endpoint":         {by: "TestCLI_flowEndpointExample"},
		"data-sources/whatsapp_business_encryptions":  {numbers: one, files: publicFile, before: onNumber(support), check: "Check block assertion failed"},
		"list-resources/whatsapp_business_encryption": {by: "TestCLI_query"},
		"data-sources/whatsapp_flow":                  {numbers: one, before: withFlow, check: "Check block assertion failed"},
		"monitoring":                                  {numbers: one, files: publicFile, held: private, before: withFlow},
		"sign-again":                                  {by: "TestCLI_signAgainExample"},
		"mock-provider":                               {by: "TestCLI_mockProviderExample"},
		"migration/restapi":                           migration("Mastercard/restapi", "restapi_object"),
		"migration/terracurl":                         migration("devops-rob/terracurl", "terracurl_request"),
		"migration/terraform_data":                    migration("", "terraform_data"),
		"secret-stores/ephemeral-variable":            {secret: true, numbers: one, held: private, env: []string{"TF_VAR_private_key_pem=" + private}},
		"secret-stores/aws-secrets-manager":           {secret: true, numbers: one, store: map[string]string{"whatsapp-flows-private-key.001": private}},
		"secret-stores/google-secret-manager":         {secret: true, numbers: one, store: map[string]string{"whatsapp-flows-private-key.001": private}},
		"secret-stores/azure-key-vault":               {secret: true, numbers: one, store: map[string]string{"whatsapp-whatsapp-flows-flows-private-key.001": private}},
		"secret-stores/vault":                         {secret: true, numbers: one, store: map[string]string{"secret-data-whatsapp-flows.001": fmt.Sprintf(`{"private_key_pem":%q}`, private)}},
		"secret-stores/aws-kms":                       {secret: true, numbers: one, pair: "aws_kms_key.flows"},
		"secret-stores/generated-in-vault":            {secret: true, numbers: one, newer: []string{"-var=key_version=2"}},
		"secret-stores/generated-in-aws":              {secret: true, numbers: one, newer: []string{"-var=key_version=2"}},
		"secret-stores/generated-in-google":           {secret: true, numbers: one, newer: []string{"-var=key_version=2"}},
		"secret-stores/generated-in-azure":            {secret: true, numbers: one, newer: []string{"-var=key_version=2"}},
		"secret-stores/generated-with-store":          {secret: true, numbers: two, newer: []string{"-var=key_version=2"}, since: "1.16.0"},
	}
}

func threeHundredNumbers() []string {
	numbers := make([]string, 300)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("1065403522430%02d", i)
	}
	return numbers
}

// Each example is a folder of its own that can be applied as it is. One without a
// case fails, and so does a case without a folder.
func TestExamplesAreFolders(t *testing.T) {
	t.Parallel()
	cases, found := exampleCases(t), []string{"README.md"}
	err := filepath.WalkDir(examplesFolder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".tf") || strings.Contains(filepath.ToSlash(file), "/modules/") {
			return err
		}
		folder, err := filepath.Rel(examplesFolder, filepath.Dir(file))
		found = append(found, filepath.ToSlash(folder))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	if found = slices.Compact(found); !slices.Equal(found, slices.Sorted(maps.Keys(cases))) {
		t.Errorf("examples has %q, and there are tests for %q", found, slices.Sorted(maps.Keys(cases)))
	}
	for _, folder := range found {
		if folder == "README.md" {
			continue
		}
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			readme := example(t, folder+"/README.md")
			for _, want := range []string{"# ", "mock", "plan"} {
				if !strings.Contains(readme, want) {
					t.Errorf("the README does not have %q", want)
				}
			}
			var text strings.Builder
			files, _ := filepath.Glob(filepath.Join(examplesFolder, folder, "*.tf"))
			for _, file := range files {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				text.Write(content)
			}
			if !strings.Contains(text.String(), "\n  required_version = ") {
				t.Error("there is no required_version")
			}
			if sources, versions := strings.Count(text.String(), "\n      source"), strings.Count(text.String(), "\n      version"); sources == 0 || sources != versions {
				t.Errorf("%d of %d providers have a version", versions, sources)
			}
			if regexp.MustCompile(`(?s)\ndata "[^{]*{[^}]*depends_on`).MatchString(text.String()) {
				t.Error("a data source depends on a resource, so each repair shows it as unknown")
			}
		})
	}
}

// Every published configuration survives what happens to numbers. Somebody puts
// another key on one number, the key of another is deleted, and the signature of
// a third is lost: the next plan shows exactly these. While they are repaired, an
// upload fails; the plan after it shows that number, and the plan after the next
// apply is empty. Where the key can be replaced, an upload of the new one fails,
// too. At no time does a number hold a key of the configuration whose private key
// is lost.
func TestCLI_examples(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" || os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		t.Skip("runs the real CLI: use make test")
	}
	mirror := standInMirror(t)
	for folder, test := range exampleCases(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			switch {
			case test.by != "":
				t.Skip("is tested by " + test.by)
			case test.openTofu && !isOpenTofu:
				t.Skip("needs OpenTofu")
			case test.since != "" && !cliIsAtLeast(t, test.since):
				t.Skip("needs version " + test.since)
			}
			e := test.folder(t, folder, mirror)
			if test.check != "" {
				test.warns(e)
				return
			}
			test.applies(e)
			test.recovers(e)
			test.replacesKey(e)
			test.keepsApart(e)
			if test.secret {
				e.mustKeepNoPrivateKey()
			}
		})
	}
}

// folder copies the example, and supplies what a person has.
func (test exampleCase) folder(t *testing.T, folder, mirror string) *exampleFolder {
	t.Helper()
	options := graphmock.Options{Token: testToken, TLS: overTLS, Businesses: test.owners}
	if test.owners != nil {
		options.Token = ""
	}
	w := newWorldWith(t, options, support)
	added := map[string]bool{support: true}
	for _, number := range test.add {
		w.AddNumber(number)
		added[number.ID] = true
	}
	for _, number := range test.numbers {
		if !added[number] {
			w.AddNumber(graphmock.Number{ID: number})
		}
	}
	if !slices.Contains(test.numbers, support) && test.by == "" {
		w.DeleteNumber(support)
	}
	e := newExampleFolder(t, w, mirror)
	e.held, e.env = test.held, append(e.env, test.env...)
	for name, text := range test.store {
		if err := os.WriteFile(filepath.Join(e.store(), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if test.prior != "" {
		e.write("main.tf", test.prior)
		e.mustRun("init", noColor)
		e.mustRun("apply", noColor, noInput, "-auto-approve")
		if err := os.Remove(filepath.Join(e.dir, "main.tf")); err != nil {
			t.Fatal(err)
		}
	}
	if folder == "README.md" {
		_, rest, found := strings.Cut(example(t, "../README.md"), "## A configuration to copy\n\n```terraform\n")
		if !found {
			t.Fatal("README.md has no configuration to copy")
		}
		configuration, _, _ := strings.Cut(rest, "```\n")
		e.write("main.tf", configuration)
	} else {
		e.copy(filepath.Join(examplesFolder, folder))
	}
	for name, text := range test.files {
		e.write(name, text)
	}
	if test.before != nil {
		test.before(e)
	}
	e.mustRun("init", noColor)
	return e
}

// applies applies the example for the first time.
func (test exampleCase) applies(e *exampleFolder) {
	e.t.Helper()
	e.mustRun("apply", noColor, noInput, "-auto-approve")
	uploads := test.uploads
	if uploads == 0 && !test.none {
		uploads = len(test.numbers)
	}
	if n := e.Count("POST", ""); n != uploads {
		e.t.Errorf("the first apply uploaded %d keys, not %d", n, uploads)
	}
	if got := slices.Sorted(maps.Keys(e.addresses())); !slices.Equal(got, slices.Sorted(slices.Values(test.numbers))) {
		e.t.Errorf("the state has the numbers %v", got)
	}
	if test.once != "" {
		e.mustPlan(map[string]string{})
		if err := os.Remove(filepath.Join(e.dir, test.once)); err != nil {
			e.t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(e.store(), formerDestroyed)); err == nil {
		e.t.Error("the resource that was migrated from was destroyed")
	}
	e.mustServe(test.numbers)
}

// recovers lets three things happen, each to a number of its own where there are
// three, and otherwise one after another.
func (test exampleCase) recovers(e *exampleFolder) {
	e.t.Helper()
	incidents := []struct {
		happens func(number string)
		action  string
	}{
		{func(n string) { e.SetKey(n, foreignKey(), "VALID") }, "update"},
		{e.ClearKey, "create"},
		{e.Reregister, "update"},
	}
	addresses := e.addresses()
	for len(incidents) > 0 {
		at := min(len(incidents), len(test.numbers))
		want := map[string]string{}
		for i, incident := range incidents[:at] {
			incident.happens(test.numbers[i])
			want[addresses[test.numbers[i]]] = incident.action
		}
		e.mustPlan(want)
		if len(incidents) == 3 {
			failed := test.numbers[at-1]
			e.failUpload(failed)
			e.mustFail("apply", noColor, savedPlan)
			e.mustDecrypt(test.numbers)
			e.mustPlan(map[string]string{addresses[failed]: want[addresses[failed]]})
		}
		e.applySaved()
		e.mustServe(test.numbers)
		incidents = incidents[at:]
	}
	e.mustPlan(map[string]string{})
}

// replacesKey gives the numbers another key. The upload of it fails for one.
func (test exampleCase) replacesKey(e *exampleFolder) {
	e.t.Helper()
	arguments := test.newer
	if test.pair != "" {
		arguments = []string{"-replace=" + test.pair}
	} else if arguments == nil {
		return
	}
	last := test.numbers[len(test.numbers)-1]
	before, _ := e.Key(last)
	e.failUpload(last)
	out := e.mustFail(append([]string{"apply", noColor, noInput, "-auto-approve"}, arguments...)...)
	for _, want := range []string{"Warning: A different key on the number is replaced", "fingerprint " + fingerprintOf(e.t, before)} {
		if !strings.Contains(out, want) {
			e.t.Errorf("the plan does not say %q:\n%s", want, out)
		}
	}
	e.mustDecrypt(test.numbers)
	e.mustRun(append([]string{"apply", noColor, noInput, "-auto-approve"}, test.newer...)...)
	if after, _ := e.Key(last); sameKey(e.t, before, after) {
		e.t.Error("the number still holds the old key")
	}
	e.mustServe(test.numbers)
	e.mustPlan(map[string]string{}, test.newer...)
	if test.newer != nil {
		e.mustStillHave(before)
	}

	if test.pair == "" {
		return
	}
	out = inOneLine(e.mustRun("plan", noColor, noInput, "-destroy"))
	for _, want := range []string{"Warning: The key stays active on the phone number", "Keep the private key"} {
		if !strings.Contains(out, want) {
			e.t.Errorf("the plan to destroy all does not say %q:\n%s", want, out)
		}
	}
	if test.resize {
		test.survivesSize(e)
		test.preventsDestroy(e)
	}
}

const rightSize, wrongSize = "rsa_bits  = 2048", "rsa_bits  = 4096"

// survivesSize gives the pair a size that WhatsApp does not take.
func (test exampleCase) survivesSize(e *exampleFolder) {
	e.t.Helper()
	e.edit(rightSize, wrongSize)
	if out := e.mustFail("apply", noColor, noInput, "-auto-approve"); !strings.Contains(out, "Warning: A different key on the number is replaced") {
		e.t.Errorf("the plan with another size does not warn:\n%s", out)
	}
	e.mustServe(test.numbers)
	e.edit(wrongSize, rightSize)
	e.mustRun("apply", noColor, noInput, "-auto-approve")
	e.mustServe(test.numbers)
	e.mustPlan(map[string]string{})
}

// preventsDestroy takes the advice of the comment about prevent_destroy.
func (test exampleCase) preventsDestroy(e *exampleFolder) {
	e.t.Helper()
	e.edit("# prevent_destroy = true", "prevent_destroy = true")
	refused := func(arguments ...string) {
		e.t.Helper()
		if out := e.mustFail(append([]string{"plan", noColor, noInput}, arguments...)...); !strings.Contains(out, "prevent_destroy set") {
			e.t.Errorf("%v is not refused because of prevent_destroy:\n%s", arguments, out)
		}
	}
	refused("-destroy")
	refused("-replace=" + test.pair)
	e.edit(rightSize, wrongSize)
	refused()
}

// warns expects an example that changes nothing to warn of each of the three.
func (test exampleCase) warns(e *exampleFolder) {
	e.t.Helper()
	number := test.numbers[0]
	plan := func() bool {
		e.t.Helper()
		return strings.Contains(inOneLine(e.mustRun("plan", noColor, noInput)), test.check)
	}
	e.mustRun("apply", noColor, noInput, "-auto-approve")
	for name, happens := range map[string]func(){
		"another key":      func() { e.SetKey(number, foreignKey(), "VALID") },
		"no key":           func() { e.ClearKey(number) },
		"a lost signature": func() { e.Reregister(number) },
	} {
		e.SetKey(number, keyA(e.t), "VALID")
		if plan() {
			e.t.Error("the plan warns before anything happens")
		}
		if happens(); !plan() {
			e.t.Errorf("the plan does not warn of %s", name)
		}
	}
	if n := e.Count("POST", ""); n != 0 {
		e.t.Errorf("%d keys were uploaded", n)
	}
}
