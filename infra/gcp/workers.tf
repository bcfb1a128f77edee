# Trading workers: which account may use which sessions, and a subscription for each of its instances.
#
# A worker finds its subscription by its name alone (functions/events/pubsub-subscription.ts has the same rule) and
# may neither make nor delete one, unless "dynamic_subscriptions" says so.

locals {
  own_worker = "tc-worker"

  # By the name that stands in the list of rights: "worker" is the account that is made here.
  worker_accounts = {
    for account, entry in var.worker_accounts :
    contains([local.own_worker, "${local.own_worker}@${var.project}.iam.gserviceaccount.com"], account) ? "worker" : account => {
      name      = split("@", account)[0]
      sessions  = { for key in coalesce(try(tolist(entry.sessions), null), var.sessions) : key => local.sessions[key] if contains(var.sessions, key) }
      instances = coalesce(try(tolist(entry.instances), null), ["main"])
    }
  }

  # The credentials that a session's calls are signed with: of its own where they have a value, else the shared ones.
  consumers_of = {
    for key, session in local.sessions : key => distinct(concat(
      [session.own_consumer],
      contains(keys(var.secret_versions), session.own_consumer) ? [] : [session.shared_consumer],
    ))
  }

  # One list, so that two accounts that would share a subscription are seen.
  worker_subscriptions = var.dynamic_subscriptions ? [] : flatten([
    for who, account in local.worker_accounts : [
      for pair in setproduct(keys(account.sessions), account.instances) : {
        id      = "token-renewed~${pair[0]}~${account.name}~${pair[1]}"
        who     = who
        session = pair[0]
      }
    ]
  ])
}

# What comes while a worker is away is worth nothing to it: it looks at the record when it is back.
resource "google_pubsub_subscription" "instance" {
  for_each = { for subscription in local.worker_subscriptions : subscription.id => subscription.session... }

  name                       = each.key
  topic                      = google_pubsub_topic.own["token-renewed"].id
  filter                     = "attributes.session = \"${each.value[0]}\""
  ack_deadline_seconds       = 10
  message_retention_duration = "600s"

  expiration_policy {
    ttl = ""
  }
}
