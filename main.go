// SPDX-License-Identifier: MPL-2.0

// The provider as the plugin that Terraform and OpenTofu start.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/provider"
)

const address = "registry.terraform.io/wa-flows/whatsapp"

// version is set by the release build.
var version = "dev"

func main() {
	wait := flag.Bool("debug", false, "wait for a debugger, and print how Terraform reaches this process")
	showVersion := flag.Bool("version", false, "print the version")
	flag.Parse()
	if *showVersion {
		fmt.Fprintln(os.Stdout, "terraform-provider-whatsapp", version)
		return
	}
	if os.Getenv("GOGC") == "" {
		// With Go's default, nearly a fifth of what the provider costs is the
		// collection of garbage, for the sake of a few MiB.
		debug.SetGCPercent(200)
	}
	if !*wait {
		silenceUnreadLogs()
	}

	var options []tf6server.ServeOpt
	if *wait {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := tf6server.Serve(address, provider.NewServer(version), options...); err != nil {
		log.Fatal(err)
	}
}

// silenceUnreadLogs switches the logs of this process off when the CLI would
// throw them away. The framework logs every step at TRACE, the CLI decides what
// is shown, and by default that is nothing: writing and reading those lines is
// a fifth of what a plan costs. With TF_LOG or TF_LOG_PROVIDER, and with a level
// of its own, each log is as it was.
func silenceUnreadLogs() {
	if os.Getenv("TF_LOG") != "" || os.Getenv("TF_LOG_PROVIDER") != "" {
		return
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_WHATSAPP"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, "OFF")
		}
	}
}
