terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
    tls = {
      source  = "hashicorp/tls"
      version = "~> 4.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

resource "tls_private_key" "flows" {
  algorithm = "RSA"
  rsa_bits  = 2048

  lifecycle {
    # The old pair is destroyed only when every number holds the new key. An
    # upload that fails then never costs the only private key.
    create_before_destroy = true

    # Refuses every plan that would destroy the pair. Take the "#" away once a
    # Flow depends on it: no other copy of the private key exists.
    # prevent_destroy = true
  }
}

resource "whatsapp_business_encryption" "support" {
  phone_number_id     = "106540352242922"
  business_public_key = tls_private_key.flows.public_key_pem
}
