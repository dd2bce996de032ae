# Done once: delete this file after the first apply. Until then, it reads each
# number once more, because a number without a key cannot be imported.

data "whatsapp_business_encryption" "before_import" {
  for_each = local.phone_number_ids

  phone_number_id = each.value
}

import {
  for_each = toset([
    for id, number in data.whatsapp_business_encryption.before_import : id
    if number.business_public_key != null
  ])

  to = whatsapp_business_encryption.flows[each.value]
  id = each.value
}
