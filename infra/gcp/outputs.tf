# What the scripts and people need to know afterwards. No value of a secret.

output "page_url" {
  description = "The address that people open."
  value       = local.page_url
}

output "unchecked_in" {
  description = "Region in which the build has Cloud Run not check who calls pin-exchange; empty where everyone is granted the right."
  value       = local.is_deployed && var.public == "unchecked" ? var.region : ""
}

output "function_urls" {
  description = "Address of each function, by its name; empty in the first phase."
  value       = { for name, function in google_cloudfunctions2_function.own : name => function.service_config[0].uri }
}

output "secrets_to_fill" {
  description = "Secrets that need a version before the functions can be made."
  value       = local.secrets_to_fill
}

output "source_bucket" {
  description = "Bucket of the uploaded functions."
  value       = google_storage_bucket.sources.name
}

output "image_repository" {
  description = "Repository of the functions' images."
  value       = google_artifact_registry_repository.images.repository_id
}

output "worker_account" {
  description = "Service account for trading workers to run as."
  value       = local.emails["worker"]
}

output "worker_subscriptions" {
  description = "The subscriptions of each account of workers: token-renewed~<session>~<name of the account>~<instance>."
  value = { for who in keys(local.worker_accounts) : trimprefix(local.members[who].member, "serviceAccount:") => [
    for subscription in local.worker_subscriptions : subscription.id if subscription.who == who
  ] }
}

output "access" {
  description = "Who may do what, and why: every grant that is made here."
  value = [for grant in local.grants : {
    member   = local.members[grant.who].label
    role     = grant.role
    resource = grant.kind == "project" ? "project" : "${local.kinds[grant.kind]} ${grant.kind == "account" ? local.members[grant.on].label : grant.on}"
    why      = grant.why
  }]
}

output "custom_roles" {
  description = "Permissions of each custom role."
  value       = { for id, role in local.custom_roles : id => role.permissions }
}

output "functions" {
  description = "What each function is given: environment variables, and the secrets mounted as such."
  value = { for name in keys(local.deployed) : name => {
    environment = local.environment
    secrets     = { for mount in local.mounts[name] : mount.name => mount.secret }
  } }
}

locals {
  kinds = {
    secret       = "secret"
    topic        = "topic"
    subscription = "subscription"
    service      = "function"
    account      = "account"
    repository   = "repository"
    bucket       = "bucket"
    key          = "key"
  }
}
