terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

variable "waba_id" {
  description = "The WhatsApp Business Account whose numbers are watched."
  type        = string
  default     = "102290129340398"
}

variable "phone_number_id" {
  description = "The number that the Flow is sent from."
  type        = string
  default     = "106540352242922"
}

variable "flow_id" {
  description = "The Flow that is watched."
  type        = string
  default     = "1231231231231"
}

# A plan changes this resource when the number holds another key or none, or when
# the signature is lost.
resource "whatsapp_business_encryption" "support" {
  phone_number_id     = var.phone_number_id
  business_public_key = file("${path.module}/public.pem")
}

# Every number of the account, also those that no configuration manages.
data "whatsapp_business_encryptions" "all" {
  waba_id = var.waba_id
}

data "whatsapp_phone_numbers" "all" {
  waba_id = var.waba_id
}

data "whatsapp_flow" "appointment" {
  flow_id         = var.flow_id
  phone_number_id = var.phone_number_id
}

# Asks the endpoint of the Flow whether it can decrypt what WhatsApp clients
# encrypt with the key on the number.
data "whatsapp_flow_endpoint" "appointment" {
  endpoint_uri    = data.whatsapp_flow.appointment.endpoint_uri
  phone_number_id = var.phone_number_id
}

locals {
  unsigned = [
    for number in data.whatsapp_business_encryptions.all.phone_numbers : number.id
    if number.business_public_key_fingerprint != null && number.business_public_key_signature_status != "VALID"
  ]
  unreadable = [
    for number in data.whatsapp_business_encryptions.all.phone_numbers : "${number.id}: ${number.error}"
    if number.error != null
  ]
}

check "signature" {
  assert {
    condition     = length(local.unsigned) == 0
    error_message = "WhatsApp's signature of the key is not valid on: ${join(", ", local.unsigned)}. Upload the same key again, never a new one."
  }

  assert {
    condition     = length(local.unreadable) == 0
    error_message = "Could not be read: ${join("; ", local.unreadable)}"
  }
}

check "endpoint" {
  assert {
    condition     = data.whatsapp_flow_endpoint.appointment.decrypts
    error_message = data.whatsapp_flow_endpoint.appointment.explanation
  }
}

check "flow" {
  assert {
    condition = data.whatsapp_flow.appointment.can_send_message == "AVAILABLE"
    error_message = join("\n", concat(
      ["The Flow cannot be sent as it should: ${coalesce(data.whatsapp_flow.appointment.can_send_message, "Meta does not say why")}."],
      flatten([for entity in data.whatsapp_flow.appointment.entities : [for e in entity.errors : "${entity.entity_type}: ${e.error_description}"]]),
    ))
  }
}

# When a new display name was approved, the number has to be registered again,
# and its signature is lost then. A changed output makes the plan report it before.
output "name_status" {
  value = { for number in data.whatsapp_phone_numbers.all.phone_numbers : number.id => number.name_status }
}
