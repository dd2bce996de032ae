resource "tls_private_key" "flows" {
  algorithm = "RSA"
  rsa_bits  = 2048
}

resource "whatsapp_business_encryption" "support" {
  phone_number_id     = "106540352242922"
  business_public_key = tls_private_key.flows.public_key_pem
}
