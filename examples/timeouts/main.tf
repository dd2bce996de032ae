# Waits for a rate limit of the Graph API instead of failing.

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
provider "whatsapp" {
  max_retries    = 20
  retry_max_wait = "60m"
}

resource "whatsapp_business_encryption" "support" {
  phone_number_id     = "106540352242922"
  business_public_key = file("${path.module}/public.pem")

  # An attribute, not a block. It limits all that an operation does, waits and
  # retries included.
  timeouts = {
    create = "2h"
    read   = "2h"
    update = "2h"
  }
}
