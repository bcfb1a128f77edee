/**
 * What to do with a session now, so that it lasts until the next run.
 */

import { KEEP_ALIVE_EVERY_MS } from './limits.ts';
import type { BrokerRules } from './rules.ts';
import type { SessionRecord } from './session.ts';

/** What to do, and why. */
export type Decision =
  | {
      readonly type: 'none';
      /** `fresh` lasts until the next run · `hard-end-soon` does not, and nothing but a later sign-in helps. */
      readonly reason: 'fresh' | 'hard-end-soon';
    }
  | {
      readonly type: 'probe';
      readonly reason: 'unproven' | 'idle-soon' | 'idle' | 'retry-after-failure';
    }
  | { readonly type: 'renew'; readonly reason: 'inactive' | 'access-ended' | 'access-ends-soon' }
  | {
      readonly type: 'sign-in';
      readonly reason: 'never-signed-in' | 'signed-out' | 'expired' | 'rejected' | 'inactive';
    };

export function decide(
  _record: SessionRecord,
  _rules: BrokerRules,
  _now: number,
  _nextRunAt: number,
): Decision {
  throw new Error('being written');
}

/** The next quarter hour strictly after `now`: when keep-alive runs again. */
export function nextKeepAliveAt(now: number): number {
  return (Math.floor(now / KEEP_ALIVE_EVERY_MS) + 1) * KEEP_ALIVE_EVERY_MS;
}
