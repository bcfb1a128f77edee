# The scheduled jobs: those of scheduler.yaml whose market has a session, each with a token for its own function.
# A job calls the function of its name, or the one it names.
#
# Adds no job of its own: the list is shared with the local run.

locals {
  schedule = yamldecode(file("${path.module}/../../scheduler.yaml")).jobs

  jobs = {
    for job in local.schedule : job.name => merge(job, { function = try(job.function, job.name) })
    if local.is_deployed && (try(job.market, null) == null ? true : contains(local.markets, job.market))
  }
}

resource "google_cloud_scheduler_job" "own" {
  for_each = local.jobs

  name             = each.key
  region           = var.region
  description      = "token-cadence: ${local.accounts[each.value.function]}"
  schedule         = each.value.schedule
  time_zone        = each.value.timeZone
  attempt_deadline = each.value.attemptDeadline

  retry_config {
    retry_count          = each.value.retry.retryCount
    min_backoff_duration = each.value.retry.minBackoff
    max_backoff_duration = each.value.retry.maxBackoff
    max_doublings        = each.value.retry.maxDoublings
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.own[each.value.function].service_config[0].uri

    oidc_token {
      service_account_email = local.emails["scheduler"]
      audience              = google_cloudfunctions2_function.own[each.value.function].service_config[0].uri
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.scheduler, google_service_account_iam_member.granted]
}
