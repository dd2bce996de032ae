# Run with "terraform test" or "tofu test" in this folder. No request is made, and
# no token is needed. Copy the two mock_provider blocks into the tests of a module:
# in place of these values, the CLI would make up random ones, which no key and no
# condition accepts.

mock_provider "whatsapp" {
  mock_resource "whatsapp_business_encryption" {
    defaults = {
      business_public_key_signature_status = "VALID"
      business_public_key_fingerprint      = "7ffb28bdcacdc2e3a58aad9291610002b79391bfb4536012c933a8acdd4a27a2"
    }
  }

  mock_data "whatsapp_business_encryption" {
    defaults = {
      business_public_key                  = <<-EOT
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA8ZMfBGRCjT+DZEGAETZO
        YkRlui+jP/dx8opqjuY/N/P8Zmp+VCdAgr+1Nj6szBQ1TFZ0qc9Y/9Z/nFV0ZCzA
        stBZv5pSd3zfEteMYyvCiiNf9NF2AXhrMVf80E5wG5ddQRLR9Oc6x0/bz6vEkMNm
        wys2v1afMcLMNCravSGpUazE/JzTZfHNb9bYGvB5fRM2wzY7++2xYz7xn7XnvTKH
        XBkhe8xCZB9yc78p2KRxA/nhpxlqq3nTqwUXLK9+N+B5sDOfOOueZA5RxH5iu/Sp
        bYPrcdSVgFj9ow//iT9O4ECZNa9cKVxicYnbFyrTCHWr4Iud73CLHYMkI/wPIwVB
        BQIDAQAB
        -----END PUBLIC KEY-----
      EOT
      business_public_key_signature_status = "VALID"
      business_public_key_fingerprint      = "7ffb28bdcacdc2e3a58aad9291610002b79391bfb4536012c933a8acdd4a27a2"
    }
  }

  # The lists phone_numbers and entities are empty in a mock: Terraform does not
  # let a test give them elements.
  mock_data "whatsapp_business_encryptions" {}

  mock_data "whatsapp_phone_numbers" {}

  mock_data "whatsapp_flow" {
    defaults = {
      name                         = "Appointment"
      status                       = "PUBLISHED"
      can_send_message             = "AVAILABLE"
      endpoint_uri                 = "https://flows.example.com/endpoint"
      json_version                 = "7.1"
      data_api_version             = "3.0"
      application_id               = "670843887433847"
      whatsapp_business_account_id = "102290129340398"
    }
  }

  mock_data "whatsapp_flow_endpoint" {
    defaults = {
      decrypts                        = true
      answers_health_check            = true
      verdict                         = "proven"
      http_status                     = 200
      explanation                     = "The endpoint has the private key."
      business_public_key_fingerprint = "7ffb28bdcacdc2e3a58aad9291610002b79391bfb4536012c933a8acdd4a27a2"
    }
  }
}

# The provider checks the key of the resource here, too, so it has to be a real one.
mock_provider "tls" {
  mock_resource "tls_private_key" {
    defaults = {
      public_key_pem = <<-EOT
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA8ZMfBGRCjT+DZEGAETZO
        YkRlui+jP/dx8opqjuY/N/P8Zmp+VCdAgr+1Nj6szBQ1TFZ0qc9Y/9Z/nFV0ZCzA
        stBZv5pSd3zfEteMYyvCiiNf9NF2AXhrMVf80E5wG5ddQRLR9Oc6x0/bz6vEkMNm
        wys2v1afMcLMNCravSGpUazE/JzTZfHNb9bYGvB5fRM2wzY7++2xYz7xn7XnvTKH
        XBkhe8xCZB9yc78p2KRxA/nhpxlqq3nTqwUXLK9+N+B5sDOfOOueZA5RxH5iu/Sp
        bYPrcdSVgFj9ow//iT9O4ECZNa9cKVxicYnbFyrTCHWr4Iud73CLHYMkI/wPIwVB
        BQIDAQAB
        -----END PUBLIC KEY-----
      EOT
    }
  }
}

run "every_number_gets_the_key" {
  assert {
    condition     = output.numbers == tolist(["106540352242922", "106540352242923"])
    error_message = "These numbers have the key: ${join(", ", output.numbers)}."
  }

  assert {
    condition     = whatsapp_business_encryption.flows["106540352242922"].business_public_key == tls_private_key.flows.public_key_pem
    error_message = "The number does not get the key of the pair."
  }

  # Functions are not mocked.
  assert {
    condition     = output.fingerprint == whatsapp_business_encryption.flows["106540352242922"].business_public_key_fingerprint
    error_message = "The fingerprint is that of another key."
  }
}

run "a_lost_signature_is_reported" {
  # A number that no other run creates.
  variables {
    phone_number_ids = ["106540352242924"]
  }

  override_resource {
    target = whatsapp_business_encryption.flows
    values = {
      business_public_key_signature_status = "MISMATCH"
    }
  }

  expect_failures = [check.signature]
}

run "an_endpoint_without_the_private_key_is_reported" {
  override_data {
    target = data.whatsapp_flow_endpoint.flows
    values = {
      decrypts    = false
      explanation = "The endpoint does not have the private key."
    }
  }

  expect_failures = [check.endpoint]
}
