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

run "a_session_with_a_typo_is_an_error" {
  command = plan

  variables {
    sessions = ["etrade-sandbx"]
  }

  expect_failures = [var.sessions]
}

run "a_session_of_an_unknown_broker_is_an_error" {
  command = plan

  variables {
    sessions        = ["etrad-sandbox"]
    secret_versions = {}
  }

  expect_failures = [terraform_data.inputs]
}

run "a_setting_with_an_unknown_name_is_an_error" {
  command = plan

  variables {
    settings = { ALERT_TA = "08:00" }
  }

  expect_failures = [var.settings]
}

run "a_secret_as_a_plain_setting_is_an_error" {
  command = plan

  variables {
    settings = { ETRADE_SANDBOX_CONSUMER = "{}" }
  }

  expect_failures = [var.settings]
}

run "a_setting_of_a_session_that_is_not_there_is_an_error" {
  command = plan

  variables {
    settings = { ETRADE_PROD_WORKERS = "orb-bot" }
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
