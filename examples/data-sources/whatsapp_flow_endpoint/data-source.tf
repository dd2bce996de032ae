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
