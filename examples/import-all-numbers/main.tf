# Takes over every number of an account that already holds a key, with that key.
# Nothing is uploaded: the first apply only imports.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source = "wa-flows/whatsapp"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

variable "business_public_key" {
  description = "The public key of the endpoint. Leave it unset for the import. Set it afterwards, so that the plan shows the numbers with a different key."
  type        = string
  default     = null
}

data "whatsapp_phone_numbers" "all" {
  waba_id = "102290129340398"
}

data "whatsapp_business_encryption" "stored" {
  for_each = toset([
    for number in data.whatsapp_phone_numbers.all.phone_numbers : number.id
    if number.platform_type == "CLOUD_API"
  ])

  phone_number_id = each.value
}

# The numbers that hold a key. The others cannot be imported.
locals {
  stored_keys = {
    for id, stored in data.whatsapp_business_encryption.stored : id => stored.business_public_key
    if stored.business_public_key != null
  }
}

import {
  for_each = local.stored_keys

  to = whatsapp_business_encryption.flows[each.key]
  id = each.key
}

resource "whatsapp_business_encryption" "flows" {
  for_each = local.stored_keys

  phone_number_id     = each.key
  business_public_key = coalesce(var.business_public_key, each.value)
}
