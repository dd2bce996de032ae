# Takes a number over from terracurl_request, without an upload.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
    terracurl = {
      source  = "devops-rob/terracurl"
      version = ">= 1.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

# Once: delete the blocks "removed" and "import" after the first apply, and all
# that is said of the provider "terracurl" with them.
removed {
  from = terracurl_request.encryption_key

  lifecycle {
    destroy = false
  }
}

import {
  to = whatsapp_business_encryption.support
  id = "106540352242922"
}

resource "whatsapp_business_encryption" "support" {
  phone_number_id     = "106540352242922"
  business_public_key = file("${path.module}/public.pem")
}
