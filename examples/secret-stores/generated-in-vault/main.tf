# Terraform generates the pair, stores the private key in Vault and puts the
# public key on the number. The private key is in no plan and in no state.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
    tls = {
      source  = "hashicorp/tls"
      version = "~> 4.1"
    }
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

variable "key_version" {
  description = "Raise it to replace the pair, in Vault and on the number."
  type        = number
  default     = 1
}

# Makes another pair in every run. Only the one that is stored has a use.
ephemeral "tls_private_key" "flows" {
  algorithm = "RSA"
  rsa_bits  = 2048
}

# Version 2 of the key-value store keeps the private keys of earlier versions,
# which the endpoint needs until no client uses their public keys any more.
resource "vault_kv_secret_v2" "flows" {
  mount = "secret"
  name  = "whatsapp/flows"

  data_json_wo = jsonencode({
    private_key_pem = ephemeral.tls_private_key.flows.private_key_pem
  })
  data_json_wo_version = var.key_version

  lifecycle {
    # Vault has the only copy of the private key.
    prevent_destroy = true
  }
}

# What is stored is read back, so that the number can only get the public half of
# a private key that is in Vault. The pair above is another one in the next run.
ephemeral "vault_kv_secret_v2" "flows" {
  mount    = vault_kv_secret_v2.flows.mount
  mount_id = vault_kv_secret_v2.flows.id
  name     = vault_kv_secret_v2.flows.name

  depends_on = [vault_kv_secret_v2.flows]
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id                = "106540352242922"
  business_public_key_wo         = provider::whatsapp::public_key(ephemeral.vault_kv_secret_v2.flows.data["private_key_pem"])
  business_public_key_wo_version = var.key_version
}
