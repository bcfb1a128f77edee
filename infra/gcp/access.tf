# Who may do what, and why: the one list that every IAM resource is made from (below, one resource per kind).
#
# A right stands on the single resource. On the project stand only those in "project", each with its reason.
# Adds single members and never replaces what others were granted.

locals {
  storing = ["pin-exchange", "keep-alive", "health-check"]

  members = merge(
    { for name, email in local.emails : name => { label = "tc-${name}", member = "serviceAccount:${email}" } },
    { for email in keys(local.worker_accounts) : email => { label = email, member = "serviceAccount:${email}" } if email != "worker" },
    {
      deploy              = { label = "tc-deploy", member = "serviceAccount:tc-deploy@${var.project}.iam.gserviceaccount.com" }
      everyone            = { label = "allUsers", member = "allUsers" }
      pubsub-agent        = { label = "service agent of Pub/Sub", member = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com" }
      secretmanager-agent = { label = "service agent of Secret Manager", member = "serviceAccount:service-${local.number}@gcp-sa-secretmanager.iam.gserviceaccount.com" }
      monitoring-agent    = { label = "service agent of Monitoring", member = "serviceAccount:service-${local.number}@gcp-sa-monitoring-notification.iam.gserviceaccount.com" }
    },
  )
  number = data.google_project.this.number

  # Accounts that people name: one that does not exist, or that a policy refuses, must keep back nothing but its own.
  granted_named = { for key, grant in local.granted : key => grant if strcontains(grant.who, "@") }
  granted_own   = { for key, grant in local.granted : key => grant if !contains(keys(local.granted_named), key) }

  # kind = secret | topic | subscription | service | account | repository | bucket | key | project
  grants = concat(
    # Tokens and records of sessions.
    flatten([for session in local.sessions : [
      [for who in local.storing : [
        { who = who, role = "roles/secretmanager.secretAccessor", kind = "secret", on = session.secret, why = "reads the session's token" },
        { who = who, role = "roles/secretmanager.secretVersionManager", kind = "secret", on = session.secret, why = "stores a new token, destroys old ones" },
        { who = who, role = "tokenCadenceRecord", kind = "secret", on = session.secret, why = "reads and replaces the session's record" },
      ]],
      { who = "morning-alert", role = "roles/secretmanager.secretAccessor", kind = "secret", on = session.secret, why = "sees whether a newer token is stored than the record knows of" },
      { who = "morning-alert", role = "tokenCadenceReader", kind = "secret", on = session.secret, why = "sees who needs a sign-in" },
    ]]),

    # Settings that are secret.
    flatten([for who in keys(local.functions) : [
      { who = who, role = "roles/secretmanager.secretAccessor", kind = "secret", on = local.app_secret, why = "is mounted: bot token, chat, keys of links" },
      { who = who, role = "tokenCadenceRecord", kind = "secret", on = local.app_secret, why = "the record of alerts: what was told to whom" },
    ]]),
    flatten([for id in local.mounted_consumers : [for who in local.storing : [
      { who = who, role = "roles/secretmanager.secretAccessor", kind = "secret", on = id, why = "is mounted: consumer key and secret" },
    ]]]),
    [for id in var.heartbeat ? [local.heartbeat_secret] : [] :
      { who = "health-check", role = "roles/secretmanager.secretAccessor", kind = "secret", on = id, why = "is mounted: the watchman's address" }
    ],

    # Where the broker asks the person in its own app, the first alert has it do so.
    [for session in local.asking : { who = "morning-alert", role = "tokenCadenceRecord", kind = "secret", on = session.secret, why = "notes in the session's record that the person was asked" }],
    [for id in local.asking_consumers : { who = "morning-alert", role = "roles/secretmanager.secretAccessor", kind = "secret", on = id, why = "is mounted: has the broker ask the person" }],

    # Copies for workers that read two secrets.
    flatten([for id in local.mirror_secrets : [for who in local.storing : [
      { who = who, role = "roles/secretmanager.secretVersionManager", kind = "secret", on = id, why = "writes the copy for older workers, destroys old ones" },
      { who = who, role = "tokenCadenceRecord", kind = "secret", on = id, why = "marks which token the copy is of" },
    ]]]),

    # Workers: each account on what belongs to its sessions and instances. Where that cannot be narrowed further, it says so.
    flatten([for who, account in local.worker_accounts : [
      [for key, session in account.sessions : [
        { who = who, role = "roles/secretmanager.secretAccessor", kind = "secret", on = session.secret, why = "uses the session's token; cannot be kept from what else is in it: a refresh token, the versions before" },
        { who = who, role = "tokenCadenceReader", kind = "secret", on = session.secret, why = "finds the current version in the session's record" },
        [for id in lookup(local.mirrors_of, key, []) : { who = who, role = "roles/secretmanager.secretAccessor", kind = "secret", on = id, why = "reads the copy" }],
      ]],
      [for id in distinct(flatten([for key in keys(account.sessions) : local.consumers_of[key]])) : [
        { who = who, role = "roles/secretmanager.secretAccessor", kind = "secret", on = id, why = "signs its own calls with the consumer key, which a broker has only one of for all accounts of an app" },
      ]],
      { who = who, role = "roles/pubsub.publisher", kind = "topic", on = "worker-reports", why = "reports which token it uses; cannot be limited to its own name and sessions" },
    ]]),
    [for subscription in local.worker_subscriptions : { who = subscription.who, role = "tokenCadenceFollower", kind = "subscription", on = subscription.id, why = "hears of new tokens of its session" }],

    # Events and reports.
    [for who in local.storing : { who = who, role = "roles/pubsub.publisher", kind = "topic", on = "token-renewed", why = "tells workers of a new token" }],
    [for who in local.storing : { who = who, role = "roles/pubsub.subscriber", kind = "subscription", on = "worker-reports-health", why = "collects the reports of workers" }],
    flatten([for who in var.dynamic_subscriptions ? keys(local.worker_accounts) : [] : [
      { who = who, role = "roles/pubsub.subscriber", kind = "topic", on = "token-renewed", why = "attaches a subscription of its own, which may hear of every session" },
      { who = who, role = "roles/pubsub.subscriber", kind = "subscription", on = "token-renewed-example", why = "takes events from the example subscription, of every session" },
    ]]),
    [{ who = "pubsub-agent", role = "roles/pubsub.publisher", kind = "topic", on = "token-cadence-dead-letters", why = "puts away what nobody took" }],
    [for id in keys(local.handed_on) : { who = "pubsub-agent", role = "roles/pubsub.subscriber", kind = "subscription", on = id, why = "takes off the subscription what it has put away" }],

    # Calls.
    !local.is_deployed ? [] : concat(
      [for who in var.public == "allUsers" ? ["everyone"] : [] : { who = who, role = "roles/run.invoker", kind = "service", on = "pin-exchange", why = "people open the page in a browser; the page asks for its link or cookie" }],
      [for name in distinct([for job in local.jobs : job.function]) : { who = "scheduler", role = "roles/run.invoker", kind = "service", on = name, why = "calls it on schedule" }],
      [for who in keys(local.worker_accounts) : { who = who, role = "roles/run.invoker", kind = "service", on = "keep-alive", why = "asks for a renewal of its session; cannot be limited to it" }],
      var.uptime_check ? [{ who = "monitoring-agent", role = "roles/run.invoker", kind = "service", on = "health-check", why = "asks whether it is alive" }] : [],
    ),

    # Deploying. tc-build, which builds, has no right that is granted here.
    [for who in concat(keys(local.functions), ["scheduler", "images"]) : { who = "deploy", role = "roles/iam.serviceAccountUser", kind = "account", on = who, why = "deploys what runs as this account" }],
    [
      { who = "images", role = "roles/artifactregistry.writer", kind = "repository", on = "token-cadence", why = "stores the image of a function" },
      { who = "images", role = "roles/storage.objectViewer", kind = "bucket", on = local.sources, why = "fetches the bundle it makes an image of" },
    ],
    [for key in var.kms_key == null ? [] : [var.kms_key] : { who = "secretmanager-agent", role = "roles/cloudkms.cryptoKeyEncrypterDecrypter", kind = "key", on = key, why = "encrypts the secrets with your key" }],

    # On the whole project, for want of a single resource to stand on.
    [for who in local.lists_secrets ? keys(local.functions) : [] : { who = who, role = "tokenCadenceLister", kind = "project", on = var.project, why = "reads the records of more than ${local.read_one_by_one} sessions in one call; sees no value" }],
    [for who in var.dynamic_subscriptions ? keys(local.worker_accounts) : [] : { who = who, role = "tokenCadenceSubscriber", kind = "project", on = var.project, why = "makes, reads and deletes its own subscriptions; cannot be limited to those: every subscription of the project" }],
    [
      { who = "images", role = "roles/logging.logWriter", kind = "project", on = var.project, why = "writes the log of building an image; logs have no resource of their own" },
      { who = "images", role = "roles/storage.objectViewer", kind = "project", on = var.project, why = "fetches the bundle from the bucket that Cloud Functions copies it to (this bucket alone)" },
    ],
  )

  granted = { for grant in local.grants : "${local.members[grant.who].label} ${grant.role} ${grant.kind} ${basename(grant.on)}" => merge(grant, {
    member      = local.members[grant.who].member
    only_bucket = grant.kind == "project" && grant.role == "roles/storage.objectViewer" ? "gcf-v2-sources-${local.number}-${var.region}" : null
    role_name   = startswith(grant.role, "roles/") ? grant.role : "projects/${var.project}/roles/${google_project_iam_custom_role.own[grant.role].role_id}"
  }) }
}

resource "google_secret_manager_secret_iam_member" "granted" {
  for_each = { for key, grant in local.granted_own : key => grant if grant.kind == "secret" }

  secret_id = google_secret_manager_secret.empty[each.value.on].secret_id
  role      = each.value.role_name
  member    = each.value.member

  # As with the secrets: a function reads what it mounts until it no longer mounts it.
  lifecycle {
    create_before_destroy = true
  }
}

# Apart: no function waits for these.
resource "google_secret_manager_secret_iam_member" "named" {
  for_each = { for key, grant in local.granted_named : key => grant if grant.kind == "secret" }

  secret_id = google_secret_manager_secret.empty[each.value.on].secret_id
  role      = each.value.role_name
  member    = each.value.member

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_pubsub_topic_iam_member" "granted" {
  for_each = { for key, grant in local.granted : key => grant if grant.kind == "topic" }

  topic  = google_pubsub_topic.own[each.value.on].name
  role   = each.value.role_name
  member = each.value.member
}

resource "google_pubsub_subscription_iam_member" "granted" {
  for_each = { for key, grant in local.granted : key => grant if grant.kind == "subscription" }

  subscription = local.subscriptions[each.value.on]
  role         = each.value.role_name
  member       = each.value.member
}

# Who calls on schedule, apart: its jobs wait for this and for nobody else's right to call.
resource "google_cloud_run_v2_service_iam_member" "scheduler" {
  for_each = { for key, grant in local.granted : key => grant if grant.kind == "service" && grant.who == "scheduler" }

  location = var.region
  name     = google_cloudfunctions2_function.own[each.value.on].name
  role     = each.value.role_name
  member   = each.value.member
}

resource "google_cloud_run_v2_service_iam_member" "granted" {
  for_each = { for key, grant in local.granted : key => grant if grant.kind == "service" && grant.who != "scheduler" }

  location = var.region
  name     = google_cloudfunctions2_function.own[each.value.on].name
  role     = each.value.role_name
  member   = each.value.member
}

resource "google_service_account_iam_member" "granted" {
  for_each = { for key, grant in local.granted : key => grant if grant.kind == "account" }

  service_account_id = "projects/${var.project}/serviceAccounts/${trimprefix(local.members[each.value.on].member, "serviceAccount:")}"
  role               = each.value.role_name
  member             = each.value.member
}

resource "google_artifact_registry_repository_iam_member" "granted" {
  for_each = { for key, grant in local.granted : key => grant if grant.kind == "repository" }

  location   = var.region
  repository = google_artifact_registry_repository.images.repository_id
  role       = each.value.role_name
  member     = each.value.member
}

resource "google_storage_bucket_iam_member" "granted" {
  for_each = { for key, grant in local.granted : key => grant if grant.kind == "bucket" }

  bucket = google_storage_bucket.sources.name
  role   = each.value.role_name
  member = each.value.member
}

resource "google_kms_crypto_key_iam_member" "granted" {
  for_each = { for key, grant in local.granted : key => grant if grant.kind == "key" }

  crypto_key_id = each.value.on
  role          = each.value.role_name
  member        = each.value.member
}

resource "google_project_iam_member" "named" {
  for_each = { for key, grant in local.granted_named : key => grant if grant.kind == "project" }

  project = var.project
  role    = each.value.role_name
  member  = each.value.member
}

resource "google_project_iam_member" "granted" {
  for_each = { for key, grant in local.granted_own : key => grant if grant.kind == "project" }

  project = var.project
  role    = each.value.role_name
  member  = each.value.member

  dynamic "condition" {
    for_each = each.value.only_bucket == null ? [] : [each.value.only_bucket]
    content {
      title      = "only ${condition.value}"
      expression = "resource.name == 'projects/_/buckets/${condition.value}' || resource.name.startsWith('projects/_/buckets/${condition.value}/')"
    }
  }
}
