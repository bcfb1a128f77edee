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
    condition = toset([for grant in concat(values(google_cloud_run_v2_service_iam_member.granted), values(google_cloud_run_v2_service_iam_member.scheduler)) : "${split("@", grant.member)[0]} ${grant.name}" if !startswith(grant.member, "all")]) == toset([
      "serviceAccount:tc-scheduler morning-alert",
      "serviceAccount:tc-scheduler keep-alive",
      "serviceAccount:tc-scheduler health-check",
      "serviceAccount:tc-worker keep-alive",
    ])
    error_message = "The scheduler calls its three functions, workers call keep-alive."
  }
  assert {
    condition = toset([for grant in google_project_iam_member.granted : "${split("@", grant.member)[0]} ${basename(grant.role)}"]) == toset([
      "serviceAccount:tc-images logging.logWriter",
      "serviceAccount:tc-images storage.objectViewer",
    ])
    error_message = "On the project stand the named exceptions alone."
  }
  assert {
    condition     = toset([for grant in google_service_account_iam_member.granted : "${split("@", grant.member)[0]} ${grant.role}"]) == toset(["serviceAccount:tc-deploy roles/iam.serviceAccountUser"])
    error_message = "The account that deploys, and no other, has things run as other accounts; nobody makes tokens of them."
  }
  assert {
    condition     = !anytrue([for grant in output.access : strcontains(grant.member, "tc-build@")])
    error_message = "The account that builds gets nothing here."
  }
  assert {
    condition     = alltrue([for grant in google_project_iam_member.granted : length(grant.condition) == 1 if grant.role == "roles/storage.objectViewer"])
    error_message = "On the project, objects are to be seen in one bucket alone."
  }
  assert {
    condition     = !anytrue([for grant in google_project_iam_member.granted : endswith(grant.role, "/tokenCadenceLister")])
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
    condition     = length(output.access) == length(google_secret_manager_secret_iam_member.granted) + length(google_pubsub_topic_iam_member.granted) + length(google_pubsub_subscription_iam_member.granted) + length(google_cloud_run_v2_service_iam_member.granted) + length(google_cloud_run_v2_service_iam_member.scheduler) + length(google_service_account_iam_member.granted) + length(google_artifact_registry_repository_iam_member.granted) + length(google_storage_bucket_iam_member.granted) + length(google_project_iam_member.granted)
    error_message = "Every grant is in the output, and the other way round."
  }
}

# Applied, so that the rules on everything that is made look at it, too.
run "a_worker_account_has_rights_on_its_sessions_and_instances_alone" {
  variables {
    sessions        = ["etrade-sandbox", "etrade-prod", "etrade-prod-ira", "upstox-prod"]
    secret_versions = { token-cadence-app = "1", etrade-sandbox-consumer = "1", etrade-prod-consumer = "1", etrade-prod-ira-consumer = "1", upstox-prod-consumer = "1" }
    settings        = { MIRROR_SECRETS = "etrade-prod,upstox-prod" }
    worker_accounts = {
      tc-worker                                           = { sessions = ["etrade-sandbox"] }
      "orb-bot@my-trading-123456.iam.gserviceaccount.com" = { sessions = ["etrade-prod", "etrade-prod-ira"], instances = ["main", "standby"] }
      "scalper@other-project-1.iam.gserviceaccount.com"   = { sessions = ["etrade-prod"] }
      "idle@my-trading-123456.iam.gserviceaccount.com"    = { sessions = [], instances = [] }
    }
  }

  assert {
    condition = { for id, subscription in google_pubsub_subscription.instance : id => subscription.filter } == {
      "token-renewed~etrade-sandbox~tc-worker~main"   = "attributes.session = \"etrade-sandbox\""
      "token-renewed~etrade-prod~orb-bot~main"        = "attributes.session = \"etrade-prod\""
      "token-renewed~etrade-prod~orb-bot~standby"     = "attributes.session = \"etrade-prod\""
      "token-renewed~etrade-prod-ira~orb-bot~main"    = "attributes.session = \"etrade-prod-ira\""
      "token-renewed~etrade-prod-ira~orb-bot~standby" = "attributes.session = \"etrade-prod-ira\""
      "token-renewed~etrade-prod~scalper~main"        = "attributes.session = \"etrade-prod\""
    }
    error_message = "There is a subscription for each session and instance of an account, with this session's events."
  }
  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.instance : subscription.expiration_policy[0].ttl == ""])
    error_message = "What Terraform made does not expire while a worker is away."
  }
  assert {
    condition = toset([for grant in google_pubsub_subscription_iam_member.granted : "${trimprefix(split("@", grant.member)[0], "serviceAccount:")} ${basename(grant.role)} ${grant.subscription}" if can(regex("worker|orb-bot|scalper|idle", grant.member))]) == toset([
      for id in keys(google_pubsub_subscription.instance) : "${split("~", id)[2]} tokenCadenceFollower ${id}"
    ])
    error_message = "Each account has rights on the subscriptions of its instances, and on no other one."
  }
  assert {
    condition = jsonencode({ for account in ["tc-worker@my", "orb-bot@my", "scalper@other", "idle@my"] : account => sort([for grant in concat(values(google_secret_manager_secret_iam_member.granted), values(google_secret_manager_secret_iam_member.named)) : "${grant.secret_id} ${basename(grant.role)}" if strcontains(grant.member, account)]) }) == jsonencode({
      "tc-worker@my" = ["etrade-sandbox-consumer secretmanager.secretAccessor", "etrade-sandbox-session secretmanager.secretAccessor", "etrade-sandbox-session tokenCadenceReader"]
      "orb-bot@my" = [
        "ETRADE_OAUTH_PROD_ACCESS_SECRET secretmanager.secretAccessor", "ETRADE_OAUTH_PROD_ACCESS_TOKEN secretmanager.secretAccessor",
        "etrade-prod-consumer secretmanager.secretAccessor", "etrade-prod-ira-consumer secretmanager.secretAccessor",
        "etrade-prod-ira-session secretmanager.secretAccessor", "etrade-prod-ira-session tokenCadenceReader",
        "etrade-prod-session secretmanager.secretAccessor", "etrade-prod-session tokenCadenceReader",
      ]
      "scalper@other" = [
        "ETRADE_OAUTH_PROD_ACCESS_SECRET secretmanager.secretAccessor", "ETRADE_OAUTH_PROD_ACCESS_TOKEN secretmanager.secretAccessor",
        "etrade-prod-consumer secretmanager.secretAccessor", "etrade-prod-session secretmanager.secretAccessor", "etrade-prod-session tokenCadenceReader",
      ]
      "idle@my" = []
    })
    error_message = "Each account reads the secrets of its own sessions, and their consumer keys."
  }
  assert {
    condition     = toset([for grant in google_pubsub_topic_iam_member.granted : "${grant.topic} ${grant.role}" if can(regex("worker|orb-bot|scalper|idle", grant.member))]) == toset(["worker-reports roles/pubsub.publisher"])
    error_message = "Workers report, and attach nothing to the events."
  }
  assert {
    condition     = length([for grant in concat(values(google_project_iam_member.granted), values(google_project_iam_member.named)) : grant if can(regex("worker|orb-bot|scalper|idle", grant.member))]) == 0
    error_message = "Workers have no right on the project."
  }
  assert {
    condition = output.worker_subscriptions == {
      "tc-worker@my-trading-123456.iam.gserviceaccount.com" = ["token-renewed~etrade-sandbox~tc-worker~main"]
      "orb-bot@my-trading-123456.iam.gserviceaccount.com" = [
        "token-renewed~etrade-prod~orb-bot~main", "token-renewed~etrade-prod~orb-bot~standby",
        "token-renewed~etrade-prod-ira~orb-bot~main", "token-renewed~etrade-prod-ira~orb-bot~standby",
      ]
      "scalper@other-project-1.iam.gserviceaccount.com" = ["token-renewed~etrade-prod~scalper~main"]
      "idle@my-trading-123456.iam.gserviceaccount.com"  = []
    }
    error_message = "The output names the subscriptions of each account."
  }
}

run "an_account_of_one_of_two_accounts_at_a_broker_reads_the_shared_key_only_where_it_needs_it" {
  command = plan

  plan_options {
    target = [google_secret_manager_secret_iam_member.granted, google_secret_manager_secret_iam_member.named]
  }

  variables {
    sessions        = ["etrade-prod-ira", "etrade-prod-joint"]
    secret_versions = { token-cadence-app = "1", etrade-prod-consumer = "1", etrade-prod-ira-consumer = "1" }
    worker_accounts = {
      "ira@my-trading-123456.iam.gserviceaccount.com"   = { sessions = ["etrade-prod-ira"] }
      "joint@my-trading-123456.iam.gserviceaccount.com" = { sessions = ["etrade-prod-joint"] }
    }
  }

  assert {
    condition = toset([for grant in concat(values(google_secret_manager_secret_iam_member.granted), values(google_secret_manager_secret_iam_member.named)) : "${trimprefix(split("@", grant.member)[0], "serviceAccount:")} ${grant.secret_id}" if can(regex(":(ira|joint|tc-worker)@", grant.member)) && endswith(grant.secret_id, "-consumer")]) == toset([
      "ira etrade-prod-ira-consumer", "joint etrade-prod-joint-consumer", "joint etrade-prod-consumer",
    ])
    error_message = "Credentials of its own spare an account the shared ones; tc-worker, which is not named, reads nothing."
  }
}

run "workers_that_make_their_own_subscriptions_have_what_that_takes" {
  command = plan

  variables {
    dynamic_subscriptions = true
    worker_accounts       = { "tc-worker@my-trading-123456.iam.gserviceaccount.com" = {} }
  }

  assert {
    condition     = google_project_iam_custom_role.own["tokenCadenceSubscriber"].permissions == toset(["pubsub.subscriptions.consume", "pubsub.subscriptions.create", "pubsub.subscriptions.delete", "pubsub.subscriptions.get"])
    error_message = "They make, read and delete subscriptions."
  }
  assert {
    condition     = toset([for grant in google_project_iam_member.granted : split("@", grant.member)[0] if endswith(grant.role, "/tokenCadenceSubscriber")]) == toset(["serviceAccount:tc-worker"])
    error_message = "On the project, where a subscription that is not there yet would be."
  }
  assert {
    condition     = contains([for grant in google_pubsub_topic_iam_member.granted : "${split("@", grant.member)[0]} ${grant.role}" if grant.topic == "token-renewed"], "serviceAccount:tc-worker roles/pubsub.subscriber")
    error_message = "They attach them to the topic."
  }
  assert {
    condition     = length(google_pubsub_subscription.instance) == 0
    error_message = "None is made for them beside those."
  }
}

run "unchecked_grants_nobody_unknown_a_right" {
  command = plan

  variables {
    public = "unchecked"
  }

  assert {
    condition     = !anytrue([for member in concat([for grant in google_cloud_run_v2_service_iam_member.granted : grant.member], [for grant in output.access : grant.member]) : startswith(member, "all")])
    error_message = "Where a policy refuses allUsers nothing is granted to it."
  }
  assert {
    condition     = output.unchecked_in == "us-central1"
    error_message = "The build reads where it is to switch off Cloud Run's check."
  }
}

# The id of a deleted role cannot be used again for 37 days. Applied, so that the rules on all that is made see it, too.
run "a_suffix_makes_every_custom_role_another_one" {
  variables {
    sessions        = [for number in range(21) : "etrade-sandbox-a${number}"]
    secret_versions = {}
    role_suffix     = "4f1c09"
  }

  assert {
    condition     = length(google_project_iam_custom_role.own) > 2 && alltrue([for name, role in google_project_iam_custom_role.own : role.role_id == "${name}_4f1c09"])
    error_message = "Every custom role has the suffix."
  }
  assert {
    condition = alltrue([
      for role in concat([for grant in google_project_iam_member.granted : grant.role], [for grant in google_secret_manager_secret_iam_member.granted : grant.role]) :
      startswith(role, "roles/") || endswith(role, "_4f1c09")
    ])
    error_message = "What is granted are the roles that are made."
  }
  assert {
    condition     = keys(output.custom_roles) == keys(google_project_iam_custom_role.own) && !anytrue([for name in keys(output.custom_roles) : strcontains(name, "_")])
    error_message = "Documents and tests know roles by their names without a suffix."
  }
}

# Of many sessions only what is asked about is planned, which spares most of the time.
run "twenty_sessions_need_no_list" {
  command = plan

  plan_options {
    target = [google_project_iam_custom_role.own, google_project_iam_member.granted]
  }

  variables {
    sessions        = [for number in range(20) : "etrade-sandbox-a${number}"]
    secret_versions = {}
  }

  assert {
    condition     = contains(keys(google_project_iam_custom_role.own), "tokenCadenceLister")
    error_message = "The role is there before it is needed: its id could not be used again once it went."
  }
  assert {
    condition     = length([for grant in google_project_iam_member.granted : grant if endswith(grant.role, "/tokenCadenceLister")]) == 0
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
