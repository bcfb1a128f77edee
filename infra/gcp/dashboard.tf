# The dashboard: how the mornings went, on one page of Cloud Monitoring.
#
# Shows the metrics of logging.tf and those that Google keeps for free.

locals {
  counted_type = "logging.googleapis.com/user/"

  charts = [
    { title = "Minutes from the alert to the stored token", metric = "${local.counted_type}${google_logging_metric.minutes_to_sign_in.name}", resource = "cloud_run_revision", aligner = "ALIGN_PERCENTILE_50", reducer = "REDUCE_MEAN", by = ["metric.label.session"], period = "86400s" },
    { title = "Sign-ins a day", metric = "${local.counted_type}${google_logging_metric.counted["sign-ins"].name}", resource = "cloud_run_revision", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.session"], period = "86400s" },
    { title = "Renewals an hour", metric = "${local.counted_type}${google_logging_metric.counted["renewals"].name}", resource = "cloud_run_revision", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.session"], period = "3600s" },
    { title = "Failures an hour", metric = "${local.counted_type}${google_logging_metric.counted["failures"].name}", resource = "cloud_run_revision", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.event"], period = "3600s" },
    { title = "Token reads an hour, by account", metric = "${local.counted_type}${google_logging_metric.token_reads.name}", resource = "audited_resource", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.who"], period = "3600s" },
    { title = "Refused links an hour", metric = "${local.counted_type}${google_logging_metric.counted["refused-links"].name}", resource = "cloud_run_revision", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.reason"], period = "3600s" },
    { title = "Calls of each function, by status", metric = "run.googleapis.com/request_count", resource = "cloud_run_revision", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["resource.label.service_name", "metric.label.response_code_class"], period = "900s" },
    { title = "Messages that nobody took", metric = "pubsub.googleapis.com/subscription/num_undelivered_messages", resource = "pubsub_subscription", aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", by = ["resource.label.subscription_id"], period = "300s" },
  ]
}

resource "google_monitoring_dashboard" "mornings" {
  dashboard_json = jsonencode({
    displayName = "token-cadence"
    mosaicLayout = {
      columns = 12
      # Monitoring leaves out zeros, and the provider would take what is missing for a change, at every plan.
      tiles = [for index, chart in local.charts : merge(
        { for name, position in { xPos = 6 * (index % 2), yPos = 4 * floor(index / 2) } : name => position if position > 0 },
        {
          width  = 6
          height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "STACKED_BAR"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = "metric.type=\"${chart.metric}\" resource.type=\"${chart.resource}\""
                    aggregation = {
                      alignmentPeriod    = chart.period
                      perSeriesAligner   = chart.aligner
                      crossSeriesReducer = chart.reducer
                      groupByFields      = chart.by
                    }
                  }
                }
              }]
            }
          }
        },
      )]
    }
  })

  depends_on = [google_project_service.used]
}
