# The private key is in Vault, and Terraform only derives the public key from it.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

# The secret has a field "private_key_pem".
ephemeral "vault_kv_secret_v2" "flows" {
  mount = "secret"
  name  = "whatsapp/flows"
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id        = "106540352242922"
  business_public_key_wo = provider::whatsapp::public_key(ephemeral.vault_kv_secret_v2.flows.data["private_key_pem"])
}
