resource "aws_kms_key" "flows" {
  description              = "Decrypts the messages of WhatsApp Flows"
  key_usage                = "ENCRYPT_DECRYPT"
  customer_master_key_spec = "RSA_2048"
}

data "aws_kms_public_key" "flows" {
  key_id = aws_kms_key.flows.arn
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id     = "106540352242922"
  business_public_key = data.aws_kms_public_key.flows.public_key_pem
}
