/**
 * What gives way first as sessions are added, and what happens then.
 *
 * Computed from the sizes of the functions, the schedule's deadlines, the record's real encoding and the
 * assumptions. Used by `report.ts`.
 */

import { StoreError } from '../../functions/errors.ts';
import { RECORD_MAX_BYTES } from '../../functions/lifecycle/limits.ts';
import { NEW_SERVICE_RECORD, type ServiceRecord } from '../../functions/lifecycle/notices.ts';
import { parseSessionKey, type SessionKey } from '../../functions/lifecycle/session.ts';
import { encodeService } from '../../functions/storage/service-document.ts';
import type { Job } from '../local/schedule.ts';
import * as assumed from './assumptions.ts';
import type { Sizes } from './sizes.ts';
import { runSeconds } from './usage.ts';

export type Limit = {
  /** So many sessions still are within it. */
  readonly sessions: number;
  readonly what: string;
  /** What happens beyond. */
  readonly beyond: string;
};

/** More are not looked for. */
const MOST = 10_000;
const MIB_A_GIB = 1_024;
const MINUTE_SECONDS = 60;

/** The nearest first. */
export function limitsOf(jobs: readonly Job[], sizes: Sizes): readonly Limit[] {
  const job = jobs.find((each) => each.function === 'health-check');
  if (job === undefined) throw new Error('scheduler.yaml has no health-check');
  const deadline = Math.min(
    job.attemptDeadlineMs / 1_000,
    sizes.functions['health-check'].timeoutSeconds,
  );
  const memory = sizes.functions['keep-alive'].memoryGib * MIB_A_GIB;
  const limits: Limit[] = [
    {
      sessions: Math.min(assumed.BUTTONS_A_MESSAGE, assumed.READ_ONE_BY_ONE),
      what: 'buttons in one message; sessions read one by one',
      beyond: 'the rest waits on the page; one list call needs a right on the whole project',
    },
    {
      sessions: Math.floor(assumed.ALERT_BEFORE_OPEN_SECONDS / assumed.SECONDS_A_SIGN_IN),
      what: `sign-ins of one person in an hour, ${assumed.SECONDS_A_SIGN_IN} s each`,
      beyond: 'an earlier ALERT_AT, or several people with a system each',
    },
    {
      sessions: largest((sessions) => runSeconds('health-check', sessions, sizes) <= deadline),
      what: `health-check within its deadline of ${deadline} s, on its share of a CPU`,
      beyond: 'more memory gives more CPU (infra/gcp/sizes.json), or a project for some of them',
    },
    {
      sessions: largest(fitsAlertRecord),
      what: 'record of alerts in 16 KiB, with all sessions failing at once',
      beyond: 'nothing new is told until the outage ends; a project for some of them',
    },
    {
      sessions: Math.floor((deadline / MINUTE_SECONDS) * assumed.QUOTA_A_MINUTE),
      what: `Secret Manager's ${assumed.QUOTA_A_MINUTE} writes a minute, within ${deadline} s`,
      beyond: 'calls are refused and repeated; a higher quota is to be had for the asking',
    },
    {
      sessions: Math.floor((memory - assumed.MEMORY_MIB) / assumed.MEMORY_MIB_A_SESSION),
      what: `keep-alive in ${memory} MiB of memory`,
      beyond: 'the instance is ended in the middle of a run; more memory',
    },
  ];
  return limits.toSorted((a, b) => a.sessions - b.sessions);
}

/** The largest number that fits, where everything below fits as well. */
function largest(fits: (sessions: number) => boolean): number {
  let fitting = 0;
  let tooMany = MOST;
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (fits(middle)) fitting = middle;
    else tooMany = middle;
  }
  return fitting;
}

/** A morning on which the broker is away: an alert that names every session, and a warning of each. */
function fitsAlertRecord(sessions: number): boolean {
  const keys = Array.from({ length: sessions }, (_, index) => keyOf(index));
  const at = Date.UTC(2026, 11, 1, 13, 30);
  const record: ServiceRecord = {
    ...NEW_SERVICE_RECORD,
    notices: [
      {
        id: '2026-12-01/NYSE/first-08:30',
        notice: { kind: 'sign-in-due', stage: 'first', sessions: keys, opensAt: at, closesAt: at },
        queuedAt: at,
        tries: 0,
        delivery: { state: 'queued', notBefore: at },
        lastProblem: null,
      },
    ],
    warnings: keys.map((session) => ({ session, reason: 'transient', since: at })),
  };
  try {
    return encodeService(record).length <= RECORD_MAX_BYTES;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_RECORD_TOO_LARGE') return false;
    throw error;
  }
}

function keyOf(index: number): SessionKey {
  const key = parseSessionKey(`etrade-prod-a${index}`);
  if (key === null) throw new Error(`no session key for number ${index}`);
  return key.key;
}
