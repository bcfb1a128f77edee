# Inputs with a mistake in them end the plan before anything is made.

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

run "typos_in_sessions_settings_and_versions_are_errors" {
  command = plan

  variables {
    sessions        = ["etrade-sandbx"]
    settings        = { ALERT_TA = "08:00" }
    secret_versions = { token-cadence-app = "latest" }
  }

  expect_failures = [var.sessions, var.settings, var.secret_versions]
}

run "project_numbers_zones_and_addresses_with_a_path_are_errors" {
  command = plan

  variables {
    project         = "123456789012"
    region          = "us-central1-a"
    public_url      = "https://example.com/sign-in"
    worker_accounts = { orb-bot = {} }
    kms_key         = "tokens"
    billing_account = "my billing account"
    role_suffix     = "Second-Try"
    public          = "everybody"
  }

  expect_failures = [var.role_suffix, var.public, var.project, var.region, var.public_url, var.worker_accounts, var.kms_key, var.billing_account]
}

run "the_old_list_of_worker_accounts_is_an_error" {
  command = plan

  variables {
    worker_accounts = ["orb-bot@my-trading-123456.iam.gserviceaccount.com"]
  }

  expect_failures = [var.worker_accounts]
}

run "an_unknown_part_of_a_worker_account_is_an_error" {
  command = plan

  variables {
    worker_accounts = { tc-worker = { session = ["etrade-sandbox"] } }
  }

  expect_failures = [var.worker_accounts]
}

run "sessions_that_are_no_list_are_an_error" {
  command = plan

  variables {
    worker_accounts = { tc-worker = { sessions = "etrade-sandbox" } }
  }

  expect_failures = [var.worker_accounts]
}

run "a_worker_account_that_is_a_text_is_an_error" {
  command = plan

  variables {
    worker_accounts = { tc-worker = "etrade-sandbox" }
  }

  expect_failures = [var.worker_accounts]
}

run "an_instance_that_is_named_twice_is_an_error" {
  command = plan

  variables {
    worker_accounts = { tc-worker = { instances = ["main", "main"] } }
  }

  expect_failures = [var.worker_accounts]
}

run "an_instance_that_no_worker_can_have_is_an_error" {
  command = plan

  variables {
    worker_accounts = { tc-worker = { instances = ["-host"] } }
  }

  expect_failures = [var.worker_accounts]
}

run "a_worker_account_for_a_session_that_is_not_there_is_an_error" {
  command = plan

  variables {
    worker_accounts = { tc-worker = { sessions = ["etrade-prod"] } }
  }

  expect_failures = [terraform_data.inputs]
}

run "two_accounts_that_would_share_a_subscription_are_an_error" {
  command = plan

  variables {
    worker_accounts = {
      "orb-bot@my-trading-123456.iam.gserviceaccount.com" = {}
      "orb-bot@other-project-1.iam.gserviceaccount.com"   = {}
    }
  }

  expect_failures = [terraform_data.inputs]
}

run "a_configured_worker_that_cannot_report_under_its_name_is_an_error" {
  command = plan

  variables {
    settings = { ETRADE_SANDBOX_WORKERS = "orb-bot,-host" }
  }

  expect_failures = [terraform_data.inputs]
}

run "a_budget_of_nothing_is_an_error" {
  command = plan

  variables {
    billing_account = "012345-6789AB-CDEF01"
    budget          = 0
  }

  expect_failures = [var.budget]
}

run "a_budget_of_a_part_is_an_error" {
  command = plan

  variables {
    billing_account = "012345-6789AB-CDEF01"
    budget          = 0.5
  }

  expect_failures = [var.budget]
}

run "a_secret_as_a_plain_setting_is_an_error" {
  command = plan

  variables {
    settings = { ETRADE_SANDBOX_CONSUMER = "{}" }
  }

  expect_failures = [var.settings]
}

run "a_session_of_an_unknown_broker_is_an_error" {
  command = plan

  variables {
    sessions        = ["etrad-sandbox"]
    secret_versions = {}
  }

  expect_failures = [terraform_data.inputs]
}

run "a_setting_of_a_session_that_is_not_there_is_an_error" {
  command = plan

  variables {
    settings = { ETRADE_PROD_WORKERS = "orb-bot" }
  }

  expect_failures = [terraform_data.inputs]
}

run "the_age_of_a_key_that_nobody_has_is_an_error" {
  command = plan

  variables {
    settings = { ETRADE_PROD_CONSUMER_SINCE = "2026-01-15" }
  }

  expect_failures = [terraform_data.inputs]
}

run "a_required_session_that_is_not_there_is_an_error" {
  command = plan

  variables {
    settings = { REQUIRED_SESSIONS = "etrade-sandbox, etrade-prod" }
  }

  expect_failures = [terraform_data.inputs]
}

run "an_alert_after_the_close_is_an_error" {
  command = plan

  variables {
    settings = { ALERT_AT = "13:30" }
  }

  expect_failures = [terraform_data.inputs]
}
