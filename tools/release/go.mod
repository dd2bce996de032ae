// The checks of a release are a module of their own, so that the provider's go.mod
// does not have what only they need. Its path lets it import the mock server.
module github.com/wa-flows/terraform-provider-whatsapp/tools/release

go 1.26.0

require (
	github.com/ProtonMail/go-crypto v1.5.2
	github.com/hashicorp/go-version v1.9.0
	github.com/wa-flows/terraform-provider-whatsapp v0.0.0
	go.yaml.in/yaml/v3 v3.0.6
)

require (
	github.com/cloudflare/circl v1.6.3 // indirect
	golang.org/x/crypto v0.59.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace github.com/wa-flows/terraform-provider-whatsapp => ../..
