# The secrets, all without a value: values are added by the setup script, the functions and nobody else, so that
# none is ever in a plan, a state or a log of Terraform.
#
# The code keeps its records in annotations of some of them, which are left alone here.

locals {
  secrets = toset(concat(
    [local.app_secret],
    [for session in local.sessions : session.secret],
    [for session in local.sessions : session.shared_consumer],
    # Free while empty, and there for a worker that looks for credentials of its session first.
    local.own_consumers,
    local.mirror_secrets,
    var.heartbeat ? [local.heartbeat_secret] : [],
  ))
}

resource "google_secret_manager_secret" "empty" {
  for_each = local.secrets

  secret_id = each.key

  replication {
    auto {
      dynamic "customer_managed_encryption" {
        for_each = var.kms_key == null ? [] : [var.kms_key]
        content {
          kms_key_name = customer_managed_encryption.value
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [annotations, labels]
    # A secret that is no longer needed goes after the functions that mounted it have changed, not before.
    create_before_destroy = true
  }

  depends_on = [google_project_service.used, google_kms_crypto_key_iam_member.granted]
}
