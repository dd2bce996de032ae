// This module takes the place of Terraform's state backends, for the reason in
// ../go.mod. Its path is that of their folder in Terraform's repository: Terraform
// imports them by it, and only below it may they import an internal package.
module github.com/hashicorp/terraform/internal/backend/remote-state

go 1.26.4
