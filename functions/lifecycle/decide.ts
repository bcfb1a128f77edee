/**
 * What to do with a session now, so that it lasts until the next run.
 *
 * Pure, and the same for every broker: what differs is in the rules. Renews what would not last, asks a
 * human only when nothing else helps. Called by keep-alive and health-check for each session.
 */

import { KEEP_ALIVE_EVERY_MS, RENEWAL_MARGIN_MS, RENEWAL_WORTH_MS } from './limits.ts';
import type { BrokerRules } from './rules.ts';
import { endsAt, idleAt, isOver, type SessionRecord, stateOf } from './session.ts';

/** What to do, and why. */
export type Decision =
  | {
      readonly type: 'none';
      /** `fresh` lasts until the next run · `hard-end-soon` does not, and only a later sign-in helps. */
      readonly reason: 'fresh' | 'hard-end-soon';
    }
  | {
      readonly type: 'probe';
      /** `idle` past the idle limit by the clock, at a broker that has no renewal: a probe tells. */
      readonly reason: 'unproven' | 'idle-soon' | 'idle' | 'retry-after-failure';
    }
  | { readonly type: 'renew'; readonly reason: 'inactive' | 'access-ended' | 'access-ends-soon' }
  | {
      readonly type: 'sign-in';
      /** `rejected` the broker refused the token before its computed end. */
      readonly reason: 'never-signed-in' | 'signed-out' | 'expired' | 'rejected' | 'inactive';
    };

/** What to do with the session at `now`, when the next look at it comes at `nextRunAt` (epoch ms). */
export function decide(
  record: SessionRecord,
  rules: BrokerRules,
  now: number,
  nextRunAt: number,
): Decision {
  const state = stateOf(record, rules, now);
  switch (state) {
    case 'none':
      return {
        type: 'sign-in',
        reason: record.generation === 0 ? 'never-signed-in' : 'signed-out',
      };
    case 'expired':
      return { type: 'sign-in', reason: wasRejected(record, rules, now) ? 'rejected' : 'expired' };
    case 'inactive':
      return wakeUp(record, rules, now);
    case 'unknown':
    case 'active':
      return keepUp(record, rules, now, nextRunAt + RENEWAL_MARGIN_MS, state === 'active');
  }
}

/** The next quarter hour strictly after `now`: when keep-alive runs again. */
export function nextKeepAliveAt(now: number): number {
  return (Math.floor(now / KEEP_ALIVE_EVERY_MS) + 1) * KEEP_ALIVE_EVERY_MS;
}

function wasRejected(record: SessionRecord, rules: BrokerRules, now: number): boolean {
  return record.proof === 'rejected' && !isOver(endsAt(record, rules), now);
}

/** The token sleeps but its session has not ended. */
function wakeUp(record: SessionRecord, rules: BrokerRules, now: number): Decision {
  if (rules.renewal === 'none') {
    return record.proof === 'inactive'
      ? { type: 'sign-in', reason: 'inactive' }
      : { type: 'probe', reason: 'idle' };
  }
  const accessEnded = isOver(record.accessExpiresAt, now);
  return { type: 'renew', reason: accessEnded ? 'access-ended' : 'inactive' };
}

/** Nothing speaks against the token: it must last until `neededUntil`. */
function keepUp(
  record: SessionRecord,
  rules: BrokerRules,
  now: number,
  neededUntil: number,
  proven: boolean,
): Decision {
  if (refreshHelps(record, rules, now, neededUntil)) {
    return { type: 'renew', reason: 'access-ends-soon' };
  }
  if (!proven) return { type: 'probe', reason: 'unproven' };
  if (record.counts.failuresInARow > 0) return { type: 'probe', reason: 'retry-after-failure' };
  const end = endsAt(record, rules) ?? Number.POSITIVE_INFINITY;
  const idleEndsAt = idleAt(record, rules);
  if (idleEndsAt !== null && idleEndsAt < Math.min(neededUntil, end)) {
    return { type: 'probe', reason: 'idle-soon' };
  }
  return { type: 'none', reason: end < neededUntil ? 'hard-end-soon' : 'fresh' };
}

function refreshHelps(
  record: SessionRecord,
  rules: BrokerRules,
  now: number,
  neededUntil: number,
): boolean {
  const { accessExpiresAt } = record;
  if (rules.renewal !== 'refresh' || accessExpiresAt === null) return false;
  const hardEndsAt = record.hardEndsAt ?? Number.POSITIVE_INFINITY;
  const lifeMs = rules.accessLifeMs ?? Number.POSITIVE_INFINITY;
  // A token as new as they come is not refreshed again, however short its life.
  const wonMs = Math.min(now + lifeMs, hardEndsAt) - accessExpiresAt;
  return accessExpiresAt < neededUntil && wonMs >= RENEWAL_WORTH_MS;
}
