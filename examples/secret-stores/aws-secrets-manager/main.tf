# The private key is in AWS Secrets Manager, and Terraform only derives the public
# key from it.

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

# The secret holds the private key, in PEM.
data "aws_secretsmanager_secret" "flows" {
  name = "whatsapp/flows/private-key"
}

ephemeral "aws_secretsmanager_secret_version" "flows" {
  secret_id = data.aws_secretsmanager_secret.flows.id
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id        = "106540352242922"
  business_public_key_wo = provider::whatsapp::public_key(ephemeral.aws_secretsmanager_secret_version.flows.secret_string)
}
