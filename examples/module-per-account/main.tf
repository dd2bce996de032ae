# A module for each WhatsApp Business Account: all of its numbers get the same
# key.

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

module "account" {
  for_each = {
    retail  = "102290129340398"
    support = "102290129340399"
  }
  source = "./modules/account"

  waba_id             = each.value
  business_public_key = file("${path.module}/public.pem")
}
