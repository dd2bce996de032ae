data "whatsapp_business_encryption" "support" {
  phone_number_id = "106540352242922"
}

# Warns in every plan when there is no key, or when WhatsApp's signature no
# longer matches it.
check "signature" {
  assert {
    condition     = data.whatsapp_business_encryption.support.business_public_key_signature_status == "VALID"
    error_message = "The support number has no encryption key, or its key has to be uploaded again."
  }
}
