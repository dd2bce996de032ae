// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

// planOverwrite looks at the number before a create is even proposed. What
// cannot be seen now is looked at again before the upload.
func (d *providerData) planOverwrite(ctx context.Context, plan businessEncryptionModel, candidate publicKeyValue, writeOnly bool, diags *diag.Diagnostics) {
	if plan.AllowOverwrite.ValueBool() || plan.AllowOverwrite.IsUnknown() || plan.PhoneNumberID.IsUnknown() ||
		d == nil || d.client == nil {
		return
	}
	timeout, timeoutDiags := plan.Timeouts.Read(ctx, defaultReadTimeout)
	diags.Append(timeoutDiags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer d.served.warnOnce(diags)

	number := plan.PhoneNumberID.ValueString()
	slot, err := d.client.BusinessEncryption(ctx, number)
	switch class := graph.ClassOf(err); {
	case err == nil:
		d.looks.remember(number, slot, d.client.Now())
	case class == graph.ClassTransient, class == graph.ClassRateLimit, class == graph.ClassInterrupted,
		class == graph.ClassNotRegistered, // which another resource of this plan may be about to change
		class == graph.ClassNumberDeleted: // an error would stop a destroy, too, which plans like this first
		diags.Append(graphWarning("check which key the number holds", number,
			"Apply checks again before it uploads, and stops if the number holds a different key.", err))
		return
	default:
		diags.Append(graphError("check which key the number holds", number, err))
		return
	}

	switch {
	case !slot.HasKey():
	case !writeOnly && (d.managed.has(number, slot.Text) || d.released.has(number, slot.Text)):
	case candidate.IsUnknown():
		diags.AddAttributeWarning(path.Root(attrPublicKey), "The number already holds a key",
			fmt.Sprintf("Phone number ID %s holds %s, and the key of the configuration is known only during apply. If it turns out to be a different key, apply stops before it uploads. %s",
				number, describeSlot(slot), waysOn(number, slot)))
	default:
		if key, err := candidate.key(); err == nil {
			refuseOverwrite(number, slot, key, diags)
		}
	}
}

// mayUpload looks at the number before the upload of a create, and reports an
// error when it holds somebody else's key.
func (d *providerData) mayUpload(ctx context.Context, client *graph.Client, number string, key pemkey.PublicKey, writeOnly bool, diags *diag.Diagnostics) bool {
	slot, seen := d.looks.recall(number, client.Now())
	if !seen {
		var err error
		if slot, err = client.BusinessEncryption(ctx, number); err != nil {
			diags.Append(graphError("check which key the number holds", number, err))
			return false
		}
	}
	if !writeOnly && d.released.has(number, slot.Text) {
		return true
	}
	refuseOverwrite(number, slot, key, diags)
	return !diags.HasError()
}

// refuseOverwrite reports an error when the number holds a different key.
func refuseOverwrite(number string, slot graph.Slot, key pemkey.PublicKey, diags *diag.Diagnostics) {
	if !slot.HasKey() || slot.Holds(key) {
		return
	}
	diags.AddAttributeError(path.Root(attrPublicKey), "The number already holds a different key",
		fmt.Sprintf("Phone number ID %s holds %s. The configuration has %s. Uploading it would replace the key on the number, "+
			"and Flows whose endpoint has only the old private key would fail at once. Nothing was uploaded.\n\n%s",
			number, describeSlot(slot), describeKey(key), waysOn(number, slot)))
}

func waysOn(number string, slot graph.Slot) string {
	replace := fmt.Sprintf("If the key on the number may be replaced, set %s = true.", attrAllowOverwrite)
	if slot.Key.IsZero() {
		return replace
	}
	return replace + fmt.Sprintf(" To take the number over with the key that it holds, import it and put that key into the configuration:\n\n"+
		"  import {\n    to = whatsapp_business_encryption.NAME\n    id = %q\n  }\n\n"+
		"If an apply has put that key there and failed afterwards, the resource is tainted: terraform untaint keeps it with that key.", number)
}

func describeSlot(slot graph.Slot) string {
	if !slot.HasKey() {
		return "no key"
	}
	return describeKey(slot.Key)
}

// describeKey names a key, or says of the zero value that it cannot be read.
func describeKey(key pemkey.PublicKey) string {
	if key.IsZero() {
		return "a key that is not a readable RSA public key of 2048 bits"
	}
	return "the key with the SHA-256 fingerprint " + key.Fingerprint()
}

// looks remembers what planning a create saw. Terraform plans each resource
// once more while it applies, a moment before it creates it, and a second look
// at the same moment would cost a request of a budget that is counted by the
// hour. A look is used once, and never when it is older than freshLook.
type looks struct {
	mu       sync.Mutex
	byID     map[string]look
	uploaded map[string]bool // after an upload of this run, a look may be from before it
}

type look struct {
	slot graph.Slot
	at   time.Time
}

const freshLook = 10 * time.Second

func (l *looks) remember(number string, slot graph.Slot, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[string]look{}
	}
	l.byID[number] = look{slot, now}
}

func (l *looks) recall(number string, now time.Time) (graph.Slot, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, ok := l.byID[number]
	delete(l.byID, number)
	return seen.slot, ok && !l.uploaded[number] && now.Sub(seen.at) < freshLook
}

// distrust is called before an upload. Another resource with the same number
// may be looking at this very moment.
func (l *looks) distrust(number string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.uploaded == nil {
		l.uploaded = map[string]bool{}
	}
	l.uploaded[number] = true
}

// managedKeys are keys that the state has for a number, or had until a moment
// ago. When Terraform replaces a resource, the create finds the key of the
// resource that was there before: that is no stranger's. A plan cannot tell this
// from a second resource on the same number and lets both pass; an apply can,
// because it destroys the first before it creates the second.
//
// With a write-only key it counts as a stranger's all the same: a generated key
// would part from the private key that was stored with the first.
type managedKeys struct {
	mu   sync.Mutex
	keys map[string]publicKeyValue
}

func (m *managedKeys) add(state businessEncryptionModel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys == nil {
		m.keys = map[string]publicKeyValue{}
	}
	m.keys[state.PhoneNumberID.ValueString()] = state.PublicKey
}

func (m *managedKeys) has(number, pem string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	managed, ok := m.keys[number]
	return ok && (managed.sameKey(newPublicKeyValue(pem)) || managed.ValueString() == pem)
}

// numberLocks make look, upload and confirmation one step for each number: two
// resources with the same number would otherwise both find it empty.
type numberLocks struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex
}

// lock returns the function that unlocks.
func (l *numberLocks) lock(number string) func() {
	l.mu.Lock()
	if l.locks == nil {
		l.locks = map[string]*sync.Mutex{}
	}
	one, ok := l.locks[number]
	if !ok {
		one = &sync.Mutex{}
		l.locks[number] = one
	}
	l.mu.Unlock()
	one.Lock()
	return one.Unlock
}
