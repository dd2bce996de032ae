// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

func at(attribute string) tfjsonpath.Path { return tfjsonpath.New(attribute) }

func value(attribute, want string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, at(attribute), knownvalue.StringExact(want))
}

func planned(attribute, want string) plancheck.PlanCheck {
	return plancheck.ExpectKnownValue(address, at(attribute), knownvalue.StringExact(want))
}

func action(a plancheck.ResourceActionType) plancheck.PlanCheck {
	return plancheck.ExpectResourceAction(address, a)
}

func TestAccBusinessEncryption_createReplanUpdate(t *testing.T) {
	t.Parallel()
	w, a, b := newWorld(t), keyA(t), keyB(t)
	w.run(
		resource.TestStep{
			Config: w.config(numberWith(quote(a))),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionCreate),
				planned(attrSignatureStatus, "VALID"),
				planned(attrFingerprint, fingerprintOf(t, a)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET GET POST GET"),
				value(attrPublicKey, a),
				value(attrSignatureStatus, "VALID"),
				value(attrFingerprint, fingerprintOf(t, a)),
				statecheck.ExpectKnownValue(address, at(attrAllowOverwrite), knownvalue.Bool(false)),
				w.holds(testNumber, a, "VALID"),
			},
		},
		resource.TestStep{
			PreConfig:        w.forget(),
			Config:           w.config(numberWith(quote(a))),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET"),
			},
		},
		resource.TestStep{
			PreConfig: w.forget(),
			Config:    w.config(numberWith(quote(b))),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
				planned(attrFingerprint, fingerprintOf(t, b)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET POST GET"),
				value(attrPublicKey, b),
				w.holds(testNumber, b, "VALID"),
			},
		},
	)
}

func TestAccBusinessEncryption_driftOfSignature(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	config := w.config(numberWith(quote(a)))
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: w.forget(func() { w.Reregister(testNumber) }),
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
				planned(attrSignatureStatus, "VALID"),
				planned(attrPublicKey, a),
				planned(attrFingerprint, fingerprintOf(t, a)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				w.received("GET POST GET"),
				value(attrSignatureStatus, "VALID"),
				w.holds(testNumber, a, "VALID"),
			},
		},
		// An unknown status is not valid, either.
		resource.TestStep{
			PreConfig: w.forget(func() { w.SetKey(testNumber, a, "PENDING_REVIEW") }),
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}

func TestAccBusinessEncryption_driftOfKey(t *testing.T) {
	t.Parallel()
	for name, foreign := range map[string]string{
		"another key":      keyB(t),
		"damaged key":      "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n",
		"key of 4096 bits": fixture(t, "rsa4096.spki.pem"),
		"not PEM":          "hello",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			config := w.config(numberWith(quote(a)))
			w.run(
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig: w.forget(func() { w.SetKey(testNumber, foreign, "VALID") }),
					Config:    config,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						action(plancheck.ResourceActionUpdate),
						planned(attrPublicKey, a),
						planned(attrFingerprint, fingerprintOf(t, a)),
					}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), value(attrPublicKey, a), w.holds(testNumber, a, "VALID")},
				},
			)
		})
	}
}

// An empty slot means that the key is gone, in whatever form it comes.
func TestAccBusinessEncryption_disappears(t *testing.T) {
	t.Parallel()
	for _, form := range []graphmock.Unset{
		graphmock.UnsetBlank, graphmock.UnsetSpace, graphmock.UnsetNull, graphmock.UnsetAbsent, graphmock.UnsetEmptyData, graphmock.UnsetMissing,
	} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			w.SetUnset(form)
			config := w.config(numberWith(quote(a)))
			w.run(
				resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET")}},
				resource.TestStep{
					PreConfig: w.forget(func() { w.ClearKey(testNumber) }),
					Config:    config,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						action(plancheck.ResourceActionCreate),
					}},
					// One read finds the slot empty, one plans the create.
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET GET POST GET"), w.holds(testNumber, a, "VALID")},
				},
			)
		})
	}
}

func TestAccBusinessEncryption_answerShapes(t *testing.T) {
	t.Parallel()
	for _, shape := range []graphmock.Shape{graphmock.ShapeWrapped, graphmock.ShapeFlat, graphmock.ShapeObject} {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			w.SetShape(shape)
			w.SetSuccess(`{"success":"true"}`)
			w.run(resource.TestStep{
				Config:            w.config(numberWith(quote(a))),
				ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), value(attrSignatureStatus, "VALID"), w.holds(testNumber, a, "VALID")},
			})
		})
	}
}

// Whatever the server does to the text, and however the configuration writes
// it: the same key is no change, neither after apply nor in a later plan.
func TestAccBusinessEncryption_sameKeyInOtherWords(t *testing.T) {
	t.Parallel()
	a := keyA(t)
	for name, store := range map[string]func(string) string{
		"as sent":   nil,
		"trimmed":   graphmock.StoreTrimmed,
		"rewrapped": graphmock.StoreRewrapped,
		"CRLF":      graphmock.StoreCRLF,
		"PKCS#1":    graphmock.StorePKCS1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetStore(store)
			steps := []resource.TestStep{{
				Config:            w.config(numberWith(quote(a))),
				ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), value(attrPublicKey, a)},
			}}
			for _, other := range []string{
				strings.TrimSpace(a),
				a + "\n\n",
				strings.ReplaceAll(a, "\n", "\r\n"),
				graphmock.StoreRewrapped(a),
				fixture(t, "rsa2048_a.pkcs1.pem"),
			} {
				steps = append(steps, resource.TestStep{
					PreConfig:         w.forget(),
					Config:            w.config(numberWith(quote(other))),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), value(attrPublicKey, a)},
				})
			}
			w.run(steps...)
		})
	}
}

func TestAccBusinessEncryption_refusesToOverwrite(t *testing.T) {
	t.Parallel()
	w, a, b := newWorld(t), keyA(t), keyB(t)
	w.SetKey(testNumber, b, "VALID")
	w.run(
		resource.TestStep{
			Config: w.config(numberWith(quote(a))),
			ExpectError: regexp.MustCompile(`(?s)The number already holds a different key.*` + fingerprintOf(t, b) + `.*` + fingerprintOf(t, a) +
				`.*Nothing was uploaded.*allow_overwrite.*import \{.*id = "` + testNumber + `"`),
		},
		resource.TestStep{
			PreConfig: w.receivedBefore("GET"),
			Config:    w.config(numberWith(quote(a), "allow_overwrite = true")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionCreate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("POST GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}

func TestAccBusinessEncryption_createOverTheSameKey(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.SetKey(testNumber, fixture(t, "rsa2048_a.pkcs1.pem"), "MISMATCH")
	w.run(resource.TestStep{
		Config:            w.config(numberWith(quote(a))),
		ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
	})
}

// The key is unknown at plan, as it is when tls_private_key is created in the
// same apply.
func TestAccBusinessEncryption_unknownKey(t *testing.T) {
	t.Parallel()
	unknown := func(text string) string {
		return "resource \"terraform_data\" \"key\" {\n  input = " + quote(text) + "\n}\n"
	}
	fromUnknown := numberWith("terraform_data.key.output")

	t.Run("empty slot", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		w.run(resource.TestStep{
			Config: w.config(unknown(a), fromUnknown),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectUnknownValue(address, at(attrPublicKey)),
				plancheck.ExpectUnknownValue(address, at(attrFingerprint)),
				planned(attrSignatureStatus, "VALID"),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
		})
	})
	t.Run("a different key is there", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		w.SetKey(testNumber, keyB(t), "VALID")
		w.run(
			resource.TestStep{
				Config:      w.config(unknown(a), fromUnknown),
				ExpectError: regexp.MustCompile(`The number already holds a different key`),
			},
			resource.TestStep{
				PreConfig:         w.receivedBefore("GET GET"),
				Config:            w.config(unknown(a)),
				ConfigStateChecks: []statecheck.StateCheck{stateCheck(func() error { return w.expectRequests(nil) }), w.holds(testNumber, keyB(t), "VALID")},
			},
		)
	})
	t.Run("not a key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{
				Config:      w.config(unknown(fixture(t, "rsa1024.spki.pem")), fromUnknown),
				ExpectError: regexp.MustCompile(`(?s)Invalid business_public_key.*1024`),
			},
			resource.TestStep{
				PreConfig: func() {
					if n := w.Count("POST", ""); n != 0 {
						t.Errorf("%d POST requests", n)
					}
				},
				Config: w.config(unknown("")),
			},
		)
	})
	t.Run("number", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		w.run(resource.TestStep{
			Config: w.config("resource \"terraform_data\" \"number\" {\n  input = \""+testNumber+"\"\n}\n",
				strings.Replace(numberWith(quote(a)), `"`+testNumber+`"`, "terraform_data.number.output", 1)),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, a, "VALID")},
		})
	})
	t.Run("update", func(t *testing.T) {
		t.Parallel()
		w, a, b := newWorld(t), keyA(t), keyB(t)
		w.run(
			resource.TestStep{Config: w.config(unknown(a), fromUnknown)},
			resource.TestStep{
				PreConfig: w.forget(),
				Config:    w.config(unknown(b), fromUnknown),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					action(plancheck.ResourceActionUpdate),
					plancheck.ExpectUnknownValue(address, at(attrPublicKey)),
				}},
				ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, b, "VALID")},
			},
		)
	})
}

func TestAccBusinessEncryption_moveToAnotherNumber(t *testing.T) {
	t.Parallel()
	const other = "106540352242999"
	w, a := newWorld(t, testNumber, other), keyA(t)
	w.run(
		resource.TestStep{Config: w.config(numberWith(quote(a)))},
		resource.TestStep{
			PreConfig: w.forget(),
			Config:    w.config(strings.Replace(numberWith(quote(a)), testNumber, other, 1)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionDestroyBeforeCreate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				stateCheck(func() error {
					return w.expectRequests(map[string]string{testNumber: "GET", other: "GET GET POST GET"})
				}),
				w.holds(testNumber, a, "VALID"), w.holds(other, a, "VALID"),
			},
		},
	)
}

// Signature and key may take a while to show: the provider reads until they
// do, and waits longer each time.
func TestAccBusinessEncryption_waitsForTheSignature(t *testing.T) {
	t.Parallel()
	for name, lag := range map[string]func(w *world){
		"signature": func(w *world) { w.SetSignatureLag(3) },
		"key":       func(w *world) { w.SetKeyLag(3) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			lag(w)
			w.run(resource.TestStep{
				Config: w.config(numberWith(quote(a))),
				ConfigStateChecks: []statecheck.StateCheck{
					w.received("GET GET POST GET GET GET GET"),
					value(attrSignatureStatus, "VALID"),
					stateCheck(func() error {
						if got := w.clock.Waits(); !slices.Equal(got, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}) {
							return fmt.Errorf("waited %v", got)
						}
						return nil
					}),
				},
			})
		})
	}
}

func TestAccBusinessEncryption_signatureNeverComes(t *testing.T) {
	t.Parallel()
	reads := strings.Repeat(" GET", 9)
	w, a, b := newWorld(t), keyA(t), keyB(t)
	config := w.config(numberWith(quote(a)))
	unconfirmed := regexp.MustCompile(`(?s)The key was uploaded but is not confirmed.*` + testNumber + `.*MISMATCH`)
	w.run(
		resource.TestStep{
			PreConfig:   func() { w.SetSignatureLag(1000) },
			Config:      config,
			ExpectError: unconfirmed,
		},
		// The failed create is tainted; to replace it is harmless.
		resource.TestStep{
			PreConfig: w.receivedBefore("GET GET POST"+reads, func() { w.SetSignatureLag(0) }),
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionDestroyBeforeCreate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
		resource.TestStep{
			PreConfig:   w.forget(func() { w.SetSignatureLag(1000) }),
			Config:      w.config(numberWith(quote(b))),
			ExpectError: unconfirmed,
		},
		// The failed update has the new key in state, and its signature wrong.
		resource.TestStep{
			PreConfig: w.receivedBefore("GET POST"+reads, func() { w.SetSignatureLag(0) }),
			Config:    w.config(numberWith(quote(b))),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET POST GET"), w.holds(testNumber, b, "VALID")},
		},
	)
}

// A failed read leaves the state as it is, whatever the error: the next plan
// finds nothing to do.
func TestAccBusinessEncryption_errorsInReadKeepTheState(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault graphmock.Fault
		text  string
	}{
		"permission":   {graphmock.Fault{Status: 403, Body: graphmock.ErrorBody(10, 0, "OAuthException", "Application does not have permission for this action", nil)}, "permission"},
		"wrong object": {graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(100, 33, "GraphMethodException", "Unsupported get request.", nil)}, "subcode 33"},
		"auth":         {graphmock.Fault{Status: 401, Body: graphmock.ErrorBody(190, 463, "OAuthException", "Session has expired", nil)}, "code 190, subcode 463"},
		"server error": {graphmock.Fault{Status: 500, Body: graphmock.ErrorBody(1, 0, "OAuthException", "An unknown error occurred", nil)}, "HTTP 500"},
		"not found":    {graphmock.Fault{Status: 404, Body: "<html>not found</html>"}, "HTTP 404"},
		"not JSON":     {graphmock.Fault{Status: 200, Body: "<html>log in</html>"}, "not a JSON object"},
		"no answer":    {graphmock.Fault{Drop: graphmock.DropOnRequest}, "EOF|reset"},
		"half answer":  {graphmock.Fault{Drop: graphmock.DropMidBody}, "EOF|reset"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), keyA(t)
			config := w.config(numberWith(quote(a)))
			test.fault.Times = -1
			w.run(
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig:   w.forget(func() { w.Script(test.fault) }),
					Config:      config,
					ExpectError: regexp.MustCompile(`(?s)Could not read the key.*` + testNumber + `.*(` + strings.ReplaceAll(test.text, " ", `\s+`) + `)`),
				},
				resource.TestStep{
					PreConfig: func() {
						w.ClearFaults()
						if n := w.Count("POST", ""); n != 0 {
							t.Errorf("%d POST requests", n)
						}
						w.ResetRequests()
					},
					Config:            config,
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), w.holds(testNumber, a, "VALID")},
				},
			)
		})
	}
}

func TestAccBusinessEncryption_numberDeleted(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.run(
		resource.TestStep{Config: w.config(numberWith(quote(a)))},
		// Gone from the state, and a create on a deleted number is refused.
		resource.TestStep{
			PreConfig:   w.forget(func() { w.DeleteNumber(testNumber) }),
			Config:      w.config(numberWith(quote(a))),
			ExpectError: regexp.MustCompile(`(?s)The business phone number has been deleted.*number deleted \(HTTP 400, code 33`),
		},
		resource.TestStep{
			PreConfig: w.receivedBefore("GET GET GET GET"),
			Config:    w.config(),
		},
	)
}

// An upload that the API refuses changes nothing, and says why.
func TestAccBusinessEncryption_errorsInUpload(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault graphmock.Fault
		text  string
	}{
		"key refused": {graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(100, 0, "OAuthException", "(#100) Invalid parameter",
			map[string]any{"error_data": map[string]any{"messaging_product": "whatsapp", "details": "Business public key is invalid"}})}, "Business public key is invalid"},
		"not registered": {graphmock.Fault{Status: 400, Body: graphmock.ErrorBody(133010, 0, "OAuthException", "Account not registered", nil)}, "Register the number"},
		"rate limit":     {graphmock.RateLimit(80008, 37), "asks to wait 37 minutes"},
		"no success":     {graphmock.Fault{Status: 200, Body: `{"success":false}`}, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a, b := newWorld(t), keyA(t), keyB(t)
			test.fault.Method = "POST"
			refused := regexp.MustCompile(`(?s)Could not (set|update) the key.*` + testNumber + `.*` + strings.ReplaceAll(test.text, " ", `\s+`))
			w.run(
				resource.TestStep{
					PreConfig:   func() { w.Script(test.fault) },
					Config:      w.config(numberWith(quote(a))),
					ExpectError: refused,
				},
				resource.TestStep{
					PreConfig: w.receivedBefore("GET GET POST"),
					Config:    w.config(numberWith(quote(a))),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						action(plancheck.ResourceActionCreate),
					}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
				},
				resource.TestStep{
					PreConfig:   w.forget(func() { w.Script(test.fault) }),
					Config:      w.config(numberWith(quote(b))),
					ExpectError: refused,
				},
				resource.TestStep{
					PreConfig:         w.receivedBefore("GET POST"),
					Config:            w.config(numberWith(quote(a))),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: []statecheck.StateCheck{w.received("GET"), w.holds(testNumber, a, "VALID")},
				},
			)
		})
	}
}

// What can't be right is said while planning: a wrong kind of ID or a bad token
// is an error, an outage is only a warning, because apply looks again.
func TestAccBusinessEncryption_errorsWhilePlanningACreate(t *testing.T) {
	t.Parallel()
	t.Run("WABA ID", func(t *testing.T) {
		t.Parallel()
		const waba = "102290129340398"
		w := newWorld(t)
		w.AddWABA(waba)
		w.run(
			resource.TestStep{
				Config:      w.config(strings.Replace(numberWith(quote(keyA(t))), testNumber, waba, 1)),
				ExpectError: regexp.MustCompile(`(?s)Could not check which key the number holds.*WhatsApp\s+Business\s+Account\s+ID.*code 100,\s+subcode 33.*fbtrace_id`),
			},
			resource.TestStep{
				PreConfig: func() {
					if err := w.expectRequests(map[string]string{waba: "GET"}); err != nil {
						t.Error(err)
					}
				},
				Config: w.config(),
			},
		)
	})
	t.Run("outage", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), keyA(t)
		tries := 1 + graph.DefaultMaxRetries
		w.Script(graphmock.Fault{Method: "GET", Times: tries, Status: 503})
		w.run(resource.TestStep{
			Config:            w.config(numberWith(quote(a))),
			ConfigStateChecks: []statecheck.StateCheck{w.received(strings.Repeat("GET ", tries) + "GET POST GET"), w.holds(testNumber, a, "VALID")},
		})
	})
}

func TestAccBusinessEncryption_import(t *testing.T) {
	t.Parallel()
	a := keyA(t)
	config := func(w *world) string { return w.config(numberWith(quote(a))) }

	t.Run("command", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{Config: config(w)},
			resource.TestStep{
				ResourceName:                         address,
				ImportState:                          true,
				ImportStateId:                        testNumber,
				ImportStateVerify:                    true,
				ImportStateVerifyIdentifierAttribute: attrPhoneNumberID,
			},
		)
		if n := w.Count("POST", ""); n != 1 {
			t.Errorf("%d POST requests", n)
		}
	})
	t.Run("block", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetKey(testNumber, graphmock.StoreTrimmed(a), "VALID")
		w.run(resource.TestStep{
			Config: config(w) + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n",
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionNoop),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				stateCheck(func() error {
					if n := w.Count("POST", ""); n != 0 {
						return fmt.Errorf("%d POST requests", n)
					}
					return nil
				}),
				value(attrPublicKey, a),
				value(attrFingerprint, fingerprintOf(t, a)),
			},
		})
	})
	t.Run("block, another key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetKey(testNumber, keyB(t), "VALID")
		w.run(resource.TestStep{
			Config: config(w) + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n",
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				action(plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{w.holds(testNumber, a, "VALID")},
		})
	})
	t.Run("identity", func(t *testing.T) {
		t.Parallel()
		if isOpenTofu {
			t.Skip("OpenTofu has no import by identity; TestImportByIdentity covers the protocol")
		}
		w := newWorld(t)
		w.SetKey(testNumber, a, "VALID")
		resource.Test(t, resource.TestCase{
			TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
			ProtoV6ProviderFactories: w.factories(),
			Steps: []resource.TestStep{{
				Config: config(w) + "import {\n  to = " + address + "\n  identity = {\n    phone_number_id = \"" + testNumber + "\"\n  }\n}\n",
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					action(plancheck.ResourceActionNoop),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectIdentity(address, map[string]knownvalue.Check{attrPhoneNumberID: knownvalue.StringExact(testNumber)}),
				},
			}},
		})
		if n := w.Count("POST", ""); n != 0 {
			t.Errorf("%d POST requests", n)
		}
	})
	t.Run("number without a key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{
				Config:      config(w) + "import {\n  to = " + address + "\n  id = \"" + testNumber + "\"\n}\n",
				ExpectError: regexp.MustCompile(`(?s)Nothing to import.*holds no key`),
			},
			resource.TestStep{PreConfig: w.receivedBefore("GET"), Config: w.config()},
		)
	})
	t.Run("phone number instead of its ID", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{
				Config:      config(w) + "import {\n  to = " + address + "\n  id = \"+49 151 23456789\"\n}\n",
				ExpectError: regexp.MustCompile(`(?s)Invalid import ID.*phone number ID`),
			},
			resource.TestStep{
				PreConfig: func() {
					if err := w.expectRequests(nil); err != nil {
						t.Error(err)
					}
				},
				Config: w.config(),
			},
		)
	})
}

// What is wrong in the configuration is said before anything is sent.
func TestAccBusinessEncryption_invalidConfiguration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ resource, text string }{
		"private key":          {numberWith(quote(fixture(t, "rsa2048_a.private_pkcs8.pem"))), `Invalid business_public_key.*private key`},
		"certificate":          {numberWith(quote(fixture(t, "certificate.pem"))), `Invalid business_public_key.*certificate`},
		"1024 bits":            {numberWith(quote(fixture(t, "rsa1024.spki.pem"))), `1024`},
		"EC key":               {numberWith(quote(fixture(t, "ec.spki.pem"))), `RSA`},
		"literal newlines":     {numberWith(quote(strings.ReplaceAll(keyA(t), "\n", `\n`))), `replace\(`},
		"two keys":             {numberWith(quote(keyA(t) + keyB(t))), `Invalid business_public_key`},
		"empty":                {numberWith(`""`), `Invalid business_public_key`},
		"phone number":         {strings.Replace(numberWith(quote(keyA(t))), testNumber, "+4915123456789", 1), `phone number ID`},
		"timeout not a time":   {numberWith(quote(keyA(t)), `timeouts = { create = "soon" }`), `duration`},
		"timeout of zero":      {numberWith(quote(keyA(t)), `timeouts = { read = "0s" }`), `duration greater than zero`},
		"no key":               {numberWith("null"), `business_public_key`},
		"overwrite not a bool": {numberWith(quote(keyA(t)), `allow_overwrite = "perhaps"`), `allow_overwrite`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run(
				resource.TestStep{
					Config:      w.config(test.resource),
					ExpectError: regexp.MustCompile("(?s)" + strings.ReplaceAll(test.text, " ", `\s+`)),
				},
				resource.TestStep{
					PreConfig: func() {
						if err := w.expectRequests(nil); err != nil {
							t.Error(err)
						}
					},
					Config: w.config(),
				},
			)
		})
	}
}

func TestAccBusinessEncryption_timeout(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), keyA(t)
	w.run(
		resource.TestStep{
			PreConfig:   func() { w.Script(graphmock.Fault{Method: "POST", Delay: time.Minute}) },
			Config:      w.config(numberWith(quote(a), `timeouts = { create = "50ms" }`)),
			ExpectError: regexp.MustCompile(`(?s)Could not set the key.*interrupted`),
		},
		resource.TestStep{
			PreConfig:         w.forget(),
			Config:            w.config(numberWith(quote(a), `timeouts = { create = "1m", update = "1m", read = "30s" }`)),
			ConfigStateChecks: []statecheck.StateCheck{w.received("GET GET POST GET"), w.holds(testNumber, a, "VALID")},
		},
	)
}
