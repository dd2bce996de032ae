data "whatsapp_business_encryption" "support" {
  phone_number_id = "106540352242922"
}

# Warns in every plan when WhatsApp's signature no longer fits the key.
check "signature" {
  assert {
    condition     = data.whatsapp_business_encryption.support.business_public_key_signature_status == "VALID"
    error_message = "The encryption key of the support number has to be uploaded again."
  }
}
