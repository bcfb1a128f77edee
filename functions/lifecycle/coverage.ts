/**
 * Whether a session is good until today's close, and what stands in the way.
 */

import type { Calendar } from './calendar.ts';
import type { BrokerRules } from './rules.ts';
import type { SessionRecord } from './session.ts';

export type Limit = 'no-token' | 'rejected' | 'unproven' | 'hard-end' | 'idle' | 'access';

export type Coverage = {
  /** `null` when nothing is left of today's trading. */
  readonly untilClose: boolean | null;
  readonly limitedBy: Limit | null;
};

export function coverage(
  _record: SessionRecord,
  _rules: BrokerRules,
  _calendar: Calendar,
  _now: number,
): Coverage {
  throw new Error('being written');
}

/** Whether a person must sign in for this session to have a token until today's close. */
export function needsSignIn(
  _record: SessionRecord,
  _rules: BrokerRules,
  _calendar: Calendar,
  _now: number,
): boolean {
  throw new Error('being written');
}
