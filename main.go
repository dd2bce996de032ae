// SPDX-License-Identifier: MPL-2.0

// The provider as the plugin that Terraform and OpenTofu start.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/provider"
)

const address = "registry.terraform.io/wa-flows/whatsapp"

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger, and print how Terraform reaches this process")
	flag.Parse()

	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: address,
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
