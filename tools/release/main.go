// SPDX-License-Identifier: MPL-2.0

// Command release checks the files of a release before it is published: a version
// in a registry can never be replaced.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

const usage = `Usage: release COMMAND [flags]

  tag       check that a tag is the version on top of CHANGELOG.md, and print its release notes
  verify    check the files of a release
  install   install the provider from the archives of a release, and plan
  rehearse  make a release of the working tree, twice, and run the checks above
  extra     write what is published next to the files for the registries

"release COMMAND -help" lists the flags. All run in the root of the repository, except extra.
`

// command is a subcommand of this program.
type command func(ctx context.Context, args []string, out io.Writer) error

var commands = map[string]command{
	"tag":      tag,
	"verify":   verify,
	"install":  install,
	"rehearse": rehearse,
	"extra":    extra,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("a command is needed")
	}
	return commands[args[0]](ctx, args[1:], out)
}

// parse reads the flags of a command, which takes exactly as many arguments.
func parse(flags *flag.FlagSet, args []string, arguments int) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != arguments {
		return fmt.Errorf("%s takes %d arguments besides the flags, not %d", flags.Name(), arguments, flags.NArg())
	}
	return nil
}
