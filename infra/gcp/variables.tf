# What can be chosen, each with its default and the form it must have.
#
# What must hold between two inputs is in inputs.tf. No variable takes the value of a secret.

variable "project" {
  description = "Id of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "\"project\" is the id of a project, such as my-trading-123456: not its number, not its name."
  }
}

variable "region" {
  description = "Where everything runs. Free storage exists in us-central1, us-east1 and us-west1 alone."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "\"region\" is a region such as us-central1, not a zone such as us-central1-a."
  }
}

variable "sessions" {
  description = "Session keys, <broker>-<sandbox or prod>[-<account>]: secrets, settings and rights follow from them."
  type        = list(string)
  default     = ["etrade-sandbox"]

  validation {
    condition     = length(var.sessions) > 0 && length(distinct(var.sessions)) == length(var.sessions)
    error_message = "\"sessions\" names at least one session, and none twice."
  }

  validation {
    condition     = alltrue([for key in var.sessions : can(regex("^[a-z0-9]+-(sandbox|prod)(-[a-z0-9]+)?$", key))])
    error_message = "\"sessions\" holds session keys, such as etrade-sandbox, etrade-prod or etrade-prod-ira."
  }
}

variable "secret_versions" {
  description = "Version number of each mounted secret, by its id. Functions and jobs are made once all are given."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for number in values(var.secret_versions) : can(regex("^[1-9][0-9]*$", number))])
    error_message = "\"secret_versions\" holds numbers of versions, such as \"3\": what \"latest\" means changes under a running function."
  }
}

variable "role_suffix" {
  description = "End of the ids of the custom roles, kept in the settings: a new one after a teardown, since the id of a deleted role cannot be used again for 37 days."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[a-z0-9]{0,16}$", var.role_suffix))
    error_message = "\"role_suffix\" is up to 16 small letters and digits."
  }
}

variable "bundles" {
  description = "Folder of the built functions: <function>.zip for each, as npm run build makes them."
  type        = string
  default     = "../../dist"
}

variable "settings" {
  description = "Further environment variables of the functions, such as ALERT_AT, REQUIRED_SESSIONS or ETRADE_PROD_WORKERS."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([for name in keys(var.settings) : anytrue([
      contains(["ALERT_AT", "REQUIRED_SESSIONS", "MARKET_CLOSURES", "MARKET_SESSIONS", "MIRROR_SECRETS", "TELEGRAM_API_URL"], name),
      can(regex("^[A-Z0-9]+_(SANDBOX|PROD)(_[A-Z0-9]+)?_(ALERT_AT|ACCOUNT|APPROVAL|CONSUMER_SINCE|WORKERS)$", name)),
      can(regex("^[A-Z0-9]+_(SANDBOX|PROD)_(OAUTH|API|AUTHORIZE|REDIRECT)_URL$", name)),
    ])])
    error_message = "\"settings\" has a name that is none of ALERT_AT, REQUIRED_SESSIONS, MARKET_CLOSURES, MARKET_SESSIONS, MIRROR_SECRETS, TELEGRAM_API_URL, <SESSION>_ALERT_AT, <SESSION>_ACCOUNT, <SESSION>_APPROVAL, <SESSION>_CONSUMER_SINCE, <SESSION>_WORKERS, <BROKER>_<ENVIRONMENT>_OAUTH_URL, …_API_URL, …_AUTHORIZE_URL, …_REDIRECT_URL. What Terraform sets itself, and secrets, do not belong here."
  }
}

variable "public_url" {
  description = "Address that people open, where an own domain leads to pin-exchange; null: the function's own address."
  type        = string
  default     = null

  validation {
    condition     = var.public_url == null ? true : can(regex("^https://[a-z0-9.-]+$", var.public_url))
    error_message = "\"public_url\" is https:// and a host, with nothing behind it."
  }
}

variable "public" {
  description = "How the page is published: \"allUsers\" grants everyone the right to call pin-exchange; \"unchecked\" has Cloud Run not check that right, which a policy of an organisation may demand. The build then runs gcloud after each apply."
  type        = string
  default     = "allUsers"

  validation {
    condition     = contains(["allUsers", "unchecked"], var.public)
    error_message = "\"public\" is \"allUsers\" or \"unchecked\"."
  }
}

variable "worker_accounts" {
  description = "Service accounts that trading workers run as: tc-worker, which is made here, or e-mail addresses. Each with its \"sessions\" (all, unless named) and its \"instances\", the names of its processes (main)."
  type        = any # a list, as it was once, must come as far as the message below
  default     = { tc-worker = {} }

  validation {
    condition     = can(keys(var.worker_accounts))
    error_message = "\"worker_accounts\" maps each account to its sessions and instances; it is not a list any more. The same rights as before, to be narrowed with \"sessions\": npm run deploy -- --set 'worker_accounts=${jsonencode(merge({ tc-worker = {} }, try({ for email in var.worker_accounts : tostring(email) => {} }, {})))}'"
  }

  validation {
    condition     = !can(keys(var.worker_accounts)) || alltrue([for account in try(keys(var.worker_accounts), []) : account == "tc-worker" || can(regex("^[^@:~]+@[^@:]+\\.gserviceaccount\\.com$", account))])
    error_message = "\"worker_accounts\" names service accounts: tc-worker, or an address such as orb-bot@my-trading-123456.iam.gserviceaccount.com."
  }

  validation {
    condition = !can(keys(var.worker_accounts)) || try(alltrue([
      for entry in values(var.worker_accounts) : length(setsubtract(keys(entry), ["sessions", "instances"])) == 0 && alltrue([
        for list in values(entry) : length(distinct([for item in tolist(list) : tostring(item)])) == length(list)
      ])
    ]), false)
    error_message = "\"worker_accounts\" has for each account \"sessions\" and \"instances\", lists without a repetition, such as {\"tc-worker\":{\"sessions\":[\"etrade-prod\"],\"instances\":[\"main\"]}}."
  }

  validation {
    condition     = alltrue(flatten([for entry in try(values(var.worker_accounts), []) : [for name in try(entry.instances, []) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", name))]]))
    error_message = "\"worker_accounts\" has an instance whose name is not 1 to 63 letters, digits, \".\", \"_\" and \"-\", the first a letter or digit."
  }
}

variable "dynamic_subscriptions" {
  description = "Whether workers make and delete subscriptions of their own instead of using those made here. Pub/Sub cannot limit that to their own: they may then read and delete every subscription of the project."
  type        = bool
  default     = false
}

variable "heartbeat" {
  description = "Whether health-check calls an outside watchman; its address is the secret token-cadence-heartbeat."
  type        = bool
  default     = false
}

variable "kms_key" {
  description = "Key that encrypts the secrets instead of Google's own: projects/…/locations/global/keyRings/…/cryptoKeys/…; it costs money. Choose before the first run."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null ? true : can(regex("^projects/[^/]+/locations/global/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "\"kms_key\" is the full name of a key in the location \"global\"."
  }
}

variable "alert_policies" {
  description = "Whether Cloud Monitoring alerts as well. Each of the two policies may cost money."
  type        = bool
  default     = false
}

variable "alert_channels" {
  description = "Notification channels of the alert policies: projects/…/notificationChannels/…"
  type        = list(string)
  default     = []
}

variable "uptime_check" {
  description = "Whether Cloud Monitoring asks health-check every 15 minutes whether it is alive."
  type        = bool
  default     = false
}

variable "billing_account" {
  description = "Billing account, as 012345-6789AB-CDEF01: with it there is a budget that warns by e-mail."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null ? true : can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "\"billing_account\" looks like 012345-6789AB-CDEF01."
  }
}

variable "budget" {
  description = "Amount a month, in whole units of the billing account's currency, that the budget warns of."
  type        = number
  default     = 1

  # Zero is left out of what the API answers, and it takes whole units only.
  validation {
    condition     = var.budget >= 1 && floor(var.budget) == var.budget
    error_message = "\"budget\" is a whole number, 1 or more."
  }
}

variable "labels" {
  description = "Labels of everything that can have them, for bills and searches."
  type        = map(string)
  default     = { app = "token-cadence" }
}
