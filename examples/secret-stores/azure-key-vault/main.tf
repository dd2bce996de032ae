# The private key is in Azure Key Vault, and Terraform only derives the public key
# from it.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
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

data "azurerm_key_vault" "flows" {
  name                = "whatsapp-flows"
  resource_group_name = "whatsapp"
}

# The newest version of the secret, which holds the private key in PEM.
ephemeral "azurerm_key_vault_secret" "flows" {
  name         = "flows-private-key"
  key_vault_id = data.azurerm_key_vault.flows.id
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id        = "106540352242922"
  business_public_key_wo = provider::whatsapp::public_key(ephemeral.azurerm_key_vault_secret.flows.value)
}
