# What follows from the list of sessions: their brokers and markets, their secrets, the environment of functions.
#
# Names only, no resource. Names of secrets and variables are those of functions/storage and functions/config.ts.

locals {
  brokers = jsondecode(file("${path.module}/brokers.json"))

  sessions = {
    for key in var.sessions : key => {
      broker      = split("-", key)[0]
      environment = split("-", key)[1]
      market      = try(local.brokers[split("-", key)[0]].market, null)
      secret      = "${key}-session"
      # Of this session alone; only sessions with an account part can have both.
      own_consumer    = "${key}-consumer"
      shared_consumer = "${split("-", key)[0]}-${split("-", key)[1]}-consumer"
      prefix          = upper(replace(key, "-", "_"))
      shared_prefix   = upper("${split("-", key)[0]}_${split("-", key)[1]}")
    }
  }

  markets = distinct([for session in local.sessions : session.market if session.market != null])

  # Mounted secrets, by what they hold.
  app_secret       = "token-cadence-app"
  heartbeat_secret = "token-cadence-heartbeat"
  own_consumers    = distinct([for session in local.sessions : session.own_consumer if session.own_consumer != session.shared_consumer])
  # A session with consumer credentials of its own does without the shared ones.
  needed_consumers = distinct([
    for session in local.sessions : session.shared_consumer
    if session.own_consumer == session.shared_consumer || !contains(keys(var.secret_versions), session.own_consumer)
  ])
  mounted_consumers = concat(local.needed_consumers, [for id in local.own_consumers : id if contains(keys(var.secret_versions), id)])
  # Sessions whose first alert has the broker ask the person: for these alone morning-alert needs a consumer key.
  asking           = { for key, session in local.sessions : key => session if lookup(var.settings, "${session.prefix}_APPROVAL", "") == "push" }
  asking_consumers = distinct([for session in local.asking : contains(local.mounted_consumers, session.own_consumer) ? session.own_consumer : session.shared_consumer])

  secrets_to_fill = concat([local.app_secret], local.mounted_consumers, var.heartbeat ? [local.heartbeat_secret] : [])
  mountable       = distinct(concat(local.secrets_to_fill, local.own_consumers))

  # The second phase: a function whose mounted secret has no version does not start, so none is made before.
  is_deployed = length(var.secret_versions) > 0 && alltrue([for id in local.secrets_to_fill : contains(keys(var.secret_versions), id)])

  mirrored = [for key in local.listed["MIRROR_SECRETS"] : local.sessions[key] if contains(var.sessions, key)]
  mirrors_of = { for session in local.mirrored : trimsuffix(session.secret, "-session") => [
    for part in ["TOKEN", "SECRET"] : "${upper(session.broker)}_OAUTH_${upper(session.environment)}_ACCESS_${part}"
  ] }
  mirror_secrets = flatten(values(local.mirrors_of))

  # Cloud Run's address of a service is known before the service exists, so that nothing depends on itself.
  page_url = coalesce(var.public_url, "https://pin-exchange-${data.google_project.this.number}.${var.region}.run.app")

  environment = merge(var.settings, {
    NODE_ENV = "production"
    # As infra/build/runtime.ts measures it.
    NODE_OPTIONS         = "--max-semi-space-size=2 --max-old-space-size=96"
    SESSIONS             = join(",", var.sessions)
    PUBLIC_URL           = local.page_url
    GOOGLE_CLOUD_PROJECT = var.project
  })
}
