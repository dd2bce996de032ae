# Terraform generates the pair, stores the private key in Azure Key Vault and puts the
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
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.23, < 6.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

# The subscription comes from the environment, too: ARM_SUBSCRIPTION_ID.
provider "azurerm" {
  features {}
}

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

# The vault exists already.
data "azurerm_key_vault" "flows" {
  name                = "whatsapp-flows"
  resource_group_name = "whatsapp"
}

# A raised version makes a new version of the secret. The vault keeps the private
# keys of earlier versions, which the endpoint needs until no client uses their
# public keys any more.
resource "azurerm_key_vault_secret" "flows" {
  name             = "flows-private-key"
  key_vault_id     = data.azurerm_key_vault.flows.id
  value_wo         = ephemeral.tls_private_key.flows.private_key_pem
  value_wo_version = var.key_version

  lifecycle {
    # The vault has the only copy of the private key.
    prevent_destroy = true
  }
}

# What is stored is read back, so that the number can only get the public half of
# a private key that is in the store. The pair above is another one in the next run.
ephemeral "azurerm_key_vault_secret" "flows" {
  name         = azurerm_key_vault_secret.flows.name
  key_vault_id = azurerm_key_vault_secret.flows.key_vault_id
  version      = azurerm_key_vault_secret.flows.version
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id                = "106540352242922"
  business_public_key_wo         = provider::whatsapp::public_key(ephemeral.azurerm_key_vault_secret.flows.value)
  business_public_key_wo_version = var.key_version
}
