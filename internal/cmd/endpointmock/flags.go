// SPDX-License-Identifier: MPL-2.0

package main

import (
	"crypto/rsa"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

// settings are what the flags say.
type settings struct {
	options endpointmock.Options
	keys    []*rsa.PrivateKey
	late    []lateKey
	listen  string
	caOut   string
}

type lateKey struct {
	after time.Duration
	key   *rsa.PrivateKey
}

// parse reads the flags, and the files and the variable that they name.
func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{options: endpointmock.Options{Behaviour: endpointmock.Normal, Control: true}}
	var keys, late []string
	var secretEnv string
	flags := flag.NewFlagSet("endpointmock", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and not all of the usage
	flags.Func("key", "`file` with a private key in PEM; may be repeated", collect(&keys))
	flags.Func("key-after", "`duration=file` of a private key that arrives later, such as 30s=new.pem; may be repeated", collect(&late))
	flags.StringVar(&secretEnv, "app-secret-env", "", "`name` of an environment variable with the app secret; without it, the signature is not checked")
	flags.Func("behaviour", "`name` of what the endpoint does, from the list below (default normal)", func(name string) (err error) {
		s.options.Behaviour, err = endpointmock.ParseBehaviour(name)
		return err
	})
	flags.IntVar(&s.options.Instances, "fleet", 1, "`number` of instances, to which connections are assigned in turn")
	flags.IntVar(&s.options.Lacking, "lacking", 0, "`number` of instances, from the last, that do not have the last -key")
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 takes a free one")
	flags.Func("tls", "`certificate` for TLS: "+names(endpointmock.Certificates()), func(name string) error {
		s.options.Certificate = endpointmock.Certificate(name)
		if !slices.Contains(endpointmock.Certificates(), s.options.Certificate) {
			return errors.New("it is one of " + names(endpointmock.Certificates()))
		}
		return nil
	})
	flags.StringVar(&s.caOut, "ca-out", "", "`file` to write the certificate authority to, for clients to trust; with -tls")
	flags.DurationVar(&s.options.Delay, "delay", endpointmock.DefaultDelay, "how long the behaviour slow takes")
	flags.DurationVar(&s.options.Interval, "interval", endpointmock.DefaultInterval, "the pause of the behaviour drip")

	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		usage(flags, stderr)
	}
	if err != nil {
		return settings{}, err
	}
	// The flag package quotes a value that it refuses. These could be secrets, given
	// where the name of a file or a variable belongs.
	for _, file := range keys {
		key, err := readKey(file)
		if err != nil {
			return settings{}, fmt.Errorf("-key: %w", err)
		}
		s.keys = append(s.keys, key)
	}
	for _, v := range late {
		l, err := parseLate(v)
		if err != nil {
			return settings{}, fmt.Errorf("-key-after: %w", err)
		}
		s.late = append(s.late, l)
	}
	if secretEnv != "" {
		if s.options.AppSecret = os.Getenv(secretEnv); s.options.AppSecret == "" {
			return settings{}, errors.New("-app-secret-env: no environment variable of this name is set")
		}
	}
	return s, s.check(flags.NArg())
}

func collect(to *[]string) func(string) error {
	return func(v string) error {
		*to = append(*to, v)
		return nil
	}
}

func (s settings) check(rest int) error {
	o := s.options
	switch {
	case rest > 0:
		return errors.New("there are arguments that belong to no flag")
	case o.Instances < 1:
		return errors.New("-fleet must be at least 1")
	case o.Lacking < 0 || o.Lacking > o.Instances:
		return fmt.Errorf("-lacking must be between 0 and %d", o.Instances)
	case o.Lacking > 0 && len(s.keys) == 0:
		return errors.New("-lacking needs a -key that instances can lack")
	case s.caOut != "" && o.Certificate == endpointmock.NoTLS:
		return errors.New("-ca-out needs -tls")
	case o.Delay <= 0 || o.Interval <= 0:
		return errors.New("-delay and -interval must be positive")
	}
	return nil
}

func parseLate(v string) (lateKey, error) {
	duration, file, _ := strings.Cut(v, "=")
	after, err := time.ParseDuration(duration)
	if err != nil || after < 0 || file == "" {
		return lateKey{}, errors.New("write it like 30s=new.pem")
	}
	key, err := readKey(file)
	return lateKey{after, key}, err
}

func readKey(file string) (*rsa.PrivateKey, error) {
	// The errors of the operating system quote the name.
	if len(file) > 255 || strings.ContainsAny(file, "\r\n") {
		return nil, errors.New("give the name of a file, not the key itself")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return endpointmock.ParsePrivateKey(text)
}

func usage(flags *flag.FlagSet, w io.Writer) {
	_, _ = fmt.Fprint(w, "Usage: endpointmock [-key private.pem] [flags]\n\nIt serves a WhatsApp Flows endpoint for tests, on every path, until Ctrl-C. Without\n-key, it can decrypt nothing until a private key is added.\n\n")
	flags.SetOutput(w)
	flags.PrintDefaults()
	_, _ = fmt.Fprint(w, "\nThe behaviours:\n\n")
	for _, b := range endpointmock.Behaviours() {
		_, _ = fmt.Fprintf(w, "  %-22s %s\n", b, b.Description())
	}
}

func names[T ~string](values []T) string {
	texts := make([]string, 0, len(values))
	for _, v := range values {
		texts = append(texts, string(v))
	}
	return strings.Join(texts, ", ")
}
