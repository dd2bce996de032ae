variable "private_key_pem" {
  type      = string
  ephemeral = true
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id        = "106540352242922"
  business_public_key_wo = provider::whatsapp::public_key(var.private_key_pem)
}
