# Terraform generates the pair, stores the private key in AWS Secrets Manager and puts the
# public key on the number. The private key is in no plan and in no state.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
    tls = {
      source  = "hashicorp/tls"
      version = "~> 4.1"
    }
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

# The access token comes from the environment: WHATSAPP_ACCESS_TOKEN.
provider "whatsapp" {}

variable "key_version" {
  description = "Raise it to replace the pair, in the store and on the number."
  type        = number
  default     = 1
}

# Makes another pair in every run. Only the one that is stored has a use.
ephemeral "tls_private_key" "flows" {
  algorithm = "RSA"
  rsa_bits  = 2048
}

# The secret exists already.
data "aws_secretsmanager_secret" "flows" {
  name = "whatsapp/flows/private-key"
}

# A raised version replaces this resource, and never deletes a private key: the
# version that was current stays current until there is a new one, and is then the
# previous version, AWSPREVIOUS.
resource "aws_secretsmanager_secret_version" "flows" {
  secret_id                = data.aws_secretsmanager_secret.flows.id
  secret_string_wo         = ephemeral.tls_private_key.flows.private_key_pem
  secret_string_wo_version = var.key_version
}

# What is stored is read back, so that the number can only get the public half of
# a private key that is in the store. The pair above is another one in the next run.
ephemeral "aws_secretsmanager_secret_version" "flows" {
  secret_id  = aws_secretsmanager_secret_version.flows.secret_id
  version_id = aws_secretsmanager_secret_version.flows.version_id
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id                = "106540352242922"
  business_public_key_wo         = provider::whatsapp::public_key(ephemeral.aws_secretsmanager_secret_version.flows.secret_string)
  business_public_key_wo_version = var.key_version
}
