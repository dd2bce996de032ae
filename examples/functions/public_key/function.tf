terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

variable "passphrase" {
  description = "The passphrase that private.pem is encrypted with."
  type        = string
  sensitive   = true
}

resource "whatsapp_business_encryption" "support" {
  phone_number_id = "106540352242922"

  # The result is sensitive because the passphrase is. A public key is not a
  # secret, and a plan that shows it can be reviewed.
  business_public_key = nonsensitive(provider::whatsapp::public_key(file("${path.module}/private.pem"), var.passphrase))
}
