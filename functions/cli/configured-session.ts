/**
 * The session that a command names, or an error that lists those there are.
 */

import { sessionOf } from '../operations/find-session.ts';
import type { ConfiguredSession, System } from '../operations/system.ts';
import { ArgumentError } from './argument-error.ts';

/** @throws ArgumentError for a name that no session has */
export function configuredSession(
  system: Pick<System, 'sessions'>,
  name: string,
): ConfiguredSession {
  const session = sessionOf(system, name);
  if (session !== null) return session;
  const known = system.sessions.map(({ key }) => key).join(', ');
  throw new ArgumentError(`There is no session of that name in "SESSIONS"; there are: ${known}`);
}
