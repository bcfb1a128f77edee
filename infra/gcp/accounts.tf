# Who acts: a service account per function and per purpose, and the custom roles that no predefined role fits.
#
# What each may do is in access.tf. No account has a key. tc-deploy, which runs Terraform itself, and tc-build, which
# builds and has no right here, have to exist before this does: the setup script makes them.

locals {
  accounts = {
    morning-alert = "sends the alert of the morning"
    pin-exchange  = "serves the pages, takes the PIN"
    keep-alive    = "keeps sessions usable"
    health-check  = "probes sessions, mends what it can"
    scheduler     = "calls the functions on schedule"
    images        = "turns uploaded bundles into images"
    worker        = "what trading workers run as"
  }

  # Written out, so that a plan shows them; the account is referred to, so that it comes first.
  emails = { for name, account in google_service_account.own : name => "${account.account_id}@${var.project}.iam.gserviceaccount.com" }

  # Permissions by custom role.
  # All are made in any case: the id of a role that went could not be used again for weeks.
  custom_roles = {
    tokenCadenceRecord = {
      title       = "token-cadence: a secret's record"
      why         = "read and replace the record in a secret's annotation, without its values"
      permissions = ["secretmanager.secrets.get", "secretmanager.secrets.update"]
    }
    tokenCadenceReader = {
      title       = "token-cadence: look at a secret's record"
      why         = "read the record in a secret's annotation, without its values"
      permissions = ["secretmanager.secrets.get"]
    }
    tokenCadenceFollower = {
      title       = "token-cadence: take events"
      why         = "hear of new tokens on a subscription that is there, and see whether it is"
      permissions = ["pubsub.subscriptions.consume", "pubsub.subscriptions.get"]
    }
    # Granted where workers make their own.
    tokenCadenceSubscriber = {
      title       = "token-cadence: own subscriptions"
      why         = "a subscription per running worker, made and deleted by the worker"
      permissions = ["pubsub.subscriptions.consume", "pubsub.subscriptions.create", "pubsub.subscriptions.delete", "pubsub.subscriptions.get"]
    }
    # Granted where there are more sessions than are read one by one.
    tokenCadenceLister = {
      title       = "token-cadence: list secrets"
      why         = "read the records of more than ${local.read_one_by_one} sessions in one call, without their values"
      permissions = ["secretmanager.secrets.list"]
    }
  }

  # As functions/storage/secret-manager.ts has it: more than these are read by one list call.
  read_one_by_one = 20
  lists_secrets   = length(var.sessions) > local.read_one_by_one
}

resource "google_service_account" "own" {
  for_each = local.accounts

  account_id   = "tc-${each.key}"
  display_name = "token-cadence: ${each.value}"

  depends_on = [google_project_service.used]
}

resource "google_project_iam_custom_role" "own" {
  for_each = local.custom_roles

  # The id of a deleted role cannot be used again for 37 days: a new suffix makes it another one.
  role_id     = join("_", compact([each.key, var.role_suffix]))
  title       = each.value.title
  description = each.value.why
  permissions = each.value.permissions

  depends_on = [google_project_service.used]
}
