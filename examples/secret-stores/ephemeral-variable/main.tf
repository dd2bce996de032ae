# The pipeline passes the private key in, as TF_VAR_private_key_pem.

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

variable "private_key_pem" {
  type      = string
  ephemeral = true
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id        = "106540352242922"
  business_public_key_wo = provider::whatsapp::public_key(var.private_key_pem)
}
