# Rotating the key without downtime, in three applies. Each changes one variable.
#
#   1. generations = ["2026", "2027"], active = "2026"   the endpoint learns the new private key
#   2. generations = ["2026", "2027"], active = "2027"   the numbers get the new public key
#   3. generations = ["2027"],         active = "2027"   after the grace period, the old key is removed

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source = "wa-flows/whatsapp"
    }
    tls = {
      source  = "hashicorp/tls"
      version = ">= 4.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

variable "generations" {
  description = "The key pairs that exist. The endpoint decrypts with every one of them."
  type        = set(string)
  default     = ["2026"]
}

variable "active" {
  description = "The key pair whose public key is on the numbers."
  type        = string
  default     = "2026"

  validation {
    condition     = contains(var.generations, var.active)
    error_message = "The active generation must be one of the generations, because the endpoint has to decrypt with it."
  }
}

variable "phone_number_ids" {
  type    = set(string)
  default = ["106540352242922", "106540352242923"]
}

resource "tls_private_key" "flows" {
  for_each = var.generations

  algorithm = "RSA"
  rsa_bits  = 2048
}

# Stands in for whatever gives the private keys to your endpoint, such as a
# secret or a deployment. When this resource is applied, the endpoint has them.
resource "terraform_data" "endpoint" {
  input = { for generation, pair in tls_private_key.flows : generation => pair.private_key_pem }
}

resource "whatsapp_business_encryption" "flows" {
  for_each = var.phone_number_ids

  phone_number_id     = each.value
  business_public_key = tls_private_key.flows[var.active].public_key_pem

  # The endpoint must be able to decrypt before the first client encrypts.
  depends_on = [terraform_data.endpoint]
}

output "endpoint_private_keys" {
  description = "The private keys that the endpoint decrypts with."
  value       = terraform_data.endpoint.output
  sensitive   = true
}
