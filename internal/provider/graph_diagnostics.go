// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// graphError words a failed call for the person who has to mend it: what
// failed on which number, why, what to do next, and the codes that Meta's
// support asks for. The action completes "Could not …".
func graphError(action, phoneNumberID string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(graphErrorPath(err), summary(action), graphErrorDetail(phoneNumberID, err))
}

// graphWarning is for a call that the operation can do without.
func graphWarning(action, phoneNumberID, consequence string, err error) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(graphErrorPath(err), summary(action), consequence+"\n\n"+graphErrorDetail(phoneNumberID, err))
}

func summary(action string) string { return "Could not " + action }

func graphErrorPath(err error) path.Path {
	if graph.ClassOf(err) == graph.ClassKeyRefused {
		return path.Root("business_public_key")
	}
	return path.Root("phone_number_id")
}

func graphErrorDetail(phoneNumberID string, err error) string {
	e, ok := errors.AsType[*graph.Error](err)
	if !ok {
		return sentence(err.Error())
	}
	parts := []string{fmt.Sprintf("Phone number ID %s: %s", phoneNumberID, sentence(e.Reason()))}
	if remedy := e.Remedy(); remedy != "" {
		parts = append(parts, remedy)
	}
	class := "Kind of error: " + string(e.Class)
	if codes := e.Codes(); codes != "" {
		class += " (" + codes + ")"
	}
	return strings.Join(append(parts, class+"."), "\n\n")
}
