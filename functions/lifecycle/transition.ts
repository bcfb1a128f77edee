/**
 * What a change makes of a session's record.
 */

import type { Change } from './changes.ts';
import type { BrokerRules } from './rules.ts';
import type { SessionRecord } from './session.ts';

/** The record after the change; the same object when the change has nothing to say to it. */
export function transition(
  _record: SessionRecord,
  _change: Change,
  _rules: BrokerRules,
): SessionRecord {
  throw new Error('being written');
}
