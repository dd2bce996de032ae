# Takes a number over from terraform_data with a provisioner that calls curl,
# without an upload.

removed {
  from = terraform_data.encryption_key

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
