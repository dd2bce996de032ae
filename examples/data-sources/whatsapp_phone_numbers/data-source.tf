# Every number of the account that is registered with the Cloud API gets the
# same key.
data "whatsapp_phone_numbers" "all" {
  waba_id = "102290129340398"
}

resource "tls_private_key" "flows" {
  algorithm = "RSA"
  rsa_bits  = 2048
}

resource "whatsapp_business_encryption" "flows" {
  for_each = toset([
    for number in data.whatsapp_phone_numbers.all.phone_numbers : number.id
    if number.platform_type == "CLOUD_API"
  ])

  phone_number_id     = each.value
  business_public_key = tls_private_key.flows.public_key_pem
}
