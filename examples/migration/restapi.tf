# Takes a number over from restapi_object, without an upload. Keep the provider's
# entry in required_providers until this has been applied once.

removed {
  from = restapi_object.encryption_key

  lifecycle {
    destroy = false
  }
}

import {
  to = whatsapp_business_encryption.support
  id = "106540352242922"
}

resource "whatsapp_business_encryption" "support" {
  phone_number_id     = "106540352242922"
  business_public_key = file("${path.module}/public.pem")
}
