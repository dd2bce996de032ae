terraform {
  required_version = ">= 1.12"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

# Once: delete this block after the first apply.
import {
  to = whatsapp_business_encryption.support
  identity = {
    phone_number_id = "106540352242922"
  }
}

resource "whatsapp_business_encryption" "support" {
  phone_number_id     = "106540352242922"
  business_public_key = file("${path.module}/public.pem")
}
