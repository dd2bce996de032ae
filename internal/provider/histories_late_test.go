// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// What becomes of numbers and keys that another resource of the same apply makes is
// the same with the real CLI.
func TestCLI_lateNumbers(t *testing.T) {
	t.Parallel()
	apply, plan := runs(0, command{mode: "apply"}), runs(0, command{mode: "plan"})
	save, applySaved := runs(0, command{mode: "save"}), runs(0, command{mode: "applySaved"})
	late := func(number int, key keyID) step {
		return write(0, "a", block{number: number, key: key, lateNumber: true})
	}
	lateWith := func(change func(*block)) step {
		b := block{number: 1, key: keyAlpha, lateNumber: true}
		change(&b)
		return write(0, "a", b)
	}
	firstly := func(b *block) { b.createFirst = true }
	foreign := putKey(1, keyForeign, 0, graphmock.StatusValid)
	compareWithCLI(t, []step{late(0, keyAlpha), plan, apply, plan}, map[string][]step{
		"a late key":                              {write(0, "a", block{number: 0, key: keyBravo, late: true}), plan, apply, plan},
		"the same number":                         {late(0, keyAlpha), plan, apply, plan},
		"the same number and another key":         {late(0, keyBravo), plan, apply, plan},
		"another number":                          {late(1, keyAlpha), runs(0, command{mode: "apply", noRefresh: true}), plan},
		"another number, created first":           {lateWith(firstly), plan, apply, plan},
		"a number with a key":                     {foreign, late(1, keyAlpha), plan, apply, plan},
		"a number with a key, created first":      {foreign, lateWith(firstly), plan, apply, plan},
		"a number with a key that may go":         {foreign, lateWith(func(b *block) { b.overwrite = overwriteTrue }), plan, apply, plan},
		"a late write-only key with a version":    {lateWith(func(b *block) { b.late, b.writeOnly, b.version = true, true, 1 }), plan, apply, plan},
		"it is tainted":                           {late(1, keyAlpha), runs(0, command{mode: "taint", address: "a"}), plan, apply, plan},
		"the key changes before a saved plan":     {late(0, keyAlpha), save, putKey(0, keyForeign, 0, graphmock.StatusValid), applySaved, plan, apply},
		"it is destroyed":                         {late(1, keyAlpha), runs(0, command{mode: "destroy"}), plan, runs(0, command{mode: "destroy"})},
		"it is renamed and written again":         {rename(0, "a", "b", true), write(0, "b", block{number: 1, key: keyAlpha, lateNumber: true}), plan, apply, plan},
		"it is imported and has become another":   {runs(0, command{mode: "forget", address: "a"}), late(0, keyAlpha), importBlock(0, "a", false), late(1, keyAlpha), plan, apply, plan},
		"it is refreshed and then no longer late": {late(1, keyAlpha), runs(0, command{mode: "refresh"}), write(0, "a", block{number: 0, key: keyAlpha}), plan, apply, plan},
		"it is removed":                           {remove(0, "a"), plan, apply, plan},
	})
}
