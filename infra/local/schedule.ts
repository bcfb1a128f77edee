/**
 * The scheduled jobs of `scheduler.yaml`: read, checked, and turned into moments.
 *
 * Calls nothing and keeps no time; `runner/scheduler.ts` does the running, tests expand whole days with
 * it. Cron texts are read as wall-clock time in the job's zone, as Cloud Scheduler reads them.
 *
 * @see https://docs.cloud.google.com/scheduler/docs/configuring/cron-job-schedules
 */

import { readFileSync } from 'node:fs';
import { Cron } from 'croner';
import { IANAZone } from 'luxon';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Market } from '../../functions/lifecycle/rules.ts';

export type Job = {
  readonly name: string;
  /** The function that is called. */
  readonly function: string;
  /** Unix-cron text, five fields. */
  readonly schedule: string;
  readonly timeZone: string;
  readonly attemptDeadlineMs: number;
  readonly retry: Retry;
  /** The job runs only when a session trades here; `null`: always. */
  readonly market: Market | null;
};

export type Retry = {
  readonly retryCount: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly maxDoublings: number;
};

/** The file at the root of the repository. */
export const SCHEDULER_FILE = new URL('../../scheduler.yaml', import.meta.url);

const SECOND_MS = 1_000;

const NAME = /^[a-z][a-z0-9-]*$/;

/** "90s", as Google's APIs write durations. */
const seconds = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+s$/, 'must be whole seconds like "60s"')
    .transform((text) => Number(text.slice(0, -1)))
    .refine((value) => value >= from && value <= to, `must be between ${from}s and ${to}s`)
    .transform((value) => value * SECOND_MS);

/** Limits are Cloud Scheduler's own, so that the file fails here and not at the first deployment. */
const jobSchema = z.strictObject({
  name: z.string().regex(NAME, 'must be a name like keep-alive'),
  function: z.string().regex(NAME, 'must be the name of a function').optional(),
  schedule: z.string().refine(isUnixCron, 'must be a unix-cron text with five fields'),
  timeZone: z.string().refine((zone) => IANAZone.isValidZone(zone), 'must be an IANA time zone'),
  attemptDeadline: seconds(15, 30 * 60),
  retry: z
    .strictObject({
      retryCount: z.int().min(0).max(5),
      minBackoff: seconds(1, 3600),
      maxBackoff: seconds(1, 3600),
      maxDoublings: z.int().min(0).max(16),
    })
    .refine((retry) => retry.minBackoff <= retry.maxBackoff, 'minBackoff exceeds maxBackoff'),
  market: z.enum(['NYSE', 'NSE']).optional(),
});

const fileSchema = z
  .strictObject({ jobs: z.array(jobSchema).min(1) })
  .refine(
    ({ jobs }) => new Set(jobs.map((job) => job.name)).size === jobs.length,
    'two jobs have the same name',
  );

/**
 * The jobs in the order of the file.
 *
 * @throws Error naming every problem when the text is not a valid list of jobs
 */
export function parseJobs(text: string): readonly Job[] {
  const parsed = fileSchema.safeParse(parse(text));
  if (!parsed.success) {
    throw new Error(`scheduler.yaml has problems:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data.jobs.map((job) => ({
    name: job.name,
    function: job.function ?? job.name,
    schedule: job.schedule,
    timeZone: job.timeZone,
    attemptDeadlineMs: job.attemptDeadline,
    retry: {
      retryCount: job.retry.retryCount,
      minBackoffMs: job.retry.minBackoff,
      maxBackoffMs: job.retry.maxBackoff,
      maxDoublings: job.retry.maxDoublings,
    },
    market: job.market ?? null,
  }));
}

export function readJobs(file: URL | string = SCHEDULER_FILE): readonly Job[] {
  return parseJobs(readFileSync(file, 'utf8'));
}

/** The jobs that have work where sessions trade on these markets. */
export function jobsForMarkets(jobs: readonly Job[], markets: ReadonlySet<Market>): readonly Job[] {
  return jobs.filter((job) => job.market === null || markets.has(job.market));
}

/** The first moment strictly after `after` at which the job is due, or `null` when it never is again. */
export function nextRunAt(job: Pick<Job, 'schedule' | 'timeZone'>, after: number): number | null {
  const cron = new Cron(job.schedule, { timezone: job.timeZone, paused: true });
  return cron.nextRun(new Date(after))?.getTime() ?? null;
}

/**
 * How long to wait before retry number `retry` (0 for the first): doubles `maxDoublings` times, then
 * grows by the last step, never above the maximum.
 *
 * @see https://docs.cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#retryconfig
 */
export function retryBackoffMs(rules: Retry, retry: number): number {
  const doubled = rules.minBackoffMs * 2 ** Math.min(retry, rules.maxDoublings);
  const steps = Math.max(1, retry - rules.maxDoublings + 1);
  return Math.min(rules.maxBackoffMs, doubled * steps);
}

function isUnixCron(text: string): boolean {
  if (!/^[\d*/,-]+( [\d*/,-]+){4}$/.test(text)) return false;
  try {
    new Cron(text, { paused: true, mode: '5-part' });
    return true;
  } catch {
    return false;
  }
}
