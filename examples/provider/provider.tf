terraform {
  required_providers {
    whatsapp = {
      source = "wa-flows/whatsapp"
    }
  }
}

# The access token is best given with the environment variable
# WHATSAPP_ACCESS_TOKEN, so that it is in no file.
provider "whatsapp" {
  api_version = "v25.0"
}
