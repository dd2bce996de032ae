# What one business has: a key pair, and its public key on every number of the
# account. The caller passes the provider with the access token of the business.

terraform {
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

variable "waba_id" {
  description = "The ID of the WhatsApp Business Account."
  type        = string
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

data "whatsapp_phone_numbers" "all" {
  waba_id = var.waba_id
}

resource "whatsapp_business_encryption" "flows" {
  for_each = toset([
    for number in data.whatsapp_phone_numbers.all.phone_numbers : number.id
    if number.platform_type == "CLOUD_API"
  ])

  phone_number_id     = each.value
  business_public_key = tls_private_key.flows.public_key_pem
}

output "private_key_pem" {
  description = "For the endpoint of this business."
  value       = tls_private_key.flows.private_key_pem
  sensitive   = true
}
