/**
 * Everything the cost table takes for granted, in one place: how long runs take, how often people look,
 * how large things are. Where a figure is in doubt it is the dearer one.
 *
 * What is measured says by what; test/cost holds the counts of calls against the code. Read by `usage.ts`
 * and `limits.ts`.
 */

import type { FunctionName } from './sizes.ts';

/** The month that is computed unless another is asked for: 31 days and 23 weekdays, as full as months get. */
export const MONTH = '2026-12';

/** The person signs in a minute after the first alert, in New York. From midnight until then no token is live. */
export const SIGNED_IN_AT = '08:31';

/**
 * How many values of Secret Manager a run reads for each session. Also a look for a newer version that is not
 * there counts: the price list does not say that it is free.
 */
export const TOKEN_READS = {
  /** Nothing to do, or nothing that helps before the next sign-in: one look for a newer version. */
  keepAlive: 1,
  /** That look, then the token and the next number again, for a call. */
  keepAliveProbes: 3,
  healthCheck: 3,
  healthCheckExpired: 1,
  /** At 08:30 each of three functions looks twice, and the one that sends the alert twice again. */
  firstAlert: 8,
  /** The superseded version, once a trading day, before it is destroyed. */
  pruning: 1,
  /** A sign-in, its messages, and a look at the dashboard. */
  signIn: 3,
} as const;

/** In an evening with nobody trading, keep-alive makes a call with each session so often. */
export const PROBES_AN_EVENING = 3;

/** Reads of a worker that is connected: one look for a newer version each minute. */
export const WORKER_READS_AN_HOUR = 60;
/** From before the open until after the close. */
export const WORKER_HOURS_A_DAY = 8;

/** A superseded token stays readable for an hour and is destroyed by the next health-check. */
export const SUPERSEDED_HOURS = 1.25;

/** All remote calls of a run: those of the run itself, and those of each session. */
export const CALLS: Readonly<Record<FunctionName, { own: number; perSession: number }>> = {
  'morning-alert': { own: 4, perSession: 7 },
  'pin-exchange': { own: 2, perSession: 0 },
  'keep-alive': { own: 3, perSession: 3 },
  'health-check': { own: 2, perSession: 9 },
};

/** One function works on so many sessions at once: `forEachSession`. */
export const AT_ONCE = 8;

/** Waiting for a remote call: Google's take tens of milliseconds, a broker's hundreds. */
export const CALL_SECONDS = 0.1;

/** Processor time of a remote call. `npm run bench -- sweep`: 38 ms for 7.8 calls of a session. */
export const CALL_CPU_SECONDS = 0.005;

/** Processor time from an empty machine to the first answer. `npm run bench -- cold-start`: the slowest function. */
export const COLD_START_CPU_SECONDS = 0.41;

/** Instances are gone after 15 idle minutes at most, and runs come every 15: each starts cold. */
export const COLD_STARTS_A_RUN = 1;

/** People: link, page, open, PIN, result, dashboard, and what a browser asks for besides. */
export const PAGES_A_SIGN_IN = 8;
/** The PIN's own request takes 14 calls; the others a few. */
export const PAGE_SECONDS = 1;
/** A person signs in to all sessions in one go, and looks again later. */
export const PAGE_COLD_STARTS_A_DAY = 2;

/** What the functions themselves write about a session in a day. */
export const LOG_BYTES_A_SESSION_DAY = 10_000;
/** Cloud Run's own entry for a request, with the lines of a start. */
export const LOG_BYTES_A_REQUEST = 3_000;
/** The audit entry of a read secret. */
export const LOG_BYTES_AN_ACCESS = 2_000;

/** Layers that all images share: operating system and Node.js. Stored once in a repository. */
export const IMAGE_SHARED_BYTES = 250_000_000;
/** What an image has of its own: the bundle and the functions-framework. */
export const IMAGE_OWN_BYTES = 15_000_000;

/** An uploaded bundle is smaller (`npm run bench -- bundle-size`); replaced ones stay for 30 days. */
export const BUNDLE_BYTES = 1_000_000;
/** The copy of the source that a deployment uploads. */
export const CHECKOUT_BYTES = 5_000_000;

export const DEPLOYMENTS_A_MONTH = 4;
/** Install, build, Terraform and the look at the result; no checks or tests. And Google's own build of each function. */
export const BUILD_MINUTES_A_DEPLOYMENT = 10;
export const BUILD_MINUTES_A_FUNCTION = 2;

/** To brokers, Telegram and people's browsers. */
export const NETWORK_BYTES_A_RUN = 5_000;
export const NETWORK_BYTES_A_PAGE = 20_000;

/** A flood that one machine can send and two instances can answer. */
export const STRANGER_REQUESTS_A_SECOND = 100;
/** The page that a stranger gets, with its headers. */
export const STRANGER_ANSWER_BYTES = 3_000;
/** Cloud Run's own entry for a request. */
export const STRANGER_LOG_BYTES = 1_000;

/** What a Pub/Sub request counts for at least. */
export const MESSAGE_BYTES = 1_000;
/** An event goes to the topic, to the example subscription and to workers. */
export const DELIVERIES_AN_EVENT = 5;

/** Buttons in one message: `notifications/messages.ts`. */
export const BUTTONS_A_MESSAGE = 20;
/** Sessions that are read one by one; more are listed: `storage/secret-manager.ts`. */
export const READ_ONE_BY_ONE = 20;

/** From the button to the check mark, for somebody with practice. */
export const SECONDS_A_SIGN_IN = 40;
/** From the first alert to the open. */
export const ALERT_BEFORE_OPEN_SECONDS = 3_600;

/** Secret Manager's quotas, of reads of metadata and of writes each. */
export const QUOTA_A_MINUTE = 600;

/** `npm run bench -- sweep`: resident memory of keep-alive with no session, and what each adds. */
export const MEMORY_MIB = 114;
export const MEMORY_MIB_A_SESSION = 0.057;
