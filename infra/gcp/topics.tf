# Pub/Sub: what workers hear, what they report, and where undeliverable messages end up.
#
# No message holds a token. The subscriptions of workers are in workers.tf.

locals {
  topics = {
    token-renewed              = "${local.sizes.messageRetentionDays * 86400}s" # so that a subscription can be rewound
    worker-reports             = null
    token-cadence-dead-letters = null
  }

  # Subscriptions that hand on what nobody took.
  handed_on = {
    worker-reports-health = google_pubsub_subscription.worker_reports.name
    token-renewed-example = google_pubsub_subscription.example.name
  }

  subscriptions = merge(local.handed_on, { for id, subscription in google_pubsub_subscription.instance : id => subscription.name })
}

resource "google_pubsub_topic" "own" {
  for_each = local.topics

  name                       = each.key
  message_retention_duration = each.value

  depends_on = [google_project_service.used]
}

# Collected by keep-alive, health-check and the page. A report is worth nothing after an hour.
resource "google_pubsub_subscription" "worker_reports" {
  name                       = "worker-reports-health"
  topic                      = google_pubsub_topic.own["worker-reports"].id
  ack_deadline_seconds       = 60
  message_retention_duration = "3600s"

  expiration_policy {
    ttl = ""
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.own["token-cadence-dead-letters"].id
    max_delivery_attempts = 20
  }
}

# For people who want to see events, and to copy: every event, kept for a day.
resource "google_pubsub_subscription" "example" {
  name                       = "token-renewed-example"
  topic                      = google_pubsub_topic.own["token-renewed"].id
  ack_deadline_seconds       = 30
  message_retention_duration = "86400s"

  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "60s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.own["token-cadence-dead-letters"].id
    max_delivery_attempts = 10
  }
}

# Without a subscription a dead-letter topic keeps nothing.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "token-cadence-dead-letters"
  topic                      = google_pubsub_topic.own["token-cadence-dead-letters"].id
  message_retention_duration = "${local.sizes.messageRetentionDays * 86400}s"

  expiration_policy {
    ttl = ""
  }
}
