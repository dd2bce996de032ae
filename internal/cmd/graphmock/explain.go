// SPDX-License-Identifier: MPL-2.0

package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// explain is what the program prints when it has started.
func explain(url, caFile, token, secret, id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The mock Graph API listens on %s. It keeps everything in memory.\n\n", url)
	b.WriteString("In the shell that runs Terraform:\n")
	fmt.Fprintf(&b, "  export WHATSAPP_BASE_URL=%s\n", url)
	if caFile != "" {
		fmt.Fprintf(&b, "  export SSL_CERT_FILE=%s\n", quote(caFile))
	}
	fmt.Fprintf(&b, "  export WHATSAPP_ACCESS_TOKEN=%s\n", quote(token))
	if secret != "" {
		fmt.Fprintf(&b, "  export WHATSAPP_APP_SECRET=%s\n", quote(secret))
	}
	commands(&b, url, id)
	b.WriteString("\nMake another key, as public.pem:\n  openssl genrsa -out private.pem 2048 && openssl rsa -in private.pem -pubout -out public.pem\n")
	b.WriteString("\ngraphmock -help lists the faults. Ctrl-C stops the server.\n")
	return b.String()
}

func commands(w io.Writer, url, id string) {
	for _, c := range graphmock.Commands() {
		_, _ = fmt.Fprintf(w, "\n%s:\n  %s\n", c.Does, c.Curl(url, id))
	}
}

// usage is what -help prints.
func usage(flags *flag.FlagSet) {
	w := flags.Output()
	_, _ = io.WriteString(w, `Usage: graphmock [flags]

Graphmock is a mock of the part of Meta's Graph API that handles the encryption
keys of WhatsApp Flows. It keeps the state of each phone number in memory.

Flags:
`)
	flags.PrintDefaults()
	_, _ = io.WriteString(w, "\nFaults that disturb requests, for -fault and for the command \"Play a fault\":\n")
	for _, p := range graphmock.Presets() {
		if p.Requests {
			preset(w, p)
		}
	}
	_, _ = io.WriteString(w, "\n  All of these also have the following settings, unless they are listed above:\n")
	settings(w, graphmock.RequestSettings())
	_, _ = io.WriteString(w, "\nFaults that last until they are ended:\n")
	for _, p := range graphmock.Presets() {
		if !p.Requests {
			preset(w, p)
		}
	}
	_, _ = io.WriteString(w, "\nCommands, at the address that the program prints when it starts:\n")
	commands(w, "http://127.0.0.1:PORT", "ID")
}

func preset(w io.Writer, p graphmock.Preset) {
	_, _ = fmt.Fprintf(w, "\n  %s: %s\n", p.Name, p.Does)
	settings(w, p.Settings)
}

func settings(w io.Writer, all []graphmock.Setting) {
	for _, s := range all {
		_, _ = fmt.Fprintf(w, "    %-20s %s\n", s.Name+"="+s.Default, s.Means)
	}
}

// quote makes v one word of a POSIX shell.
func quote(v string) string {
	if strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./") == "" {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
}
