// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// The accounts of three businesses. The bakery has two numbers.
const (
	bakeryAccount, floristAccount, garageAccount = "102290129340398", "102290129340399", "102290129340400"

	bakeryShop, bakeryOrders = "200002", support
	floristShop              = orders
	garageShop               = "200001"
)

var numbersOfAccount = map[string][]string{
	bakeryAccount: {bakeryShop, bakeryOrders}, floristAccount: {floristShop}, garageAccount: {garageShop},
}

func threeBusinesses() []graphmock.Business {
	return []graphmock.Business{
		{Name: "bakery", Token: "EAATokenOfTheBakery", WABAIDs: []string{bakeryAccount}},
		{Name: "florist", Token: "EAATokenOfTheFlorist", WABAIDs: []string{floristAccount}},
		{Name: "garage", Token: "EAATokenOfTheGarage", WABAIDs: []string{garageAccount}},
	}
}

// accessTokens is the variable of both examples.
func accessTokens(of []graphmock.Business) string {
	var tokens []string
	for _, b := range of {
		tokens = append(tokens, fmt.Sprintf("%s = %q", b.Name, b.Token))
	}
	return "TF_VAR_access_tokens={ " + strings.Join(tokens, ", ") + " }"
}

// manyBusinesses is the case of both examples. The last number is one that the
// pair belongs to.
func manyBusinesses(pair string) exampleCase {
	test := exampleCase{owners: threeBusinesses(), env: []string{accessTokens(threeBusinesses())}, pair: pair}
	test.numbers = []string{floristShop, garageShop, bakeryShop, bakeryOrders}
	for account, numbers := range numbersOfAccount {
		for _, number := range numbers {
			test.add = append(test.add, graphmock.Number{ID: number, WABAID: account})
		}
	}
	return test
}

func onOpenTofu(test exampleCase) exampleCase {
	test.openTofu = true
	return test
}

// keepsApart expects that a token was only ever used for what belongs to its
// business.
func (test exampleCase) keepsApart(e *exampleFolder) {
	e.t.Helper()
	if test.owners == nil {
		return
	}
	owner := map[string]string{}
	for _, b := range test.owners {
		for _, account := range b.WABAIDs {
			owner[account] = b.Name
			for _, number := range numbersOfAccount[account] {
				owner[number] = b.Name
			}
		}
	}
	seen := map[string]bool{}
	for _, r := range e.Requests() {
		seen[r.Object] = true
		if r.Business != owner[r.Object] {
			e.t.Errorf("%s %s of the %s was sent with the token of %q", r.Method, r.Object, owner[r.Object], r.Business)
		}
	}
	if len(seen) != len(owner) {
		e.t.Errorf("%d of %d objects received a request", len(seen), len(owner))
	}
}

// inManyBusinesses runs a test in the example with a module for each account, and
// in the one with one provider block, where the CLI has that. In the second, the
// module of a business has another address.
func inManyBusinesses(t *testing.T, run func(e *exampleFolder, test exampleCase, module func(business string) string)) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" || os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		t.Skip("runs the real CLI: use make test")
	}
	mirror := standInMirror(t)
	for folder, module := range map[string]func(string) string{
		modulePerAccount: func(business string) string { return "module." + business },
		providerForEach:  func(business string) string { return fmt.Sprintf("module.account[%q]", business) },
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			if folder == providerForEach && !isOpenTofu {
				t.Skip("needs OpenTofu")
			}
			test := manyBusinesses("")
			e := test.folder(t, folder, mirror)
			e.mustRun("apply", noColor, noInput, "-auto-approve")
			run(e, test, module)
		})
	}
}

const modulePerAccount, providerForEach = "module-per-account", "provider-for-each"

// The numbers of an account hold one key, and no two accounts hold the same. No
// token is in the state or in a saved plan.
func TestCLI_manyBusinesses(t *testing.T) {
	t.Parallel()
	inManyBusinesses(t, func(e *exampleFolder, test exampleCase, _ func(string) string) {
		accounts := map[string]string{}
		for account, numbers := range numbersOfAccount {
			for _, number := range numbers {
				key, _ := e.Key(number)
				fingerprint := fingerprintOf(e.t, key)
				if other, taken := accounts[fingerprint]; taken && other != account {
					e.t.Errorf("the accounts %s and %s have the same key", account, other)
				}
				accounts[fingerprint] = account
			}
		}
		if len(accounts) != len(numbersOfAccount) {
			e.t.Errorf("%d accounts have %d keys", len(numbersOfAccount), len(accounts))
		}

		e.Reregister(garageShop)
		e.plan()
		places := unzipped(e.t, filepath.Join(e.dir, savedPlan))
		state, err := os.ReadFile(filepath.Join(e.dir, "terraform.tfstate"))
		if err != nil {
			e.t.Fatal(err)
		}
		places["state"] = string(state)
		for place, text := range places {
			for _, b := range test.owners {
				if strings.Contains(text, b.Token) {
					e.t.Errorf("the token of the %s is in the %s", b.Name, place)
				}
			}
		}
		e.applySaved()
		e.mustServe(test.numbers)
		test.keepsApart(e)
	})
}

// With the tokens of two businesses exchanged, nothing is uploaded, and the
// numbers stay in the state.
func TestCLI_exchangedTokens(t *testing.T) {
	t.Parallel()
	inManyBusinesses(t, func(e *exampleFolder, test exampleCase, _ func(string) string) {
		exchanged := threeBusinesses()
		exchanged[0].Token, exchanged[1].Token = exchanged[1].Token, exchanged[0].Token
		e.env = append(e.env, accessTokens(exchanged))
		e.ResetRequests()
		e.SetKey(floristShop, foreignKey(), "VALID")
		out := e.mustFail("apply", noColor, noInput, "-auto-approve")
		if !strings.Contains(out, "Kind of error: wrong or unreachable object") {
			e.t.Errorf("the apply says:\n%s", out)
		}
		if n := e.Count("POST", ""); n != 0 {
			e.t.Errorf("%d keys were uploaded", n)
		}
		if n := len(e.addresses()); n != len(test.numbers) {
			e.t.Errorf("%d numbers are left in the state", n)
		}
		e.env = append(e.env, accessTokens(threeBusinesses()))
		e.mustRun("apply", noColor, noInput, "-auto-approve")
		e.mustServe(test.numbers)
	})
}

// withdrawn are the answers after a business has withdrawn its permission. Meta
// documents each of them.
var withdrawn = map[string]graphmock.Fault{
	"the token is invalid":     {Status: http.StatusUnauthorized, Body: graphmock.ErrorBody(190, 458, "OAuthException", "Error validating access token: The user has not authorized application 670843887433847.", nil)},
	"the permission is gone":   {Status: http.StatusForbidden, Body: graphmock.ErrorBody(200, 0, "OAuthException", "(#200) You do not have the necessary permissions required to access this resource.", nil)},
	"the account is not there": {Status: http.StatusBadRequest, Body: graphmock.ErrorBody(100, 33, "GraphMethodException", "Unsupported get request. Object with ID '200002' does not exist, cannot be loaded due to missing permissions, or does not support this operation", nil)},
}

func (e *exampleFolder) withdraw(account string, answer graphmock.Fault) {
	for _, object := range append(slices.Clone(numbersOfAccount[account]), account) {
		answer.Object, answer.Times = object, -1
		e.Script(answer)
	}
}

// One business withdraws its permission. The plan fails, and says which business
// it is. The others can be planned and repaired without it, until it is removed.
func TestCLI_aBusinessWithdraws(t *testing.T) {
	t.Parallel()
	for name, answer := range withdrawn {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inManyBusinesses(t, func(e *exampleFolder, test exampleCase, module func(string) string) {
				e.Reregister(floristShop)
				e.withdraw(bakeryAccount, answer)
				e.ResetRequests()
				out := e.mustFail("plan", noColor, noInput)
				if !strings.Contains(out, module("bakery")) || strings.Contains(out, "with "+module("florist")) || strings.Contains(out, "with "+module("garage")) {
					e.t.Errorf("the plan does not name the bakery only:\n%s", out)
				}
				for _, r := range e.Requests() {
					if r.Method != http.MethodGet || (r.Status == http.StatusOK) != (r.Business != "bakery") {
						e.t.Errorf("%s of the %s was answered with %d", r.Method, r.Business, r.Status)
					}
				}

				e.mustPlan(map[string]string{module("florist") + resourceOf(floristShop): "update"}, "-target="+module("florist"), "-target="+module("garage"))
				e.applySaved()
				if isOpenTofu {
					e.mustPlan(map[string]string{}, "-exclude="+module("bakery"))
				}
				for _, number := range test.numbers {
					if _, status := e.Key(number); status != graphmock.StatusValid {
						e.t.Errorf("number %s has the status %s", number, status)
					}
				}
				e.mustServe(test.numbers)

				test.leaves(e, module)
			})
		})
	}
}

func resourceOf(number string) string {
	return fmt.Sprintf(".whatsapp_business_encryption.flows[%q]", number)
}

// The permission is withdrawn between a plan and its apply: the numbers of the
// others get what was planned.
func TestCLI_aBusinessWithdrawsDuringApply(t *testing.T) {
	t.Parallel()
	inManyBusinesses(t, func(e *exampleFolder, test exampleCase, module func(string) string) {
		want := map[string]string{}
		for number, address := range e.addresses() {
			e.Reregister(number)
			want[address] = "update"
		}
		e.mustPlan(want)
		e.withdraw(bakeryAccount, withdrawn["the permission is gone"])
		out := e.mustFail("apply", noColor, savedPlan)
		if strings.Contains(out, "with "+module("florist")) || strings.Contains(out, "with "+module("garage")) {
			e.t.Errorf("the apply failed for others:\n%s", out)
		}
		for _, number := range test.numbers {
			_, status := e.Key(number)
			if want := !slices.Contains(numbersOfAccount[bakeryAccount], number); (status == graphmock.StatusValid) != want {
				e.t.Errorf("number %s has the status %s", number, status)
			}
		}
		e.mustDecrypt(test.numbers)
		test.keepsApart(e)
	})
}

// leaves removes the bakery, whose token is refused, in two steps. In one step,
// the CLI has no provider left for what the state has.
func (test exampleCase) leaves(e *exampleFolder, module func(string) string) {
	e.t.Helper()
	text, err := os.ReadFile(filepath.Join(e.dir, "main.tf"))
	if err != nil {
		e.t.Fatal(err)
	}
	configuration := string(text)
	gone := func(from, pattern string) string {
		e.t.Helper()
		found := regexp.MustCompile("(?ms)" + pattern)
		if !found.MatchString(from) {
			e.t.Fatalf("the configuration has no %s", pattern)
		}
		return found.ReplaceAllString(from, "")
	}
	var first, second string
	if strings.Contains(configuration, "leaving") {
		first = strings.Replace(configuration, `bakery  = { waba_id = "`+bakeryAccount+`" }`, `bakery  = { waba_id = "`+bakeryAccount+`", leaving = true }`, 1)
		second = gone(configuration, `^    bakery  = \{ waba_id[^\n]*\n`)
	} else {
		first = gone(gone(configuration, `^module "bakery" \{.*?^\}\n`), `^    bakery  = module[^\n]*\n`)
		second = gone(gone(first, `^provider "whatsapp" \{\n  alias        = "bakery".*?^\}\n`), `^    bakery  = string\n`)
	}
	if first == configuration {
		e.t.Fatal("nothing was changed")
	}
	kept, _ := e.Key(bakeryShop)
	e.held = e.mustRun("state", "pull")
	e.ResetRequests()

	e.write("main.tf", second)
	out := e.mustFail("plan", noColor, noInput, "-refresh=false")
	if !strings.Contains(out, "Provider configuration not present") && !strings.Contains(out, "Provider instance not present") {
		e.t.Errorf("in one step:\n%s", out)
	}

	e.write("main.tf", first)
	e.mustFail("plan", noColor, noInput) // reads the numbers with the token that is refused
	want := map[string]string{module("bakery") + ".tls_private_key.flows": "delete"}
	for _, number := range numbersOfAccount[bakeryAccount] {
		want[module("bakery")+resourceOf(number)] = "delete"
	}
	e.mustPlan(want, "-refresh=false")
	e.applySaved()
	e.write("main.tf", second)
	others := threeBusinesses()[1:]
	e.env = append(e.env, accessTokens(others))
	e.mustPlan(map[string]string{})
	if got := slices.Sorted(maps.Keys(e.addresses())); !slices.Equal(got, []string{floristShop, garageShop}) && !slices.Equal(got, []string{garageShop, floristShop}) {
		e.t.Errorf("the state has the numbers %v", got)
	}
	if key, _ := e.Key(bakeryShop); key != kept || e.Count("POST", "") != 0 {
		e.t.Errorf("the number that left holds %q", key)
	}
	e.mustServe(test.numbers)
}
