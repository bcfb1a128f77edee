# A session whose broker asks the person: what morning-alert gets for it, and for no other.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project         = "my-trading-123456"
  bundles         = "./tests/bundles"
  sessions        = ["etrade-prod", "upstox-prod"]
  secret_versions = { token-cadence-app = "1", etrade-prod-consumer = "2", upstox-prod-consumer = "3" }
  settings        = { UPSTOX_PROD_APPROVAL = "push" }
}

run "morning_alert_gets_that_session_alone" {
  command = plan

  assert {
    condition     = { for mount in google_cloudfunctions2_function.own["morning-alert"].service_config[0].secret_environment_variables : mount.key => "${mount.secret} ${mount.version}" } == { TOKEN_CADENCE_APP = "token-cadence-app 1", UPSTOX_PROD_CONSUMER = "upstox-prod-consumer 3" }
    error_message = "morning-alert mounts the consumer key of the session that is asked for, and no other."
  }
  assert {
    condition     = toset([for grant in google_secret_manager_secret_iam_member.granted : "${basename(grant.role)} ${grant.secret_id}" if strcontains(grant.member, "tc-morning-alert") && strcontains(grant.secret_id, "upstox")]) == toset(["secretmanager.secretAccessor upstox-prod-session", "tokenCadenceReader upstox-prod-session", "tokenCadenceRecord upstox-prod-session", "secretmanager.secretAccessor upstox-prod-consumer"])
    error_message = "morning-alert notes the request and reads the consumer key."
  }
  assert {
    condition     = toset([for grant in google_secret_manager_secret_iam_member.granted : "${basename(grant.role)} ${grant.secret_id}" if strcontains(grant.member, "tc-morning-alert") && strcontains(grant.secret_id, "etrade")]) == toset(["secretmanager.secretAccessor etrade-prod-session", "tokenCadenceReader etrade-prod-session"])
    error_message = "Other sessions it reads, as ever."
  }
}

run "a_session_with_an_account_part_uses_its_own_key_or_the_shared_one" {
  command = plan

  variables {
    sessions        = ["upstox-prod-two"]
    settings        = { UPSTOX_PROD_TWO_APPROVAL = "push" }
    secret_versions = { token-cadence-app = "1", upstox-prod-consumer = "3" }
  }

  assert {
    condition     = [for mount in google_cloudfunctions2_function.own["morning-alert"].service_config[0].secret_environment_variables : mount.key if mount.key != "TOKEN_CADENCE_APP"] == ["UPSTOX_PROD_CONSUMER"]
    error_message = "Without a key of its own the shared one is mounted."
  }
}

run "nothing_is_granted_where_nobody_asks" {
  command = plan

  variables {
    settings = {}
  }

  assert {
    condition     = [for mount in google_cloudfunctions2_function.own["morning-alert"].service_config[0].secret_environment_variables : mount.key] == ["TOKEN_CADENCE_APP"]
    error_message = "morning-alert mounts no consumer key by itself."
  }
}

run "anything_but_push_is_refused" {
  command = plan

  variables {
    settings = { UPSTOX_PROD_APPROVAL = "yes" }
  }

  expect_failures = [terraform_data.inputs]
}

run "an_approval_belongs_to_a_session" {
  command = plan

  variables {
    settings = { KITE_PROD_APPROVAL = "push" }
  }

  expect_failures = [terraform_data.inputs]
}
