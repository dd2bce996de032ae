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
func (d *providerData) planOverwrite(ctx context.Context, plan businessEncryptionModel, candidate publicKeyValue, diags *diag.Diagnostics) {
	if plan.AllowOverwrite.ValueBool() || plan.AllowOverwrite.IsUnknown() || plan.PhoneNumberID.IsUnknown() ||
		d == nil || d.client == nil {
		return
	}
	defer d.served.warnOnce(diags)
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()

	number := plan.PhoneNumberID.ValueString()
	slot, err := d.client.BusinessEncryption(ctx, number)
	switch class := graph.ClassOf(err); {
	case err == nil:
		d.looks.remember(number, slot)
	case class == graph.ClassTransient, class == graph.ClassRateLimit, class == graph.ClassInterrupted,
		class == graph.ClassNotRegistered: // which another resource of this plan may be about to change
		diags.Append(graphWarning("check which key the number holds", number,
			"Apply checks again before it uploads, and stops if the number holds a different key.", err))
		return
	default:
		diags.Append(graphError("check which key the number holds", number, err))
		return
	}

	switch {
	case !slot.HasKey():
	case candidate.IsUnknown():
		diags.AddAttributeWarning(path.Root(attrPublicKey), "The number already holds a key",
			fmt.Sprintf("Phone number ID %s holds %s, and the key of the configuration is known only during apply. If it turns out to be a different key, apply stops before it uploads. %s",
				number, describeKey(slot.PublicKey), waysOn(number)))
	default:
		if key, err := pemkey.Parse(candidate.ValueString()); err == nil {
			refuseOverwrite(number, slot, key, diags)
		}
	}
}

// refuseOverwrite reports an error when the number holds a different key.
func refuseOverwrite(number string, slot graph.BusinessEncryption, key pemkey.PublicKey, diags *diag.Diagnostics) {
	if !slot.HasKey() || slot.Holds(key) {
		return
	}
	diags.AddAttributeError(path.Root(attrPublicKey), "The number already holds a different key",
		fmt.Sprintf("Phone number ID %s holds %s. The configuration has %s. Uploading it would replace the key on the number, "+
			"and Flows whose endpoint has only the old private key would fail at once. Nothing was uploaded.\n\n%s",
			number, describeKey(slot.PublicKey), describeKey(key.PEM()), waysOn(number)))
}

func waysOn(number string) string {
	return fmt.Sprintf("If the key on the number may be replaced, set %s = true. To take the number over with the key that it holds, import it and put that key into the configuration:\n\n"+
		"  import {\n    to = whatsapp_business_encryption.NAME\n    id = %q\n  }\n\n"+
		"If an apply has put that key there and failed afterwards, the resource is tainted: terraform untaint keeps it with that key.", attrAllowOverwrite, number)
}

func describeKey(pem string) string {
	if pem == "" {
		return "no key"
	}
	key, err := pemkey.Parse(pem)
	if err != nil {
		return "a key that is not a readable RSA public key of 2048 bits"
	}
	return "the key with the SHA-256 fingerprint " + key.Fingerprint()
}

// lookBeforeUpload reads the number, unless the plan that Terraform makes anew
// in the same breath as the create has just done so.
func (d *providerData) lookBeforeUpload(ctx context.Context, client *graph.Client, number string) (graph.BusinessEncryption, error) {
	if slot, ok := d.looks.recall(number); ok {
		return slot, nil
	}
	return client.BusinessEncryption(ctx, number)
}

// looks remembers what planning a create saw. Terraform plans each resource
// once more while it applies, a moment before it creates it, and a second look
// at the same moment would cost a request of a budget that is counted by the
// hour. A look is used once, and never when it is older than freshLook.
type looks struct {
	mu   sync.Mutex
	byID map[string]look
}

type look struct {
	slot graph.BusinessEncryption
	at   time.Time
}

const freshLook = 10 * time.Second

func (l *looks) remember(number string, slot graph.BusinessEncryption) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[string]look{}
	}
	l.byID[number] = look{slot, time.Now()}
}

func (l *looks) recall(number string) (graph.BusinessEncryption, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, ok := l.byID[number]
	delete(l.byID, number)
	return seen.slot, ok && time.Since(seen.at) < freshLook
}
