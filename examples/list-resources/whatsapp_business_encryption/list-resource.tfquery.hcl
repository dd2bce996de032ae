# Every number of the account that holds a key.
list "whatsapp_business_encryption" "flows" {
  provider = whatsapp
  limit    = 1000

  config {
    waba_id = "102290129340398"
  }
}
