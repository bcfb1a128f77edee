# The four functions, from bundles that are built already: Cloud Functions only adds the runtime.
#
# A function mounts the secrets it uses and no other, at a fixed version. Made in the second phase only.

locals {
  # Memory, CPU, timeouts: in one file with what the cost table computes with.
  sizes = jsondecode(file("${path.module}/sizes.json"))

  functions = {
    morning-alert = { uses_brokers = false, mounts = [for id in local.asking_consumers : { name = upper(replace(id, "-", "_")), secret = id }] }
    pin-exchange  = { uses_brokers = true, mounts = [] }
    keep-alive    = { uses_brokers = true, mounts = [] }
    health-check  = { uses_brokers = true, mounts = var.heartbeat ? [{ name = "HEARTBEAT_URL", secret = local.heartbeat_secret }] : [] }
  }

  mounts = {
    for name, function in local.functions : name => concat(
      [{ name = "TOKEN_CADENCE_APP", secret = local.app_secret }],
      function.uses_brokers ? [for id in local.mounted_consumers : { name = upper(replace(id, "-", "_")), secret = id }] : [],
      function.mounts,
    )
  }

  deployed = local.is_deployed ? local.functions : {}
}

resource "google_cloudfunctions2_function" "own" {
  for_each = local.deployed

  name        = each.key
  location    = var.region
  description = "token-cadence: ${local.accounts[each.key]}"

  build_config {
    runtime     = "nodejs24"
    entry_point = each.key
    # The bundle's package.json has an empty "gcp-build", so that nothing is built again; in production mode
    # nothing but the functions-framework is installed.
    environment_variables = { NODE_ENV = "production" }
    service_account       = "projects/${var.project}/serviceAccounts/${local.emails["images"]}"
    docker_repository     = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket = google_storage_bucket.sources.name
        object = google_storage_bucket_object.bundle[each.key].name
        # Else an update sends the generation that Google gave its own copy of the bundle before.
        generation = google_storage_bucket_object.bundle[each.key].generation
      }
    }
  }

  service_config {
    service_account_email            = local.emails[each.key]
    available_memory                 = local.sizes.functions[each.key].memory
    available_cpu                    = local.sizes.functions[each.key].cpu
    timeout_seconds                  = local.sizes.functions[each.key].timeoutSeconds
    max_instance_request_concurrency = local.sizes.functions[each.key].concurrency
    max_instance_count               = local.sizes.functions[each.key].maxInstances
    min_instance_count               = 0
    # Who may call is settled by access.tf; workers may run outside of this project.
    ingress_settings               = "ALLOW_ALL"
    all_traffic_on_latest_revision = true
    environment_variables          = local.environment

    dynamic "secret_environment_variables" {
      for_each = local.mounts[each.key]
      content {
        key        = secret_environment_variables.value.name
        project_id = var.project
        secret     = google_secret_manager_secret.empty[secret_environment_variables.value.secret].secret_id
        version    = var.secret_versions[secret_environment_variables.value.secret]
      }
    }
  }

  # A function whose account may not read what is mounted does not start.
  depends_on = [
    google_secret_manager_secret_iam_member.granted,
    google_project_iam_member.granted,
    google_storage_bucket_iam_member.granted,
    google_artifact_registry_repository_iam_member.granted,
    google_service_account_iam_member.granted,
  ]
}
