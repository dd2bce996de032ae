# The pair is made in AWS KMS, and its private key never leaves it.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

resource "aws_kms_key" "flows" {
  description              = "Decrypts the messages of WhatsApp Flows"
  key_usage                = "ENCRYPT_DECRYPT"
  customer_master_key_spec = "RSA_2048"
  deletion_window_in_days  = 30

  lifecycle {
    # The old pair is scheduled for deletion only when the number holds the new
    # key. An upload that fails then never costs the only private key.
    create_before_destroy = true

    # Refuses every plan that would delete the pair. Take the "#" away once a
    # Flow depends on it: no other copy of the private key exists.
    # prevent_destroy = true
  }
}

data "aws_kms_public_key" "flows" {
  key_id = aws_kms_key.flows.arn
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id     = "106540352242922"
  business_public_key = data.aws_kms_public_key.flows.public_key_pem
}
