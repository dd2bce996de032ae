# Every number of an account gets the key of the endpoint. import.tf takes over
# the numbers that already hold a key.

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

variable "without_flows" {
  description = "The phone number IDs of the account that get no key."
  type        = set(string)
  default     = []
}

data "whatsapp_phone_numbers" "all" {
  waba_id = "102290129340398"
}

# The IDs decide which numbers are managed, never what the numbers hold: a number
# whose key is deleted has to stay here, so that the next plan sets its key again.
locals {
  phone_number_ids = toset([
    for number in data.whatsapp_phone_numbers.all.phone_numbers : number.id
    if number.platform_type == "CLOUD_API" && !contains(var.without_flows, number.id)
  ])
}

resource "whatsapp_business_encryption" "flows" {
  for_each = local.phone_number_ids

  phone_number_id = each.value

  # The key that the endpoint can decrypt for. A key that was read from the
  # number instead would match whatever somebody else puts there.
  business_public_key = file("${path.module}/public.pem")
}
