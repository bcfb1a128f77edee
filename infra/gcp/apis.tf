# The services of Google Cloud that are used. Never switched off again: others in the project may use them.

locals {
  apis = concat([
    "artifactregistry",
    "cloudbuild",
    "cloudfunctions",
    "cloudresourcemanager",
    "cloudscheduler",
    "iam",
    "logging",
    "monitoring",
    "pubsub",
    "run",
    "secretmanager",
    "serviceusage",
    "storage",
  ], var.billing_account == null ? [] : ["billingbudgets"])
}

resource "google_project_service" "used" {
  for_each = toset(local.apis)

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false

  depends_on = [terraform_data.inputs]
}
