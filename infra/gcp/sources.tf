# Where the built functions are uploaded to, and where their images are kept: for as little money as possible.
#
# Builds nothing. What a newer bundle has replaced stays thirty days, for going back.

locals {
  sources = "${var.project}-token-cadence"
}

resource "google_storage_bucket" "sources" {
  name                        = local.sources
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.used]
}

# Named by its content: an unchanged function is not deployed again.
resource "google_storage_bucket_object" "bundle" {
  for_each = local.deployed

  bucket = google_storage_bucket.sources.name
  name   = "${each.key}-${try(filemd5("${var.bundles}/${each.key}.zip"), "missing")}.zip"
  source = "${var.bundles}/${each.key}.zip"
}

resource "google_artifact_registry_repository" "images" {
  location      = var.region
  repository_id = "token-cadence"
  format        = "DOCKER"
  description   = "Images of the functions of token-cadence"

  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = local.sizes.imagesKept
    }
  }

  cleanup_policies {
    id     = "delete-others"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "86400s"
    }
  }

  vulnerability_scanning_config {
    enablement_config = "DISABLED" # costs money for every image
  }

  depends_on = [google_project_service.used]
}
