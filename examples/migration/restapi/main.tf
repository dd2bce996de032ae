# Takes a number over from restapi_object, without an upload.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
    restapi = {
      source  = "Mastercard/restapi"
      version = ">= 1.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

# As it was before.
provider "restapi" {
  uri = "https://graph.facebook.com"
}

# Once: delete the blocks "removed" and "import" after the first apply, and all
# that is said of the provider "restapi" with them.
removed {
  from = restapi_object.encryption_key

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
