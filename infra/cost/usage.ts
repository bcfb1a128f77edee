/**
 * What a month uses of each item that has a price: computed from the schedule, the sizes of the functions,
 * the number of sessions and the assumptions.
 *
 * Knows no price. Used by `bill.ts`.
 */

import type { Market } from '../../functions/lifecycle/rules.ts';
import { type Job, jobsForMarkets } from '../local/schedule.ts';
import * as assumed from './assumptions.ts';
import type { Month, Runs } from './month.ts';
import type { Item } from './prices.ts';
import { FUNCTION_NAMES, type FunctionName, type Sizes } from './sizes.ts';

/** What is computed. */
export type Question = {
  readonly sessions: number;
  /** Connected in the hours of trading; they count with what they read of Secret Manager. */
  readonly workers: number;
  readonly month: Month;
  readonly jobs: readonly Job[];
  /** Where the sessions trade: a job of another market is not deployed. */
  readonly markets: ReadonlySet<Market>;
  readonly sizes: Sizes;
};

export type Usage = Readonly<Record<Item, number>>;

/** Where the reads of secret values come from. */
export type Accesses = {
  /** By functions that start. */
  readonly mounted: number;
  /** Tokens, and looks for newer ones. */
  readonly tokens: number;
  readonly workers: number;
};

const BYTES_A_GIB = 2 ** 30;
const NO_RUNS: Runs = { live: 0, expired: 0, idle: 0 };

export function usageOf(question: Question): Usage {
  const { sessions, month, sizes } = question;
  const scheduled = scheduledRuns(question);
  const signIns = sessions * month.tradingDays;
  const pages = signIns * assumed.PAGES_A_SIGN_IN;
  const requests = sum(Object.values(scheduled).map(total)) + pages;
  const seconds = secondsOf(question, scheduled, pages);
  const accesses = sum(Object.values(accessesOf(question)));
  const { deployments } = builds();
  const gib = (bytes: number): number => bytes / BYTES_A_GIB;
  return {
    requests,
    cpu: sum(FUNCTION_NAMES.map((name) => seconds[name] * sizes.functions[name].cpu)),
    memory: sum(FUNCTION_NAMES.map((name) => seconds[name] * sizes.functions[name].memoryGib)),
    secretVersions: activeVersions(sessions) + (signIns * assumed.SUPERSEDED_HOURS) / month.hours,
    secretAccesses: accesses,
    jobs: deployedJobs(question).length,
    messages: gib(
      assumed.MESSAGE_BYTES *
        (signIns * assumed.DELIVERIES_AN_EVENT +
          working(scheduled['keep-alive']) +
          working(scheduled['health-check'])),
    ),
    images: gib(
      sizes.imagesKept *
        (assumed.IMAGE_SHARED_BYTES + FUNCTION_NAMES.length * assumed.IMAGE_OWN_BYTES),
    ),
    sources: gib(
      (deployments + 1) *
        (2 * FUNCTION_NAMES.length * assumed.BUNDLE_BYTES + assumed.CHECKOUT_BYTES),
    ),
    logs: gib(
      sessions * month.days * assumed.LOG_BYTES_A_SESSION_DAY +
        requests * assumed.LOG_BYTES_A_REQUEST +
        accesses * assumed.LOG_BYTES_AN_ACCESS,
    ),
    buildMinutes: builds().minutes,
    network: gib(
      (requests - pages) * sessions * assumed.NETWORK_BYTES_A_RUN +
        pages * assumed.NETWORK_BYTES_A_PAGE,
    ),
    alertConditions: 0,
  };
}

/** Those that Terraform makes. */
function deployedJobs({ jobs, markets }: Question): readonly Job[] {
  return jobsForMarkets(jobs, markets);
}

/** Tokens, consumer keys (one of the sandbox, one of prod) and the app's own settings. */
export function activeVersions(sessions: number): number {
  return sessions + consumers(sessions) + 1;
}

function consumers(sessions: number): number {
  return Math.min(sessions, 2);
}

/** What one start of a function reads before its first line runs. */
export function mountedSecrets(name: FunctionName, sessions: number): number {
  return name === 'morning-alert' ? 1 : 1 + consumers(sessions);
}

/** How long one run takes on the CPU it has, from nothing. */
export function runSeconds(name: FunctionName, sessions: number, sizes: Sizes): number {
  const { cpu } = sizes.functions[name];
  const { own, perSession } = assumed.CALLS[name];
  const waiting = (own + perSession * Math.ceil(sessions / assumed.AT_ONCE)) * assumed.CALL_SECONDS;
  const working = (own + perSession * sessions) * assumed.CALL_CPU_SECONDS;
  return waiting + (working + assumed.COLD_STARTS_A_RUN * assumed.COLD_START_CPU_SECONDS) / cpu;
}

type Scheduled = Readonly<Record<FunctionName, Runs>>;

function scheduledRuns(question: Question): Scheduled {
  const { month } = question;
  const deployed = deployedJobs(question);
  const runsOf = (name: FunctionName): Runs =>
    deployed
      .filter((job) => job.function === name)
      .map((job) => month.runs[job.name] ?? NO_RUNS)
      .reduce(
        (sum, runs) => ({
          live: sum.live + runs.live,
          expired: sum.expired + runs.expired,
          idle: sum.idle + runs.idle,
        }),
        NO_RUNS,
      );
  return {
    'morning-alert': runsOf('morning-alert'),
    'pin-exchange': NO_RUNS,
    'keep-alive': runsOf('keep-alive'),
    'health-check': runsOf('health-check'),
  };
}

function secondsOf(
  { sessions, month, sizes }: Question,
  scheduled: Scheduled,
  pages: number,
): Readonly<Record<FunctionName, number>> {
  const startOf = (name: FunctionName): number =>
    assumed.COLD_START_CPU_SECONDS / sizes.functions[name].cpu;
  const run = (name: FunctionName): number =>
    working(scheduled[name]) * billed(runSeconds(name, sessions, sizes)) +
    scheduled[name].idle * billed(startOf(name));
  const startSeconds = startOf('pin-exchange');
  const starts = month.tradingDays * assumed.PAGE_COLD_STARTS_A_DAY;
  return {
    'morning-alert': run('morning-alert'),
    'pin-exchange': pages * assumed.PAGE_SECONDS + starts * billed(startSeconds),
    'keep-alive': run('keep-alive'),
    'health-check': run('health-check'),
  };
}

/** Cloud Run counts in tenths of a second. */
function billed(seconds: number): number {
  return Math.ceil(seconds * 10 - 1e-9) / 10;
}

export function accessesOf(question: Question): Accesses {
  const { sessions, month } = question;
  const scheduled = scheduledRuns(question);
  const reads = assumed.TOKEN_READS;
  const starts = (name: FunctionName): number =>
    name === 'pin-exchange'
      ? month.tradingDays * assumed.PAGE_COLD_STARTS_A_DAY
      : total(scheduled[name]) * assumed.COLD_STARTS_A_RUN;
  const keepAlive = total(scheduled['keep-alive']) * reads.keepAlive;
  const probes = assumed.PROBES_AN_EVENING * (reads.keepAliveProbes - reads.keepAlive);
  const { live, expired } = scheduled['health-check'];
  const healthCheck = live * reads.healthCheck + expired * reads.healthCheckExpired;
  const aDay = probes + reads.firstAlert + reads.pruning + reads.signIn;
  const aSession = keepAlive + healthCheck + month.tradingDays * aDay;
  return {
    mounted: sum(FUNCTION_NAMES.map((name) => starts(name) * mountedSecrets(name, sessions))),
    tokens: sessions * aSession,
    workers: question.workers * readsOfWorker(month, 'trading'),
  };
}

/** Of one worker in a month: `trading` connected in the hours of trading, `always` without a break. */
export function readsOfWorker(month: Month, connected: 'trading' | 'always'): number {
  const hours =
    connected === 'always' ? month.hours : month.tradingDays * assumed.WORKER_HOURS_A_DAY;
  return hours * assumed.WORKER_READS_AN_HOUR;
}

function builds(): { readonly deployments: number; readonly minutes: number } {
  const deployments = assumed.DEPLOYMENTS_A_MONTH;
  const aDeployment =
    assumed.BUILD_MINUTES_A_DEPLOYMENT + FUNCTION_NAMES.length * assumed.BUILD_MINUTES_A_FUNCTION;
  return { deployments, minutes: deployments * aDeployment };
}

/** Runs that ask for anything. */
function working({ live, expired }: Runs): number {
  return live + expired;
}

function total(runs: Runs): number {
  return working(runs) + runs.idle;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
