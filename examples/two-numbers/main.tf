# One key pair for the Flow endpoint, and its public half on every number.

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

variable "phone_number_ids" {
  description = "The phone number IDs that run Flows, each under a name of your choice."
  type        = map(string)
  default = {
    support = "106540352242922"
    orders  = "106540352242923"
  }
}

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

resource "whatsapp_business_encryption" "flows" {
  for_each = var.phone_number_ids

  phone_number_id     = each.value
  business_public_key = tls_private_key.flows.public_key_pem
}

output "fingerprints" {
  description = "The SHA-256 fingerprint of the key on each number."
  value       = { for name, number in whatsapp_business_encryption.flows : name => number.business_public_key_fingerprint }
}

output "signature_status" {
  description = "Whether WhatsApp's signature matches the key and the number."
  value       = { for name, number in whatsapp_business_encryption.flows : name => number.business_public_key_signature_status }
}

output "private_key_pem" {
  description = "What the endpoint decrypts with. Put it into a secret store."
  value       = tls_private_key.flows.private_key_pem
  sensitive   = true
}
