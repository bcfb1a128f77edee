/**
 * The wire form of `rehearsal`: an event that proves the way and says nothing, for readers to pass over.
 *
 * No I/O, no secret. Used by the checks of this room.
 */

import { EventError } from '../errors.ts';
import { parseSessionKey, type SessionKey } from '../lifecycle/session.ts';

export type RehearsalMessage = {
  readonly attributes: Readonly<Record<'session' | 'broker' | 'environment' | 'type', string>>;
  /** JSON text. */
  readonly data: string;
};

/** @throws {EventError} `EVENTS_REFUSED` for what is no session key */
export function encodeRehearsal(session: SessionKey): RehearsalMessage {
  const name = parseSessionKey(session);
  if (name === null) {
    throw new EventError('A "rehearsal" event names no session key', {
      code: 'EVENTS_REFUSED',
      retryable: false,
    });
  }
  const { key, broker, environment } = name;
  return {
    attributes: { session: key, broker, environment, type: 'rehearsal' },
    data: JSON.stringify({ schemaVersion: 1, type: 'rehearsal', session: key }),
  };
}
