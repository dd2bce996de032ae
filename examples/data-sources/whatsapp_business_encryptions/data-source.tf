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

data "whatsapp_business_encryptions" "all" {
  waba_id = "102290129340398"
}

locals {
  # With the key of the endpoint, and a valid signature. A number that could not
  # be read has neither.
  ready = [
    for number in data.whatsapp_business_encryptions.all.phone_numbers : number.id
    if number.business_public_key_fingerprint == provider::whatsapp::public_key_fingerprint(file("${path.module}/public.pem"))
    && number.business_public_key_signature_status == "VALID"
  ]
}

# Warns in every plan, and names the numbers.
check "numbers" {
  assert {
    condition = length(local.ready) == length(data.whatsapp_business_encryptions.all.phone_numbers)
    error_message = "Not ready for Flows: ${join(", ", [
      for number in data.whatsapp_business_encryptions.all.phone_numbers :
      number.error == null ? number.id : "${number.id} (could not be read)"
      if !contains(local.ready, number.id)
    ])}."
  }
}
