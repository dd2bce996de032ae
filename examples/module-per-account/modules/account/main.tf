terraform {
  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
  }
}

variable "waba_id" {
  description = "The ID of the WhatsApp Business Account."
  type        = string
}

variable "business_public_key" {
  description = "The public key of the endpoint."
  type        = string
}

data "whatsapp_phone_numbers" "all" {
  waba_id = var.waba_id
}

resource "whatsapp_business_encryption" "flows" {
  for_each = toset([
    for number in data.whatsapp_phone_numbers.all.phone_numbers : number.id
    if number.platform_type == "CLOUD_API"
  ])

  phone_number_id     = each.value
  business_public_key = var.business_public_key
}
