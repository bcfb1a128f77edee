/**
 * Whether a session is good until today's close, and what stands in the way.
 *
 * Pure. Clocks that keep-alive moves do not limit while keep-alive works; the hard end always does.
 * Unknown fails closed. Asked by status, pages, messages and the alert ladder.
 */

import type { Calendar } from './calendar.ts';
import { decide } from './decide.ts';
import type { BrokerRules } from './rules.ts';
import { endsAt, idleAt, isOver, type SessionRecord, stateOf } from './session.ts';

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
  if (closesAt === null || isOver(closesAt, now)) return { untilClose: null, limitedBy: null };
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
  const state = stateOf(record, rules, now);
  if (state === 'none') return 'no-token';
  if (state === 'expired') return isOver(end, now) ? 'hard-end' : 'rejected';
  if (end !== null && end < closesAt) return 'hard-end';
  switch (state) {
    case 'unknown':
      return 'unproven';
    case 'inactive':
      return isOver(record.accessExpiresAt, now) ? 'access' : 'idle';
    case 'active':
      // Keep-alive moves the other clocks, and is relied on only while its last call worked.
      return record.counts.failuresInARow === 0 ? null : clockBefore(closesAt, record, rules);
  }
}

/** The first clock to stop before the close if nobody moves it any more. */
function clockBefore(closesAt: number, record: SessionRecord, rules: BrokerRules): Limit | null {
  const accessEndsAt = record.accessExpiresAt ?? closesAt;
  const idleEndsAt = idleAt(record, rules) ?? closesAt;
  if (Math.min(accessEndsAt, idleEndsAt) >= closesAt) return null;
  return accessEndsAt <= idleEndsAt ? 'access' : 'idle';
}
