# Run with "terraform test" in this folder, against the mock Graph server:
#
#   go run ./internal/cmd/graphmock -token demo -number 106540352242922 -number 106540352242923 -number 106540352242924
#
# It prints the two variables to export.

run "both_numbers_get_the_key" {
  assert {
    condition     = output.signature_status == { support = "VALID", orders = "VALID" }
    error_message = "A signature is not valid."
  }

  assert {
    condition     = output.fingerprints["support"] == output.fingerprints["orders"]
    error_message = "The numbers do not hold the same key."
  }

  assert {
    condition     = alltrue([for number in whatsapp_business_encryption.flows : number.business_public_key == tls_private_key.flows.public_key_pem])
    error_message = "A number does not hold the key of the configuration."
  }
}

run "a_number_can_be_added" {
  variables {
    phone_number_ids = {
      support = "106540352242922"
      orders  = "106540352242923"
      sales   = "106540352242924"
    }
  }

  assert {
    condition     = output.fingerprints["sales"] == output.fingerprints["support"]
    error_message = "The new number does not hold the key of the others."
  }
}
