/**
 * Which configured sessions need a person now. Reads records, nothing else.
 *
 * Called by the alert ladder and by messages that name what is still to do.
 */

import { needsSignIn } from '../lifecycle/coverage.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { System } from './system.ts';

/** @throws StoreError when a record cannot be read */
export async function sessionsDue(system: System): Promise<readonly SessionKey[]> {
  const due: SessionKey[] = [];
  for (const session of system.sessions) {
    const { rules } = session.broker;
    const { record } = await system.store.load(session.key);
    const calendar = system.calendar(rules.market);
    if (needsSignIn(record, rules, calendar, system.clock())) due.push(session.key);
  }
  return due;
}
