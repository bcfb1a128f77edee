/**
 * Which configured sessions need a person now. Reads records, nothing else.
 *
 * Called by the alert ladder and by messages that name what is still to do.
 */

import { StoreError } from '../errors.ts';
import { needsSignIn } from '../lifecycle/coverage.ts';
import { decide } from '../lifecycle/decide.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import { awaitsCheck, newestRecord } from './newest-record.ts';
import type { System } from './system.ts';

export type DueSession = {
  readonly key: SessionKey;
  /** Its token works, only not until the close. */
  readonly worksStill: boolean;
};

/** @throws StoreError when the store does not answer */
export async function sessionsDue(system: System): Promise<readonly SessionKey[]> {
  return (await lookForDue(system)).map(({ key }) => key);
}

/**
 * A record that does not read speaks for no session and silences no other: health names it.
 *
 * @throws StoreError when the store does not answer
 */
export async function lookForDue(system: System): Promise<readonly DueSession[]> {
  const due: DueSession[] = [];
  await system.store.prefetch(system.sessions.map(({ key }) => key));
  for (const session of system.sessions) {
    const { rules } = session.broker;
    try {
      const { record, unconfirmed } = await newestRecord(system, session, 'if-needed');
      const calendar = system.calendar(rules.market);
      const now = system.clock();
      if (needsSignIn(record, rules, calendar, now) && !awaitsCheck(unconfirmed, now)) {
        const worksStill = decide(record, rules, now, now).type !== 'sign-in';
        due.push({ key: session.key, worksStill });
      }
    } catch (error) {
      if (!(error instanceof StoreError) || error.retryable) throw error;
      system.log.error(
        'record-unreadable',
        'A record does not read: its session is not asked for.',
        error,
        {
          session: session.key,
        },
      );
    }
  }
  return due;
}
