data "whatsapp_business_encryption" "support" {
  phone_number_id = "106540352242922"
}

# Warns in every plan when the number does not hold the key of the endpoint.
check "key" {
  assert {
    condition     = data.whatsapp_business_encryption.support.business_public_key_fingerprint == provider::whatsapp::public_key_fingerprint(file("public.pem"))
    error_message = "The endpoint cannot decrypt what WhatsApp sends for this number."
  }
}
