// SPDX-License-Identifier: MPL-2.0

// Command endpointmock serves a WhatsApp Flows endpoint on a loopback port, for trying
// what asks an endpoint without having one. It can misbehave in every way that
// package endpointmock knows.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run serves until ctx ends or the endpoint itself does, and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "%v\n-help lists all flags.\n", err)
		return 2
	}
	server := endpointmock.NewUnstartedServer(s.options, s.keys...)
	for _, late := range s.late {
		server.KeyAfter(late.after, late.key)
	}
	if err := server.Start(s.listen); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	defer server.Close()
	if s.caOut != "" {
		if err := os.WriteFile(s.caOut, []byte(server.CA()), 0o600); err != nil {
			_, _ = fmt.Fprintln(stderr, err)
			return 1
		}
	}

	_, _ = io.WriteString(stdout, explain(server, s))
	select {
	case <-server.Done():
		_, _ = fmt.Fprintln(stderr, "A request has ended the process, as one does with this behaviour. Start the program again.")
		return 1
	case <-ctx.Done():
		_, _ = fmt.Fprintln(stdout, "Stopped.")
		return 0
	}
}

func explain(server *endpointmock.Server, s settings) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The endpoint listens on %s. It keeps everything in memory.\n", server.URL())
	if s.options.AppSecret == "" {
		b.WriteString("It does not check the signature of requests.\n")
	} else {
		b.WriteString("It checks the signature of requests with the app secret.\n")
	}
	fmt.Fprintf(&b, "\nIn the configuration:\n  endpoint_uris = [%q]\n", server.URL())
	for _, i := range server.Instances() {
		fmt.Fprintf(&b, "\nInstance %d: %s: %s\n", i.Number, i.Behaviour, i.Behaviour.Description())
		for _, fingerprint := range i.Keys {
			fmt.Fprintf(&b, "  has the private key of %s\n", fingerprint)
		}
		if len(i.Keys) == 0 {
			b.WriteString("  has no private key\n")
		}
	}
	for _, late := range s.late {
		fmt.Fprintf(&b, "\nIn %s, all get the private key of %s.\n", late.after, endpointmock.Fingerprint(&late.key.PublicKey))
	}
	for _, c := range server.ControlCommands() {
		fmt.Fprintf(&b, "\n%s:\n  %s\n", c.Description, c.Curl)
	}
	b.WriteString("\nCtrl-C stops it.\n")
	return b.String()
}
