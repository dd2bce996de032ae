# Three businesses. Each has an account, an access token and a key pair of its own.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
  }
}

variable "access_tokens" {
  description = "The access token that each business gave. Set TF_VAR_access_tokens."
  type = object({
    bakery  = string
    florist = string
    garage  = string
  })
  ephemeral = true # in no saved plan
}

provider "whatsapp" {
  alias        = "bakery"
  access_token = var.access_tokens.bakery
}

provider "whatsapp" {
  alias        = "florist"
  access_token = var.access_tokens.florist
}

provider "whatsapp" {
  alias        = "garage"
  access_token = var.access_tokens.garage
}

module "bakery" {
  source    = "./modules/account"
  providers = { whatsapp = whatsapp.bakery }

  waba_id = "102290129340398"
}

module "florist" {
  source    = "./modules/account"
  providers = { whatsapp = whatsapp.florist }

  waba_id = "102290129340399"
}

module "garage" {
  source    = "./modules/account"
  providers = { whatsapp = whatsapp.garage }

  waba_id = "102290129340400"
}

output "private_keys_pem" {
  value = {
    bakery  = module.bakery.private_key_pem
    florist = module.florist.private_key_pem
    garage  = module.garage.private_key_pem
  }
  sensitive = true
}
