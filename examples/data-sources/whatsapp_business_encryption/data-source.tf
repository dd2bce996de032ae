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

data "whatsapp_business_encryption" "support" {
  phone_number_id = "106540352242922"
}

# Warns in every plan when the number has no key or that of another endpoint, or
# when WhatsApp's signature no longer matches the key.
check "support" {
  assert {
    condition     = data.whatsapp_business_encryption.support.business_public_key_fingerprint == provider::whatsapp::public_key_fingerprint(file("${path.module}/public.pem"))
    error_message = "The support number holds no key, or one that the endpoint cannot decrypt for."
  }

  assert {
    condition     = data.whatsapp_business_encryption.support.business_public_key_signature_status == "VALID"
    error_message = "The key on the support number has to be uploaded again, so that WhatsApp signs it."
  }
}
