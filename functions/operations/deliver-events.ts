/**
 * Publishes the events that are saved in a record and not yet known to be delivered.
 *
 * Save, then tell: nothing is published that is not stored, and what a crash left behind goes out with
 * the next run. At least once. Called after a sign-in and by keep-alive and health-check.
 */

import { EventError, StoreError } from '../errors.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import { sessionOf } from './find-session.ts';
import type { System } from './system.ts';
import { updateSession } from './update-record.ts';

/** @returns whether nothing is left undelivered */
export async function deliverEvents(system: System, key: SessionKey): Promise<boolean> {
  const session = sessionOf(system, key);
  if (session === null) return true;
  const log = system.log.with({ session: key });
  try {
    const { record } = await system.store.load(key);
    let last = 0;
    for (const event of record.undelivered) {
      await system.events.publish(event);
      last = event.generation;
      log.info('event-published', 'Workers were told of the new token.', {
        generation: event.generation,
        version: event.version,
      });
    }
    if (last === 0) return true;
    await updateSession(system, key, (current) => ({
      next: transition(
        current,
        { type: 'event-delivered', generation: last },
        session.broker.rules,
      ),
    }));
    return true;
  } catch (error) {
    if (!(error instanceof EventError || error instanceof StoreError)) throw error;
    log.error(
      'event-not-published',
      'Workers could not be told yet; the next run tries again.',
      error,
    );
    return false;
  }
}
