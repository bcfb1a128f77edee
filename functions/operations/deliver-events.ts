/**
 * Publishes the events that are saved in a record and not yet known to be delivered, and tells people of
 * the sign-ins among them.
 *
 * Save, then tell: nothing is told that is not stored, and the saved event is what a crash cannot lose: it
 * is cleared last, so that the next run tells workers and people again whom nobody told. At least once.
 * Called after a sign-in and by keep-alive and health-check.
 */

import { EventError, StoreError } from '../errors.ts';
import type { TokenRenewed } from '../lifecycle/events.ts';
import type { SessionRecord } from '../lifecycle/session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tellSignedIn } from './tell-signed-in.ts';
import { updateSession } from './update-record.ts';

export type Delivery = {
  /** Whether the event service has every event, and people are told of the sign-ins among them. */
  readonly delivered: boolean;
  /** Why not, in words for whoever runs the service; holds no secret. */
  readonly problem: string | null;
};

const ALL_DELIVERED: Delivery = { delivered: true, problem: null };

export async function deliverEvents(system: System, session: ConfiguredSession): Promise<Delivery> {
  const log = system.log.with({ session: session.key });
  try {
    const { record } = await system.store.load(session.key);
    const { undelivered } = record;
    if (undelivered.length === 0) return ALL_DELIVERED;
    const { published, problem } = await publish(system, session, undelivered);
    const signedIn = undelivered.some(isSignIn);
    if (signedIn && !(await tellSignedIn(system, session)).saved) {
      await clear(
        system,
        session,
        published.filter((event) => !isSignIn(event)),
      );
      return { delivered: false, problem: problem ?? 'The success message could not be saved' };
    }
    await clear(system, session, published);
    return { delivered: published.length === undelivered.length, problem };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log.error(
      'events-not-settled',
      'Saved events could not be read or cleared; the next run tries again.',
      error,
    );
    return { delivered: false, problem: error.message };
  }
}

function isSignIn({ reason }: TokenRenewed): boolean {
  return reason === 'sign-in';
}

/** In order, up to the first that the event service does not take. */
async function publish(
  system: System,
  session: ConfiguredSession,
  events: readonly TokenRenewed[],
): Promise<{ readonly published: readonly TokenRenewed[]; readonly problem: string | null }> {
  const log = system.log.with({ session: session.key });
  const published: TokenRenewed[] = [];
  try {
    for (const event of events) {
      await system.events.publish(event);
      published.push(event);
      log.info('event-published', 'Workers were told of the new token.', {
        generation: event.generation,
        version: event.version,
      });
    }
  } catch (error) {
    if (!(error instanceof EventError)) throw error;
    log.error(
      'event-not-published',
      'Workers could not be told yet; the next run tries again.',
      error,
    );
    return { published, problem: error.message };
  }
  return { published, problem: null };
}

async function clear(
  system: System,
  session: ConfiguredSession,
  published: readonly TokenRenewed[],
): Promise<void> {
  await updateSession(system, session.key, (record) => ({
    next: published.reduce<SessionRecord>(
      (next, { generation }) =>
        transition(next, { type: 'event-delivered', generation }, session.broker.rules),
      record,
    ),
  }));
}
