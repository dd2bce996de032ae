# Rotating the key without downtime, in three applies. Each changes one variable.
#
#   1. generations = ["2026", "2027"], active = "2026"   the endpoint learns the new private key
#   2. generations = ["2026", "2027"], active = "2027"   the numbers get the new public key
#   3. generations = ["2027"],         active = "2027"   after the grace period, the old key is removed
#
# With endpoint_uri, steps 1 and 2 can be one apply: the numbers wait until the
# endpoint has proven that it has the new private key.
#
# A plan that skips a step, or takes step 3 before step 2 has reached every
# number, is refused.

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

variable "generations" {
  description = "The key pairs that exist, named by numbers that grow. The endpoint decrypts with every one of them."
  type        = set(string)
  default     = ["2026"]

  validation {
    condition     = alltrue([for generation in var.generations : can(regex("^[0-9]+$", generation))])
    error_message = "The names of the generations are numbers, such as 2026."
  }
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

variable "endpoint_uri" {
  description = "The URL of the endpoint. With it, the numbers get a new key only after the endpoint has proven that it has the private key, and steps 1 and 2 can be one apply."
  type        = string
  default     = null
}

variable "phone_number_ids" {
  type    = set(string)
  default = ["106540352242922", "106540352242923"]
}

locals {
  # The oldest generation that the numbers may still hold a key of.
  first_generation = 2026

  all_generations = [for n in range(local.first_generation, max([for g in var.generations : tonumber(g)]...) + 1) : tostring(n)]
}

resource "tls_private_key" "flows" {
  for_each = var.generations

  algorithm = "RSA"
  rsa_bits  = 2048

  lifecycle {
    create_before_destroy = true
  }
}

# The fingerprint of each generation. It is kept when the pair is removed, which
# is when the precondition below needs it.
resource "terraform_data" "fingerprint" {
  for_each = toset(local.all_generations)

  input = contains(var.generations, each.value) ? provider::whatsapp::public_key_fingerprint(tls_private_key.flows[each.value].public_key_pem) : null

  lifecycle {
    ignore_changes = [input]
  }
}

# What the numbers hold before the apply.
data "whatsapp_business_encryption" "before" {
  for_each = var.phone_number_ids

  phone_number_id = each.value
}

locals {
  # The numbers that hold the key of a generation that this plan removes.
  stranded = flatten([
    for generation in setsubtract(local.all_generations, var.generations) : [
      for id, number in data.whatsapp_business_encryption.before : "${id} (${generation})"
      if number.business_public_key_fingerprint != null && number.business_public_key_fingerprint == terraform_data.fingerprint[generation].output
    ]
  ])
}

# Stands in for whatever gives the private_key_pem of each pair to your endpoint,
# such as a secret or a deployment. When this resource is applied, the endpoint has
# them. It has only fingerprints here, because a plan prints what terraform_data
# has in clear.
resource "terraform_data" "endpoint" {
  input = { for generation, pair in tls_private_key.flows : generation => pair.public_key_fingerprint_sha256 }

  lifecycle {
    precondition {
      condition     = length(local.stranded) == 0
      error_message = "These numbers still hold the key of a generation that would be removed: ${join(", ", local.stranded)}. Add the generation again, and remove it when every number holds the key of the active one."
    }
  }
}

resource "whatsapp_business_encryption" "flows" {
  for_each = var.phone_number_ids

  phone_number_id     = each.value
  business_public_key = tls_private_key.flows[var.active].public_key_pem

  endpoint_check = var.endpoint_uri == null ? null : {
    endpoint_uris = [var.endpoint_uri]
    wait          = "10m"
    answers       = 20 # several times the number of instances of the endpoint
  }

  # The endpoint must be able to decrypt before the first client encrypts.
  depends_on = [terraform_data.endpoint]
}

output "endpoint_private_keys" {
  description = "The private keys that the endpoint decrypts with."
  value       = { for generation, pair in tls_private_key.flows : generation => pair.private_key_pem }
  sensitive   = true
}
