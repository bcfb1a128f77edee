# The deployed functions: runtime, secrets, environment, and how they are built.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project         = "my-trading-123456"
  bundles         = "./tests/bundles"
  secret_versions = { token-cadence-app = "2", etrade-sandbox-consumer = "1" }
}

# Applied, so that what is known only afterwards can be looked at as well.
run "four_functions_run_on_nodejs24_with_their_own_account" {
  assert {
    condition     = toset(keys(google_cloudfunctions2_function.own)) == toset(["morning-alert", "pin-exchange", "keep-alive", "health-check"])
    error_message = "There are four functions."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.own : function.build_config[0].runtime == "nodejs24"])
    error_message = "Every function runs on nodejs24."
  }
  assert {
    condition = alltrue([for name, function in google_cloudfunctions2_function.own :
      function.service_config[0].service_account_email == "tc-${name}@my-trading-123456.iam.gserviceaccount.com"
    ])
    error_message = "Every function has an account of its own."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.own : endswith(function.build_config[0].service_account, "/tc-images@my-trading-123456.iam.gserviceaccount.com")])
    error_message = "Images are built by an account that may do nothing else."
  }
  assert {
    condition     = alltrue([for name, function in google_cloudfunctions2_function.own : function.name == name && function.build_config[0].entry_point == name])
    error_message = "Function and entry point have one name."
  }
  assert {
    condition = alltrue([for name, object in google_storage_bucket_object.bundle :
      object.name == "${name}-${filemd5("./tests/bundles/${name}.zip")}.zip" &&
      google_cloudfunctions2_function.own[name].build_config[0].source[0].storage_source[0].object == object.name &&
      google_cloudfunctions2_function.own[name].build_config[0].source[0].storage_source[0].generation == object.generation
    ])
    error_message = "A bundle is named by its content, so that an unchanged function is not deployed again, and taken in its own generation."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.own : function.build_config[0].docker_repository == google_artifact_registry_repository.images.id])
    error_message = "Images go where the clean-up policy is."
  }
  assert {
    condition     = alltrue([for name, function in google_cloudfunctions2_function.own : function.service_config[0].timeout_seconds == (name == "pin-exchange" ? 100 : 300) && function.service_config[0].min_instance_count == 0 && function.service_config[0].max_instance_count <= 3])
    error_message = "Timeouts are longer than the scheduler's, and as short as a slow sign-in allows where strangers may call; no instance runs for nothing, and few run at once."
  }
}

run "the_page_waits_for_many_at_once" {
  command = plan

  assert {
    condition     = { for name, function in google_cloudfunctions2_function.own : name => function.service_config[0].max_instance_request_concurrency } == { morning-alert = 1, pin-exchange = 40, keep-alive = 1, health-check = 1 }
    error_message = "Eighty slow callers are needed to fill the page, not sixteen; the others do one thing at a time."
  }
}

run "each_function_mounts_only_what_it_uses" {
  command = plan

  variables {
    heartbeat       = true
    secret_versions = { token-cadence-app = "2", etrade-sandbox-consumer = "1", token-cadence-heartbeat = "4" }
  }

  assert {
    condition = { for name, function in google_cloudfunctions2_function.own : name => { for mount in function.service_config[0].secret_environment_variables : mount.key => "${mount.secret} ${mount.version}" } } == {
      morning-alert = { TOKEN_CADENCE_APP = "token-cadence-app 2" }
      pin-exchange  = { TOKEN_CADENCE_APP = "token-cadence-app 2", ETRADE_SANDBOX_CONSUMER = "etrade-sandbox-consumer 1" }
      keep-alive    = { TOKEN_CADENCE_APP = "token-cadence-app 2", ETRADE_SANDBOX_CONSUMER = "etrade-sandbox-consumer 1" }
      health-check = {
        TOKEN_CADENCE_APP       = "token-cadence-app 2"
        ETRADE_SANDBOX_CONSUMER = "etrade-sandbox-consumer 1"
        HEARTBEAT_URL           = "token-cadence-heartbeat 4"
      }
    }
    error_message = "Consumer keys are for those who call the broker, the heartbeat for health-check, each at its number."
  }
  assert {
    condition = alltrue(flatten([for name, function in google_cloudfunctions2_function.own : [
      for mount in function.service_config[0].secret_environment_variables : contains(
        [for grant in google_secret_manager_secret_iam_member.granted : "${grant.secret_id} ${grant.member}" if grant.role == "roles/secretmanager.secretAccessor"],
        "${mount.secret} serviceAccount:${function.service_config[0].service_account_email}",
      )
    ]]))
    error_message = "A function whose account may not read what is mounted does not start."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.own : length(function.service_config[0].secret_volumes) == 0])
    error_message = "No secret is mounted as a file."
  }
}

run "an_account_may_have_a_consumer_key_of_its_own" {
  command = plan

  variables {
    sessions        = ["etrade-prod", "etrade-prod-ira", "etrade-prod-joint"]
    secret_versions = { token-cadence-app = "1", etrade-prod-consumer = "1", etrade-prod-ira-consumer = "7" }
    settings        = { ALERT_AT = "08:15", ETRADE_PROD_IRA_WORKERS = "orb-bot", REQUIRED_SESSIONS = "etrade-prod" }
    public_url      = "https://sign-in.example.com"
  }

  assert {
    condition = { for mount in google_cloudfunctions2_function.own["keep-alive"].service_config[0].secret_environment_variables : mount.key => mount.secret } == {
      TOKEN_CADENCE_APP        = "token-cadence-app"
      ETRADE_PROD_CONSUMER     = "etrade-prod-consumer"
      ETRADE_PROD_IRA_CONSUMER = "etrade-prod-ira-consumer"
    }
    error_message = "The account's own key is mounted beside the shared one."
  }
  assert {
    condition     = contains(keys(google_secret_manager_secret.empty), "etrade-prod-joint-consumer")
    error_message = "The other account's secret exists, empty."
  }
  assert {
    condition = google_cloudfunctions2_function.own["pin-exchange"].service_config[0].environment_variables == tomap({
      NODE_ENV                = "production"
      NODE_OPTIONS            = "--max-semi-space-size=2 --max-old-space-size=96"
      SESSIONS                = "etrade-prod,etrade-prod-ira,etrade-prod-joint"
      PUBLIC_URL              = "https://sign-in.example.com"
      GOOGLE_CLOUD_PROJECT    = "my-trading-123456"
      ALERT_AT                = "08:15"
      ETRADE_PROD_IRA_WORKERS = "orb-bot"
      REQUIRED_SESSIONS       = "etrade-prod"
    })
    error_message = "The environment is what the inputs say, and nothing else."
  }
}
