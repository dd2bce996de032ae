# A module as others call it: one key for some numbers, and checks that warn when a
# number or the endpoint of the Flow is not ready.

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

variable "phone_number_ids" {
  description = "The numbers that get the key."
  type        = set(string)
  default     = ["106540352242922", "106540352242923"]
}

variable "flow_id" {
  description = "The Flow whose endpoint decrypts."
  type        = string
  default     = "1231231231231"
}

data "whatsapp_flow" "this" {
  flow_id = var.flow_id
}

resource "tls_private_key" "flows" {
  algorithm = "RSA"
  rsa_bits  = 2048

  lifecycle {
    # The old pair is destroyed only when every number holds the new key. An
    # upload that fails then never costs the only private key.
    create_before_destroy = true
  }
}

resource "whatsapp_business_encryption" "flows" {
  for_each = var.phone_number_ids

  phone_number_id     = each.value
  business_public_key = tls_private_key.flows.public_key_pem
}

data "whatsapp_flow_endpoint" "flows" {
  endpoint_uri        = data.whatsapp_flow.this.endpoint_uri
  business_public_key = tls_private_key.flows.public_key_pem
}

output "fingerprint" {
  description = "The SHA-256 fingerprint of the key."
  value       = provider::whatsapp::public_key_fingerprint(tls_private_key.flows.public_key_pem)
}

output "numbers" {
  description = "The numbers that have the key."
  value       = sort(keys(whatsapp_business_encryption.flows))
}

check "signature" {
  assert {
    condition     = alltrue([for number in whatsapp_business_encryption.flows : number.business_public_key_signature_status == "VALID"])
    error_message = "A signature is not valid: apply again."
  }
}

check "endpoint" {
  assert {
    condition     = data.whatsapp_flow_endpoint.flows.decrypts
    error_message = data.whatsapp_flow_endpoint.flows.explanation
  }
}
