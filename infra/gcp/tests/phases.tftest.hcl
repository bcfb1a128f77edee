# The two phases: nothing that mounts a secret is made before every mounted secret has a version number.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project = "my-trading-123456"
  bundles = "./tests/bundles"
}

run "phase_one_makes_secrets_and_topics_but_no_function" {
  command = plan

  assert {
    condition     = length(google_cloudfunctions2_function.own) == 0 && length(google_cloud_scheduler_job.own) == 0 && length(google_cloud_run_v2_service_iam_member.granted) == 0 && length(google_cloud_run_v2_service_iam_member.scheduler) == 0
    error_message = "Without numbers of versions there is no function, no job and nobody who may call one."
  }
  assert {
    condition     = toset(keys(google_secret_manager_secret.empty)) == toset(["token-cadence-app", "etrade-sandbox-consumer", "etrade-sandbox-session"])
    error_message = "The default session needs three secrets."
  }
  assert {
    condition     = toset(keys(google_pubsub_topic.own)) == toset(["token-renewed", "worker-reports", "token-cadence-dead-letters"])
    error_message = "There are three topics."
  }
  assert {
    condition     = toset(output.secrets_to_fill) == toset(["token-cadence-app", "etrade-sandbox-consumer"])
    error_message = "A person fills what is mounted; tokens are filled by the functions."
  }
  assert {
    condition     = output.page_url == "https://pin-exchange-123456789012.us-central1.run.app"
    error_message = "The page's address is known before the function exists."
  }
}

run "half_given_versions_are_an_error" {
  command = plan

  variables {
    secret_versions = { token-cadence-app = "1" }
  }

  expect_failures = [terraform_data.inputs]
}

run "a_number_for_a_secret_that_nobody_mounts_is_an_error" {
  command = plan

  variables {
    secret_versions = { token-cadence-app = "1", etrade-sandbox-consumer = "1", etrade-sandbox-session = "1" }
  }

  expect_failures = [terraform_data.inputs]
}

run "a_missing_bundle_is_an_error" {
  command = plan

  variables {
    bundles         = "./tests/nothing-here"
    secret_versions = { token-cadence-app = "1", etrade-sandbox-consumer = "1" }
  }

  expect_failures = [terraform_data.inputs]
}
