// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// The guard matrix runs, with the real CLI, every way in which a create can find
// a key on its number, with several numbers and repeatedly. The verdict must be the
// same each time and for every number, in whatever order the CLI visits them.
//
// The test suite runs a sample. make guard-matrix runs all cells, which takes more
// than an hour, and names the file for the counts in WHATSAPP_GUARD_MATRIX.
func TestCLI_overwriteGuard(t *testing.T) {
	t.Parallel()
	cells := []guardCell{{numbers: 2, parallelism: 1, runs: 1}, {numbers: 2, parallelism: 10, runs: 1, latency: 20 * time.Millisecond}}
	report := os.Getenv("WHATSAPP_GUARD_MATRIX")
	if report != "" {
		cells = nil
		for _, numbers := range []int{1, 2, 8, 12, 40} {
			for _, parallelism := range []int{1, 10} {
				for _, latency := range []time.Duration{0, 50 * time.Millisecond} {
					cells = append(cells, guardCell{numbers, parallelism, 20, latency})
				}
			}
		}
	}
	var mu sync.Mutex
	counts := map[string]int{}
	t.Cleanup(func() {
		if report == "" {
			return
		}
		var text strings.Builder
		for _, line := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&text, "%s: %d runs\n", line, counts[line])
		}
		if err := os.WriteFile(report, []byte(text.String()), 0o600); err != nil {
			t.Error(err)
		}
	})
	for _, row := range guardRows(t) {
		for _, numbers := range []int{1, 2, 8, 12, 40} {
			same := slices.DeleteFunc(slices.Clone(cells), func(c guardCell) bool { return c.numbers != numbers })
			if len(same) == 0 || numbers < row.atLeast {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", row.name, numbers), func(t *testing.T) {
				t.Parallel()
				g := newGuardTest(t, row, numbers)
				for _, cell := range same {
					for range cell.runs {
						verdict := g.play(cell)
						mu.Lock()
						counts[fmt.Sprintf("%-58s %s", row.name, verdict)]++
						mu.Unlock()
					}
				}
			})
		}
	}
}

type guardCell struct {
	numbers, parallelism, runs int
	latency                    time.Duration // of each GET
}

// guardRow is one way to find a key. At first, each number holds K1, which is key A.
type guardRow struct {
	name    string
	atLeast int // numbers

	// before is applied. If it is empty, somebody else puts K1 on the numbers.
	// after is planned.
	before, after func(n int) string
	taint         bool
	replace       func(n int) []string // addresses for -replace

	plan  string   // "refused", "warned" or "passes"
	apply string   // of a plan that is not refused: "refused" or "passes"
	words []string // of a refusal or warning
	not   []string
}

const (
	refused = "refused"
	warned  = "warned"
	passes  = "passes"

	importAdvice    = "import {"
	movedAdvice     = "moved block"
	untaintAdvice   = "terraform untaint"
	inPlaceAdvice   = "A new key needs no replacement, because it is an update in place"
	overwriteAdvice = "allow_overwrite = true"
)

func guardRows(t *testing.T) []guardRow {
	t.Helper()
	k1, k2 := quote(keyA(t)), quote(keyB(t))
	e3 := quote(fixture(t, "rsa2048_e3.spki.pem"))
	each := func(prefix, key string, more ...string) func(int) string {
		return func(n int) string { return guardResources(n, prefix, "each.value", key, more...) }
	}
	// trigger has a value that is known while planning only if it does not
	// change.
	trigger := func(value string) string {
		return "resource \"terraform_data\" \"trigger\" {\n  input = " + value + "\n}\n"
	}
	triggered := func(value, key, lifecycle string) func(int) string {
		return func(n int) string {
			return trigger(value) + guardResources(n, "n", "each.value", key, "lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n"+lifecycle+"  }")
		}
	}
	const createFirst = "    create_before_destroy = true\n"
	handedDown := func(key string) func(int) string {
		return func(n int) string {
			return guardResources(n, "n", "each.value", key) +
				"resource \"terraform_data\" \"flow\" {\n  triggers_replace = [for e in whatsapp_business_encryption.test : e.business_public_key_fingerprint]\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n"
		}
	}
	// ownKeys gives each instance the key of its position, whatever its number is.
	ownKeys := func(number string) func(int) string {
		return func(n int) string {
			return guardResources(n, "n", number, "tonumber(substr(each.key, 1, -1)) % 2 == 0 ? "+k1+" : "+k2)
		}
	}
	swapped := "local.numbers[tonumber(substr(each.key, 1, -1)) % 2 == 0 ? tonumber(substr(each.key, 1, -1)) + 1 : tonumber(substr(each.key, 1, -1)) - 1]"
	shifted := func(first int) func(int) string {
		return func(n int) string {
			return guardLocals(n) + fmt.Sprintf(`resource "whatsapp_business_encryption" "test" {
  count               = %d - %d
  phone_number_id     = local.numbers[count.index + %d]
  business_public_key = [%s, %s, %s][count.index %% 3]
}
`, n, first, first, k1, k2, e3)
		}
	}
	writeOnly := func(key string) func(int) string {
		return func(n int) string {
			return "variable \"key\" {\n  default   = " + key + "\n  ephemeral = true\n}\n" +
				strings.Replace(guardResources(n, "n", "each.value", "var.key"), "business_public_key =", "business_public_key_wo =", 1)
		}
	}
	all := func(n int) []string {
		var addresses []string
		for i := range n {
			addresses = append(addresses, fmt.Sprintf("whatsapp_business_encryption.test[\"n%d\"]", i))
		}
		return addresses
	}

	return []guardRow{
		{
			name: "plain create", after: each("n", k2),
			plan: refused, words: []string{importAdvice, overwriteAdvice}, not: []string{untaintAdvice, inPlaceAdvice},
		},
		{name: "plain create, same key", after: each("n", k1), plan: passes, apply: passes},
		{
			name: "plain create, key unknown", after: func(n int) string {
				return trigger(k2) + guardResources(n, "n", "each.value", "terraform_data.trigger.output")
			},
			plan: warned, apply: refused, words: []string{overwriteAdvice, "decide before the apply"},
		},
		{
			name: "plain create, same key, unknown", after: func(n int) string {
				return trigger(k1) + guardResources(n, "n", "each.value", "terraform_data.trigger.output")
			},
			plan: warned, apply: passes,
		},
		{
			name: "-replace", before: each("n", k1), after: each("n", k2), replace: all,
			plan: refused, words: []string{inPlaceAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
		{name: "-replace, same key", before: each("n", k1), after: each("n", k1), replace: all, plan: passes, apply: passes},
		{
			name: "replace_triggered_by", before: triggered("1", k1, ""), after: triggered("2", k2, ""),
			plan: refused, words: []string{inPlaceAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
		{
			name: "replace_triggered_by, create_before_destroy", before: triggered("1", k1, createFirst), after: triggered("2", k2, createFirst),
			plan: refused, words: []string{inPlaceAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
		{
			name: "replace_triggered_by, create_before_destroy, same key", before: triggered("1", k1, createFirst), after: triggered("2", k1, createFirst),
			plan: passes, apply: passes,
		},
		{
			name: "replace_triggered_by, key unknown", before: triggered(k1, "terraform_data.trigger.output", ""), after: triggered(k2, "terraform_data.trigger.output", ""),
			plan: refused, words: []string{inPlaceAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
		{
			name: "replace_triggered_by, create_before_destroy, key unknown", before: triggered(k1, "terraform_data.trigger.output", createFirst), after: triggered(k2, "terraform_data.trigger.output", createFirst),
			plan: refused, words: []string{inPlaceAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
		{
			name: "-replace, create_before_destroy handed down", before: handedDown(k1), after: handedDown(k2), replace: all,
			plan: refused, words: []string{inPlaceAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
		{name: "-replace, create_before_destroy handed down, same key", before: handedDown(k1), after: handedDown(k1), replace: all, plan: passes, apply: passes},
		{
			name: "tainted", before: each("n", k1), after: each("n", k2), taint: true,
			plan: refused, words: []string{untaintAdvice, overwriteAdvice}, not: []string{importAdvice, inPlaceAdvice},
		},
		{name: "tainted, same key", before: each("n", k1), after: each("n", k1), taint: true, plan: passes, apply: passes},
		{
			name: "other for_each keys", before: each("n", k1), after: each("m", k2),
			plan: refused, words: []string{movedAdvice, overwriteAdvice},
		},
		{name: "other for_each keys, same key", before: each("n", k1), after: each("m", k1), plan: passes, apply: passes},
		{
			name: "numbers swapped", atLeast: 2, before: ownKeys("each.value"), after: ownKeys(swapped),
			plan: refused, words: []string{movedAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
		{
			name: "count shifted", atLeast: 2, before: shifted(0), after: shifted(1),
			plan: refused, words: []string{movedAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
		{
			name: "write-only create", after: writeOnly(k2),
			plan: refused, words: []string{importAdvice, overwriteAdvice},
		},
		{name: "write-only create, same key", after: writeOnly(k1), plan: passes, apply: passes},
		{
			name: "write-only, -replace", before: writeOnly(k1), after: writeOnly(k2), replace: all,
			plan: refused, words: []string{inPlaceAdvice, overwriteAdvice}, not: []string{importAdvice},
		},
	}
}

func guardNumbers(n int) []string {
	var numbers []string
	for i := range n {
		numbers = append(numbers, fmt.Sprintf("10654035225%04d", i))
	}
	return numbers
}

func guardLocals(n int) string {
	return "locals {\n  numbers = [\"" + strings.Join(guardNumbers(n), `", "`) + "\"]\n}\n"
}

func guardResources(n int, prefix, number, key string, more ...string) string {
	return guardLocals(n) + fmt.Sprintf(`resource "whatsapp_business_encryption" "test" {
  for_each            = { for i, id in local.numbers : "%s${i}" => id }
  phone_number_id     = %s
  business_public_key = %s
  %s
}
`, prefix, number, key, strings.Join(more, "\n"))
}

// guardTest is one row with a count of numbers, and the state that each run of it
// starts from.
type guardTest struct {
	*cli
	t       *testing.T
	row     guardRow
	numbers []string
	before  map[string]string // the key of each number
	state   []byte
}

func newGuardTest(t *testing.T, row guardRow, n int) *guardTest {
	t.Helper()
	numbers := guardNumbers(n)
	w := newWorld(t, numbers...)
	g := &guardTest{t: t, row: row, numbers: numbers, before: map[string]string{}}
	if row.before == nil {
		for _, id := range numbers {
			w.SetKey(id, keyA(t), "VALID")
		}
		g.cli = w.cli(requiredProviders)
	} else {
		g.cli = w.cli(requiredProviders + row.before(n))
		g.mustRun("apply", "-auto-approve")
	}
	if row.taint {
		for i := range n {
			g.mustRun("taint", fmt.Sprintf("whatsapp_business_encryption.test[\"n%d\"]", i))
		}
	}
	for _, id := range numbers {
		g.before[id], _ = w.Key(id)
	}
	g.state = g.stateFile()
	g.write("main.tf", requiredProviders+row.after(n))
	return g
}

// play plans, applies what is not refused, and returns the verdicts. It then
// restores everything.
func (g *guardTest) play(cell guardCell) string {
	g.t.Helper()
	w := g.w
	w.ClearFaults()
	if cell.latency > 0 {
		w.Script(graphmock.Fault{Method: "GET", Times: -1, Delay: cell.latency, Apply: true})
	}
	w.ResetRequests()
	parallelism := fmt.Sprintf("-parallelism=%d", cell.parallelism)
	args := []string{"plan", parallelism, "-out=plan"}
	if g.row.replace != nil {
		for _, address := range g.row.replace(len(g.numbers)) {
			args = append(args, "-replace="+address)
		}
	}
	out, err := g.run(args...)
	verdict := g.verdict(out, err, true)
	if verdict != g.row.plan {
		g.t.Errorf("the plan is %s, not %s:\n%s", verdict, g.row.plan, out)
	}
	if n := w.Count("POST", ""); n != 0 {
		g.t.Errorf("the plan sent %d POST requests", n)
	}
	for _, s := range g.row.words {
		if !strings.Contains(inOneLine(out), s) {
			g.t.Errorf("the plan does not say %q:\n%s", s, out)
		}
	}
	for _, s := range g.row.not {
		if strings.Contains(inOneLine(out), s) {
			g.t.Errorf("the plan says %q:\n%s", s, out)
		}
	}
	if err != nil {
		g.unchanged(true)
		return verdict
	}

	out, err = g.run("apply", parallelism, "plan")
	applied := g.verdict(out, err, false)
	if applied != g.row.apply {
		g.t.Errorf("the apply is %s, not %s:\n%s", applied, g.row.apply, out)
	}
	if want := map[string]int{passes: len(g.numbers), refused: 0}[g.row.apply]; w.Count("POST", "") != want {
		g.t.Errorf("the apply sent %d POST requests, not %d", w.Count("POST", ""), want)
	}
	g.unchanged(false)
	if err := os.WriteFile(filepath.Join(g.WorkingDir(), "terraform.tfstate"), g.state, 0o600); err != nil {
		g.t.Fatal(err)
	}
	return verdict + ", apply " + applied
}

// verdict is a single word only if it is the same for every number.
func (g *guardTest) verdict(out string, err error, planning bool) string {
	g.t.Helper()
	errors := strings.Count(out, "Error: The number already holds a different key") + strings.Count(out, "Error: The number already holds a key")
	want := len(g.numbers)
	if g.row.name == "count shifted" {
		want-- // the last position has no number left
	}
	switch {
	case err != nil && errors == want && strings.Count(out, "Error: ") == want:
		return refused
	case err != nil:
		return fmt.Sprintf("refused for %d of %d (%d errors)", errors, want, strings.Count(out, "Error: "))
	case planning && strings.Contains(out, "Warning: The number already holds a key"):
		// The CLI shows one of several warnings with the same summary, and
		// counts the others.
		others := map[int]string{1: "", 2: "(and one more similar warning elsewhere)"}
		text, few := others[want]
		if !few {
			text = fmt.Sprintf("(and %d more similar warnings elsewhere)", want-1)
		}
		if !strings.Contains(inOneLine(out), text) {
			return "warned for some of the numbers"
		}
		return warned
	}
	return passes
}

func (g *guardTest) unchanged(stateToo bool) {
	g.t.Helper()
	for _, id := range g.numbers {
		if key, status := g.w.Key(id); key != g.before[id] || status != "VALID" {
			g.t.Errorf("number %s has changed", id)
		}
	}
	if stateToo && !bytes.Equal(g.stateFile(), g.state) {
		g.t.Error("the state has changed")
	}
}

func (g *guardTest) stateFile() []byte {
	g.t.Helper()
	state, err := os.ReadFile(filepath.Join(g.WorkingDir(), "terraform.tfstate"))
	if err != nil && !os.IsNotExist(err) {
		g.t.Fatal(err)
	}
	return state
}
