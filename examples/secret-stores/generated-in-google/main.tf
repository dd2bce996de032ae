# Terraform generates the pair, stores the private key in Google Secret Manager and puts the
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
    google = {
      source  = "hashicorp/google"
      version = "~> 7.6"
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

# The secret exists already. The project is that of the provider, for example from
# GOOGLE_PROJECT.
data "google_secret_manager_secret" "flows" {
  secret_id = "whatsapp-flows-private-key"
}

resource "google_secret_manager_secret_version" "flows" {
  secret                 = data.google_secret_manager_secret.flows.id
  secret_data_wo         = ephemeral.tls_private_key.flows.private_key_pem
  secret_data_wo_version = var.key_version

  # A raised version replaces this resource. Without this, the old private key
  # would be destroyed, which the endpoint still needs.
  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

# What is stored is read back, so that the number can only get the public half of
# a private key that is in the store. The pair above is another one in the next run.
ephemeral "google_secret_manager_secret_version" "flows" {
  secret  = google_secret_manager_secret_version.flows.secret
  version = google_secret_manager_secret_version.flows.version
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id                = "106540352242922"
  business_public_key_wo         = provider::whatsapp::public_key(ephemeral.google_secret_manager_secret_version.flows.secret_data)
  business_public_key_wo_version = var.key_version
}
