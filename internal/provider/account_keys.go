// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

const (
	// listParallel is how many numbers are read at a time. A listing is rare
	// and the rate limits are tight, so it need not be fast.
	listParallel = 4

	// listOutage is how many numbers in a row have to fail before the reason is
	// assumed to be elsewhere than in the numbers.
	listOutage = 4
)

// accountKeys reads the keys of the numbers of an account, some at a time.
type accountKeys struct {
	client       *graph.Client
	left         []graph.PhoneNumber // that were not read yet, sorted by ID
	failedInARow int
}

// accountKey is what a number holds, or why it could not be read.
type accountKey struct {
	number graph.PhoneNumber
	slot   graph.Slot
	err    error

	// stop is set when err would recur for every other number, so that reading
	// on would only cost calls.
	stop bool
}

// keysOfAccount lists the numbers of an account. The keys are not read yet.
func keysOfAccount(ctx context.Context, client *graph.Client, waba string) (*accountKeys, diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()
	var diags diag.Diagnostics
	numbers, err := client.PhoneNumbers(ctx, waba)
	if err != nil {
		diags.Append(graphError("list the phone numbers", waba, err))
	}
	return &accountKeys{client: client, left: numbers}, diags
}

// next reads the next numbers, at the same time and no more than most. It returns
// none when all were read. The caller has to stop at one whose stop is set.
func (a *accountKeys) next(ctx context.Context, most int) []accountKey {
	found := make([]accountKey, min(listParallel, most, len(a.left)))
	var wg sync.WaitGroup
	for i := range found {
		found[i].number = a.left[i]
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
			defer cancel()
			found[i].slot, found[i].err = a.client.BusinessEncryption(ctx, found[i].number.ID)
		})
	}
	wg.Wait()
	a.left = a.left[len(found):]
	for i, read := range found {
		switch {
		case read.err == nil:
			a.failedInARow = 0
			continue
		case !itsOwnState(read.err):
			a.failedInARow++
		}
		found[i].stop = ctx.Err() != nil || concernsAll(read.err) || a.failedInARow == listOutage
	}
	return found
}

// concernsAll reports whether the same call would fail for every number.
func concernsAll(err error) bool {
	switch graph.ClassOf(err) {
	case graph.ClassAuth, graph.ClassAppSecretProof, graph.ClassRateLimit, graph.ClassProxy, graph.ClassCertificate:
		return true
	default:
		return false
	}
}

// itsOwnState reports whether the error comes from the state of this number.
func itsOwnState(err error) bool {
	class := graph.ClassOf(err)
	return class == graph.ClassNotRegistered || class == graph.ClassNumberDeleted
}

// stoppedAt is the error for a number whose stop is set.
func stoppedAt(key accountKey) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Could not list the keys",
		"The listing stopped at this number.\n\n"+graphErrorDetail(key.number.ID, "", inFull(key.err)))
}
