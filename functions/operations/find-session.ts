/**
 * Finds a configured session by its key. Knows nothing but the list.
 */

import type { SessionKey } from '../lifecycle/session.ts';
import type { ConfiguredSession, System } from './system.ts';

export function sessionOf(
  system: Pick<System, 'sessions'>,
  key: SessionKey | string,
): ConfiguredSession | null {
  return system.sessions.find((session) => session.key === key) ?? null;
}
