# Two businesses, each with an access token of its own, and one endpoint.

terraform {
  required_version = ">= 1.11"

  required_providers {
    whatsapp = {
      source  = "wa-flows/whatsapp"
      version = "~> 0.1"
    }
  }
}

variable "access_token_europe" {
  type      = string
  sensitive = true
}

variable "access_token_americas" {
  type      = string
  sensitive = true
}

provider "whatsapp" {
  alias        = "europe"
  access_token = var.access_token_europe
}

provider "whatsapp" {
  alias        = "americas"
  access_token = var.access_token_americas
}

resource "whatsapp_business_encryption" "europe" {
  provider = whatsapp.europe

  phone_number_id     = "106540352242922"
  business_public_key = file("${path.module}/public.pem")
}

resource "whatsapp_business_encryption" "americas" {
  provider = whatsapp.americas

  phone_number_id     = "106540352242923"
  business_public_key = file("${path.module}/public.pem")
}
