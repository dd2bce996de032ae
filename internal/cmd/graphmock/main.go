// SPDX-License-Identifier: MPL-2.0

// Command graphmock serves the mock Graph API on a loopback port, for trying the
// provider, and testing configurations that use it, without a WhatsApp account.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// version is set by the release build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// numbersFlag collects repeated -number ID or ID:WABA.
type numbersFlag []graphmock.Number

func (f *numbersFlag) String() string { return "" }

func (f *numbersFlag) Set(v string) error {
	id, waba, _ := strings.Cut(v, ":")
	for _, s := range []string{id, waba} {
		if strings.Trim(s, "0123456789") != "" {
			return errors.New("IDs are digits: ID or ID:WABA")
		}
	}
	if id == "" {
		return errors.New("the ID is missing")
	}
	*f = append(*f, graphmock.Number{ID: id, WABAID: waba})
	return nil
}

// faultsFlag collects repeated -fault NAME,SETTING=VALUE.
type faultsFlag []string

func (f *faultsFlag) String() string { return "" }

func (f *faultsFlag) Set(v string) error {
	*f = append(*f, v)
	return nil
}

// run serves until ctx ends and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var numbers numbersFlag
	var faults faultsFlag
	flags := flag.NewFlagSet("graphmock", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { usage(flags) }
	// The provider sends its token without TLS to a loopback address only, so the
	// server would be of no use elsewhere.
	listen := flags.String("listen", "127.0.0.1:0", "loopback `address` to listen on, such as 127.0.0.1:8080; port 0 takes a free one")
	token := flags.String("token", "", "the access token to accept (default any)")
	secret := flags.String("app-secret", "", "demand an appsecret_proof made with this app `secret`")
	oldest := flags.String("oldest", "", "oldest usable API `version`, such as v21.0")
	newest := flags.String("newest", "", "newest API `version`, such as v26.0")
	caFile := flags.String("tls", "", "serve https with HTTP/2, and write the certificate of the CA to this `file`, for SSL_CERT_FILE (default http)")
	http1 := flags.Bool("http1", false, "with -tls, speak HTTP/1.1 only")
	flags.Var(&numbers, "number", "phone number `ID` to serve, or ID:WABA; may be repeated (default 106540352242922)")
	flags.Var(&faults, "fault", "`fault` to play from the start, as NAME or NAME,SETTING=VALUE,...; may be repeated")
	showVersion := flags.Bool("version", false, "print the version")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if *showVersion {
		_, _ = fmt.Fprintln(stdout, "graphmock", version)
		return 0
	}
	if flags.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	if *http1 && *caFile == "" {
		_, _ = fmt.Fprintln(stderr, "-http1 needs -tls")
		return 2
	}
	for _, v := range []string{*oldest, *newest} {
		if v != "" && !graphmock.ValidVersion(v) {
			_, _ = fmt.Fprintf(stderr, "version %q does not look like v25.0\n", v)
			return 2
		}
	}
	if len(numbers) == 0 {
		numbers = numbersFlag{{ID: "106540352242922"}}
	}

	s := graphmock.NewUnstartedServer(graphmock.Options{
		Token: *token, AppSecret: *secret, OldestVersion: *oldest, NewestVersion: *newest, Control: true,
		TLS: *caFile != "", HTTP1: *http1,
	})
	for _, n := range numbers {
		s.AddNumber(n)
	}
	for _, f := range faults {
		if err := s.Play(f); err != nil {
			_, _ = fmt.Fprintln(stderr, err)
			return 2
		}
	}
	if *caFile != "" {
		var err error
		if *caFile, err = filepath.Abs(*caFile); err == nil {
			err = os.WriteFile(*caFile, []byte(graphmock.CertificateAuthority()), 0o600)
		}
		if err != nil {
			_, _ = fmt.Fprintln(stderr, err)
			return 1
		}
	}
	if err := s.Start(*listen); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	defer s.Close()

	if *token == "" {
		*token = "any-token-will-do"
	}
	_, _ = io.WriteString(stdout, explain(s.URL(), *caFile, *token, *secret, numbers[0].ID))
	<-ctx.Done()
	_, _ = fmt.Fprintln(stdout, "Stopped.")
	return 0
}
