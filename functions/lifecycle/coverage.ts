/**
 * Whether a session is good until today's close, and what stands in the way.
 *
 * Pure. Clocks that keep-alive moves do not limit while keep-alive works; the hard end always does.
 * Unknown fails closed. Asked by status, pages, messages and the alert ladder.
 */

import type { Calendar } from './calendar.ts';
import { decide } from './decide.ts';
import type { BrokerRules } from './rules.ts';
import { endsAt, idleAt, type SessionRecord, stateOf } from './session.ts';

/** `access` is the access token's own end where refreshing brings the next one. */
export type Limit = 'no-token' | 'rejected' | 'unproven' | 'hard-end' | 'idle' | 'access';

export type Coverage = {
  /** `null` when nothing is left of today's trading. */
  readonly untilClose: boolean | null;
  /** What stands in the way; `null` unless `untilClose` is false. */
  readonly limitedBy: Limit | null;
};

/** Good from `now` until the close of the market day that contains it? */
export function coverage(
  record: SessionRecord,
  rules: BrokerRules,
  calendar: Calendar,
  now: number,
): Coverage {
  const { closesAt } = calendar.dayOf(now);
  if (closesAt === null || now >= closesAt) return { untilClose: null, limitedBy: null };
  const limitedBy = limitBefore(closesAt, record, rules, now);
  return { untilClose: limitedBy === null, limitedBy };
}

/**
 * Whether a person must sign in for this session to have a token until today's close. True also while
 * the token works, when its hard end comes before the close.
 */
export function needsSignIn(
  record: SessionRecord,
  rules: BrokerRules,
  calendar: Calendar,
  now: number,
): boolean {
  return (
    decide(record, rules, now, now).type === 'sign-in' ||
    coverage(record, rules, calendar, now).limitedBy === 'hard-end'
  );
}

function limitBefore(
  closesAt: number,
  record: SessionRecord,
  rules: BrokerRules,
  now: number,
): Limit | null {
  const end = endsAt(record, rules);
  switch (stateOf(record, rules, now)) {
    case 'none':
      return 'no-token';
    case 'expired':
      return end !== null && now >= end ? 'hard-end' : 'rejected';
    case 'unknown':
    case 'inactive':
    case 'active':
      if (end !== null && end < closesAt) return 'hard-end';
      return movableLimitBefore(closesAt, record, rules, now);
  }
}

function movableLimitBefore(
  closesAt: number,
  record: SessionRecord,
  rules: BrokerRules,
  now: number,
): Limit | null {
  const state = stateOf(record, rules, now);
  if (state === 'unknown') return 'unproven';
  const accessEndsBefore = (moment: number) =>
    record.accessExpiresAt !== null && record.accessExpiresAt <= moment;
  if (state === 'inactive') return accessEndsBefore(now) ? 'access' : 'idle';
  // Keep-alive is relied on only while its last call worked.
  if (record.counts.failuresInARow === 0) return null;
  const idleEndsAt = idleAt(record, rules);
  if (accessEndsBefore(closesAt - 1)) return 'access';
  return idleEndsAt !== null && idleEndsAt < closesAt ? 'idle' : null;
}
