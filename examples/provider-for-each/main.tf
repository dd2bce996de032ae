# Any number of businesses, with one provider block. Each has an account, an access
# token and a key pair of its own. Terraform refuses this configuration, because
# its provider blocks have no for_each.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
  }
}

variable "businesses" {
  description = "The WhatsApp Business Account of each business. A business that leaves stays here, with leaving = true, for one apply."
  type = map(object({
    waba_id = string
    leaving = optional(bool, false)
  }))
  default = {
    bakery  = { waba_id = "102290129340398" }
    florist = { waba_id = "102290129340399" }
    garage  = { waba_id = "102290129340400" }
  }
}

variable "access_tokens" {
  description = "The access token that each business gave. Set TF_VAR_access_tokens."
  type        = map(string)
  ephemeral   = true # in no saved plan
}

provider "whatsapp" {
  alias    = "of"
  for_each = var.businesses

  access_token = var.access_tokens[each.key]
}

module "account" {
  source = "./modules/account"

  # Fewer than the provider has, while a business leaves: a provider is needed
  # until all that was made with it is gone.
  for_each  = { for name, business in var.businesses : name => business if !business.leaving }
  providers = { whatsapp = whatsapp.of[each.key] }

  waba_id = each.value.waba_id
}

output "private_keys_pem" {
  value     = { for name, account in module.account : name => account.private_key_pem }
  sensitive = true
}
