terraform {
  required_providers {
    whatsapp = {
      source = "wa-flows/whatsapp"
    }
  }
}

# Preferably, set the access token in the environment variable
# WHATSAPP_ACCESS_TOKEN, which keeps it out of files.
provider "whatsapp" {
  api_version = "v25.0"
}
