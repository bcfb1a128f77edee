# Who may do what: public is one function alone, and rights stand on single resources.

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

run "only_pin_exchange_is_public" {
  command = plan

  assert {
    condition     = [for grant in google_cloud_run_v2_service_iam_member.granted : grant.name if startswith(grant.member, "all")] == ["pin-exchange"]
    error_message = "People open pin-exchange; nothing else is public."
  }
  assert {
    condition = toset([for grant in google_cloud_run_v2_service_iam_member.granted : "${split("@", grant.member)[0]} ${grant.name}" if !startswith(grant.member, "all")]) == toset([
      "serviceAccount:tc-scheduler morning-alert",
      "serviceAccount:tc-scheduler keep-alive",
      "serviceAccount:tc-scheduler health-check",
      "serviceAccount:tc-worker keep-alive",
    ])
    error_message = "The scheduler calls its three functions, workers call keep-alive."
  }
  assert {
    condition = toset([for grant in google_project_iam_member.granted : "${split("@", grant.member)[0]} ${basename(grant.role)}"]) == toset([
      "serviceAccount:tc-worker tokenCadenceSubscriber",
      "serviceAccount:tc-images logging.logWriter",
      "serviceAccount:tc-images storage.objectViewer",
    ])
    error_message = "On the project stand the named exceptions alone."
  }
  assert {
    condition     = [for grant in google_service_account_iam_member.granted : "${grant.service_account_id} ${grant.member}" if grant.role == "roles/iam.serviceAccountOpenIdTokenCreator"] == ["projects/my-trading-123456/serviceAccounts/tc-build@my-trading-123456.iam.gserviceaccount.com serviceAccount:tc-build@my-trading-123456.iam.gserviceaccount.com"]
    error_message = "The build account may make an identity token of its own, which Cloud Build hands out only then, and of no other account."
  }
  assert {
    condition     = alltrue([for grant in google_project_iam_member.granted : length(grant.condition) == 1 if grant.role == "roles/storage.objectViewer"])
    error_message = "On the project, objects are to be seen in one bucket alone."
  }
  assert {
    condition     = !anytrue([for role in google_project_iam_custom_role.own : contains(role.permissions, "secretmanager.secrets.list")])
    error_message = "Up to twenty sessions nobody lists secrets."
  }
  assert {
    condition     = toset([for grant in google_secret_manager_secret_iam_member.granted : basename(grant.role) if grant.secret_id == "etrade-sandbox-session" && strcontains(grant.member, "tc-morning-alert")]) == toset(["secretmanager.secretAccessor", "tokenCadenceReader"])
    error_message = "morning-alert reads and writes nothing."
  }
  assert {
    condition     = toset([for grant in google_secret_manager_secret_iam_member.granted : grant.secret_id if strcontains(grant.member, "tc-worker")]) == toset(["etrade-sandbox-session", "etrade-sandbox-consumer"])
    error_message = "Workers see sessions and consumer keys, not the bot's token."
  }
  assert {
    condition     = alltrue([for grant in google_secret_manager_secret_iam_member.granted : contains(["roles/secretmanager.secretAccessor", "projects/my-trading-123456/roles/tokenCadenceReader"], grant.role) if strcontains(grant.member, "tc-worker")])
    error_message = "Workers write no secret."
  }
  assert {
    condition     = length(output.access) == length(google_secret_manager_secret_iam_member.granted) + length(google_pubsub_topic_iam_member.granted) + length(google_pubsub_subscription_iam_member.granted) + length(google_cloud_run_v2_service_iam_member.granted) + length(google_service_account_iam_member.granted) + length(google_artifact_registry_repository_iam_member.granted) + length(google_storage_bucket_iam_member.granted) + length(google_project_iam_member.granted)
    error_message = "Every grant is in the output, and the other way round."
  }
}

# Of many sessions only what is asked about is planned, which spares most of the time.
run "twenty_sessions_need_no_list" {
  command = plan

  plan_options {
    target = [google_project_iam_custom_role.own]
  }

  variables {
    sessions        = [for number in range(20) : "etrade-sandbox-a${number}"]
    secret_versions = {}
  }

  assert {
    condition     = !contains(keys(google_project_iam_custom_role.own), "tokenCadenceLister")
    error_message = "Twenty are read one by one."
  }
}

run "more_are_listed_by_the_functions_and_nobody_else" {
  command = plan

  plan_options {
    target = [google_project_iam_custom_role.own, google_project_iam_member.granted]
  }

  variables {
    sessions        = [for number in range(21) : "etrade-sandbox-a${number}"]
    secret_versions = {}
  }

  assert {
    condition     = google_project_iam_custom_role.own["tokenCadenceLister"].permissions == toset(["secretmanager.secrets.list"])
    error_message = "The exception on the project is one permission."
  }
  assert {
    condition = toset([for grant in google_project_iam_member.granted : split("@", grant.member)[0] if endswith(grant.role, "/tokenCadenceLister")]) == toset([
      "serviceAccount:tc-morning-alert", "serviceAccount:tc-pin-exchange", "serviceAccount:tc-keep-alive", "serviceAccount:tc-health-check",
    ])
    error_message = "The four functions list, workers do not."
  }
}
