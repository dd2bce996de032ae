// SPDX-License-Identifier: MPL-2.0

// Command graphmock serves the mock Graph API on a loopback port, for trying the
// provider without a WhatsApp account.
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

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

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

// run serves until ctx ends and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var numbers numbersFlag
	flags := flag.NewFlagSet("graphmock", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:0", "loopback address to listen on; port 0 takes a free one")
	token := flags.String("token", "", "the access token to accept (default: any)")
	secret := flags.String("app-secret", "", "demand an appsecret_proof made with this app secret")
	oldest := flags.String("oldest", "", "oldest usable API version, such as v21.0")
	newest := flags.String("newest", "", "newest API version, such as v26.0")
	flags.Var(&numbers, "number", "phone number ID to serve, or ID:WABA; may be repeated (default 106540352242922)")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "unexpected argument %q\n", flags.Arg(0))
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
	})
	for _, n := range numbers {
		s.AddNumber(n)
	}
	if err := s.Start(*addr); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	defer s.Close()

	if *token == "" {
		*token = "any-token-will-do"
	}
	_, _ = io.WriteString(stdout, explain(s.URL(), *token, *secret, numbers[0].ID))
	<-ctx.Done()
	_, _ = fmt.Fprintln(stdout, "Stopped.")
	return 0
}

func explain(url, token, secret, id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The mock Graph API listens on %s. It keeps everything in memory.\n\n", url)
	b.WriteString("In the shell that runs Terraform:\n")
	fmt.Fprintf(&b, "  export WHATSAPP_BASE_URL=%s\n", url)
	fmt.Fprintf(&b, "  export WHATSAPP_ACCESS_TOKEN=%s\n", quote(token))
	if secret != "" {
		fmt.Fprintf(&b, "  export WHATSAPP_APP_SECRET=%s\n", quote(secret))
	}
	control := url + "/_mock/"
	for _, c := range []struct{ what, curl string }{
		{"What was requested", control + "requests"},
		{"What the numbers hold", control + "numbers"},
		{"Register a number again, so that its signature becomes MISMATCH", "-X POST " + control + "numbers/" + id + "/reregister"},
		{"Take a number's registration away", "-X POST " + control + "numbers/" + id + "/deregister"},
		{
			"Put another key there, unchecked (status: VALID unless given)",
			"--data-urlencode business_public_key@public.pem -d status=VALID " + control + "numbers/" + id + "/key",
		},
		{"Take the key away", "-X DELETE " + control + "numbers/" + id + "/key"},
		{"Forget requests and keys", "-X POST " + control + "reset"},
	} {
		fmt.Fprintf(&b, "\n%s:\n  curl -s %s\n", c.what, c.curl)
	}
	b.WriteString("\nCtrl-C stops it.\n")
	return b.String()
}

// quote makes v one word of a POSIX shell.
func quote(v string) string {
	if strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == "" {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
}
