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

data "whatsapp_flow" "appointment" {
  flow_id         = "1231231231231"
  phone_number_id = "106540352242922"
}

# Asks the endpoint of the Flow whether it can decrypt what WhatsApp clients
# encrypt with the key on the number.
data "whatsapp_flow_endpoint" "appointment" {
  endpoint_uri    = data.whatsapp_flow.appointment.endpoint_uri
  phone_number_id = data.whatsapp_flow.appointment.phone_number_id
}

# Warns in every plan when Meta would not let the Flow be sent from the number, or
# when its endpoint cannot decrypt.
check "appointment" {
  assert {
    condition = data.whatsapp_flow.appointment.can_send_message == "AVAILABLE"
    error_message = join("\n", concat(
      ["The Flow cannot be sent as it should: ${coalesce(data.whatsapp_flow.appointment.can_send_message, "Meta does not say why")}."],
      flatten([for entity in data.whatsapp_flow.appointment.entities : [for e in entity.errors : "${entity.entity_type}: ${e.error_description}"]]),
    ))
  }

  assert {
    condition     = data.whatsapp_flow_endpoint.appointment.decrypts
    error_message = data.whatsapp_flow_endpoint.appointment.explanation
  }
}
