# Alerts of Cloud Monitoring and the uptime check: off unless asked for, since Telegram tells people already.
#
# They say what Telegram cannot: that nothing runs at all. Each condition may cost money, so there are two.

resource "google_monitoring_alert_policy" "silence" {
  count = var.alert_policies && local.is_deployed ? 1 : 0

  display_name          = "token-cadence: keep-alive has not run for an hour"
  combiner              = "OR"
  notification_channels = var.alert_channels

  conditions {
    display_name = "no answer of keep-alive"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"keep-alive\" AND metric.type=\"run.googleapis.com/request_count\""
      duration = "3600s"
      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "Cloud Scheduler calls keep-alive every 15 minutes. Look at its job, then at the log of the function. Sessions become inactive two hours after their last call."
  }

  depends_on = [google_project_service.used]
}

resource "google_monitoring_alert_policy" "failures" {
  count = var.alert_policies && local.is_deployed ? 1 : 0

  display_name          = "token-cadence: failures again and again"
  combiner              = "OR"
  notification_channels = var.alert_channels

  conditions {
    display_name = "more than five failures in an hour"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.counted["failures"].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 5
      duration        = "0s"
      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "The log of the functions names session and reason of each failure."
  }
}

resource "google_monitoring_uptime_check_config" "live" {
  count = var.uptime_check && local.is_deployed ? 1 : 0

  display_name = "token-cadence: health-check is alive"
  period       = "900s"
  timeout      = "30s"

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = trimprefix(google_cloudfunctions2_function.own["health-check"].service_config[0].uri, "https://")
    }
  }

  # Answers at once and touches nothing.
  http_check {
    path         = "/?live"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    service_agent_authentication {
      type = "OIDC_TOKEN"
    }
  }
}
