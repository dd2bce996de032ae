# The secret has a field "private_key_pem".
ephemeral "vault_kv_secret_v2" "flows" {
  mount = "secret"
  name  = "whatsapp/flows"
}

resource "whatsapp_business_encryption" "flows" {
  phone_number_id        = "106540352242922"
  business_public_key_wo = provider::whatsapp::public_key(ephemeral.vault_kv_secret_v2.flows.data["private_key_pem"])
}
