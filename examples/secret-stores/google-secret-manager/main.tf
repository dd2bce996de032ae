# The private key is in Google Secret Manager, and Terraform only derives the public
# key from it.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
    google = {
      source  = "hashicorp/google"
      version = "~> 7.6"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

# The newest version of the secret, which holds the private key in PEM. The project
# is that of the provider, for example from GOOGLE_PROJECT.
ephemeral "google_secret_manager_secret_version" "flows" {
  secret = "whatsapp-flows-private-key"
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id        = "106540352242922"
  business_public_key_wo = provider::whatsapp::public_key(ephemeral.google_secret_manager_secret_version.flows.secret_data)
}
