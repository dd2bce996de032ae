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

variable "phone_number_ids" {
  description = "The numbers whose key WhatsApp is to sign again."
  type        = set(string)
  default     = ["106540352242922"]
}

data "whatsapp_business_encryption" "now" {
  for_each = var.phone_number_ids

  phone_number_id = each.value

  lifecycle {
    postcondition {
      condition     = self.business_public_key != null
      error_message = "The number ${self.phone_number_id} holds no key, so there is none to sign again."
    }
  }
}

# A create uploads the key that is on the number, and WhatsApp signs it again.
resource "whatsapp_business_encryption" "again" {
  for_each = var.phone_number_ids

  phone_number_id     = each.value
  business_public_key = data.whatsapp_business_encryption.now[each.key].business_public_key
}
