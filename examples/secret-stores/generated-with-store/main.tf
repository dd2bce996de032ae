# Terraform generates the pair and stores the private key in Vault. The public key is
# an ordinary value in the state, so that a plan shows it, and any number of
# resources can use it. The private key is in no plan and in no state.

terraform {
  required_version = ">= 1.16"

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
  description = "Raise it to replace the pair, in the store and on the number."
  type        = number
  default     = 1
}

# Makes another pair in every run. Only the one that is stored has a use.
ephemeral "tls_private_key" "flows" {
  algorithm = "RSA"
  rsa_bits  = 2048
}

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
# a private key that is in the store. The pair above is another one in the next run.
ephemeral "vault_kv_secret_v2" "flows" {
  mount    = vault_kv_secret_v2.flows.mount
  mount_id = vault_kv_secret_v2.flows.id
  name     = vault_kv_secret_v2.flows.name

  depends_on = [vault_kv_secret_v2.flows]
}

# Keeps the public half, and only that. The version is the one of the secret: without
# it, the plan would compare with the private key that is about to be replaced, and
# the numbers would get the new key only in the next run.
resource "terraform_data" "public_key" {
  store {
    input   = provider::whatsapp::public_key(ephemeral.vault_kv_secret_v2.flows.data["private_key_pem"])
    version = var.key_version
  }
}

resource "whatsapp_business_encryption" "flows" {
  for_each = toset(["106540352242922", "106540352242923"])

  phone_number_id     = each.value
  business_public_key = terraform_data.public_key.store.output
}
