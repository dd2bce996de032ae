# Run with "terraform test" in this folder, against the mock Graph server:
#
#   go run ./internal/cmd/graphmock -token demo -number 106540352242922 -number 106540352242923
#
# It prints the two variables to export.

run "start" {
  assert {
    condition     = alltrue([for key in whatsapp_business_encryption.flows : key.business_public_key_signature_status == "VALID"])
    error_message = "A signature is not valid."
  }
}

run "the_endpoint_learns_the_new_key" {
  variables {
    generations = ["2026", "2027"]
  }

  assert {
    condition     = alltrue([for key in whatsapp_business_encryption.flows : key.business_public_key == tls_private_key.flows["2026"].public_key_pem])
    error_message = "A number got the new key too early."
  }
}

run "the_numbers_get_the_new_key" {
  variables {
    generations = ["2026", "2027"]
    active      = "2027"
  }

  assert {
    condition     = alltrue([for key in whatsapp_business_encryption.flows : key.business_public_key == tls_private_key.flows["2027"].public_key_pem])
    error_message = "A number does not have the new key."
  }

  assert {
    condition     = length(terraform_data.endpoint.output) == 2
    error_message = "The endpoint lost the old key too early."
  }
}

run "the_old_key_goes" {
  variables {
    generations = ["2027"]
    active      = "2027"
  }

  assert {
    condition     = toset(keys(terraform_data.endpoint.output)) == toset(["2027"])
    error_message = "The endpoint does not have exactly the new key."
  }
}

run "an_unknown_generation_is_refused" {
  command = plan

  variables {
    generations = ["2027"]
    active      = "2028"
  }

  expect_failures = [var.active]
}
