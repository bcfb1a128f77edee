# The scheduled jobs: those of scheduler.yaml, each with a token for its own function.

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

run "the_jobs_are_those_of_scheduler_yaml_with_oidc" {
  assert {
    condition = { for name, job in google_cloud_scheduler_job.own : name => [job.schedule, job.time_zone, job.attempt_deadline, tostring(job.retry_config[0].retry_count)] } == {
      for job in yamldecode(file("../../scheduler.yaml")).jobs : job.name => [job.schedule, job.timeZone, job.attemptDeadline, tostring(job.retry.retryCount)]
      if try(job.market, "NYSE") == "NYSE"
    }
    error_message = "Exactly the jobs of scheduler.yaml whose market has a session are made, as they stand there."
  }
  assert {
    condition     = alltrue([for name, job in google_cloud_scheduler_job.own : try(job.http_target[0].oidc_token[0].audience, "") == google_cloudfunctions2_function.own[name].service_config[0].uri])
    error_message = "The audience of each job's token is the function's own address."
  }
  assert {
    condition     = alltrue([for name, job in google_cloud_scheduler_job.own : job.http_target[0].uri == google_cloudfunctions2_function.own[name].service_config[0].uri && job.http_target[0].http_method == "POST"])
    error_message = "Each job posts to its own function."
  }
  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.own : try(job.http_target[0].oidc_token[0].service_account_email, "") == "tc-scheduler@my-trading-123456.iam.gserviceaccount.com"])
    error_message = "Jobs call as tc-scheduler."
  }
  assert {
    condition     = alltrue([for name, job in google_cloud_scheduler_job.own : tonumber(trimsuffix(job.attempt_deadline, "s")) < google_cloudfunctions2_function.own[name].service_config[0].timeout_seconds])
    error_message = "A function may take longer than its caller waits."
  }
}
