import {
  to = whatsapp_business_encryption.support
  id = "106540352242922"
}
