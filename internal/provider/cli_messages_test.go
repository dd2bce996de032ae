// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// cliMessage is a message that is not the provider's own: Terraform, OpenTofu or
// the framework words it.
type cliMessage struct {
	message
	openTofu string            // what OpenTofu prints, where that is another summary
	happens  map[string]string // configurations that lead to it
}

// cliMessages are those that users meet early, in this order.
func cliMessages() []cliMessage {
	const (
		missing     = "Missing Attribute Configuration"
		combination = "Invalid Attribute Combination"
		match       = "Invalid Attribute Value Match"
	)
	key := "business_public_key = \"-----BEGIN PUBLIC KEY-----\""
	number := func(lines ...string) string {
		return "resource \"whatsapp_business_encryption\" \"flows\" {\n  phone_number_id = \"106540352242922\"\n  " + strings.Join(lines, "\n  ") + "\n}\n"
	}
	return []cliMessage{
		{
			message: message{"Missing required argument", "An argument without which the block makes no sense is not there, such as `phone_number_id`.", "Add it."},
			happens: map[string]string{"no number": "resource \"whatsapp_business_encryption\" \"flows\" {\n  " + key + "\n}\n"},
		},
		{
			message: message{missing, "None of the arguments that the message lists has a value: `business_public_key` and `business_public_key_wo`, or, for `whatsapp_flow_endpoint`, `phone_number_id` and `business_public_key`. One that is `null` counts as not set.", "Set exactly one of them."},
			happens: map[string]string{
				"no key":              number(),
				"null":                number("business_public_key = null"),
				"neither of the data": "data \"whatsapp_flow_endpoint\" \"flows\" {\n  endpoint_uri = \"https://flows.example.com\"\n}\n",
			},
		},
		{
			message: message{combination, "Both of the arguments that the message lists are set, or `business_public_key_wo_version` is set without `business_public_key_wo`.", "Keep one of the two, or set the one that is missing."},
			happens: map[string]string{
				"both keys":                 number(key, "business_public_key_wo = \"x\""),
				"a version without its key": number(key, "business_public_key_wo_version = 1"),
			},
		},
		{
			message: message{match, "An ID is something else than digits, such as a phone number with `+` and blanks, or `inconclusive` is neither `error` nor `warning`.", "Use the ID that the app dashboard shows under WhatsApp > API Setup, or one of the two words."},
			happens: map[string]string{
				"phone number": strings.Replace(number(key), "106540352242922", "+49 170 1234567", 1),
				"account":      "data \"whatsapp_phone_numbers\" \"all\" {\n  waba_id = \"my account\"\n}\n",
				"inconclusive": number(key, "endpoint_check = { endpoint_uris = [\"https://flows.example.com\"], inconclusive = \"ignore\" }"),
			},
		},
		{
			message: message{"Invalid Attribute Value", "The list `endpoint_uris` is empty.", "Name the endpoints, or leave out `endpoint_check`."},
			happens: map[string]string{"no endpoint": number(key, "endpoint_check = { endpoint_uris = [] }")},
		},
		{
			message: message{"Invalid function argument", "`public_key` or `public_key_fingerprint` cannot use what it was given. The message says why.", "Follow the message: see [Keys that are refused](#keys-that-are-refused)."},
			happens: map[string]string{
				"not a key": number("business_public_key = provider::whatsapp::public_key(\"x\")"),
				"null":      number("business_public_key = provider::whatsapp::public_key(null)"),
			},
		},
		{
			message:  message{"Invalid use of ephemeral value", "`business_public_key` was given a value that comes from an ephemeral resource or variable, which must not be in the state. OpenTofu says `Ephemeral value used in non-ephemeral context`.", "Use `business_public_key_wo`."},
			openTofu: "Ephemeral value used in non-ephemeral context",
			happens:  map[string]string{"a key": "variable \"key\" {\n  default   = \"x\"\n  ephemeral = true\n}\n" + number("business_public_key = var.key")},
		},
		{
			message: message{"Invalid Configuration for Read-Only Attribute", "The configuration sets an attribute that only the provider sets, such as `business_public_key_fingerprint`.", "Remove the line."},
			happens: map[string]string{"fingerprint": number(key, "business_public_key_fingerprint = \"x\"")},
		},
		{
			message: message{"Unsupported block type", "`timeouts` and `endpoint_check` are arguments here, and were written as blocks.", "Write an equals sign: `timeouts = { … }`."},
			happens: map[string]string{
				"timeouts":       number(key, "timeouts {}"),
				"endpoint_check": number(key, "endpoint_check {}"),
			},
		},
	}
}

// Each message is printed where the guide says so.
func TestCLI_messagesOfTheCLI(t *testing.T) {
	t.Parallel()
	for _, m := range cliMessages() {
		want := m.summary
		if isOpenTofu && m.openTofu != "" {
			want = m.openTofu
		}
		for name, config := range m.happens {
			t.Run(want+", "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				c := w.cli(requiredProviders + config)
				if printed, err := c.run("plan"); err == nil || !strings.Contains(printed, "Error: "+want+"\n") {
					t.Errorf("%v\n%s", err, printed)
				}
				w.mustHaveSent(nil)
			})
		}
	}
}

// Two messages that the configuration alone does not cause.
const (
	noProvider  = "Failed to query available provider packages"
	noWriteOnly = "WriteOnly Attribute Not Allowed"
)

// Without required_providers, the CLI looks for a provider of hashicorp.
func TestCLI_noRequiredProviders(t *testing.T) {
	t.Parallel()
	c := newWorld(t).cli("")
	c.write("main.tf", numberWith(quote(keyA(t))))
	empty := t.TempDir()
	config := filepath.Join(empty, "cli.tfrc")
	if err := os.WriteFile(config, []byte("provider_installation {\n  filesystem_mirror {\n    path = "+quote(empty)+"\n  }\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.environment["TF_CLI_CONFIG_FILE"] = config
	printed, err := c.run("init")
	if err == nil || !strings.Contains(printed, noProvider) || !strings.Contains(inOneLine(printed), "hashicorp/whatsapp") {
		t.Errorf("%v\n%s", err, printed)
	}
}

// The configuration of the guide avoids the error, and without the version it has
// it. What the guide says of the error is what Terraform says.
func TestCLI_inconsistentFinalPlan(t *testing.T) {
	t.Parallel()
	_, config, _ := strings.Cut(inconsistentFinalPlan, "```terraform\n")
	config, _, _ = strings.Cut(config, "```\n")
	w := newWorld(t)
	c := w.cli(requiredProviders + config)
	c.apply()
	first, _ := w.Key(testNumber)
	c.mustRun("plan", "-detailed-exitcode")

	lines := slices.DeleteFunc(strings.Split(config, "\n"), func(line string) bool { return strings.Contains(line, attrPublicKeyWOVer) })
	c.write("main.tf", requiredProviders+strings.Join(lines, "\n"))
	w.ResetRequests()
	printed, err := c.run("apply", "-auto-approve")
	if err == nil || !strings.Contains(printed, "Error: Provider produced inconsistent final plan\n") || !strings.Contains(inOneLine(printed), "This is a bug in the provider") {
		t.Errorf("%v\n%s", err, printed)
	}
	if n := w.Count("POST", ""); n != 0 {
		t.Errorf("%d keys were uploaded", n)
	}
	if now, _ := w.Key(testNumber); now != first {
		t.Error("the number has another key")
	}
	if config, err := os.ReadFile("../../templates/guides/troubleshooting.md"); err != nil || !strings.Contains(string(config), inconsistentFinalPlan) {
		t.Errorf("the guide does not have the section: %v", err)
	}
}

// A CLI that does not know write-only arguments is refused one.
func TestWriteOnlyNeedsANewerCLI(t *testing.T) {
	t.Parallel()
	p := newWorld(t).protocol()
	resp, err := p.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: resourceType,
		Config:   p.values(map[string]tftypes.Value{attrPhoneNumberID: text(testNumber), attrPublicKeyWO: text(keyA(t))}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != noWriteOnly {
		t.Errorf("%+v", resp.Diagnostics)
	}
}
