variable "passphrase" {
  description = "The passphrase that private.pem is encrypted with."
  type        = string
  sensitive   = true
}

resource "whatsapp_business_encryption" "support" {
  phone_number_id = "106540352242922"

  # The result is sensitive because the passphrase is. A public key is not a
  # secret, and a plan that shows it can be reviewed.
  business_public_key = nonsensitive(provider::whatsapp::public_key(file("private.pem"), var.passphrase))
}
