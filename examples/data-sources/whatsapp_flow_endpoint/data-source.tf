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

data "whatsapp_flow_endpoint" "support" {
  endpoint_uri    = "https://flows.example.com/endpoint"
  phone_number_id = "106540352242922"
}

# Warns in every plan when the endpoint does not have the private key of the key
# that is on the number, and says what it answered.
check "endpoint" {
  assert {
    condition     = data.whatsapp_flow_endpoint.support.decrypts
    error_message = data.whatsapp_flow_endpoint.support.explanation
  }
}
