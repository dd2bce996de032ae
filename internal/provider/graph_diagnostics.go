// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
)

// graphError is the diagnostic of a failed call: what failed on which number,
// why, what to do next, whether the key on the number changed, and the codes
// that Meta's support asks for. The action completes "Could not …".
func graphError(action, object string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(graphErrorPath(err), summary(action), graphErrorDetail(object, outcome(err), err))
}

// graphErrorAfterUpload is for the first read after an upload.
func graphErrorAfterUpload(action, object string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(graphErrorPath(err), summary(action), graphErrorDetail(object,
		"The key was uploaded. The provider could not read whether its signature is valid; the next plan reads it.", err))
}

// graphWarning is for a call that the operation can do without.
func graphWarning(action, object, consequence string, err error) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(graphErrorPath(err), summary(action), consequence+"\n\n"+graphErrorDetail(object, outcome(err), err))
}

func summary(action string) string { return "Could not " + action }

func graphErrorPath(err error) path.Path {
	e, ok := errors.AsType[*graph.Error](err)
	switch {
	case ok && e.Lists():
		return path.Root(attrWABAID)
	case ok && e.ReadsFlow():
		return path.Root(attrFlowID)
	case ok && e.Class == graph.ClassKeyRefused:
		return path.Root(attrPublicKey)
	default:
		return path.Root(attrPhoneNumberID)
	}
}

func outcome(err error) string {
	switch e, ok := errors.AsType[*graph.Error](err); {
	case ok && e.Uncertain():
		return "It is not known whether the key on the number was changed. The next plan reads it."
	case ok && (e.Lists() || e.ReadsFlow()):
		return "" // no key is in question
	}
	return "The key on the number was not changed."
}

func graphErrorDetail(object, outcome string, err error) string {
	e, ok := errors.AsType[*graph.Error](err)
	if !ok {
		return sentence(err.Error())
	}
	if e.SameAs != "" {
		return sameRefusal(e, object, outcome)
	}
	kind := "Kind of error: " + string(e.Class)
	if codes := e.Codes(); codes != "" {
		kind += " (" + codes + ")"
	}
	kind += "."
	switch {
	case e.Tries > 1 && e.NotSent:
		kind += fmt.Sprintf(" It was tried %d times.", e.Tries)
	case e.Tries > 1:
		kind += fmt.Sprintf(" The request was sent %d times.", e.Tries)
	}
	parts := []string{fmt.Sprintf("%s %s: %s", e.ObjectName(), object, ended(e.Reason())), gaveUp(e.GaveUp), remedy(e), outcome, kind}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n\n")
}

// sameRefusal is one line, because the error that it points to says the rest.
func sameRefusal(e *graph.Error, object, outcome string) string {
	what := "Refused"
	if e.NotSent {
		what = "Not sent"
	}
	line := fmt.Sprintf("%s for %s: see the error for %s", what, object, e.SameAs)
	if e.HasCode {
		line += fmt.Sprintf(" (code %d)", e.Code)
	}
	line += "."
	if e.Method == http.MethodPost {
		line += " " + outcome
	}
	return line
}

func repeatsARefusal(err error) bool {
	e, ok := errors.AsType[*graph.Error](err)
	return ok && e.SameAs != ""
}

// inFull is for an error that is printed although the one that it repeats is
// not.
func inFull(err error) error {
	e, ok := errors.AsType[*graph.Error](err)
	if !ok {
		return err
	}
	full := *e
	full.SameAs = ""
	return &full
}
