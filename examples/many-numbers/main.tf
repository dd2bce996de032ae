# An account of some hundred numbers, in ten blocks, and a run that waits for the
# rate limit of the Graph API.

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

data "whatsapp_phone_numbers" "all" {
  waba_id = "102290129340398"
}

locals {
  phone_number_ids = [
    for number in data.whatsapp_phone_numbers.all.phone_numbers : number.id
    if number.platform_type == "CLOUD_API"
  ]
}

# The last digit of the ID decides about the block, so that a number stays in its
# block when others come and go. With blocks of consecutive numbers, one number
# more would move the others, and so replace their resources.
module "block" {
  for_each = toset(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
  source   = "./modules/block"

  phone_number_ids    = [for id in local.phone_number_ids : id if endswith(id, each.value)]
  business_public_key = file("${path.module}/public.pem")
}
