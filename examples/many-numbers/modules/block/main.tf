terraform {
  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
  }
}

variable "phone_number_ids" {
  type = set(string)
}

variable "business_public_key" {
  description = "The public key of the endpoint."
  type        = string
}

resource "whatsapp_business_encryption" "flows" {
  for_each = var.phone_number_ids

  phone_number_id     = each.value
  business_public_key = var.business_public_key

  timeouts = {
    create = "24h"
    read   = "24h"
    update = "24h"
  }
}
