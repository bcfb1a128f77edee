# Terraform, its one provider, and where the state is kept.
#
# The bucket of the state is made before the first run and handed in:
#   terraform init -backend-config=bucket=<project>-terraform -backend-config=prefix=token-cadence
# Nothing secret is ever in the state: secrets are created here without a value.

terraform {
  required_version = ">= 1.7"

  required_providers {
    google = {
      source = "hashicorp/google"
      # Exactly one: what deploys today deployed yesterday. What 7.x changed of what is used: README.md.
      version = "7.45.0"
    }
  }

  backend "gcs" {}
}

provider "google" {
  project        = var.project
  region         = var.region
  default_labels = var.labels

  # The budget's API asks who pays for the call when a person runs Terraform.
  user_project_override = var.billing_account != null
  billing_project       = var.billing_account == null ? null : var.project
}

data "google_project" "this" {
  project_id = var.project
}
