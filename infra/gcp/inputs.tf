# What must hold between inputs: a plan with inputs that do not fit ends here, with all problems named.
#
# Creates nothing in the cloud.

locals {
  session_prefixes     = [for session in local.sessions : session.prefix]
  environment_prefixes = [for session in local.sessions : session.shared_prefix]
  listed = {
    for name in ["REQUIRED_SESSIONS", "MIRROR_SECRETS"] :
    name => compact([for item in split(",", lookup(var.settings, name, "")) : trimspace(item)])
  }

  unknown_brokers = [for key in var.sessions : key if !contains(keys(local.brokers), split("-", key)[0])]
  unknown_listed = flatten([for name, items in local.listed : [
    for item in items : "${name}=${item}" if !contains(var.sessions, item)
  ]])
  unmirrored = [for item in local.listed["MIRROR_SECRETS"] : item if length(split("-", item)) > 2]
  foreign_settings = [for name in keys(var.settings) : name if anytrue([
    can(regex("_(ALERT_AT|ACCOUNT|APPROVAL|WORKERS)$", name)) && !contains(local.session_prefixes, replace(name, "/_(ALERT_AT|ACCOUNT|APPROVAL|WORKERS)$/", "")),
    can(regex("_CONSUMER_SINCE$", name)) && !contains(concat(local.session_prefixes, local.environment_prefixes), replace(name, "/_CONSUMER_SINCE$/", "")),
    can(regex("_(OAUTH|API|AUTHORIZE|REDIRECT)_URL$", name)) && name != "TELEGRAM_API_URL" && !contains(local.environment_prefixes, replace(name, "/_(OAUTH|API|AUTHORIZE|REDIRECT)_URL$/", "")),
  ])]
  bad_times     = [for name, value in var.settings : name if can(regex("(^|_)ALERT_AT$", name)) && !can(regex("^(0[0-9]|1[0-2]):[0-5][0-9]$", value))]
  bad_approvals = [for name, value in var.settings : name if endswith(name, "_APPROVAL") && value != "push"]

  bad_workers = [for name, value in var.settings : name if endswith(name, "_WORKERS") && !alltrue([
    for worker in compact([for item in split(",", value) : trimspace(item)]) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", worker))
  ])]

  unknown_worker_sessions = distinct(flatten([for entry in values(var.worker_accounts) : [for key in try(tolist(entry.sessions), []) : key if !contains(var.sessions, key)]]))
  shared_subscriptions    = distinct([for subscription in local.worker_subscriptions : subscription.id if length([for other in local.worker_subscriptions : other if other.id == subscription.id]) > 1])

  versionless       = [for id in local.secrets_to_fill : id if !contains(keys(var.secret_versions), id)]
  unmounted_numbers = [for id in keys(var.secret_versions) : id if !contains(local.mountable, id)]
  missing_bundles   = [for name in keys(local.functions) : "${var.bundles}/${name}.zip" if local.is_deployed && !fileexists("${var.bundles}/${name}.zip")]
  jobless           = [for job in local.schedule : job.name if !contains(keys(local.functions), try(job.function, job.name))]
}

resource "terraform_data" "inputs" {
  lifecycle {
    precondition {
      condition     = length(local.unknown_brokers) == 0
      error_message = "\"sessions\" names ${join(", ", local.unknown_brokers)}, whose broker is unknown (known: ${join(", ", keys(local.brokers))})."
    }
    precondition {
      condition     = length(local.unknown_listed) == 0
      error_message = "\"settings\" has ${join(", ", local.unknown_listed)}, which \"sessions\" lacks."
    }
    precondition {
      condition     = length(local.unmirrored) == 0
      error_message = "\"settings\" mirrors ${join(", ", local.unmirrored)}: only sessions without an account part have mirror secrets."
    }
    precondition {
      condition     = length(local.foreign_settings) == 0
      error_message = "\"settings\" has ${join(", ", local.foreign_settings)}, which belongs to no session of \"sessions\"."
    }
    precondition {
      condition     = length(local.bad_times) == 0
      error_message = "\"settings\" has in ${join(", ", local.bad_times)} no time of day before 13:00, such as 08:30."
    }
    precondition {
      condition     = length(local.bad_approvals) == 0
      error_message = "\"settings\" has in ${join(", ", local.bad_approvals)} something else than push."
    }
    precondition {
      condition     = length(local.bad_workers) == 0
      error_message = "\"settings\" has in ${join(", ", local.bad_workers)} a worker whose name is not 1 to 63 letters, digits, \".\", \"_\" and \"-\", the first a letter or digit."
    }
    precondition {
      condition     = length(local.unknown_worker_sessions) == 0
      error_message = "\"worker_accounts\" names ${join(", ", local.unknown_worker_sessions)}, which \"sessions\" lacks."
    }
    precondition {
      condition     = length(local.shared_subscriptions) == 0
      error_message = "\"worker_accounts\" has two accounts of the same name that would share ${join(", ", local.shared_subscriptions)}: each would miss what the other takes. Give their instances different names."
    }
    precondition {
      condition     = length(var.secret_versions) == 0 || length(local.versionless) == 0
      error_message = "\"secret_versions\" lacks ${join(", ", local.versionless)}. Give the number of every mounted secret, or none for the first phase."
    }
    precondition {
      condition     = length(local.unmounted_numbers) == 0
      error_message = "\"secret_versions\" names ${join(", ", local.unmounted_numbers)}, which no function mounts (mounted: ${join(", ", local.mountable)})."
    }
    precondition {
      condition     = length(local.missing_bundles) == 0
      error_message = "There is no ${join(", ", local.missing_bundles)}: run npm run build first."
    }
    precondition {
      condition     = length(local.jobless) == 0
      error_message = "scheduler.yaml names ${join(", ", local.jobless)}, which is no function."
    }
  }
}
