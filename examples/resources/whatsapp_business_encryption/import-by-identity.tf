import {
  to = whatsapp_business_encryption.support
  identity = {
    phone_number_id = "106540352242922"
  }
}
