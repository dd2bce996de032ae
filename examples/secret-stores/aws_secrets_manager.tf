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
