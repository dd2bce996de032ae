# The import ID is the phone number ID.
terraform import whatsapp_business_encryption.support 106540352242922
