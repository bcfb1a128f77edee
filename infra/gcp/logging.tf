# What is not logged, what is logged besides, and what is counted from the log.
#
# The metrics count lines that functions/ writes: `event` is the name that each line has.

# The addresses of these requests are secrets, and the next request from such a page names its address.
resource "google_logging_project_exclusion" "links" {
  name        = "token-cadence-links"
  description = "Requests whose address opens the pages or takes a broker's answer"
  filter      = <<-EOT
    resource.type="cloud_run_revision"
    resource.labels.service_name="pin-exchange"
    logName="projects/${var.project}/logs/run.googleapis.com%2Frequests"
    (
      httpRequest.requestUrl=~"^https?://[^/]+/(go|callback|hooks)/"
      OR httpRequest.referer=~"^https?://[^/]+/(go|callback|hooks)/"
    )
  EOT

  depends_on = [google_project_service.used]
}

# "Who read which token version" is answered by these alone.
resource "google_project_iam_audit_config" "secrets" {
  project = var.project
  service = "secretmanager.googleapis.com"

  audit_log_config {
    log_type = "DATA_READ"
  }

  depends_on = [google_project_service.used]
}

locals {
  ours = "resource.type=\"cloud_run_revision\"\nresource.labels.service_name=(${join(" OR ", [for name in keys(local.functions) : "\"${name}\""])})"

  counters = {
    renewals = {
      why    = "tokens that were woken up, or replaced by a refresh, with no person"
      events = ["session-renewed", "token-refreshed"]
      labels = { session = "EXTRACT(labels.session)" }
    }
    failures = {
      why    = "sessions, events and messages that something went wrong with"
      events = ["session-not-renewed", "session-not-checked", "session-not-proven", "session-rejected", "event-not-published", "notice-not-sent", "token-not-stored", "request-failed"]
      labels = { event = "EXTRACT(jsonPayload.event)", function = "EXTRACT(labels.function)" }
    }
    sign-ins = {
      why    = "sign-ins whose token is stored"
      events = ["token-stored"]
      labels = { session = "EXTRACT(labels.session)" }
    }
    refused-links = {
      why    = "links that did not open the pages"
      events = ["link-refused"]
      labels = { reason = "EXTRACT(jsonPayload.fields.reason)" }
    }
  }
}

resource "google_logging_metric" "counted" {
  for_each = local.counters

  name        = "token-cadence/${each.key}"
  description = "token-cadence: ${each.value.why}"
  filter      = "${local.ours}\njsonPayload.event=(${join(" OR ", [for event in each.value.events : "\"${event}\""])})"

  label_extractors = each.value.labels

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key = labels.key
      }
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_logging_metric" "minutes_to_sign_in" {
  name            = "token-cadence/minutes-to-sign-in"
  description     = "token-cadence: from the first message that asked for a sign-in to the stored token"
  filter          = "${local.ours}\njsonPayload.event=\"signed-in\"\njsonPayload.fields.minutesSinceAsked>=0"
  value_extractor = "EXTRACT(jsonPayload.fields.minutesSinceAsked)"

  label_extractors = { session = "EXTRACT(labels.session)" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "min"

    labels {
      key = "session"
    }
  }

  bucket_options {
    explicit_buckets {
      bounds = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480]
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_logging_metric" "token_reads" {
  name        = "token-cadence/token-reads"
  description = "token-cadence: who read a token of which session"
  filter      = <<-EOT
    logName="projects/${var.project}/logs/cloudaudit.googleapis.com%2Fdata_access"
    protoPayload.serviceName="secretmanager.googleapis.com"
    protoPayload.methodName="google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"
    protoPayload.resourceName=~"/secrets/[a-z0-9-]+-session/versions/"
  EOT

  label_extractors = {
    who    = "EXTRACT(protoPayload.authenticationInfo.principalEmail)"
    secret = "REGEXP_EXTRACT(protoPayload.resourceName, \"/secrets/([^/]+)/\")"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key = "who"
    }
    labels {
      key = "secret"
    }
  }

  depends_on = [google_project_service.used]
}
