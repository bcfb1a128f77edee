/**
 * What the doctor asks of the event service: would it take an event, and does it take one that means nothing?
 *
 * Throws `EventError`, whose message says what to do. Implemented by `pubsub-check.ts` and `local-check.ts`.
 */

import type { SessionKey } from '../lifecycle/session.ts';

export interface EventCheck {
  /** Whether an event would be taken. Publishes nothing. */
  check(): Promise<void>;
  /** Publishes an event of type `rehearsal`, which every reader passes over. */
  rehearse(session: SessionKey): Promise<void>;
}
