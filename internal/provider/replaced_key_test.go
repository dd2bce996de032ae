// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

const replacedSummary = "Warning: A different key on the number is replaced"

// Wherever an apply would put a key on a number in place of a different one, the
// plan names both, once.
func TestCLI_aReplacedKeyIsNamed(t *testing.T) {
	t.Parallel()
	a, b := keyA(t), keyB(t)
	overwrite := "allow_overwrite = true"
	unknown := "resource \"terraform_data\" \"key\" {\n  input = " + quote(a) + "\n}\n"
	writeOnly := func(key string, version string) string {
		return strings.Replace(numberWith(quote(key), version), "business_public_key =", "business_public_key_wo =", 1)
	}
	importBlock := "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n"
	for name, test := range map[string]struct {
		before string       // applied first, unless it is empty
		then   func(*world) // what happens afterwards
		config string
		args   []string
		want   []string // what the plan says; nothing when it does not warn
	}{
		"update":                               {before: numberWith(quote(b)), config: numberWith(quote(a)), want: []string{a, b}},
		"update, key unknown":                  {before: numberWith(quote(b)), config: unknown + numberWith("terraform_data.key.output"), want: []string{b, "known only during apply"}},
		"drift to another key":                 {before: numberWith(quote(a)), then: holdsKey(b), config: numberWith(quote(a)), want: []string{a, b}},
		"drift to a damaged key":               {before: numberWith(quote(a)), then: holdsKey("damaged"), config: numberWith(quote(a)), want: []string{a, "a key that is not a readable RSA public key"}},
		"import":                               {then: holdsKey(b), config: numberWith(quote(a)) + importBlock, want: []string{a, b, "Terraform imported the old key"}},
		"create":                               {then: holdsKey(b), config: numberWith(quote(a), overwrite), want: []string{a, b}},
		"create, key unknown":                  {then: holdsKey(b), config: unknown + numberWith("terraform_data.key.output", overwrite), want: []string{b, "known only during apply"}},
		"create, damaged key":                  {then: holdsKey("damaged"), config: numberWith(quote(a), overwrite), want: []string{a, "a key that is not a readable RSA public key"}},
		"create, allow_overwrite unknown":      {then: holdsKey(b), config: "resource \"terraform_data\" \"yes\" {\n  input = true\n}\n" + numberWith(quote(a), "allow_overwrite = terraform_data.yes.output"), want: []string{a, b, "turns out to be false"}},
		"replacement":                          {before: numberWith(quote(b)), config: numberWith(quote(a), overwrite), args: []string{"-replace=" + address}, want: []string{a, b}},
		"write-only create":                    {then: holdsKey(b), config: writeOnly(a, overwrite), want: []string{a, b}},
		"write-only update":                    {before: writeOnly(b, ""), config: writeOnly(a, ""), want: []string{a, b, "returns a different key each time"}},
		"write-only update with version":       {before: writeOnly(b, "business_public_key_wo_version = 1"), config: writeOnly(a, "business_public_key_wo_version = 2"), want: []string{b, "known only during apply"}},
		"write-only, drift":                    {before: writeOnly(a, "business_public_key_wo_version = 1"), then: holdsKey(b), config: writeOnly(b, "business_public_key_wo_version = 1"), want: []string{a, b}},
		"lost signature":                       {before: numberWith(quote(a)), then: func(w *world) { w.SetKey(testNumber, a, "MISMATCH") }, config: numberWith(quote(a))},
		"same key, written in another way":     {before: numberWith(quote(a)), config: numberWith(quote(strings.ReplaceAll(a, "\n", "\r\n")))},
		"create, same key":                     {then: holdsKey(a), config: numberWith(quote(a), overwrite)},
		"create, no key":                       {config: numberWith(quote(a), overwrite)},
		"write-only with version, another key": {before: writeOnly(a, "business_public_key_wo_version = 1"), config: writeOnly(b, "business_public_key_wo_version = 1")},
		"import, same key":                     {then: holdsKey(a), config: numberWith(quote(a)) + importBlock},
		"only allow_overwrite changes":         {before: numberWith(quote(a)), config: numberWith(quote(a), overwrite)},
		"replacement with the same key":        {before: numberWith(quote(a)), config: numberWith(quote(a), overwrite), args: []string{"-replace=" + address}},
		"a new key where the key was deleted":  {before: numberWith(quote(b)), then: holdsKey(""), config: numberWith(quote(a))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.cli(requiredProviders + test.before)
			if test.before != "" {
				c.apply()
			}
			if test.then != nil {
				test.then(w)
			}
			c.write("main.tf", requiredProviders+test.config)
			w.ResetRequests()
			printed, err := c.run(append([]string{"plan"}, test.args...)...)
			if err != nil {
				t.Fatal(printed)
			}
			printed = inOneLine(printed)
			wantCount := min(1, len(test.want))
			if n := strings.Count(printed, replacedSummary); n != wantCount {
				t.Errorf("%d warnings, not %d", n, wantCount)
			}
			_, warning, _ := strings.Cut(printed, replacedSummary)
			for _, want := range test.want {
				if strings.HasPrefix(want, "-----BEGIN") {
					want = "the key with the SHA-256 fingerprint " + fingerprintOf(t, want)
				}
				if !strings.Contains(warning, want) {
					t.Errorf("the warning does not have %q", want)
				}
			}
			if len(test.want) > 1 && strings.HasPrefix(test.want[1], "-----BEGIN") && !strings.Contains(warning, "fingerprint "+fingerprintOf(t, test.want[0])+", which replaces the key with the SHA-256 fingerprint "+fingerprintOf(t, test.want[1])) {
				t.Error("the old key and the new key are not told apart")
			}
			if t.Failed() {
				t.Log(printed)
			}
			if got := w.requests(testNumber); strings.Contains(got, "POST") {
				t.Errorf("the plan sent %s", got)
			}
		})
	}
}

func holdsKey(pem string) func(*world) {
	return func(w *world) { w.SetKey(testNumber, pem, "VALID") }
}

// Many numbers are one warning, before and after the apply.
func TestCLI_replacedKeysAreFolded(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(5)
	w := newWorld(t, numbers...)
	c := w.cli(eachNumber(numbers, quote(keyA(t))))
	c.apply()
	c.write("main.tf", eachNumber(numbers, quote(keyB(t))))
	c.printed()
	c.actions()
	c.mustPrint(replacedSummary, "and 4 more similar warnings elsewhere")
	c.apply()
	c.write("main.tf", eachNumber(numbers, quote(keyB(t))))
	c.printed()
	if actions := c.actions(); len(actions) > 0 {
		t.Errorf("the next plan has %v", actions)
	}
	if printed := c.printed(); strings.Contains(printed, "Warning: ") {
		t.Errorf("warned without a reason: %s", printed)
	}
}

// What a plan looks for only to name a replaced key is not looked for again by the
// plan that Terraform makes while it applies, once the provider can tell them
// apart. A number that must not be overwritten is always looked at.
func TestPlan_looksAtANumberToNameItsKeyUntilTheApplyBegins(t *testing.T) {
	t.Parallel()
	const other = "106540352242923"
	yes := tftypes.NewValue(tftypes.Bool, true)
	for name, test := range map[string]struct {
		overwrite tftypes.Value
		begin     func(*protocol)
		looks     int // of the plan after begin
	}{
		"after a create":             {yes, func(p *protocol) { p.check(nil, p.create(other, keyA(t), true).Diagnostics) }, 0},
		"after an update":            {yes, func(p *protocol) { p.check(nil, p.update(keyA(t), keyA(t), timeoutsWith("read", "1m")).Diagnostics) }, 0},
		"after a create that failed": {yes, func(p *protocol) { p.create("1", keyA(t), true) }, 0},
		"after a plan":               {yes, func(p *protocol) { p.planCreate(keyB(t)) }, 1},
		"after a read": {yes, func(p *protocol) {
			p.read(p.values(map[string]tftypes.Value{attrPhoneNumberID: text(other), attrPublicKey: text(keyA(t))}))
		}, 1},
		"not to be overwritten":             {tftypes.NewValue(tftypes.Bool, false), func(p *protocol) { p.create(other, keyA(t), true) }, 1},
		"not to be overwritten, by default": {tftypes.NewValue(tftypes.Bool, nil), func(p *protocol) { p.create(other, keyA(t), true) }, 1},
		"perhaps to be overwritten":         {tftypes.NewValue(tftypes.Bool, tftypes.UnknownValue), func(p *protocol) { p.create(other, keyA(t), true) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testNumber, other)
			w.SetKey(testNumber, keyB(t), graphmock.StatusValid)
			p := w.protocol()
			p.t = t
			test.begin(p)
			w.ResetRequests()
			config := map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKey: text(keyA(t)), attrAllowOverwrite: test.overwrite}
			resp, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: resourceType, PriorState: p.nothing(), ProposedNewState: p.values(config), Config: p.values(config),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := w.requests(testNumber); got != strings.Repeat("GET", test.looks) {
				t.Errorf("requests are %q, want %d GET", got, test.looks)
			}
			if looked := len(resp.Diagnostics) > 0; looked != (test.looks > 0) {
				t.Errorf("the plan says %v", resp.Diagnostics)
			}
		})
	}
}

// In an apply of many numbers, only as many are looked at a second time as are
// planned before the first upload.
func TestCLI_callsOfManyOverwrites(t *testing.T) {
	t.Parallel()
	numbers := numbersFrom(15)
	for slots, most := range map[int]int{1: 1, 10: 10} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, numbers...)
			for _, number := range numbers {
				w.SetKey(number, keyB(t), graphmock.StatusValid)
			}
			c := w.cli(strings.Replace(eachNumber(numbers, quote(keyA(t))), "business_public_key =", "allow_overwrite = true\n  business_public_key =", 1))
			parallelism := fmt.Sprintf("-parallelism=%d", slots)
			printed, err := c.run("plan", "-out=saved", parallelism)
			if err != nil {
				t.Fatal(printed)
			}
			_, warning, _ := strings.Cut(inOneLine(printed), replacedSummary)
			if !strings.Contains(warning, "and 14 more similar warnings elsewhere") {
				t.Errorf("the plan does not name each replaced key: %s", warning)
			}
			if n := w.Count("", ""); n != len(numbers) {
				t.Errorf("%d calls to plan", n)
			}
			w.ResetRequests()
			c.mustRun("apply", parallelism, "saved")
			writesAndReads := 2 * len(numbers)
			if n := w.Count("", ""); n < writesAndReads+1 || n > writesAndReads+most {
				t.Errorf("%d calls to apply, want %d to %d", n, writesAndReads+1, writesAndReads+most)
			}
			if n := w.Count("POST", ""); n != len(numbers) {
				t.Errorf("%d uploads", n)
			}
		})
	}
}

// The first upload after an import replaces a key that Terraform did not set;
// later ones do not say so.
func TestCLI_importedKeyThatWillBeReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetKey(testNumber, keyB(t), "VALID")
	c := w.cli(requiredProviders + numberWith(quote(keyA(t))) + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n")
	c.apply()
	c.mustPrint(replacedSummary, "Terraform imported the old key")
	c.write("main.tf", requiredProviders+numberWith(quote(keyB(t))))
	c.actions()
	if printed := c.printed(); !strings.Contains(printed, replacedSummary) || strings.Contains(printed, "imported") {
		t.Errorf("after the first upload: %s", printed)
	}
}
