# What is off unless asked for, and what it brings when it is.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project         = "my-trading-123456"
  bundles         = "./tests/bundles"
  secret_versions = { token-cadence-app = "1", etrade-sandbox-consumer = "1" }
}

run "nothing_that_may_cost_is_on_by_itself" {
  command = plan

  assert {
    condition     = length(google_monitoring_alert_policy.silence) + length(google_monitoring_alert_policy.failures) + length(google_monitoring_uptime_check_config.live) + length(google_billing_budget.month) + length(google_kms_crypto_key_iam_member.granted) == 0
    error_message = "Alert policies, uptime check, budget and own keys are asked for."
  }
  assert {
    condition     = alltrue([for api in google_project_service.used : api.disable_on_destroy == false])
    error_message = "Services that others may use are not switched off."
  }
  assert {
    condition     = google_artifact_registry_repository.images.cleanup_policy_dry_run != true && toset([for policy in google_artifact_registry_repository.images.cleanup_policies : policy.action]) == toset(["KEEP", "DELETE"])
    error_message = "Old images are deleted."
  }
  assert {
    condition     = google_storage_bucket.sources.public_access_prevention == "enforced" && google_storage_bucket.sources.force_destroy && length(google_storage_bucket.sources.lifecycle_rule) == 1
    error_message = "Sources are private, old ones go, and destroy leaves no bucket behind."
  }
  assert {
    condition = { for path in ["/go/x", "/callback/etrade?oauth_verifier=x", "/hooks/upstox/x", "/", "/status", "/sign-in/etrade-prod"] : path => length(regexall(
      regex("requestUrl=~\"(.*)\"", google_logging_project_exclusion.links.filter)[0], "https://pin-exchange-1.us-central1.run.app${path}",
    )) } == { "/go/x" = 1, "/callback/etrade?oauth_verifier=x" = 1, "/hooks/upstox/x" = 1, "/" = 0, "/status" = 0, "/sign-in/etrade-prod" = 0 }
    error_message = "Addresses that are secrets are not logged, all others are."
  }
  assert {
    condition     = regex("requestUrl=~\"(.*)\"", google_logging_project_exclusion.links.filter)[0] == regex("OR httpRequest.referer=~\"(.*)\"", google_logging_project_exclusion.links.filter)[0]
    error_message = "Addresses that are secrets are not logged as the page before, either."
  }
  assert {
    condition     = [for log in google_project_iam_audit_config.secrets.audit_log_config : log.log_type] == ["DATA_READ"] && google_project_iam_audit_config.secrets.service == "secretmanager.googleapis.com"
    error_message = "Who reads which secret version is logged."
  }
  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.mornings.dashboard_json).mosaicLayout.tiles) == 8
    error_message = "The dashboard has eight charts."
  }
  assert {
    condition     = [for tile in jsondecode(google_monitoring_dashboard.mornings.dashboard_json).mosaicLayout.tiles : [try(tile.xPos, 0), try(tile.yPos, 0)]] == [for index in range(8) : [6 * (index % 2), 4 * floor(index / 2)]]
    error_message = "Two charts stand beside each other, with the next two below."
  }
  assert {
    condition     = length(regexall("[:,\\[](0|\"\"|null|false|\\[\\]|\\{\\})[,}\\]]", google_monitoring_dashboard.mornings.dashboard_json)) == 0
    error_message = "What Monitoring leaves out of its answer (zeros, and all that is empty) is a change in every plan."
  }
}

run "every_option_at_once" {
  command = plan

  variables {
    sessions        = ["etrade-sandbox", "etrade-prod"]
    secret_versions = { token-cadence-app = "1", etrade-sandbox-consumer = "1", etrade-prod-consumer = "1", token-cadence-heartbeat = "1" }
    settings = {
      ALERT_AT                     = "08:15"
      REQUIRED_SESSIONS            = "etrade-prod"
      MARKET_CLOSURES              = "2025-01-09=National Day of Mourning"
      MIRROR_SECRETS               = "etrade-prod"
      TELEGRAM_API_URL             = "https://telegram.example.com"
      ETRADE_PROD_ALERT_AT         = "08:00"
      ETRADE_PROD_ACCOUNT          = "12345678"
      ETRADE_PROD_WORKERS          = "orb-bot"
      ETRADE_SANDBOX_OAUTH_URL     = "https://oauth.example.com"
      ETRADE_SANDBOX_API_URL       = "https://api.example.com"
      ETRADE_SANDBOX_AUTHORIZE_URL = "https://authorize.example.com"
      ETRADE_SANDBOX_REDIRECT_URL  = "https://redirect.example.com/callback/etrade"
    }
    worker_accounts = { "orb-bot@other-project-1.iam.gserviceaccount.com" = {} }
    heartbeat       = true
    alert_policies  = true
    uptime_check    = true
    billing_account = "012345-6789AB-CDEF01"
    kms_key         = "projects/my-trading-123456/locations/global/keyRings/trading/cryptoKeys/tokens"
  }

  assert {
    condition     = length(google_monitoring_alert_policy.silence) + length(google_monitoring_alert_policy.failures) == 2
    error_message = "There are two alert policies."
  }
  assert {
    condition     = google_monitoring_uptime_check_config.live[0].http_check[0].path == "/?live" && google_monitoring_uptime_check_config.live[0].http_check[0].service_agent_authentication[0].type == "OIDC_TOKEN"
    error_message = "The uptime check asks for life only, with a token of its own."
  }
  assert {
    condition     = contains([for grant in google_cloud_run_v2_service_iam_member.granted : grant.member if grant.name == "health-check"], "serviceAccount:service-123456789012@gcp-sa-monitoring-notification.iam.gserviceaccount.com")
    error_message = "The uptime check may call health-check."
  }
  assert {
    condition     = google_billing_budget.month[0].amount[0].specified_amount[0].units == "1"
    error_message = "The budget warns of one unit of money."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.empty : secret.replication[0].auto[0].customer_managed_encryption[0].kms_key_name == var.kms_key])
    error_message = "Every secret is encrypted with the given key."
  }
  assert {
    condition     = [for grant in google_kms_crypto_key_iam_member.granted : grant.member] == ["serviceAccount:service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"]
    error_message = "Secret Manager itself may use the key, and nobody else."
  }
  assert {
    condition     = toset([for id in keys(google_secret_manager_secret.empty) : id if startswith(id, "ETRADE")]) == toset(["ETRADE_OAUTH_PROD_ACCESS_TOKEN", "ETRADE_OAUTH_PROD_ACCESS_SECRET"])
    error_message = "A mirrored session has its two secrets."
  }
  assert {
    condition     = toset([for grant in google_secret_manager_secret_iam_member.named : grant.secret_id if grant.member == "serviceAccount:orb-bot@other-project-1.iam.gserviceaccount.com"]) == toset(["etrade-sandbox-session", "etrade-prod-session", "etrade-sandbox-consumer", "etrade-prod-consumer", "ETRADE_OAUTH_PROD_ACCESS_TOKEN", "ETRADE_OAUTH_PROD_ACCESS_SECRET"])
    error_message = "A worker's account without a list of sessions reads them all, also one of another project."
  }
  assert {
    condition     = !anytrue([for grant in concat(values(google_secret_manager_secret_iam_member.granted), values(google_project_iam_member.granted)) : strcontains(grant.member, "orb-bot")])
    error_message = "Functions do not wait for the rights of an account that people name, which may not exist."
  }
}

run "a_job_whose_market_no_session_trades_on_is_left_out" {
  command = plan

  variables {
    sessions        = ["upstox-prod"]
    secret_versions = { token-cadence-app = "1", upstox-prod-consumer = "1" }
  }

  assert {
    condition = toset(keys(google_cloud_scheduler_job.own)) == toset([
      for job in yamldecode(file("../../scheduler.yaml")).jobs : job.name if try(job.market, "NSE") == "NSE"
    ])
    error_message = "Sessions of another market need no job of the New York market."
  }
  assert {
    condition     = toset(keys(google_cloud_scheduler_job.own)) == toset(["keep-alive", "health-check", "morning-alert-nse"])
    error_message = "keep-alive runs for every market, the others for the market's own hours."
  }
}
